import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { manifestName, type Track } from '../../recorder/manifest.ts'
import type { Log } from '../lib/log.ts'
import { TaskThread } from '../lib/task-thread.ts'
import type { Objects } from './core.ts'
import { storageAway } from './delivery.ts'
import { manifestTasks, type ManifestSource, type Settled, type TracksPage } from './manifest-tasks.ts'
import type { RecordingsFolder } from './recordings-folder.ts'
import type { RecordingRow } from './recordings.store.ts'

type Kept = Pick<RecordingRow, 'id' | 'prefix' | 'storage'>
type Tasks = typeof manifestTasks

/**
 * One that is larger is read in a thread: a day with thousands of tracks is megabytes, and reading those here would hold up
 * everybody for 100 ms. Smaller ones take a few milliseconds, less than a thread takes to begin.
 */
const smallBytes = 256 * 1024
const largestBytes = 256 * 1024 * 1024
const idleMs = 30_000

/** What the files of recordings say about them. */
export class Manifests {
  readonly #home: Pick<RecordingsFolder, 'folderOf'>
  readonly #objects: Pick<Objects, 'kind' | 'head' | 'read'>
  readonly #log: Log
  readonly #thread = new TaskThread<Tasks>({ file: new URL('manifest-thread.ts', import.meta.url), idleMs })

  constructor(options: {
    home: Pick<RecordingsFolder, 'folderOf'>
    objects: Pick<Objects, 'kind' | 'head' | 'read'>
    log: Log
  }) {
    this.#home = options.home
    this.#objects = options.objects
    this.#log = options.log
  }

  /** Finishes what a writer left in the folder of a recording. Undefined: nothing was captured. */
  async settle(id: string): Promise<Settled | undefined> {
    const folder = this.#home.folderOf(id)
    const input = { folder }
    return (await isSmall({ folder })) ? manifestTasks.settle(input) : this.#thread.run('settle', input)
  }

  /** Tracks in the order of coming. Undefined while there is no manifest; throws `unavailable` when the bucket is away. */
  async tracks(row: Kept, page: { from: number; limit: number }): Promise<TracksPage | undefined> {
    const source = await this.#sourceOf(row)
    if (!source) return undefined
    const input = { source, ...page }
    return (await isSmall(source)) ? manifestTasks.tracks(input) : this.#thread.run('tracks', input)
  }

  /** One of them, whole. */
  async track(row: Kept, trackId: string): Promise<Track | undefined> {
    const source = await this.#sourceOf(row)
    if (!source) return undefined
    const input = { source, trackId }
    return (await isSmall(source)) ? manifestTasks.track(input) : this.#thread.run('track', input)
  }

  close(): Promise<void> {
    return this.#thread.close()
  }

  async #sourceOf(row: Kept): Promise<ManifestSource | undefined> {
    const folder = this.#home.folderOf(row.id)
    if ((await sizeIn(folder)) !== undefined) return { folder }
    if (row.storage !== 's3' || this.#objects.kind !== 's3') return undefined
    const key = `${row.prefix}/${manifestName}`
    try {
      const found = await this.#objects.head(key)
      if (!found || found.bytes > largestBytes) return undefined
      return { text: await bytesOf(await this.#objects.read(key)) }
    } catch (error) {
      this.#log.warn({ err: error, recordingId: row.id }, 'a manifest cannot be read from the storage')
      throw storageAway()
    }
  }
}

async function isSmall(source: ManifestSource): Promise<boolean> {
  const bytes = 'text' in source ? source.text.length : await sizeIn(source.folder)
  return bytes === undefined || bytes <= smallBytes
}

async function sizeIn(folder: string): Promise<number | undefined> {
  try {
    return (await stat(join(folder, manifestName))).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function bytesOf(stream: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
