import type { Depacketizer, MediaFrame } from './depacketizer.ts'

/** VP8 (RFC 7741): a descriptor before each piece of a frame, to be taken off. */
export class Vp8Depacketizer implements Depacketizer {
  #pieces: Buffer[] = []
  #isWhole = false

  startsKeyFrame(payload: Buffer): boolean {
    return isStart(payload) && isKeyFrame(payload.subarray(descriptorLength(payload)))
  }

  add(payload: Buffer): void {
    if (this.#pieces.length === 0) this.#isWhole = isStart(payload)
    const data = payload.subarray(descriptorLength(payload))
    if (data.length > 0) this.#pieces.push(data)
  }

  take(): MediaFrame | undefined {
    const data = Buffer.concat(this.#pieces)
    const isWhole = this.#isWhole && data.length > 0
    this.reset()
    if (!isWhole) return undefined
    if (!isKeyFrame(data)) return { data, isKey: false }
    return {
      data,
      isKey: true,
      // The upper two bits say how a player should scale, which nobody does.
      format: { width: data.readUInt16LE(6) & 0x3fff, height: data.readUInt16LE(8) & 0x3fff },
    }
  }

  reset(): void {
    this.#pieces = []
    this.#isWhole = false
  }
}

/** The start of the first partition. */
function isStart(payload: Buffer): boolean {
  return ((payload[0] ?? 0) & 0x1f) === 0x10
}

/** A key frame begins with its sizes behind a start code; without them it is of no use. */
function isKeyFrame(data: Buffer): boolean {
  return data.length >= 10 && (data[0]! & 1) === 0 && data.readUIntBE(3, 3) === 0x9d012a
}

function descriptorLength(payload: Buffer): number {
  const first = payload[0] ?? 0
  if (!(first & 0x80)) return 1
  const extensions = payload[1] ?? 0
  let length = 2
  // A picture id has 7 or 15 bits.
  if (extensions & 0x80) length += (payload[2] ?? 0) & 0x80 ? 2 : 1
  if (extensions & 0x40) length++
  if (extensions & 0x30) length++
  return length
}
