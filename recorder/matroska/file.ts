import { open, type FileHandle } from 'node:fs/promises'
import type { RecordedCodec } from '../codecs/depacketizer.ts'
import { opusDurationMs } from '../codecs/opus.ts'
import { cluster, fileHead, finishingPatches, type Block, type Cue, type TrackHead } from './layout.ts'
import { readPlaces } from './reader.ts'
import { writeAll } from './write-all.ts'

/**
 * Lower loses less when the process is killed and writes more often. With the hold of the tap it has to stay below 2 s, and
 * below 32 s in any case: a block says its time relative to its cluster, in 16 bits.
 */
const clusterMs = 400
const clusterBytes = 512 * 1024
/** Sound has an entry in the index this often; video has one for each key frame. */
const cueEveryMs = 5000
/** A day of key frames makes so many that finishing would hold up all other recordings; then every second one is left out. */
const mostCues = 10_000
/** A disk that is so far behind is as good as full. */
const mostPendingBytes = 64 * 1024 * 1024

export interface FileOptions extends TrackHead {
  readonly path: string
  /** Called once, with what the disk said; nothing is written after that. */
  readonly onFailed: (error: Error) => void
}

/**
 * Writes frames of one track so that what was written stays playable whenever it ends: only whole clusters, each at once.
 * A file is finished by `finish`, or after a crash by `repairFile`.
 */
export class MatroskaFile {
  #handle: FileHandle | undefined
  readonly #codec: RecordedCodec
  readonly #onFailed: (error: Error) => void
  readonly #head: Buffer
  readonly #index: FileIndex
  #blocks: Block[] = []
  #blockBytes = 0
  #clusterSinceMs = 0
  #end = 0
  #pendingBytes = 0
  #tail: Promise<void>
  #failed: Error | undefined
  #finished: Promise<FileFacts> | undefined

  /** Frames may come at once: they wait until the file, which must not be there yet, is open. */
  constructor(options: FileOptions) {
    this.#codec = options.codec
    this.#onFailed = options.onFailed
    this.#head = fileHead(options)
    this.#index = new FileIndex(options.codec)
    this.#tail = open(options.path, 'wx+').then(
      (handle) => {
        this.#handle = handle
      },
      (error: Error) => this.#fail(error),
    )
    this.#write(this.#head)
  }

  get bytes(): number {
    return this.#end + this.#blockBytes
  }

  /** Times may not go back. */
  add(block: Block, nowMs: number): void {
    if (this.#failed || this.#finished) return
    const first = this.#blocks[0]
    const beginsCluster =
      first !== undefined &&
      ((block.isKey && this.#codec !== 'opus') ||
        this.#blockBytes + block.data.length > clusterBytes ||
        block.timeMs - first.timeMs >= clusterMs)
    if (beginsCluster) this.#flush()
    if (this.#blocks.length === 0) this.#clusterSinceMs = nowMs
    this.#blocks.push(block)
    this.#blockBytes += block.data.length
  }

  /** Writes what has waited for long enough: after the last frame before a silence none comes that would. */
  tick(nowMs: number): void {
    if (this.#blocks.length > 0 && nowMs - this.#clusterSinceMs >= clusterMs) this.#flush()
  }

  /** Waits until what was written so far is on the disk, where it outlives the machine. */
  async sync(): Promise<void> {
    await this.#tail
    if (!this.#failed && !this.#finished) await this.#handle?.datasync()
  }

  /** Writes index and duration and closes the file. What the disk refused is missing then, but the rest is told. */
  finish(): Promise<FileFacts> {
    this.#flush()
    this.#finished ??= this.#finish()
    return this.#finished
  }

  async #finish(): Promise<FileFacts> {
    await this.#tail
    const facts = this.#index.facts()
    try {
      if (!this.#failed) await this.#close(facts)
    } catch (error) {
      this.#fail(error as Error)
    } finally {
      await this.#handle?.close()
    }
    return facts
  }

  async #close(facts: FileFacts): Promise<void> {
    const places = readPlaces(this.#head)!
    const { cues } = this.#index
    const patches = finishingPatches({ places, cues, durationMs: facts.durationMs, end: this.#end })
    for (const { at, bytes } of patches) await writeAll(this.#handle!, bytes, at)
    await this.#handle!.datasync()
    this.#end += patches[0]!.bytes.length
  }

  #flush(): void {
    if (this.#blocks.length === 0) return
    const blocks = this.#blocks
    this.#blocks = []
    this.#blockBytes = 0
    for (const block of blocks) this.#index.add({ ...block, first: block.data.subarray(0, 2) }, this.#end)
    this.#write(cluster(blocks))
  }

  #write(bytes: Buffer): void {
    if (this.#failed) return
    const at = this.#end
    this.#end += bytes.length
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes > mostPendingBytes) return this.#fail(new Error('the disk does not keep up'))
    this.#tail = this.#tail.then(async () => {
      if (this.#failed) return
      try {
        await writeAll(this.#handle!, bytes, at)
      } catch (error) {
        this.#fail(error as Error)
      }
      this.#pendingBytes -= bytes.length
    })
  }

  #fail(error: Error): void {
    if (this.#failed) return
    this.#failed = error
    this.#onFailed(error)
  }
}

export interface FileFacts {
  readonly frames: number
  readonly durationMs: number
}

/** What the index of a file and its duration are made of. */
export class FileIndex {
  cues: Cue[] = []
  readonly #isVideo: boolean
  #frames = 0
  #lastMs = 0
  /** How long the last frame lasts: as long as sound says, or as the frame before it did. */
  #lastFrameMs = 0
  #cueEveryMs: number

  constructor(codec: RecordedCodec) {
    this.#isVideo = codec !== 'opus'
    this.#cueEveryMs = this.#isVideo ? 0 : cueEveryMs
  }

  add(block: { timeMs: number; isKey: boolean; first: Buffer }, clusterAt: number): void {
    const last = this.cues.at(-1)
    const isDue = block.isKey && (last === undefined || block.timeMs - last.timeMs >= this.#cueEveryMs)
    if (isDue) this.cues.push({ timeMs: block.timeMs, clusterAt })
    if (this.cues.length > mostCues) {
      this.cues = this.cues.filter((_, place) => place % 2 === 0)
      this.#cueEveryMs = Math.max(1000, this.#cueEveryMs * 2)
    }
    this.#lastFrameMs = this.#isVideo
      ? Math.min(Math.max(block.timeMs - this.#lastMs, 0), 100)
      : opusDurationMs(block.first)
    this.#lastMs = Math.max(this.#lastMs, block.timeMs)
    this.#frames++
  }

  facts(): FileFacts {
    return { frames: this.#frames, durationMs: Math.round(this.#lastMs + this.#lastFrameMs) }
  }
}
