/** The elements of Matroska (RFC 8794, 9559) that a recording of one track needs. Pure. */

export const ids = {
  ebml: 0x1a45dfa3,
  ebmlVersion: 0x4286,
  ebmlReadVersion: 0x42f7,
  ebmlMaxIdLength: 0x42f2,
  ebmlMaxSizeLength: 0x42f3,
  docType: 0x4282,
  docTypeVersion: 0x4287,
  docTypeReadVersion: 0x4285,
  void: 0xec,
  segment: 0x18538067,
  seekHead: 0x114d9b74,
  seek: 0x4dbb,
  seekId: 0x53ab,
  seekPosition: 0x53ac,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  dateUtc: 0x4461,
  title: 0x7ba9,
  muxingApp: 0x4d80,
  writingApp: 0x5741,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackUid: 0x73c5,
  trackType: 0x83,
  flagLacing: 0x9c,
  language: 0x22b59c,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  seekPreRoll: 0x56bb,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  audio: 0xe1,
  samplingFrequency: 0xb5,
  channels: 0x9f,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
  cues: 0x1c53bb6b,
  cuePoint: 0xbb,
  cueTime: 0xb3,
  cueTrackPositions: 0xb7,
  cueTrack: 0xf7,
  cueClusterPosition: 0xf1,
} as const

/** An element: id, size, content. */
export function element(id: number, ...content: readonly Buffer[]): Buffer {
  const size = content.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([idBytes(id), sizeBytes(size), ...content])
}

export function uint(id: number, value: number): Buffer {
  let length = 1
  while (length < 6 && value >= 2 ** (length * 8)) length++
  const bytes = Buffer.alloc(length)
  bytes.writeUIntBE(value, 0, length)
  return element(id, bytes)
}

/** Always 8 bytes, for values that are put in later. */
export function wideUint(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return element(id, bytes)
}

export function float(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return element(id, bytes)
}

export function text(id: number, value: string): Buffer {
  return element(id, Buffer.from(value))
}

/** Nanoseconds since 2001. */
export function date(id: number, ms: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(Math.round(ms) - Date.UTC(2001, 0, 1)) * 1_000_000n)
  return element(id, bytes)
}

/** Room to be used later: an element of exactly `length` bytes, at least 2 and at most 128. */
export function emptySpace(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  bytes[0] = ids.void
  bytes[1] = 0x80 | (length - 2)
  return bytes
}

export function idBytes(id: number): Buffer {
  const length = id > 0xffffff ? 4 : id > 0xffff ? 3 : id > 0xff ? 2 : 1
  const bytes = Buffer.alloc(length)
  bytes.writeUIntBE(id, 0, length)
  return bytes
}

/** The shortest form; a size of all ones would mean unknown. */
function sizeBytes(size: number): Buffer {
  let length = 1
  while (size >= 2 ** (7 * length) - 1) length++
  return fixedSize(size, length)
}

export function fixedSize(size: number, length: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE((1n << BigInt(7 * length)) | BigInt(size))
  return bytes.subarray(8 - length)
}

/** Of a segment that is still being written, in the 8 bytes that its size gets later. */
export const unknownSize = Buffer.from([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])

export interface ElementHead {
  readonly id: number
  /** Where the content begins, in the bytes that were read. */
  readonly start: number
  /** Bytes of content; undefined if unknown. */
  readonly size: number | undefined
}

/** The head of an element at a place; undefined if it is not whole or not one. */
export function readHead(bytes: Buffer, at: number): ElementHead | undefined {
  const first = bytes[at]
  if (first === undefined || first < 0x10) return undefined
  const idLength = Math.clz32(first) - 23
  const sizeAt = at + idLength
  const sizeFirst = bytes[sizeAt]
  if (!sizeFirst) return undefined
  const sizeLength = Math.clz32(sizeFirst) - 23
  const start = sizeAt + sizeLength
  if (start > bytes.length) return undefined
  let size = sizeFirst & (0xff >> sizeLength)
  let isUnknown = size === 0xff >> sizeLength
  for (let place = sizeAt + 1; place < start; place++) {
    if (bytes[place] !== 0xff) isUnknown = false
    size = size * 256 + bytes[place]!
  }
  return { id: bytes.readUIntBE(at, idLength), start, size: isUnknown ? undefined : size }
}
