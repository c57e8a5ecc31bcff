import type { RecordedCodec } from '../../../recorder/codecs/depacketizer.ts'

/** Cuts frames into RTP payloads as publishers do. Written from the RFCs, apart from what it tests. */
const longest = 1100

export function payloadsOf(
  codec: RecordedCodec,
  frame: Buffer,
  options: { isKey: boolean; pictureId: number },
): Buffer[] {
  const { isKey, pictureId } = options
  switch (codec) {
    case 'opus':
      return [frame]
    case 'vp8':
      return chunks(frame).map((chunk, place) => {
        const id = pictureId & 0x7fff
        return Buffer.concat([
          Buffer.from([place === 0 ? 0x90 : 0x80, 0x80, 0x80 | (id >> 8), id & 255]),
          chunk,
        ])
      })
    case 'vp9': {
      const list = chunks(frame)
      return list.map((chunk, place) => {
        const id = pictureId & 0x7fff
        const first =
          0x80 | (isKey ? 0 : 0x40) | (place === 0 ? 0x08 : 0) | (place === list.length - 1 ? 0x04 : 0)
        return Buffer.concat([Buffer.from([first, 0x80 | (id >> 8), id & 255]), chunk])
      })
    }
    case 'h264':
      return h264Payloads(frame)
    case 'av1':
      return av1Payloads(frame, isKey)
  }
}

function chunks(bytes: Buffer): Buffer[] {
  const list: Buffer[] = []
  for (let at = 0; at < bytes.length; at += longest) list.push(bytes.subarray(at, at + longest))
  return list
}

function h264Payloads(frame: Buffer): Buffer[] {
  const units = splitUnits(frame)
  const small = units.filter((unit) => [7, 8].includes(unit[0]! & 31))
  const payloads: Buffer[] = []
  if (small.length > 0) {
    payloads.push(
      Buffer.concat([
        Buffer.from([24]),
        ...small.flatMap((unit) => [Buffer.from([unit.length >> 8, unit.length & 255]), unit]),
      ]),
    )
  }
  for (const unit of units) {
    if (small.includes(unit)) continue
    if (unit.length <= longest) {
      payloads.push(unit)
      continue
    }
    const pieces = chunks(unit.subarray(1))
    pieces.forEach((piece, place) => {
      const edge = (place === 0 ? 0x80 : 0) | (place === pieces.length - 1 ? 0x40 : 0)
      payloads.push(Buffer.concat([Buffer.from([(unit[0]! & 0xe0) | 28, edge | (unit[0]! & 31)]), piece]))
    })
  }
  return payloads
}

function splitUnits(frame: Buffer): Buffer[] {
  const units: Buffer[] = []
  for (let at = frame.indexOf('00000001', 0, 'hex'); at >= 0;) {
    const next = frame.indexOf('00000001', at + 4, 'hex')
    units.push(frame.subarray(at + 4, next < 0 ? frame.length : next))
    at = next
  }
  return units
}

/** The OBUs of a temporal unit without delimiters and sizes, one packet's worth at a time. */
function av1Payloads(frame: Buffer, isKey: boolean): Buffer[] {
  const units: Buffer[] = []
  for (let at = 0; at < frame.length;) {
    const header = frame[at]!
    let size = 0
    let shift = 0
    let start = at + (header & 4 ? 2 : 1)
    for (;;) {
      const byte = frame[start++]!
      size |= (byte & 127) << shift
      shift += 7
      if (!(byte & 128)) break
    }
    if (((header >> 3) & 15) !== 2)
      units.push(Buffer.concat([Buffer.from([header & ~2]), frame.subarray(start, start + size)]))
    at = start + size
  }
  const payloads: Buffer[] = []
  units.forEach((unit, index) => {
    const pieces = chunks(unit)
    pieces.forEach((piece, place) => {
      const z = place > 0 ? 0x80 : 0
      const y = place < pieces.length - 1 ? 0x40 : 0
      const n = isKey && index === 0 && place === 0 ? 0x08 : 0
      payloads.push(Buffer.concat([Buffer.from([z | y | 0x10 | n]), piece]))
    })
  })
  return payloads
}

export interface RtpFields {
  readonly payloadType: number
  readonly sequence: number
  readonly timestamp: number
  readonly ssrc: number
  readonly marker: boolean
  /** In a header extension with id 1 (RFC 6464), in -dBov. */
  readonly audioLevel?: number | undefined
}

export function rtpPacket(fields: RtpFields, payload: Buffer): Buffer {
  const head = Buffer.alloc(12)
  head[0] = 0x80
  head[1] = (fields.marker ? 0x80 : 0) | fields.payloadType
  head.writeUInt16BE(fields.sequence & 0xffff, 2)
  head.writeUInt32BE(((fields.timestamp % 2 ** 32) + 2 ** 32) % 2 ** 32, 4)
  head.writeUInt32BE(fields.ssrc, 8)
  if (fields.audioLevel === undefined) return Buffer.concat([head, payload])
  head[0] = 0x90
  const extension = Buffer.from([0xbe, 0xde, 0, 1, 0x10, fields.audioLevel, 0, 0])
  return Buffer.concat([head, extension, payload])
}

export function senderReport(fields: { ssrc: number; ntpMs: number; timestamp: number }): Buffer {
  const report = Buffer.alloc(28)
  report[0] = 0x80
  report[1] = 200
  report.writeUInt16BE(6, 2)
  report.writeUInt32BE(fields.ssrc, 4)
  const seconds = fields.ntpMs / 1000 + 2_208_988_800
  report.writeUInt32BE(Math.floor(seconds) % 2 ** 32, 8)
  report.writeUInt32BE(Math.floor((seconds % 1) * 2 ** 32), 12)
  report.writeUInt32BE(((fields.timestamp % 2 ** 32) + 2 ** 32) % 2 ** 32, 16)
  return report
}
