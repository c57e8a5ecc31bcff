import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { types } from 'mediasoup'
import { openTap, type OpenTap } from '../recorder/open-tap.ts'
import { Recorder } from '../recorder/recorder.ts'
import { createLog } from '../src/lib/log.ts'
import { encodeBeeps, encodePictures } from '../src/tests/support/recorder-media.ts'
import { payloadsOf, rtpPacket, senderReport } from '../src/tests/support/recorder-packets.ts'
import { startRecorderWorker } from '../src/tests/support/recorder-stage.ts'

/**
 * `npm run bench -- recording`: what recording costs. People who publish 720p and sound (prepared packets over UDP, a real worker, a
 * real recorder process) are forwarded to a viewer and recorded in turns, so that both see the same machine; then more and
 * more of them are recorded at once until packets are lost.
 */

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    people: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    kbps: { type: 'string', default: '1500' },
    most: { type: 'string', default: '120' },
    step: { type: 'string', default: '10' },
  },
})
const [people, seconds, rounds, kbps, most, step] = [
  values.people,
  values.seconds,
  values.rounds,
  values.kbps,
  values.most,
  values.step,
].map(Number) as [number, number, number, number, number, number]

/** Of packets, per cent: above it a recording is not what was sent. */
const greatestLossPercent = 0.1
const fps = 25
const loopSeconds = 8
const say = (line = '') => process.stdout.write(`${line}\n`)

/** A stream whose payloads are made beforehand: sending it costs a header and a system call per packet. */
class PreparedStream {
  readonly producer: types.Producer
  readonly #socket: Socket
  readonly #frames: readonly (readonly Buffer[])[]
  readonly #fields: { payloadType: number; ssrc: number; rate: number; everyMs: number; isVideo: boolean }
  #sequence = 0
  #place = 0
  sent = 0

  static async create(
    router: types.Router,
    codec: 'vp8' | 'opus',
    frames: readonly (readonly Buffer[])[],
    ssrc: number,
  ): Promise<PreparedStream> {
    const isVideo = codec === 'vp8'
    const kind = isVideo ? 'video' : 'audio'
    const capability = router.rtpCapabilities.codecs!.find(
      ({ mimeType }) => mimeType.toLowerCase() === `${kind}/${codec}`,
    )!
    const { mimeType, preferredPayloadType: payloadType, clockRate, parameters = {} } = capability
    const transport = await router.createPlainTransport({
      // The bench sends in bursts of all people; the worker is not what is measured by what it cannot keep.
      listenInfo: { protocol: 'udp', ip: '127.0.0.1', recvBufferSize: 4_000_000 },
      comedia: true,
    })
    const producer = await transport.produce({
      kind,
      rtpParameters: {
        codecs: [
          {
            mimeType,
            payloadType,
            clockRate,
            parameters,
            ...(!isVideo && { channels: 2 }),
            rtcpFeedback: [],
          },
        ],
        encodings: [{ ssrc }],
      },
    })
    const socket = createSocket('udp4')
    socket.on('error', () => undefined)
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    socket.connect(transport.tuple.localPort, '127.0.0.1')
    await once(socket, 'connect')
    producer.observer.once('close', () => socket.close())
    const everyMs = isVideo ? 1000 / fps : 20
    return new PreparedStream(producer, socket, frames, {
      payloadType,
      ssrc,
      rate: clockRate,
      everyMs,
      isVideo,
    })
  }

  private constructor(
    producer: types.Producer,
    socket: Socket,
    frames: readonly (readonly Buffer[])[],
    fields: { payloadType: number; ssrc: number; rate: number; everyMs: number; isVideo: boolean },
  ) {
    this.producer = producer
    this.#socket = socket
    this.#frames = frames
    this.#fields = fields
  }

  /** Sends what is due `ms` after the start. */
  sendUntil(ms: number): void {
    const { everyMs, rate, ssrc, payloadType, isVideo } = this.#fields
    while (this.#place * everyMs <= ms) {
      const timestamp = Math.round((this.#place * everyMs * rate) / 1000) % 2 ** 32
      const payloads = this.#frames[this.#place % this.#frames.length]!
      payloads.forEach((payload, part) => {
        const marker = isVideo && part === payloads.length - 1
        const sequence = this.#sequence++ & 0xffff
        const head = rtpPacket({ payloadType, sequence, timestamp, ssrc, marker }, Buffer.alloc(0))
        this.#socket.send([head, payload])
      })
      this.sent += payloads.length
      if (this.#place % Math.round(1000 / everyMs) === 0) {
        const ntpMs = performance.timeOrigin + performance.now()
        this.#socket.send(senderReport({ ssrc, ntpMs, timestamp }))
      }
      this.#place++
    }
  }
}

interface Person {
  readonly name: string
  readonly streams: readonly PreparedStream[]
}

/** People who publish until they are told to leave, and how late the bench itself was with their packets. */
class Crowd {
  readonly people: Person[] = []
  latestMs = 0
  readonly #router: types.Router
  readonly #frames: Readonly<Record<'vp8' | 'opus', readonly (readonly Buffer[])[]>>
  readonly #started = new Map<Person, number>()
  readonly #timer: NodeJS.Timeout
  #last = performance.now()

  constructor(router: types.Router, frames: Crowd['frames']) {
    this.#router = router
    this.#frames = frames
    this.#timer = setInterval(() => this.#send(), 5)
  }

  get frames(): Readonly<Record<'vp8' | 'opus', readonly (readonly Buffer[])[]>> {
    return this.#frames
  }

  async growTo(count: number): Promise<void> {
    while (this.people.length < count) {
      const place = this.people.length
      const streams = [
        await PreparedStream.create(this.#router, 'opus', this.#frames.opus, 10_000 + place * 2),
        await PreparedStream.create(this.#router, 'vp8', this.#frames.vp8, 10_001 + place * 2),
      ]
      const person = { name: `p${place}`, streams }
      // Cameras do not run in step.
      this.#started.set(person, performance.now() + ((place * 7) % 40))
      this.people.push(person)
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #send(): void {
    const now = performance.now()
    this.latestMs = Math.max(this.latestMs, now - this.#last)
    this.#last = now
    for (const person of this.people) {
      for (const stream of person.streams) stream.sendUntil(now - this.#started.get(person)!)
    }
  }
}

const root = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const worker = await startRecorderWorker()
const router = await worker.createRouter({
  mediaCodecs: [
    { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 },
    { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 },
  ],
})
const recorder = await Recorder.create({
  log: createLog({ level: 'silent', pretty: false }),
  onEnded: () => undefined,
  onDied: () => say('the recorder died'),
})
say(`Preparing ${loopSeconds} s of 1280x720 at ${fps} pictures a second and ${kbps} kbit/s, and of sound.`)
const pictures = await encodePictures({
  codec: 'vp8',
  frames: fps * loopSeconds,
  width: 1280,
  height: 720,
  fps,
  kbps,
})
const crowd = new Crowd(router, {
  vp8: pictures.map(({ data, isKey }, pictureId) => payloadsOf('vp8', data, { isKey, pictureId })),
  opus: (await encodeBeeps(loopSeconds)).map((packet) => [packet]),
})
try {
  await compare()
  await ramp()
} finally {
  crowd.close()
  await recorder.close()
  worker.close()
  rmSync(root, { recursive: true, force: true })
}

interface Usage {
  /** CPU time in milliseconds. */
  readonly worker: number
  readonly recorder: number
  readonly recorderMegabytes: number
  readonly atMs: number
}

async function usage(): Promise<Usage> {
  const { ru_utime, ru_stime } = await worker.getResourceUsage()
  const { cpuMs, memoryBytes } = await recorder.statistics()
  return {
    worker: ru_utime + ru_stime,
    recorder: cpuMs,
    recorderMegabytes: memoryBytes / 1e6,
    atMs: performance.now(),
  }
}

/** Shares of a core that worker and recorder take while `seconds` pass. */
async function shares(): Promise<{ worker: number; recorder: number }> {
  // What begins (key frames, files, code that is compiled) is over.
  await delay(2000)
  const before = await usage()
  await delay(seconds * 1000)
  const after = await usage()
  const forMs = after.atMs - before.atMs
  return {
    worker: (after.worker - before.worker) / forMs,
    recorder: (after.recorder - before.recorder) / forMs,
  }
}

async function startRecording(recordingId: string): Promise<OpenTap[]> {
  await recorder.start({ recordingId, folder: join(root, recordingId), minFreeBytes: 0 })
  return openTaps(recordingId, crowd.people)
}

async function openTaps(recordingId: string, recorded: readonly Person[]): Promise<OpenTap[]> {
  const taps: OpenTap[] = []
  for (const { name, streams } of recorded) {
    for (const { producer } of streams) {
      taps.push(
        await openTap({
          recorder,
          router,
          producerId: producer.id,
          recordingId,
          trackId: `${name}-${producer.kind}`,
          participantId: name,
          displayName: name,
          source: producer.kind === 'audio' ? 'microphone' : 'camera',
        }),
      )
    }
  }
  return taps
}

/** One viewer of everybody, encrypted as for a browser; nobody reads what arrives. */
async function addViewers(): Promise<{ close(): void }> {
  const sink = createSocket('udp4')
  sink.bind(0, '127.0.0.1')
  await once(sink, 'listening')
  const transports: types.PlainTransport[] = []
  for (const { streams } of crowd.people) {
    const transport = await router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
      enableSrtp: true,
    })
    transports.push(transport)
    await transport.connect({
      ip: '127.0.0.1',
      port: sink.address().port,
      srtpParameters: transport.srtpParameters!,
    })
    for (const { producer } of streams) {
      await transport.consume({ producerId: producer.id, rtpCapabilities: router.rtpCapabilities })
    }
  }
  return {
    close: () => {
      for (const transport of transports) transport.close()
      sink.close()
    },
  }
}

async function compare(): Promise<void> {
  await crowd.growTo(people)
  const idle = await shares()
  const found: { forwarding: number; feeding: number; recording: number }[] = []
  for (let round = 1; round <= rounds; round++) {
    const alone = await shares()
    const viewers = await addViewers()
    const viewed = await shares()
    viewers.close()
    const recordingId = `compare-${round}`
    const taps = await startRecording(recordingId)
    const recorded = await shares()
    for (const tap of taps) await tap.close('left')
    await recorder.stop({ recordingId, reason: 'stopped' })
    found.push({
      forwarding: (viewed.worker - alone.worker) / people,
      feeding: (recorded.worker - alone.worker) / people,
      recording: (recorded.recorder - idle.recorder) / people,
    })
  }
  const middle = (of: (one: (typeof found)[number]) => number) =>
    found.map(of).sort((a, b) => a - b)[Math.floor(found.length / 2)]!
  const [forwarding, feeding, recording] = [
    middle((one) => one.forwarding),
    middle((one) => one.feeding),
    middle((one) => one.recording),
  ]
  say()
  say(`One of ${people} people (median of ${rounds} rounds of ${seconds} s, per cent of a core):`)
  say(`  worker, forwarding to one viewer (SRTP)   ${percent(forwarding)}`)
  say(`  worker, feeding the recorder              ${percent(feeding)}`)
  say(
    `  recorder                                  ${percent(recording)}  = ${(recording / forwarding).toFixed(2)} x forwarding`,
  )
  say(`  recorder at rest                          ${percent(idle.recorder)}`)
}

async function ramp(): Promise<void> {
  say()
  say(
    `At once on ${availableParallelism()} cores, with worker and senders on the same (until ${greatestLossPercent} % are lost):`,
  )
  say('  people  recorder  worker  memory    lost  kernel drops  longest pause  bench late')
  await recorder.start({ recordingId: 'ramp', folder: join(root, 'ramp'), minFreeBytes: 0 })
  let recorded = 0
  let good = 0
  const memories: { people: number; megabytes: number }[] = []
  for (let count = step; count <= most; count += step) {
    await crowd.growTo(count)
    await openTaps('ramp', crowd.people.slice(recorded, count))
    recorded = count
    await delay(3000)
    const [before, beforeUsage] = [await losses(), await usage()]
    crowd.latestMs = 0
    await delay(seconds * 1000)
    const [after, afterUsage] = [await losses(), await usage()]
    const forMs = afterUsage.atMs - beforeUsage.atMs
    const lostPercent = (100 * (after.lost - before.lost)) / Math.max(1, after.packets - before.packets)
    memories.push({ people: count, megabytes: afterUsage.recorderMegabytes })
    say(
      [
        String(count).padStart(8),
        percent((afterUsage.recorder - beforeUsage.recorder) / forMs).padStart(10),
        percent((afterUsage.worker - beforeUsage.worker) / forMs).padStart(8),
        `${afterUsage.recorderMegabytes.toFixed(0)} MB`.padStart(8),
        `${lostPercent.toFixed(3)} %`.padStart(9),
        String(after.drops - before.drops).padStart(13),
        `${after.pauseMs} ms`.padStart(14),
        `${crowd.latestMs.toFixed(0)} ms`.padStart(11),
      ].join(''),
    )
    if (lostPercent > greatestLossPercent) break
    good = count
  }
  await recorder.stop({ recordingId: 'ramp', reason: 'stopped' })
  const [first, last] = [memories[0], memories.at(-1)]
  say(`  ${good} people were recorded at once without loss.`)
  if (first && last && last.people > first.people) {
    const each = (last.megabytes - first.megabytes) / (last.people - first.people)
    say(`  ${each.toFixed(1)} MB of memory for each.`)
  }
}

async function losses(): Promise<{ packets: number; lost: number; drops: number; pauseMs: number }> {
  const { recordings, longestPauseMs } = await recorder.statistics()
  const [recording] = recordings
  return {
    packets: recording?.packets ?? 0,
    lost: recording?.lost ?? 0,
    drops: recording?.tracks.reduce((sum, { socketDrops = 0 }) => sum + socketDrops, 0) ?? 0,
    pauseMs: longestPauseMs,
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}
