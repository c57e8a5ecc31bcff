import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { types } from 'mediasoup'
import type { RecordedCodec } from '../../../recorder/codecs/depacketizer.ts'
import type { Picture } from './recorder-media.ts'
import { payloadsOf, rtpPacket, senderReport } from './recorder-packets.ts'

let nextSsrc = 70_000

export interface PublisherOptions {
  readonly codec: RecordedCodec
  /** Share of packets that the way to the server loses, also of those that are sent again. */
  readonly loss?: number
  /** How long the publisher takes to answer when asked to send again, in milliseconds. */
  readonly answerMs?: number
}

/** Somebody who publishes one track over RTP, sends again what is asked for, and reports its clock each half second. */
export class Publisher {
  readonly kind: 'audio' | 'video'
  readonly producer: types.Producer
  /** How often it was asked for a key frame; who calls `send` decides what to do about it. */
  keyFrameRequests = 0
  /** Each once, also those that the way lost. */
  packetsSent = 0
  readonly #options: PublisherOptions
  readonly #socket: Socket
  readonly #payloadType: number
  readonly #ssrc: number
  readonly #rate: number
  readonly #history = new Map<number, Buffer>()
  #sequence = 65_000
  #pictureId = 0
  /** Media time 0 and when it was captured, the same for all tracks of somebody. */
  readonly #startedMs: number
  readonly #firstTimestamp: number
  #random = 12_345
  #lastReportMs = 0

  static async create(router: types.Router, options: PublisherOptions): Promise<Publisher> {
    const { codec } = options
    const kind = codec === 'opus' ? 'audio' : 'video'
    const capability = router.rtpCapabilities.codecs!.find(
      (found) => found.mimeType.toLowerCase() === `${kind}/${codec}`,
    )!
    const transport = await router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
      comedia: true,
    })
    const ssrc = nextSsrc++
    const producer = await transport.produce({
      kind,
      rtpParameters: {
        codecs: [
          {
            mimeType: capability.mimeType,
            payloadType: capability.preferredPayloadType,
            clockRate: capability.clockRate,
            ...(kind === 'audio' && { channels: 2 }),
            parameters: capability.parameters ?? {},
            rtcpFeedback: kind === 'audio' ? [] : [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
          },
        ],
        ...(kind === 'audio' && {
          headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', id: 1 }],
        }),
        encodings: [{ ssrc }],
        rtcp: { cname: 'ana' },
      },
    })
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    socket.connect(transport.tuple.localPort, '127.0.0.1')
    await once(socket, 'connect')
    return new Publisher(options, { kind, producer, socket, ssrc, capability })
  }

  private constructor(
    options: PublisherOptions,
    made: {
      kind: 'audio' | 'video'
      producer: types.Producer
      socket: Socket
      ssrc: number
      capability: types.RtpCodecCapability
    },
  ) {
    this.#options = options
    this.kind = made.kind
    this.producer = made.producer
    this.#socket = made.socket
    this.#ssrc = made.ssrc
    this.#payloadType = made.capability.preferredPayloadType
    this.#rate = made.capability.clockRate
    this.#startedMs = performance.timeOrigin + performance.now()
    this.#firstTimestamp = 2 ** 32 - this.#rate
    this.#socket.on('message', (rtcp) => this.#feedback(rtcp))
    this.#socket.on('error', () => undefined)
    made.producer.observer.once('close', () => this.#socket.close())
  }

  /** Sends one frame, captured now unless said otherwise. `audioLevel`: how loud it is, in -dBov. */
  send(frame: Picture, options: { capturedMs?: number; withhold?: boolean; audioLevel?: number } = {}): void {
    const capturedMs = options.capturedMs ?? performance.timeOrigin + performance.now()
    const timestamp = this.#timestampAt(capturedMs)
    const payloads = payloadsOf(this.#options.codec, frame.data, {
      isKey: frame.isKey,
      pictureId: this.#pictureId++,
    })
    this.packetsSent += payloads.length
    payloads.forEach((payload, place) => {
      const sequence = this.#sequence++ & 0xffff
      const marker = this.kind === 'video' && place === payloads.length - 1
      const packet = rtpPacket(
        {
          payloadType: this.#payloadType,
          sequence,
          timestamp,
          ssrc: this.#ssrc,
          marker,
          audioLevel: options.audioLevel,
        },
        payload,
      )
      this.#history.set(sequence, packet)
      if (this.#history.size > 2000) this.#history.delete(this.#history.keys().next().value!)
      if (!(options.withhold && place === 0)) this.#put(packet)
    })
    const nowMs = performance.timeOrigin + performance.now()
    if (nowMs - this.#lastReportMs < 500) return
    this.#lastReportMs = nowMs
    this.#socket.send(senderReport({ ssrc: this.#ssrc, ntpMs: nowMs, timestamp: this.#timestampAt(nowMs) }))
  }

  close(): void {
    this.producer.close()
  }

  #timestampAt(capturedMs: number): number {
    return (this.#firstTimestamp + Math.round(((capturedMs - this.#startedMs) / 1000) * this.#rate)) % 2 ** 32
  }

  #put(packet: Buffer): void {
    // The same losses in each run.
    this.#random = (this.#random * 1_103_515_245 + 12_345) % 2 ** 31
    if (this.#random / 2 ** 31 < (this.#options.loss ?? 0)) return
    this.#socket.send(packet)
  }

  #feedback(rtcp: Buffer): void {
    for (let at = 0; at + 4 <= rtcp.length;) {
      const end = at + (rtcp.readUInt16BE(at + 2) + 1) * 4
      const format = rtcp[at]! & 31
      if (rtcp[at + 1] === 206 && format === 1) this.keyFrameRequests++
      if (rtcp[at + 1] === 205 && format === 1) {
        for (let entry = at + 12; entry + 4 <= end; entry += 4) {
          const first = rtcp.readUInt16BE(entry)
          const following = rtcp.readUInt16BE(entry + 2)
          this.#sendAgain(first)
          for (let bit = 0; bit < 16; bit++)
            if (following & (1 << bit)) this.#sendAgain((first + bit + 1) & 0xffff)
        }
      }
      at = end
    }
  }

  #sendAgain(sequence: number): void {
    const packet = this.#history.get(sequence)
    if (!packet) return
    setTimeout(() => {
      if (!this.producer.closed) this.#put(packet)
    }, this.#options.answerMs ?? 20)
  }
}
