import { open, type FileHandle } from 'node:fs/promises'
import type { RecordedFile } from '../manifest.ts'
import { element, ids, readHead, uint, type ElementHead } from '../matroska/ebml.ts'
import { cluster, fileHead } from '../matroska/layout.ts'
import { contains, type Span } from './spans.ts'

export interface JoinOptions {
  readonly files: readonly RecordedFile[]
  readonly pathOf: (name: string) => string
  /** What is written: one file of which time 0 is that of the recording. */
  readonly output: string
  /** What is written to find out how loud it is: at most ten minutes of sound, without the holes. */
  readonly sample: string
  /** When its owner spoke; only that counts for the sample, if it is known. */
  readonly speech: readonly Span[]
  readonly signal?: AbortSignal | undefined
  /** Told of each file that cannot be read, or not to its end. */
  readonly onDamaged: (name: string) => void
}

/**
 * Longer holes are filled with packets of silence here. FFmpeg fills the others, but keeps all it fills in memory: an hour
 * of silence is more than a gigabyte.
 */
const longHoleMs = 5000
const silentClusterMs = 10_000
const packetMs = 20
/** A frame that a decoder of Opus plays as nothing. */
const silentPacket = Buffer.from([0xf8, 0xff, 0xfe])
const sampleMs = 600_000
/** No cluster of sound is larger than this; one that says so is damaged. */
const mostClusterBytes = 16 * 1024 * 1024
const mostHeadBytes = 12

/**
 * Puts the files of a strip of Opus into one, at the time of the recording, drift undone: clusters get other times, what is
 * in them stays as it is. Pure work of disks: nothing is decoded. Returns how many milliseconds of sound were found.
 */
export async function joinSound(options: JoinOptions): Promise<number> {
  const head = fileHead({ codec: 'opus', startedMs: 0, title: '' })
  const output = await open(options.output, 'w')
  const sample = await open(options.sample, 'w')
  let endMs = 0
  let sampledMs = 0
  let heardMs = 0
  try {
    await Promise.all([output.writeFile(head), sample.writeFile(head)])
    for (const file of options.files) {
      const rate = 1 + file.driftPpm / 1e6
      for await (const found of clustersOf(options.pathOf(file.name), () => options.onDamaged(file.name))) {
        options.signal?.throwIfAborted()
        const fromMs = Math.max(0, Math.round(file.offsetMs + found.timeMs * rate))
        await fillHole(output, endMs, fromMs)
        await output.writeFile(withTime(found, fromMs))
        endMs = Math.max(endMs, fromMs + found.lengthMs)
        heardMs += found.lengthMs
        const counts = options.speech.length === 0 || contains(options.speech, fromMs + found.lengthMs / 2)
        if (!counts || sampledMs >= sampleMs) continue
        await sample.writeFile(withTime(found, sampledMs))
        sampledMs += found.lengthMs
      }
    }
  } finally {
    await Promise.all([output.close(), sample.close()])
  }
  return heardMs
}

interface FoundCluster {
  readonly timeMs: number
  readonly lengthMs: number
  /** What follows its time. */
  readonly content: Buffer
}

/** The clusters of a file one after the other, until its end or until it makes no sense any more. */
async function* clustersOf(path: string, onDamaged: () => void): AsyncGenerator<FoundCluster> {
  let handle: FileHandle
  try {
    handle = await open(path)
  } catch {
    return onDamaged()
  }
  try {
    const { size } = await handle.stat()
    const ebml = await headAt(handle, 0)
    if (ebml?.id !== ids.ebml || ebml.size === undefined) return onDamaged()
    const segment = await headAt(handle, ebml.start + ebml.size)
    if (segment?.id !== ids.segment) return onDamaged()
    for (let at = segment.start; at < size;) {
      const head = await headAt(handle, at)
      if (head?.size === undefined || head.start + head.size > size) return onDamaged()
      at = head.start + head.size
      if (head.id !== ids.cluster) continue
      const found =
        head.size > mostClusterBytes ? undefined : read(await bytesAt(handle, head.start, head.size))
      if (!found) return onDamaged()
      yield found
    }
  } finally {
    await handle.close()
  }
}

async function headAt(handle: FileHandle, at: number): Promise<ElementHead | undefined> {
  const head = readHead(await bytesAt(handle, at, mostHeadBytes), 0)
  return head && { ...head, start: at + head.start }
}

async function bytesAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  const { bytesRead } = await handle.read(bytes, 0, length, at)
  return bytes.subarray(0, bytesRead)
}

function read(bytes: Buffer): FoundCluster | undefined {
  let timeMs: number | undefined
  let contentAt = 0
  let lastMs = 0
  for (let at = 0; at < bytes.length;) {
    const head = readHead(bytes, at)
    if (head?.size === undefined || head.start + head.size > bytes.length) return undefined
    const end = head.start + head.size
    if (head.id === ids.timestamp) {
      if (head.size < 1 || head.size > 6) return undefined
      timeMs = bytes.readUIntBE(head.start, head.size)
      contentAt = end
    } else if (head.id === ids.simpleBlock && head.size >= 4) {
      lastMs = Math.max(lastMs, bytes.readInt16BE(head.start + 1))
    }
    at = end
  }
  if (timeMs === undefined) return undefined
  return { timeMs, lengthMs: lastMs + packetMs, content: bytes.subarray(contentAt) }
}

function withTime({ content }: FoundCluster, timeMs: number): Buffer {
  return element(ids.cluster, uint(ids.timestamp, timeMs), content)
}

async function fillHole(output: FileHandle, fromMs: number, toMs: number): Promise<void> {
  if (toMs - fromMs < longHoleMs) {
    // FFmpeg takes the first packet of an input for its time 0.
    if (fromMs === 0 && toMs > packetMs)
      await output.writeFile(cluster([{ data: silentPacket, isKey: true, timeMs: 0 }]))
    return
  }
  for (let at = fromMs; at < toMs - packetMs; at += silentClusterMs) {
    const until = Math.min(at + silentClusterMs, toMs - packetMs)
    const blocks = Array.from({ length: Math.ceil((until - at) / packetMs) }, (_, place) => ({
      data: silentPacket,
      isKey: true,
      timeMs: at + place * packetMs,
    }))
    await output.writeFile(cluster(blocks))
  }
}
