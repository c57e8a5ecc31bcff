import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { types } from 'mediasoup'
import { openTap, type OpenTap } from '../../recorder/open-tap.ts'
import { Recorder } from '../../recorder/recorder.ts'
import { createLog } from '../../src/lib/log.ts'
import { median } from '../../src/tests/support/composite-figures.ts'
import { startRecorderWorker } from '../../src/tests/support/recorder-stage.ts'
import { Crowd, prepare, type Person } from './crowd.ts'
import { Viewer, type Watched } from './viewer.ts'

/**
 * `npm run bench -- recording`: what recording costs. People who publish 720p and sound are forwarded to a viewer and recorded in turns, so
 * that both see the same machine; a viewer looks at them with and without recording; then more and more of them are recorded at
 * once until packets are lost. It takes less than four minutes, and some GB in the folder for temporary files.
 */

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    people: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    kbps: { type: 'string', default: '1500' },
    most: { type: 'string', default: '360' },
    step: { type: 'string', default: '30' },
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
/** So many really send in the end; who is recorded beyond is one of them once more. The bench is not to be what gives out first. */
const senders = 40
const say = (line = '') => process.stdout.write(`${line}\n`)

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
say(`Preparing 720p of ${kbps} kbit/s, and sound.`)
const crowd = new Crowd(router, await prepare(kbps))
try {
  await compare()
  await disturb()
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

/** The next ones, of those that are recorded at once: from one place to before another. */
function recordedAt(from: number, to: number): Person[] {
  return Array.from({ length: to - from }, (_, index) => {
    const { name, streams } = crowd.people[(from + index) % crowd.people.length]!
    return { name: `${name}-${from + index}`, streams }
  })
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
  const [forwarding, feeding, recording] = [
    median(found.map((one) => one.forwarding)),
    median(found.map((one) => one.feeding)),
    median(found.map((one) => one.recording)),
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

/** Whether it makes a difference to those who watch that others are recorded. */
async function disturb(): Promise<void> {
  await crowd.growTo(people)
  const viewer = await Viewer.create(router, crowd.people)
  const without: Watched[] = []
  const beside: Watched[] = []
  for (let round = 1; round <= rounds; round++) {
    without.push(await viewer.watch(seconds))
    const recordingId = `beside-${round}`
    const taps = await startRecording(recordingId)
    await delay(1000)
    beside.push(await viewer.watch(seconds))
    for (const tap of taps) await tap.close('left')
    await recorder.stop({ recordingId, reason: 'stopped' })
  }
  await viewer.close()
  say()
  say(`At a viewer of these ${people} people (median of ${rounds} rounds of ${seconds} s):`)
  say('                                     alone    recorded')
  const line = (what: string, unit: string, of: (watched: Watched) => number) => {
    const [before, after] = [median(without.map(of)), median(beside.map(of))]
    const ratio = before > 0 ? `  x ${(after / before).toFixed(2)}` : ''
    say(`  ${what.padEnd(28)}${figure(before, unit)}${figure(after, unit)}${ratio}`)
  }
  line('jitter', 'ms', ({ jitterMs }) => jitterMs)
  line('way from the publisher', 'ms', ({ medianMs }) => medianMs)
  line('the slowest of a hundred', 'ms', ({ slowestMs }) => slowestMs)
  line('lost', '%', ({ lostPercent }) => lostPercent)
}

function figure(value: number, unit: string): string {
  return `${value.toFixed(3)} ${unit}`.padStart(12)
}

async function ramp(): Promise<void> {
  say()
  say(
    `At once on ${availableParallelism()} cores, with worker and senders on the same (until ${greatestLossPercent} % are lost):`,
  )
  say('  people  recorder  worker   bench  memory    lost  kernel drops  longest pause  bench late')
  await recorder.start({ recordingId: 'ramp', folder: join(root, 'ramp'), minFreeBytes: 0 })
  let recorded = 0
  let good = 0
  let why = ''
  const memories: { people: number; megabytes: number }[] = []
  for (let count = step; count <= most && why === ''; count += step) {
    await crowd.growTo(Math.min(count, senders))
    await openTaps('ramp', recordedAt(recorded, count))
    recorded = count
    // Files that begin, and a key frame of everybody who was added.
    await delay(3000)
    const [before, beforeUsage, beforeCpu] = [await losses(), await usage(), process.cpuUsage()]
    crowd.latestMs = 0
    await delay(seconds * 1000)
    const [after, afterUsage, { user, system }] = [await losses(), await usage(), process.cpuUsage(beforeCpu)]
    const forMs = afterUsage.atMs - beforeUsage.atMs
    const lostPercent = (100 * (after.lost - before.lost)) / Math.max(1, after.packets - before.packets)
    const taken = {
      recorder: (afterUsage.recorder - beforeUsage.recorder) / forMs,
      worker: (afterUsage.worker - beforeUsage.worker) / forMs,
      bench: (user + system) / 1000 / forMs,
    }
    memories.push({ people: count, megabytes: afterUsage.recorderMegabytes })
    say(
      [
        String(count).padStart(8),
        percent(taken.recorder).padStart(10),
        percent(taken.worker).padStart(8),
        percent(taken.bench).padStart(8),
        `${afterUsage.recorderMegabytes.toFixed(0)} MB`.padStart(8),
        `${lostPercent.toFixed(3)} %`.padStart(9),
        String(after.drops - before.drops).padStart(13),
        `${after.pauseMs} ms`.padStart(14),
        `${crowd.latestMs.toFixed(0)} ms`.padStart(11),
      ].join(''),
    )
    if (lostPercent > greatestLossPercent) why = whatGaveOut(taken)
    else good = count
  }
  await recorder.stop({ recordingId: 'ramp', reason: 'stopped' })
  const [first, last] = [memories[0], memories.at(-1)]
  say(
    `  ${good} people were recorded at once without loss${why === '' ? ', as many as were tried' : `; then ${why}`}.`,
  )
  if (first && last && last.people > first.people) {
    const each = (last.megabytes - first.megabytes) / (last.people - first.people)
    say(`  ${each.toFixed(1)} MB of memory for each.`)
  }
}

/** What had no time left when packets were lost: one of the processes, or all cores together. */
function whatGaveOut(taken: Readonly<Record<'recorder' | 'worker' | 'bench', number>>): string {
  const [most] = Object.entries(taken).sort(([, a], [, b]) => b - a)
  return most![1] > 0.85
    ? `the ${most![0]} had its core full`
    : `the machine had no time left (${percent(taken.recorder + taken.worker + taken.bench)} of a core were ours)`
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
