import { BitReader } from './bit-reader.ts'
import type { Depacketizer, MediaFrame, VideoFormat } from './depacketizer.ts'

/** The format has no more of them, nor has the index of a picture. */
const mostLayers = 8

interface Descriptor {
  readonly length: number
  /** Refers to frames before this picture. */
  readonly isInterPicture: boolean
  readonly beginsFrame: boolean
  readonly spatialLayer: number
  /** Of each layer, from the scalability structure that comes with key frames of several layers. */
  readonly sizes: readonly VideoFormat[] | undefined
}

/**
 * VP9 (RFC 9628). The spatial layers of a picture are frames of their own with one timestamp; behind more than one comes an
 * index, as decoders of files expect it.
 */
export class Vp9Depacketizer implements Depacketizer {
  /** Pieces of the picture, per layer. */
  #layers: Buffer[][] = []
  #isWhole = false
  #isKey = false
  #sizes: readonly VideoFormat[] | undefined
  /** Not all layers that are told of are sent: a thin uplink leaves out the upper ones. */
  #topLayer = 0

  startsKeyFrame(payload: Buffer): boolean {
    const descriptor = parseDescriptor(payload)
    return (
      descriptor !== undefined &&
      descriptor.beginsFrame &&
      !descriptor.isInterPicture &&
      descriptor.spatialLayer === 0 &&
      parseKeyFrame(payload.subarray(descriptor.length)) !== undefined
    )
  }

  add(payload: Buffer): void {
    const descriptor = parseDescriptor(payload)
    const isFirst = this.#layers.length === 0
    if (!descriptor) {
      this.#isWhole = false
      if (isFirst) this.#layers.push([])
      return
    }
    if (isFirst) {
      this.#isWhole = descriptor.beginsFrame
      this.#isKey = !descriptor.isInterPicture && descriptor.spatialLayer === 0
    }
    if (this.#layers.length >= mostLayers && descriptor.beginsFrame) this.#isWhole = false
    if (!this.#isWhole && !isFirst) return
    if (isFirst || descriptor.beginsFrame) this.#layers.push([])
    if (descriptor.sizes) this.#sizes = descriptor.sizes
    this.#topLayer = descriptor.spatialLayer
    this.#layers.at(-1)!.push(payload.subarray(descriptor.length))
  }

  take(): MediaFrame | undefined {
    const frames = this.#layers.map((pieces) => Buffer.concat(pieces)).filter((frame) => frame.length > 0)
    const isWhole = this.#isWhole && frames.length > 0
    const isKey = this.#isKey
    const size = this.#sizes?.[this.#topLayer]
    this.reset()
    if (!isWhole) return undefined
    const data = frames.length === 1 ? frames[0]! : superframe(frames)
    const base = isKey ? parseKeyFrame(frames[0]!) : undefined
    return base ? { data, isKey: true, format: size ?? base } : { data, isKey: false }
  }

  reset(): void {
    this.#layers = []
    this.#isWhole = false
    this.#isKey = false
    this.#sizes = undefined
    this.#topLayer = 0
  }
}

function parseDescriptor(payload: Buffer): Descriptor | undefined {
  const first = payload[0] ?? 0
  const hasPictureId = (first & 0x80) !== 0
  const isInterPicture = (first & 0x40) !== 0
  const hasLayers = (first & 0x20) !== 0
  const isFlexible = (first & 0x10) !== 0
  let at = 1
  if (hasPictureId) at += (payload[at] ?? 0) & 0x80 ? 2 : 1
  let spatialLayer = 0
  if (hasLayers) {
    spatialLayer = ((payload[at] ?? 0) >> 1) & 7
    at += isFlexible ? 1 : 2
  }
  if (isFlexible && isInterPicture) {
    // Up to three references; the last bit says whether another one follows.
    for (let count = 0; count < 3; count++) if (!((payload[at++] ?? 0) & 1)) break
  }
  let sizes: readonly VideoFormat[] | undefined
  if (first & 0x02) {
    const structure = parseStructure(payload, at)
    at = structure.end
    sizes = structure.sizes
  }
  if (at >= payload.length) return undefined
  return { length: at, isInterPicture, beginsFrame: (first & 0x08) !== 0, spatialLayer, sizes }
}

function parseStructure(payload: Buffer, start: number): { end: number; sizes: VideoFormat[] } {
  const first = payload[start] ?? 0
  const layers = (first >> 5) + 1
  let at = start + 1
  const sizes: VideoFormat[] = []
  if (first & 0x10) {
    for (let layer = 0; layer < layers && at + 4 <= payload.length; layer++, at += 4) {
      sizes.push({ width: payload.readUInt16BE(at), height: payload.readUInt16BE(at + 2) })
    }
  }
  if (first & 0x08) {
    const pictures = payload[at++] ?? 0
    for (let picture = 0; picture < pictures; picture++) at += 1 + (((payload[at] ?? 0) >> 2) & 3)
  }
  return { end: at, sizes }
}

/** The size in the uncompressed header of a key frame; undefined for any other frame. */
function parseKeyFrame(frame: Buffer): VideoFormat | undefined {
  const bits = new BitReader(frame.subarray(0, 16))
  if (bits.bits(2) !== 2) return undefined
  const profile = bits.bit() + bits.bit() * 2
  if (profile === 3) bits.bit()
  const showsExisting = bits.flag()
  const isInter = bits.flag()
  if (showsExisting || isInter) return undefined
  bits.bits(2)
  if (bits.bits(24) !== 0x498342) return undefined
  if (profile >= 2) bits.bit()
  const isRgb = bits.bits(3) === 7
  if (!isRgb) bits.bit()
  if (profile === 1 || profile === 3) bits.bits(isRgb ? 1 : 3)
  return { width: bits.bits(16) + 1, height: bits.bits(16) + 1 }
}

/** Frames of one picture with an index of their sizes at the end (VP9 bitstream, annex B). */
function superframe(frames: readonly Buffer[]): Buffer {
  const marker = 0b1101_1000 | (frames.length - 1)
  const index = Buffer.alloc(2 + frames.length * 4)
  index[0] = index[index.length - 1] = marker
  frames.forEach((frame, place) => index.writeUInt32LE(frame.length, 1 + place * 4))
  return Buffer.concat([...frames, index])
}
