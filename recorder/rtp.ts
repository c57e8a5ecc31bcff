/** RTP and RTCP as far as a receiver needs them (RFC 3550, 4585). Pure: bytes in, values out. */

export interface RtpPacket {
  readonly payloadType: number
  /** 16 bits. */
  readonly sequence: number
  /** 32 bits, in ticks of the codec's clock. */
  readonly timestamp: number
  readonly ssrc: number
  /** On the last packet of a video frame. */
  readonly marker: boolean
  /** Without padding; a view into the received bytes. */
  readonly payload: Buffer
  /** How loud the sound in it is, in -dBov: 0 is the loudest, 127 silence (RFC 6464). Undefined if it does not say. */
  readonly audioLevel?: number | undefined
}

/** Where on a sender's clock a timestamp lies. */
export interface SenderReport {
  readonly ssrc: number
  /** Milliseconds since 1970 on the clock of whoever made the report. */
  readonly ntpMs: number
  readonly timestamp: number
}

const fixedHeader = 12
const rtcpSenderReport = 200
const rtcpTransportFeedback = 205
const rtcpPayloadFeedback = 206
const secondsFrom1900To1970 = 2_208_988_800
/** In February 2036 the seconds of NTP begin again (RFC 4330); until then they are above the half. */
const secondsOfEra = 2 ** 32

/** RTCP shares the port with RTP; RFC 5761 keeps these values free of payload types. */
export function isRtcp(bytes: Buffer): boolean {
  const type = bytes[1] ?? 0
  return type >= 192 && type <= 223
}

/** Undefined for what is not a whole RTP packet. `audioLevelId`: of the header extension that says how loud it is. */
export function parseRtp(bytes: Buffer, audioLevelId?: number): RtpPacket | undefined {
  if (bytes.length < fixedHeader) return undefined
  const first = bytes[0]!
  if (first >> 6 !== 2) return undefined
  let start = fixedHeader + (first & 0x0f) * 4
  let audioLevel: number | undefined
  if (first & 0x10) {
    if (bytes.length < start + 4) return undefined
    const end = start + 4 + bytes.readUInt16BE(start + 2) * 4
    if (audioLevelId !== undefined) {
      const extension = findExtension(bytes.subarray(start, end), audioLevelId)
      if (extension !== undefined && extension.length > 0) audioLevel = extension[0]! & 0x7f
    }
    start = end
  }
  let end = bytes.length
  if (first & 0x20) end -= bytes[end - 1]!
  if (start > end) return undefined
  return {
    payloadType: bytes[1]! & 0x7f,
    marker: (bytes[1]! & 0x80) !== 0,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
    payload: bytes.subarray(start, end),
    audioLevel,
  }
}

/** The content of a header extension, in either of the forms of RFC 8285. */
function findExtension(block: Buffer, id: number): Buffer | undefined {
  const profile = block.readUInt16BE(0)
  const isTwoByte = (profile & 0xfff0) === 0x1000
  if (profile !== 0xbede && !isTwoByte) return undefined
  for (let at = 4; at < block.length;) {
    const first = block[at]!
    if (first === 0) {
      at++
      continue
    }
    const found = isTwoByte ? first : first >> 4
    // Of the short form, 15 means that nothing follows.
    if (!isTwoByte && found === 15) return undefined
    const length = isTwoByte ? (block[at + 1] ?? 0) : (first & 0x0f) + 1
    const start = at + (isTwoByte ? 2 : 1)
    if (found === id) return block.subarray(start, start + length)
    at = start + length
  }
  return undefined
}

/** The sender reports in a compound packet. */
export function parseSenderReports(bytes: Buffer): SenderReport[] {
  const reports: SenderReport[] = []
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = (bytes.readUInt16BE(at + 2) + 1) * 4
    if (bytes[at + 1] === rtcpSenderReport && at + 28 <= bytes.length) {
      const told = bytes.readUInt32BE(at + 8)
      const seconds = told + (told < secondsOfEra / 2 ? secondsOfEra : 0) - secondsFrom1900To1970
      reports.push({
        ssrc: bytes.readUInt32BE(at + 4),
        ntpMs: seconds * 1000 + (bytes.readUInt32BE(at + 12) / 2 ** 32) * 1000,
        timestamp: bytes.readUInt32BE(at + 16),
      })
    }
    at += length
  }
  return reports
}

/** Asks for a key frame (PLI). */
export function pictureLossIndication(ssrc: number): Buffer {
  return feedback({ type: rtcpPayloadFeedback, format: 1, ssrc, items: [] })
}

/** Asks for packets again (generic NACK). `sequences` are of 16 bits and ascending. */
export function negativeAcknowledgement(ssrc: number, sequences: readonly number[]): Buffer {
  const items: number[] = []
  let first: number | undefined
  let following = 0
  for (const sequence of sequences) {
    const distance = first === undefined ? 0 : (sequence - first) & 0xffff
    if (first !== undefined && distance >= 1 && distance <= 16) {
      following |= 1 << (distance - 1)
      continue
    }
    if (first !== undefined) items.push(((first << 16) | following) >>> 0)
    first = sequence
    following = 0
  }
  if (first !== undefined) items.push(((first << 16) | following) >>> 0)
  return feedback({ type: rtcpTransportFeedback, format: 1, ssrc, items })
}

/** Ours is a receiver without a stream of its own: the sender of feedback is a constant. */
const ownSsrc = 1

function feedback(parts: { type: number; format: number; ssrc: number; items: readonly number[] }): Buffer {
  const bytes = Buffer.alloc(12 + parts.items.length * 4)
  bytes[0] = 0x80 | parts.format
  bytes[1] = parts.type
  bytes.writeUInt16BE(bytes.length / 4 - 1, 2)
  bytes.writeUInt32BE(ownSsrc, 4)
  bytes.writeUInt32BE(parts.ssrc, 8)
  parts.items.forEach((item, index) => bytes.writeUInt32BE(item, 12 + index * 4))
  return bytes
}

/**
 * Continues a number of 16 or 32 bits beyond its wrap: each is taken as the one nearest to the newest so far, so that late
 * ones come out right, too.
 */
export class Unwrapper {
  readonly #range: number
  #newest: number | undefined

  constructor(bits: 16 | 32) {
    this.#range = 2 ** bits
  }

  unwrap(value: number): number {
    const unwrapped = this.peek(value)
    if (this.#newest === undefined || unwrapped > this.#newest) this.#newest = unwrapped
    return unwrapped
  }

  /** The same without remembering it. */
  peek(value: number): number {
    if (this.#newest === undefined) return value
    const range = this.#range
    const now = ((this.#newest % range) + range) % range
    let step = value - now
    if (step > range / 2) step -= range
    else if (step < -range / 2) step += range
    return this.#newest + step
  }
}
