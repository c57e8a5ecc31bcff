import { BitReader } from './bit-reader.ts'
import {
  longestConfiguration,
  mostUnits,
  type Depacketizer,
  type MediaFrame,
  type VideoFormat,
} from './depacketizer.ts'

const idr = 5
const sequenceParameterSet = 7
const pictureParameterSet = 8
const accessUnitDelimiter = 9
const stapA = 24
const fuA = 28

/**
 * H.264 (RFC 6184): single units, units put together (STAP-A) and units in pieces (FU-A). Frames get length prefixes and the
 * parameter sets go into the decoder's configuration, as Matroska and MP4 want it.
 */
export class H264Depacketizer implements Depacketizer {
  #units: Buffer[] = []
  #pieces: Buffer[] | undefined
  #isWhole = true
  /** Parameter sets hold until others come; a sender may send them before the key frame only once. */
  #sps: Buffer | undefined
  #pps: Buffer | undefined

  startsKeyFrame(payload: Buffer): boolean {
    const type = unitType(payload)
    if (type === stapA) return stapUnits(payload).some((unit) => isKeyStart(unit))
    if (type !== fuA) return isKeyStart(payload)
    // A key frame in pieces: its first piece, if that is the first slice of the picture.
    const header = payload[1] ?? 0
    return (header & 0x80) !== 0 && (header & 0x1f) === idr && startsPicture(payload.subarray(1))
  }

  add(payload: Buffer): void {
    if (this.#units.length >= mostUnits) this.#isWhole = false
    if (!this.#isWhole) return
    const type = unitType(payload)
    if (type === fuA) return this.#addPiece(payload)
    if (this.#pieces) this.#isWhole = false
    this.#pieces = undefined
    if (type === stapA) for (const unit of stapUnits(payload)) this.#addUnit(unit)
    else if (type >= 1 && type < stapA) this.#addUnit(payload)
    // Interleaved modes (25 to 27, 29) are never negotiated with browsers.
    else this.#isWhole = false
  }

  take(): MediaFrame | undefined {
    const units = this.#units
    const isWhole = this.#isWhole && this.#pieces === undefined && units.length > 0
    this.reset()
    if (!isWhole) return undefined
    const data = Buffer.concat(units.flatMap((unit) => [lengthOf(unit), unit]))
    const isKey = units.some((unit) => unitType(unit) === idr)
    if (!isKey) return { data, isKey: false }
    const format = this.#format()
    return format && { data, isKey: true, format }
  }

  reset(): void {
    this.#units = []
    this.#pieces = undefined
    this.#isWhole = true
  }

  #addPiece(payload: Buffer): void {
    const header = payload[1] ?? 0
    if (header & 0x80) {
      if (this.#pieces) this.#isWhole = false
      this.#pieces = [Buffer.from([(payload[0]! & 0xe0) | (header & 0x1f)])]
    }
    if (!this.#pieces) {
      this.#isWhole = false
      return
    }
    this.#pieces.push(payload.subarray(2))
    if (header & 0x40) {
      const unit = Buffer.concat(this.#pieces)
      this.#pieces = undefined
      this.#addUnit(unit)
    }
  }

  #addUnit(unit: Buffer): void {
    const type = unitType(unit)
    const isParameterSet = type === sequenceParameterSet || type === pictureParameterSet
    if (isParameterSet && unit.length > longestConfiguration) this.#isWhole = false
    else if (type === sequenceParameterSet) this.#sps = Buffer.from(unit)
    else if (type === pictureParameterSet) this.#pps = Buffer.from(unit)
    else if (type !== accessUnitDelimiter) this.#units.push(unit)
  }

  #format(): VideoFormat | undefined {
    const [sps, pps] = [this.#sps, this.#pps]
    if (!sps || !pps || sps.length < 4) return undefined
    const codecPrivate = Buffer.concat([
      Buffer.from([1, sps[1]!, sps[2]!, sps[3]!, 0xff, 0xe1, sps.length >> 8, sps.length & 0xff]),
      sps,
      Buffer.from([1, pps.length >> 8, pps.length & 0xff]),
      pps,
    ])
    return { ...pictureSize(sps), codecPrivate }
  }
}

function unitType(unit: Buffer): number {
  return (unit[0] ?? 0) & 0x1f
}

/** Parameter sets come before a key frame; without them, its first slice is the start. */
function isKeyStart(unit: Buffer): boolean {
  const type = unitType(unit)
  return type === sequenceParameterSet || (type === idr && startsPicture(unit))
}

/** Whether a slice is the first of its picture: first_mb_in_slice, an Exp-Golomb number, is 0. */
function startsPicture(unit: Buffer): boolean {
  return ((unit[1] ?? 0) & 0x80) !== 0
}

function stapUnits(payload: Buffer): Buffer[] {
  const units: Buffer[] = []
  for (let at = 1; at + 2 <= payload.length;) {
    const length = payload.readUInt16BE(at)
    if (length > 0 && at + 2 + length <= payload.length) units.push(payload.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  return units
}

function lengthOf(unit: Buffer): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(unit.length)
  return bytes
}

/** Profiles whose parameter set says how colour is sampled (H.264, 7.3.2.1.1). */
const profilesWithChroma = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128])

/** Width and height of the picture after cropping, from a sequence parameter set. */
function pictureSize(sps: Buffer): { width: number; height: number } {
  const bits = new BitReader(withoutEmulation(sps.subarray(1)))
  const profile = bits.bits(8)
  bits.bits(16)
  bits.golomb()
  let chroma = 1
  if (profilesWithChroma.has(profile)) {
    chroma = bits.golomb()
    if (chroma === 3) bits.bit()
    bits.golomb()
    bits.golomb()
    bits.bit()
    if (bits.flag()) {
      for (let list = 0; list < (chroma === 3 ? 12 : 8); list++) {
        if (bits.flag()) skipScalingList(bits, list < 6 ? 16 : 64)
      }
    }
  }
  bits.golomb()
  const orderType = bits.golomb()
  if (orderType === 0) bits.golomb()
  else if (orderType === 1) {
    bits.bit()
    bits.signedGolomb()
    bits.signedGolomb()
    // At most 255 by the standard; what claims more must not keep the recorder busy.
    const cycle = Math.min(bits.golomb(), 255)
    for (let offset = 0; offset < cycle; offset++) bits.signedGolomb()
  }
  bits.golomb()
  bits.bit()
  const widthUnits = bits.golomb() + 1
  const heightUnits = bits.golomb() + 1
  const isProgressive = bits.flag()
  if (!isProgressive) bits.bit()
  bits.bit()
  const fields = isProgressive ? 1 : 2
  let width = widthUnits * 16
  let height = heightUnits * 16 * fields
  if (bits.flag()) {
    const [left, right, top, bottom] = [bits.golomb(), bits.golomb(), bits.golomb(), bits.golomb()]
    width -= (left + right) * (chroma === 1 || chroma === 2 ? 2 : 1)
    height -= (top + bottom) * (chroma === 1 ? 2 : 1) * fields
  }
  return { width, height }
}

function skipScalingList(bits: BitReader, size: number): void {
  let last = 8
  let next = 8
  for (let at = 0; at < size; at++) {
    if (next !== 0) next = (last + bits.signedGolomb() + 256) % 256
    if (next !== 0) last = next
  }
}

/** Takes out the bytes that keep start codes out of the data (00 00 03). */
function withoutEmulation(bytes: Buffer): Buffer {
  const kept: number[] = []
  let zeros = 0
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    zeros = byte === 0 ? zeros + 1 : 0
    kept.push(byte)
  }
  return Buffer.from(kept)
}
