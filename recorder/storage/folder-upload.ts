import { createHash } from 'node:crypto'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { manifestName } from '../manifest.ts'
import type { Bucket } from './bucket.ts'
import { explain, localFailure, type StorageSettings } from './failures.ts'
import { FileUpload } from './file-upload.ts'
import { Journal, journalName } from './journal.ts'
import { isObjectName } from './key-template.ts'
import { md5Of } from './local-file.ts'
import { mapLimit } from './map-limit.ts'
import type { FolderToUpload, UploadState } from './messages.ts'
import type { Slots } from './parts.ts'
import { StorageError } from './storage-error.ts'
import { formatSums, parseSums, sumsName } from './sums.ts'
import { waitMs, type StorageTiming } from './timing.ts'

/** Files of one recording that are worked on at the same time. */
const filesAtOnce = 3
/** How often progress is told, at most. */
const tellEveryMs = 500
/** What is being written: a track that is recorded, and what programs put together before they give it its name. */
const growing = '.part'
const unfinished = /\.(new|tmp|restoring)$/

export interface FolderUploadOptions extends FolderToUpload {
  readonly bucket: Bucket
  readonly storage: StorageSettings
  readonly timing: StorageTiming
  readonly slots: Slots
  readonly onState: (state: UploadState, round: number) => void
}

/** What is in the folder. */
interface Listing {
  /** By name. */
  readonly finished: ReadonlyMap<string, number>
  /** By the name they will have. */
  readonly growing: ReadonlyMap<string, number>
}

/**
 * The folder of one recording on its way into the bucket, for as long as it takes. Looks again and again for what was
 * written; after `complete` sees to it that everything is there. After a failure it waits, longer each time, and goes on.
 */
export class FolderUpload {
  readonly #options: FolderUploadOptions
  readonly #bucket: Bucket
  readonly #closing = new AbortController()
  readonly #files = new Map<string, FileUpload>()
  readonly #ended: Promise<void>
  #opening: Promise<Journal> | undefined
  #journal: Journal | undefined
  /** The last `complete` that was asked for, and the one that was fulfilled. */
  #round = 0
  #fulfilled = 0
  #failures = 0
  #wake: AbortController | undefined
  #totalBytes = 0
  #toldAt = 0

  constructor(options: FolderUploadOptions) {
    this.#options = options
    this.#bucket = options.bucket.until(this.#closing.signal)
    this.#ended = this.#run()
  }

  get prefix(): string {
    return this.#options.prefix
  }

  /** What is known of the folder. Whoever changes files in it has to write it down there. */
  journal(): Promise<Journal> {
    this.#opening ??= this.#openJournal()
    return this.#opening
  }

  /** Looks at once, also when it waits. */
  hurry(): void {
    this.#wake?.abort()
  }

  complete(round: number): void {
    this.#round = Math.max(this.#round, round)
    this.hurry()
  }

  /** Ends it; what has arrived stays in the journal. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#ended
  }

  /** Ends it for good: what was begun in parts is deleted, where the service lets us. */
  async forget(): Promise<void> {
    await this.close()
    const { bucket, timing, prefix } = this.#options
    const limited = bucket.until(AbortSignal.timeout(timing.connectMs))
    const begun = (this.#journal?.names ?? []).flatMap((name) => {
      const uploadId = this.#journal?.find(name)?.uploadId
      return uploadId === undefined ? [] : [{ key: `${prefix}/${name}`, uploadId }]
    })
    await mapLimit(begun, filesAtOnce, (upload) => limited.abort(upload)).catch(() => undefined)
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      let restMs = this.#options.timing.scanMs
      const round = this.#round
      try {
        await this.#pass(round > this.#fulfilled)
        this.#failures = 0
        if (round > this.#fulfilled) {
          this.#fulfilled = round
          this.#tell({ state: 'stored' })
        }
        // Nothing changes any more until somebody says so.
        if (this.#fulfilled === this.#round && this.#round > 0) restMs = Infinity
        if (this.#fulfilled < this.#round) restMs = 0
      } catch (error) {
        if (this.#closing.signal.aborted) return
        restMs = this.#failed(error)
      }
      await this.#rest(restMs)
    }
  }

  /** Tells why, and gives how long to wait. */
  #failed(error: unknown): number {
    const { storage, timing } = this.#options
    const { message } = localFailure(error) ?? explain(error, storage)
    this.#failures++
    const restMs = waitMs(this.#failures, timing, Math.random())
    this.#tell({ state: 'waiting', error: message, nextTryAt: new Date(Date.now() + restMs) })
    return restMs
  }

  async #rest(ms: number): Promise<void> {
    if (ms === 0 || this.#closing.signal.aborted) return
    this.#wake = new AbortController()
    const signal = AbortSignal.any([this.#wake.signal, this.#closing.signal])
    // Longer than a timer can be, which is a matter of days.
    await delay(Math.min(ms, 2 ** 31 - 1), undefined, { signal }).catch(() => undefined)
    this.#wake = undefined
  }

  /** Uploads what can be uploaded now. `isLast`: everything, and in the end what says that it is everything. */
  async #pass(isLast: boolean): Promise<void> {
    const { folder } = this.#options
    await this.journal()
    const listing = await this.#list()
    if (!listing && !isLast) return
    if (!listing) return this.#beThere()
    this.#totalBytes = sum(listing.finished) + sum(listing.growing)
    if (isLast) await this.#forgetLost()
    this.#progress()

    const errors: unknown[] = []
    const attempt = (act: Promise<void>) => act.catch((error: unknown) => void errors.push(error))
    const media = [...listing.finished.keys()].filter((name) => name !== manifestName)
    await attempt(mapLimit(media, filesAtOnce, (name) => this.#file(name).finish(join(folder, name))))
    if (!isLast) {
      for (const name of listing.growing.keys()) {
        await attempt(
          this.#file(name)
            .grow(join(folder, name + growing))
            .catch(ignoreMissing),
        )
      }
    }
    if (errors.length > 0) throw errors[0]
    if (isLast) await this.#seal(listing)
  }

  /** Without a folder nothing can be uploaded, and nothing has to be if everything was before. */
  async #beThere(): Promise<void> {
    if (await this.#bucket.head(`${this.prefix}/${manifestName}`)) return
    throw new StorageError('local', `${this.#options.folder} is not there, nor is it in the bucket.`)
  }

  /** The checksums of everything, then the manifest: where that is, everything is. */
  async #seal(listing: Listing): Promise<void> {
    const { folder } = this.#options
    const journal = this.#journal!
    await this.#dropAbandoned(listing)

    const there = await this.#bucket.list(this.prefix)
    const sums = there.has(sumsName) ? await this.#knownSums() : new Map<string, string>()
    for (const name of journal.names) {
      const stored = journal.find(name)?.stored
      if (stored && name !== sumsName) sums.set(name, stored.sha256)
    }
    // An output may have been deleted since.
    for (const name of sums.keys()) if (!there.has(name)) sums.delete(name)
    if (listing.finished.has(manifestName)) {
      const manifest = await readFile(join(folder, manifestName))
      sums.set(manifestName, createHash('sha256').update(manifest).digest('hex'))
    }
    const text = Buffer.from(formatSums(sums))
    const sha256 = createHash('sha256').update(text).digest('hex')
    if (journal.find(sumsName)?.stored?.sha256 !== sha256) {
      await this.#bucket.put(`${this.prefix}/${sumsName}`, text, md5Of(text))
      journal.set(sumsName, { parts: {}, stored: { bytes: text.length, modifiedMs: 0, sha256 } })
      await journal.save()
    }
    if (listing.finished.has(manifestName)) {
      await this.#file(manifestName).finish(join(folder, manifestName))
      if (journal.find(manifestName)?.stored?.sha256 !== sums.get(manifestName)) {
        throw new StorageError('local', `${manifestName} changed while it was uploaded.`)
      }
    }
  }

  /** The checksums in the bucket, of files that are not here any more, too. */
  async #knownSums(): Promise<Map<string, string>> {
    return parseSums(await textOf(await this.#bucket.read(`${this.prefix}/${sumsName}`)))
  }

  /** What the journal calls stored and the bucket does not have (any more) is to be sent again. */
  async #forgetLost(): Promise<void> {
    const journal = this.#journal!
    const stored = journal.names.filter((name) => journal.find(name)?.stored)
    if (stored.length === 0) return
    const there = await this.#bucket.list(this.prefix)
    const lost = stored.filter((name) => there.get(name) !== journal.find(name)?.stored?.bytes)
    for (const name of lost) journal.forget(name)
    if (lost.length > 0) await journal.save()
  }

  /** Uploads of files that are not here any more. */
  async #dropAbandoned(listing: Listing): Promise<void> {
    const journal = this.#journal!
    for (const name of journal.names) {
      const uploadId = journal.find(name)?.uploadId
      if (uploadId === undefined || listing.finished.has(name)) continue
      await this.#bucket.abort({ key: `${this.prefix}/${name}`, uploadId })
      journal.forget(name)
      await journal.save()
    }
  }

  /** Undefined if the folder is not there (yet, or any more). */
  async #list(): Promise<Listing | undefined> {
    const { folder } = this.#options
    let names: string[]
    try {
      names = await readdir(folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    const finished = new Map<string, number>()
    const inWork = new Map<string, number>()
    for (const name of names.sort()) {
      const isGrowing = name.endsWith(growing)
      const finalName = isGrowing ? name.slice(0, -growing.length) : name
      const isOurs =
        isObjectName(finalName) && !unfinished.test(name) && name !== journalName && name !== sumsName
      const facts = isOurs ? await lstat(join(folder, name)).catch(ignoreMissing) : undefined
      if (!facts?.isFile()) continue
      if (isGrowing) inWork.set(finalName, facts.size)
      else finished.set(name, facts.size)
    }
    return { finished, growing: inWork }
  }

  #file(name: string): FileUpload {
    const known = this.#files.get(name)
    if (known) return known
    const { prefix, storage, slots } = this.#options
    const file = new FileUpload({
      bucket: this.#bucket,
      key: `${prefix}/${name}`,
      name,
      journal: this.#journal!,
      partBytes: storage.partMegabytes * 1024 * 1024,
      slots,
      onProgress: () => {
        this.#failures = 0
        this.#progress()
      },
    })
    this.#files.set(name, file)
    return file
  }

  async #openJournal(): Promise<Journal> {
    const { folder, storage, prefix } = this.#options
    try {
      this.#journal = await Journal.open(folder, journalTarget(storage, prefix))
      return this.#journal
    } catch (error) {
      this.#opening = undefined
      throw error
    }
  }

  #progress(): void {
    const now = performance.now()
    if (now - this.#toldAt < tellEveryMs && this.#toldAt > 0) return
    this.#toldAt = now
    if (this.#fulfilled < this.#round || this.#round === 0) this.#tell({ state: 'uploading' })
  }

  #tell(state: Pick<UploadState, 'state' | 'error' | 'nextTryAt'>): void {
    const arrived = [...this.#files.values()].reduce((bytes, file) => bytes + file.bytes, 0)
    const bytes = state.state === 'stored' ? this.#totalBytes : Math.min(arrived, this.#totalBytes)
    this.#options.onState({ ...state, bytes, totalBytes: this.#totalBytes }, this.#fulfilled)
  }
}

/** What a journal is about. */
export function journalTarget({ endpoint, bucket }: StorageSettings, prefix: string): string {
  return [endpoint, bucket, prefix].join(' ')
}

function sum(sizes: ReadonlyMap<string, number>): number {
  return [...sizes.values()].reduce((bytes, size) => bytes + size, 0)
}

/** A file may get another name between two looks at it. */
function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}
