import {
  createDepacketizer,
  type Depacketizer,
  type MediaFrame,
  type RecordedCodec,
  type VideoFormat,
} from './codecs/depacketizer.ts'
import type { OrderedPacket } from './reorder.ts'
import { Unwrapper } from './rtp.ts'

export interface TimedFrame extends MediaFrame {
  /** In ticks of the codec's clock, continued beyond 32 bits. */
  readonly ticks: number
  /** When its last packet came. */
  readonly arrivedMs: number
  /** Packets lost since the frame before. */
  readonly lostBefore: number
}

/** A frame without an end would fill the memory; key frames of 4K screens have some megabytes. */
const longestFrame = 16 * 1024 * 1024
/** Each packet counts as so many bytes at least: holding it costs some, too. */
const leastPacket = 500

/** Of a picture, in pixels: beyond any camera or screen. */
const greatestSide = 16_384

export interface FrameCounts {
  /** Video frames left out because they were damaged or refer to one that was. */
  dropped: number
}

/**
 * Makes frames of ordered packets. Video begins with a key frame, and begins so again after a loss: a picture that stands
 * still for the moment until the key frame that is asked for is better than a torn one, and decodes without errors.
 */
export class FrameBuilder {
  readonly counts: FrameCounts = { dropped: 0 }
  readonly #depacketizer: Depacketizer
  readonly #isVideo: boolean
  readonly #unwrapper = new Unwrapper(32)
  #waitsForKeyFrame: boolean
  /** RTP timestamp of the frame in the making, or of the one that is being left out. */
  #current: number | undefined
  #isLeavingOut = false
  /** Of the frame in the making. */
  #bytes = 0
  #lostBefore = 0
  #arrivedMs = 0
  #hasBegun = false

  constructor(codec: RecordedCodec) {
    this.#depacketizer = createDepacketizer(codec)
    this.#isVideo = codec !== 'opus'
    this.#waitsForKeyFrame = this.#isVideo
  }

  /** Whether nothing can be written until a key frame comes: somebody should ask for one. */
  get waitsForKeyFrame(): boolean {
    return this.#waitsForKeyFrame
  }

  /** A timestamp in the ticks of the frames, or undefined before the first frame. */
  ticksOf(timestamp: number): number | undefined {
    return this.#hasBegun ? this.#unwrapper.peek(timestamp) : undefined
  }

  /** The frames that are whole with this packet: mostly none or one. */
  push(packet: OrderedPacket): TimedFrame[] {
    const frames: TimedFrame[] = []
    if (packet.lostBefore > 0) this.#lose(packet.lostBefore)
    else if (this.#current !== undefined && packet.timestamp !== this.#current) frames.push(...this.#finish())

    if (packet.timestamp !== this.#current) this.#begin(packet)
    this.#arrivedMs = packet.arrivedMs
    // Packets without payload are sent to measure the path.
    if (!this.#isLeavingOut && packet.payload.length > 0) this.#add(packet.payload)
    if (packet.marker || !this.#isVideo) frames.push(...this.#finish())
    return frames
  }

  #add(payload: Buffer): void {
    this.#bytes += Math.max(payload.length, leastPacket)
    if (this.#bytes <= longestFrame) return this.#depacketizer.add(payload)
    this.#depacketizer.reset()
    this.#isLeavingOut = true
    this.#waitsForKeyFrame = this.#isVideo
  }

  #begin(packet: OrderedPacket): void {
    this.#current = packet.timestamp
    this.#bytes = 0
    this.#isLeavingOut = this.#waitsForKeyFrame && !this.#depacketizer.startsKeyFrame(packet.payload)
  }

  /** What is in the making lacks a piece, and what follows refers to it. */
  #lose(packets: number): void {
    this.#lostBefore += packets
    this.#depacketizer.reset()
    if (!this.#isVideo) return
    if (this.#current !== undefined && !this.#isLeavingOut) this.counts.dropped++
    this.#waitsForKeyFrame = true
    this.#current = undefined
  }

  /** The frame in the making cannot be read. */
  abandon(): void {
    this.#lose(0)
  }

  #finish(): TimedFrame[] {
    const timestamp = this.#current
    this.#current = undefined
    if (timestamp === undefined) return []
    if (this.#isLeavingOut) {
      this.counts.dropped++
      return []
    }
    const frame = this.#depacketizer.take()
    if (!frame || (this.#waitsForKeyFrame && !frame.isKey) || (frame.format && !isPossible(frame.format))) {
      if (this.#isVideo) {
        this.counts.dropped++
        this.#waitsForKeyFrame = true
      }
      return []
    }
    this.#waitsForKeyFrame = false
    this.#hasBegun = true
    const lostBefore = this.#lostBefore
    this.#lostBefore = 0
    const ticks = this.#unwrapper.unwrap(timestamp)
    return [{ ...frame, ticks, arrivedMs: this.#arrivedMs, lostBefore }]
  }
}

function isPossible({ width, height }: VideoFormat): boolean {
  return width > 0 && height > 0 && width <= greatestSide && height <= greatestSide
}
