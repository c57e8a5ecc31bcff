import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { types } from 'mediasoup'
import { encodeBeeps, encodePictures } from '../../src/tests/support/recorder-media.ts'
import { payloadsOf, rtpPacket, senderReport } from '../../src/tests/support/recorder-packets.ts'

/** People who publish 720p and sound, for benches: packets that are prepared beforehand, over UDP, to a real worker. */

const fps = 25
const loopSeconds = 8

type Frames = readonly (readonly Buffer[])[]

/** What everybody sends, in RTP payloads for each frame, over and over. */
export interface Prepared {
  readonly vp8: Frames
  readonly opus: Frames
}

export async function prepare(kbps: number): Promise<Prepared> {
  const pictures = await encodePictures({
    codec: 'vp8',
    frames: fps * loopSeconds,
    width: 1280,
    height: 720,
    fps,
    kbps,
  })
  return {
    vp8: pictures.map(({ data, isKey }, pictureId) => payloadsOf('vp8', data, { isKey, pictureId })),
    opus: (await encodeBeeps(loopSeconds)).map((packet) => [packet]),
  }
}

interface StreamFields {
  readonly payloadType: number
  readonly ssrc: number
  readonly rate: number
  readonly everyMs: number
  readonly isVideo: boolean
}

/** A stream whose payloads are made beforehand: sending it costs a header and a system call per packet. */
class PreparedStream {
  readonly producer: types.Producer
  readonly #socket: Socket
  readonly #frames: Frames
  readonly #fields: StreamFields
  #sequence = 0
  #place = 0
  /** Of what was prepared, which begins with a key frame. */
  #frame = 0

  static async create(
    router: types.Router,
    codec: keyof Prepared,
    frames: Frames,
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
    const rtcpFeedback = isVideo ? [{ type: 'nack', parameter: 'pli' }] : []
    const format = { mimeType, payloadType, clockRate, parameters, rtcpFeedback }
    const producer = await transport.produce({
      kind,
      rtpParameters: {
        codecs: [isVideo ? format : { ...format, channels: 2 }],
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

  private constructor(producer: types.Producer, socket: Socket, frames: Frames, fields: StreamFields) {
    this.producer = producer
    this.#socket = socket
    this.#frames = frames
    this.#fields = fields
    socket.on('message', (packet) => {
      if (isKeyFrameRequest(packet)) this.#frame = 0
    })
  }

  /** Sends what is due `ms` after the start. Each packet ends with when it was sent, by the clock that all processes here share. */
  sendUntil(ms: number): void {
    const { everyMs, rate, ssrc, payloadType, isVideo } = this.#fields
    while (this.#place * everyMs <= ms) {
      const timestamp = Math.round((this.#place * everyMs * rate) / 1000) % 2 ** 32
      const payloads = this.#frames[this.#frame++ % this.#frames.length]!
      const sentAt = Buffer.alloc(8)
      sentAt.writeBigUInt64BE(process.hrtime.bigint())
      payloads.forEach((payload, part) => {
        const marker = isVideo && part === payloads.length - 1
        const sequence = this.#sequence++ & 0xffff
        const head = rtpPacket({ payloadType, sequence, timestamp, ssrc, marker }, Buffer.alloc(0))
        this.#socket.send([head, payload, sentAt])
      })
      if (this.#place % Math.round(1000 / everyMs) === 0) {
        const ntpMs = performance.timeOrigin + performance.now()
        this.#socket.send(senderReport({ ssrc, ntpMs, timestamp }))
      }
      this.#place++
    }
  }
}

/** PLI or FIR, in whatever comes together. */
function isKeyFrameRequest(packet: Buffer): boolean {
  for (let at = 0; at + 4 <= packet.length; at += 4 * (packet.readUInt16BE(at + 2) + 1)) {
    const format = packet[at]! & 0x1f
    if (packet[at + 1] === 206 && (format === 1 || format === 4)) return true
  }
  return false
}

export interface Person {
  readonly name: string
  readonly streams: readonly PreparedStream[]
}

/** People who publish until it is closed, and how late the bench itself was with their packets. */
export class Crowd {
  readonly people: Person[] = []
  /** Longest pause between two rounds of sending. */
  latestMs = 0
  readonly #router: types.Router
  readonly #prepared: Prepared
  readonly #started = new Map<Person, number>()
  readonly #timer: NodeJS.Timeout
  #last = performance.now()

  constructor(router: types.Router, prepared: Prepared) {
    this.#router = router
    this.#prepared = prepared
    this.#timer = setInterval(() => this.#send(), 5)
  }

  async growTo(count: number): Promise<void> {
    while (this.people.length < count) {
      const place = this.people.length
      const { opus, vp8 } = this.#prepared
      const streams = [
        await PreparedStream.create(this.#router, 'opus', opus, 10_000 + place * 2),
        await PreparedStream.create(this.#router, 'vp8', vp8, 10_001 + place * 2),
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
