import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { manifestName } from '../../recorder/manifest.ts'
import { journalName } from '../../recorder/storage/journal.ts'
import type { UploadState } from '../../recorder/storage/uploads.ts'
import type { Core } from './core.ts'
import { filesOf } from './files.store.ts'
import { storedSince, unstoredRecordings } from './host.store.ts'
import { InTurn } from './in-turn.ts'
import { outputsOf } from './outputs.store.ts'
import { lockRecording, moveRecording, type RecordingRow } from './recordings.store.ts'

const writeEveryMs = 1000
const writeAgainMs = 5000
/** Small, and needed to upload or make more of it later. */
const staysLocal = new Set([manifestName, journalName])

/**
 * Brings what is new in the folder of a recording to where it is kept. One that was begun on the disk stays there, and one in
 * a bucket waits until there is one again: the next start with it goes on.
 */
export function sendAway(
  { home, objects, uploads }: Core,
  { id, prefix, storage }: Pick<RecordingRow, 'id' | 'prefix' | 'storage'>,
): void {
  if (storage !== objects.kind) return
  uploads.follow({ recordingId: id, folder: home.folderOf(id), prefix })
  uploads.complete(id)
}

/** Follows the way of files into the bucket, and frees the disk of those that are there for long enough. */
export class Storing {
  readonly #core: Core
  readonly #latest = new Map<string, UploadState>()
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #writing = new InTurn<string>()
  #isClosed = false

  constructor(core: Core) {
    this.#core = core
  }

  /** An upload tells where it is: often, so not each time is written down. */
  changed(recordingId: string, state: UploadState): void {
    this.#latest.set(recordingId, state)
    if (state.state === 'stored') return this.#flush(recordingId)
    if (this.#timers.has(recordingId)) return
    this.#timers.set(
      recordingId,
      setTimeout(() => this.#flush(recordingId), writeEveryMs),
    )
  }

  #flush(recordingId: string): void {
    clearTimeout(this.#timers.get(recordingId))
    this.#timers.delete(recordingId)
    void this.#writing.run(recordingId, async () => {
      const state = this.#latest.get(recordingId)
      this.#latest.delete(recordingId)
      if (!state) return
      try {
        await moveRecording(this.#core.db, recordingId, {
          upload: JSON.stringify(state),
          ...(state.state === 'stored' && { stored_at: new Date() }),
        })
        this.#core.changed(recordingId)
      } catch (error) {
        this.#core.log.warn({ err: error, recordingId }, 'how far an upload is was not written down')
        this.#writeLater(recordingId, state)
      }
    })
  }

  /** Unless there is newer news, or no later: then the next start asks the upload again. */
  #writeLater(recordingId: string, state: UploadState): void {
    if (this.#isClosed) return
    if (!this.#latest.has(recordingId)) this.#latest.set(recordingId, state)
    clearTimeout(this.#timers.get(recordingId))
    this.#timers.set(
      recordingId,
      setTimeout(() => this.#flush(recordingId), writeAgainMs),
    )
  }

  /** Goes on with the uploads of an earlier process. */
  async resume(): Promise<void> {
    const { db, home, objects } = this.#core
    if (home.host === undefined || objects.kind !== 's3') return
    for (const row of await unstoredRecordings(db, home.host)) {
      if (existsSync(home.folderOf(row.id))) sendAway(this.#core, row)
    }
  }

  /** Deletes from the data folder what the bucket has had for `storage.keepLocalHours`. */
  async freeDisk(now: Date): Promise<void> {
    const { db, home, config, objects, log } = this.#core
    if (home.host === undefined || objects.kind !== 's3') return
    const before = new Date(now.getTime() - config.storage.keepLocalHours * 3_600_000)
    for (const row of await storedSince(db, home.host, before)) {
      try {
        await this.#free(row)
      } catch (error) {
        log.warn({ err: error, recordingId: row.id }, 'a recording could not be freed from the disk')
      }
    }
  }

  async #free(row: RecordingRow): Promise<void> {
    const { db, uploads, log } = this.#core
    const { id } = row
    // The upload has verified each by its checksum. That each is still there is asked again before anything is deleted.
    const missing = await this.#notInBucket(row)
    if (missing.length > 0) {
      log.error(
        { recordingId: id, missing },
        'the bucket has lost files of a recording: they are uploaded again',
      )
      await moveRecording(db, id, { stored_at: null })
      sendAway(this.#core, row)
      return
    }
    const isFree = await this.#core.folders.run(id, async () => {
      if (!(await this.#leave(row))) return false
      await this.emptyFolder(id)
      // Nothing is to be uploaded until something is made of it again.
      await uploads.forget(id)
      return true
    })
    if (isFree) this.#core.changed(id)
  }

  /** Says that its files are not here any more, unless something new was made or is being made of them meanwhile. */
  #leave(row: RecordingRow): Promise<boolean> {
    return this.#core.db.transaction().execute(async (trx) => {
      const present = await lockRecording(trx, row.id)
      if (present?.stored_at?.getTime() !== row.stored_at?.getTime()) return false
      if (present?.state !== 'ready' && present?.state !== 'failed') return false
      const outputs = await outputsOf(trx, [row.id])
      if (outputs.some(({ state }) => state === 'queued' || state === 'running')) return false
      return moveRecording(trx, row.id, { is_local: false })
    })
  }

  async #notInBucket(row: RecordingRow): Promise<string[]> {
    const { db, objects } = this.#core
    const missing: string[] = []
    for (const { name, bytes } of await filesOf(db, [row.id])) {
      const found = await objects.head(`${row.prefix}/${name}`)
      if (found?.bytes !== bytes) missing.push(name)
    }
    return missing
  }

  /** What is left of a recording that is in the bucket. */
  async emptyFolder(id: string): Promise<void> {
    const folder = this.#core.home.folderOf(id)
    for (const name of await readdir(folder).catch(() => [])) {
      if (!staysLocal.has(name)) await rm(join(folder, name), { recursive: true, force: true })
    }
  }

  /** Writes down what is not written yet. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const recordingId of [...this.#timers.keys()]) this.#flush(recordingId)
    await this.#writing.idle()
  }
}
