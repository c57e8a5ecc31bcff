import { open, type FileHandle } from 'node:fs/promises'
import { fixedSize, ids, readHead } from './ebml.ts'
import { FileIndex, type FileFacts } from './file.ts'
import { finishingPatches } from './layout.ts'
import { readCluster, readPlaces, readTrack, type ReadTrack } from './reader.ts'
import { writeAll } from './write-all.ts'

/** Head of a file: a parameter set or a sequence header is well below it. */
const longestHead = 64 * 1024
/** No cluster is longer: one frame of any length that browsers send, and what goes before it. */
const longestCluster = 32 * 1024 * 1024

export interface RepairedFile extends FileFacts {
  readonly track: ReadTrack
  readonly bytes: number
}

/**
 * Finishes a file whose writer was killed: keeps every whole frame, cuts off the rest, writes index and duration. One that is
 * finished stays as it is. Undefined if there is no frame in it.
 */
export async function repairFile(path: string): Promise<RepairedFile | undefined> {
  const handle = await open(path, 'r+')
  try {
    return await repair(handle)
  } finally {
    await handle.close()
  }
}

async function repair(handle: FileHandle): Promise<RepairedFile | undefined> {
  const { size } = await handle.stat()
  const head = await read(handle, 0, Math.min(size, longestHead))
  const places = readPlaces(head)
  const track = readTrack(head)
  if (!places || !track) return undefined

  const index = new FileIndex(track.codec)
  let end = places.end
  while (end < size) {
    const head = readHead(await read(handle, end, Math.min(12, size - end)), 0)
    if (head?.id !== ids.cluster || head.size === undefined || head.size > longestCluster) break
    const length = Math.min(head.start + head.size, size - end)
    const found = readCluster(await read(handle, end, length))
    if (!found || found.blocks.length === 0) break
    for (const block of found.blocks) index.add(block, end)
    const isWhole = found.wholeLength === head.start + head.size
    if (!isWhole && !places.isFinished) {
      // The size keeps its length, so that what is there need not move.
      const sizeLength = head.start - 4
      await writeAll(handle, fixedSize(found.wholeLength - head.start, sizeLength), end + 4)
    }
    end += found.wholeLength
    if (!isWhole) break
  }

  const facts = index.facts()
  if (facts.frames === 0) return undefined
  if (places.isFinished) return { ...facts, track, bytes: size }
  await handle.truncate(end)
  for (const { at, bytes } of finishingPatches({
    places,
    cues: index.cues,
    durationMs: facts.durationMs,
    end,
  })) {
    await writeAll(handle, bytes, at)
  }
  await handle.datasync()
  return { ...facts, track, bytes: (await handle.stat()).size }
}

async function read(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  const { bytesRead } = await handle.read(bytes, 0, length, at)
  return bytes.subarray(0, bytesRead)
}
