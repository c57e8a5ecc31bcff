import type { RecordedCodec } from '../codecs/depacketizer.ts'
import { ids, readHead } from './ebml.ts'
import { codecIds, type Block, type HeadPlaces } from './layout.ts'

/** Reads what layout.ts writes, also if it ends at any byte. Pure. */

/** Undefined for a head that is not whole or was not written here. */
export function readPlaces(bytes: Buffer): (HeadPlaces & { readonly isFinished: boolean }) | undefined {
  const ebml = readHead(bytes, 0)
  if (ebml?.id !== ids.ebml || ebml.size === undefined) return undefined
  const segment = readHead(bytes, ebml.start + ebml.size)
  if (segment?.id !== ids.segment) return undefined

  let infoAt: number | undefined
  let durationAt: number | undefined
  for (let at = segment.start; ;) {
    const head = readHead(bytes, at)
    if (head?.size === undefined) return undefined
    const end = head.start + head.size
    if (end > bytes.length) return undefined
    if (head.id === ids.info) {
      infoAt = at
      durationAt = findDuration(bytes, head.start, end)
    }
    if (head.id === ids.tracks) {
      if (infoAt === undefined || durationAt === undefined) return undefined
      const isFinished = segment.size !== undefined
      return { segmentAt: segment.start, infoAt, durationAt, tracksAt: at, end, isFinished }
    }
    at = end
  }
}

export interface ReadTrack {
  readonly codec: RecordedCodec
  /** When time 0 came, in milliseconds since 1970. */
  readonly startedMs: number
  readonly title: string
  /** 0 for sound. */
  readonly width: number
  readonly height: number
}

/** What the head says of its track. Undefined as for `readPlaces`. */
export function readTrack(bytes: Buffer): ReadTrack | undefined {
  const places = readPlaces(bytes)
  if (!places) return undefined
  const found = new Map<number, Buffer>()
  collect(bytes.subarray(places.infoAt, places.end), found)
  const codecId = found.get(ids.codecId)?.toString()
  const codec = (Object.keys(codecIds) as RecordedCodec[]).find((name) => codecIds[name] === codecId)
  const date = found.get(ids.dateUtc)
  if (!codec || date?.length !== 8) return undefined
  const number = (id: number): number => {
    const value = found.get(id)
    return value ? value.readUIntBE(0, value.length) : 0
  }
  return {
    codec,
    startedMs: Number(date.readBigInt64BE() / 1_000_000n) + Date.UTC(2001, 0, 1),
    title: found.get(ids.title)?.toString() ?? '',
    width: number(ids.pixelWidth),
    height: number(ids.pixelHeight),
  }
}

const containers: ReadonlySet<number> = new Set([ids.info, ids.tracks, ids.trackEntry, ids.video, ids.audio])

/** The contents of all elements that hold no others, by id. */
function collect(bytes: Buffer, found: Map<number, Buffer>): void {
  for (let at = 0; at < bytes.length;) {
    const head = readHead(bytes, at)
    if (head?.size === undefined) return
    const content = bytes.subarray(head.start, head.start + head.size)
    if (containers.has(head.id)) collect(content, found)
    else found.set(head.id, content)
    at = head.start + head.size
  }
}

/** The duration, or the empty space for it. */
function findDuration(bytes: Buffer, start: number, end: number): number | undefined {
  for (let at = start; at < end;) {
    const head = readHead(bytes, at)
    if (head?.size === undefined) return undefined
    if (head.id === ids.duration || head.id === ids.void) return at
    at = head.start + head.size
  }
  return undefined
}

export interface ReadCluster {
  /** Without their data. */
  readonly blocks: readonly (Omit<Block, 'data'> & { readonly bytes: number; readonly first: Buffer })[]
  /** Length of the cluster's head and of what is whole in it. */
  readonly headLength: number
  readonly wholeLength: number
}

/** The blocks of a cluster of which perhaps only the first part is there. `bytes` begins with it. */
export function readCluster(bytes: Buffer): ReadCluster | undefined {
  const cluster = readHead(bytes, 0)
  if (cluster?.id !== ids.cluster || cluster.size === undefined) return undefined
  const end = Math.min(cluster.start + cluster.size, bytes.length)
  const timestamp = readHead(bytes, cluster.start)
  if (timestamp?.id !== ids.timestamp || !timestamp.size || timestamp.size > 6) return undefined
  let at = timestamp.start + timestamp.size
  if (at > end) return undefined
  const clusterMs = bytes.readUIntBE(timestamp.start, timestamp.size)

  const blocks: ReadCluster['blocks'][number][] = []
  while (at < end) {
    const block = readHead(bytes, at)
    if (block?.id !== ids.simpleBlock || block.size === undefined) break
    const next = block.start + block.size
    if (next > end || block.size < 4) break
    blocks.push({
      timeMs: clusterMs + bytes.readInt16BE(block.start + 1),
      isKey: (bytes[block.start + 3]! & 0x80) !== 0,
      bytes: block.size - 4,
      first: bytes.subarray(block.start + 4, Math.min(block.start + 6, next)),
    })
    at = next
  }
  return { blocks, headLength: cluster.start, wholeLength: at }
}
