import { BitReader } from './bit-reader.ts'
import {
  longestConfiguration,
  mostUnits,
  type Depacketizer,
  type MediaFrame,
  type VideoFormat,
} from './depacketizer.ts'

const sequenceHeader = 1
const temporalDelimiter = 2
const tileList = 8
const padding = 15

/**
 * AV1 (RTP payload format of the Alliance for Open Media, 1.0). Units come without their sizes and possibly in pieces; a
 * container wants each with its size, and neither delimiters nor padding.
 */
export class Av1Depacketizer implements Depacketizer {
  #units: Buffer[] = []
  #pieces: Buffer[] | undefined
  #isWhole = true
  #isEmpty = true
  #isKey = false

  startsKeyFrame(payload: Buffer): boolean {
    const first = payload[0] ?? 0
    // A new coded video sequence (N) that does not go on from the packet before (Z).
    return (first & 0x88) === 0x08 && elementsOf(payload)[0] !== undefined
  }

  add(payload: Buffer): void {
    const first = payload[0] ?? 0
    if (this.#isEmpty) this.#isKey = this.startsKeyFrame(payload)
    this.#isEmpty = false
    if (this.#units.length >= mostUnits) this.#isWhole = false
    if (!this.#isWhole) return
    const elements = elementsOf(payload)
    const continues = (first & 0x80) !== 0
    const goesOn = (first & 0x40) !== 0
    if (elements.length === 0 || continues !== (this.#pieces !== undefined)) this.#isWhole = false
    elements.forEach((element, place) => {
      const pieces = place === 0 && this.#pieces ? this.#pieces : []
      pieces.push(element)
      this.#pieces = undefined
      if (place === elements.length - 1 && goesOn) this.#pieces = pieces
      else this.#addUnit(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces))
    })
  }

  take(): MediaFrame | undefined {
    const units = this.#units
    const isWhole = this.#isWhole && this.#pieces === undefined && units.length > 0
    const isKey = this.#isKey
    this.reset()
    if (!isWhole) return undefined
    const data = Buffer.concat(units)
    if (!isKey) return { data, isKey: false }
    const header = units.find((unit) => unitType(unit) === sequenceHeader)
    return header && header.length <= longestConfiguration
      ? { data, isKey: true, format: formatOf(header) }
      : undefined
  }

  reset(): void {
    this.#units = []
    this.#pieces = undefined
    this.#isWhole = true
    this.#isEmpty = true
    this.#isKey = false
  }

  #addUnit(unit: Buffer): void {
    const type = unitType(unit)
    if (unit.length === 0 || type === temporalDelimiter || type === tileList || type === padding) return
    this.#units.push(withSize(unit))
  }
}

/** The elements of a packet: OBUs or pieces of them. Empty if the lengths do not fit. */
function elementsOf(payload: Buffer): Buffer[] {
  const count = ((payload[0] ?? 0) >> 4) & 3
  const elements: Buffer[] = []
  for (let at = 1; at < payload.length;) {
    // The last of a stated number of elements has no length.
    if (count > 0 && elements.length === count - 1) {
      elements.push(payload.subarray(at))
      break
    }
    const length = readLeb128(payload, at)
    if (!length || length.end + length.value > payload.length) return []
    elements.push(payload.subarray(length.end, length.end + length.value))
    at = length.end + length.value
  }
  return elements
}

function unitType(unit: Buffer): number {
  return ((unit[0] ?? 0) >> 3) & 0x0f
}

function withSize(unit: Buffer): Buffer {
  const first = unit[0]!
  if (first & 0x02) return unit
  const headerLength = first & 0x04 ? 2 : 1
  const header = Buffer.from(unit.subarray(0, headerLength))
  header[0] = first | 0x02
  return Buffer.concat([header, leb128(unit.length - headerLength), unit.subarray(headerLength)])
}

function leb128(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>>= 7
  } while (rest > 0)
  return Buffer.from(bytes)
}

function readLeb128(bytes: Buffer, start: number): { value: number; end: number } | undefined {
  let value = 0
  for (let at = start; at < bytes.length && at < start + 5; at++) {
    value += (bytes[at]! & 0x7f) * 2 ** ((at - start) * 7)
    if (!(bytes[at]! & 0x80)) return { value, end: at + 1 }
  }
  return undefined
}

/** Size and av1C configuration from a sequence header with its size field (AV1 5.5, and the ISO binding 2.3.3). */
function formatOf(unit: Buffer): VideoFormat {
  const headerLength = unit[0]! & 0x04 ? 2 : 1
  const size = readLeb128(unit, headerLength)
  const bits = new BitReader(unit.subarray(size?.end ?? headerLength))
  const profile = bits.bits(3)
  bits.bit()
  const isReduced = bits.flag()
  let level = 0
  let tier = 0
  if (isReduced) level = bits.bits(5)
  else {
    const timing = bits.flag()
    let hasDecoderModel = false
    let delayBits = 0
    if (timing) {
      bits.bits(32)
      bits.bits(32)
      // uvlc()
      if (bits.flag()) bits.golomb()
      hasDecoderModel = bits.flag()
      if (hasDecoderModel) {
        delayBits = bits.bits(5) + 1
        bits.bits(32)
        bits.bits(10)
      }
    }
    const hasDisplayDelay = bits.flag()
    const points = bits.bits(5) + 1
    for (let point = 0; point < points; point++) {
      bits.bits(12)
      const pointLevel = bits.bits(5)
      const pointTier = pointLevel > 7 ? bits.bit() : 0
      if (point === 0) [level, tier] = [pointLevel, pointTier]
      if (hasDecoderModel && bits.flag()) {
        bits.bits(delayBits)
        bits.bits(delayBits)
        bits.bit()
      }
      if (hasDisplayDelay && bits.flag()) bits.bits(4)
    }
  }
  const widthBits = bits.bits(4) + 1
  const heightBits = bits.bits(4) + 1
  const width = bits.bits(widthBits) + 1
  const height = bits.bits(heightBits) + 1
  // Browsers send 8 bits, 4:2:0; the decoder reads what holds from the header itself, which goes along.
  const colour = profile === 0 ? 0x0c : 0x00
  const configuration = Buffer.from([0x81, (profile << 5) | level, (tier << 7) | colour, 0])
  return { width, height, codecPrivate: Buffer.concat([configuration, unit]) }
}
