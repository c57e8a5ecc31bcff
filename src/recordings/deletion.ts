import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../lib/app-error.ts'
import { SingleFlight } from '../lib/single-flight.ts'
import { noSuchRecording } from './access.ts'
import type { Core } from './core.ts'
import { notDeletedYet, onlyOnDisk } from './failures.ts'
import { fileNamesOf, sumUp } from './files.store.ts'
import { outputsBeingRemoved, recordingsBeingDeleted } from './host.store.ts'
import { refreshState } from './jobs.store.ts'
import type { Jobs } from './jobs.ts'
import { deleteOutput, findOutput, moveOutput, outputsOf } from './outputs.store.ts'
import {
  deleteRecording,
  findRecording,
  lockRecording,
  moveRecording,
  type RecordingRow,
} from './recordings.store.ts'

/**
 * Deletes for good. First the row says so, then everything goes that could be fetched, and the row goes last: whatever ends
 * the process in between, the next round goes on from the row.
 */
export class Deletion {
  readonly #core: Core
  readonly #jobs: Jobs
  readonly #recordings = new SingleFlight<string, boolean>()
  readonly #outputs = new SingleFlight<string, boolean>()

  constructor(core: Core, jobs: Jobs) {
    this.#core = core
    this.#jobs = jobs
  }

  /** Nobody gets it any more from now on. Throws `not-found`, and `conflict` for one that goes on. */
  async mark(id: string): Promise<void> {
    await this.#core.db.transaction().execute(async (trx) => {
      const row = await lockRecording(trx, id)
      if (!row) throw noSuchRecording()
      if (row.state === 'recording' && !this.#isLeftBehind(row, new Date())) {
        throw new AppError('conflict', 'This recording goes on. Stop it first.')
      }
      await moveRecording(trx, id, { state: 'deleting', error: null })
    })
    this.#core.changed(id)
  }

  /** Its server has not come back to say that it is over, and it cannot go on any more. */
  #isLeftBehind(row: RecordingRow, now: Date): boolean {
    const { config, home } = this.#core
    const longestMs = (config.recordings.maxHours + 1) * 3_600_000
    return row.host !== home.host && now.getTime() - row.started_at.getTime() > longestMs
  }

  /** Deletes what is marked. Whether it is gone: if not, it is tried again, or another server has its files. Never throws. */
  finish(id: string): Promise<boolean> {
    return this.#recordings.run(id, async () => {
      try {
        return await this.#finish(id)
      } catch (error) {
        this.#core.log.warn({ err: error, recordingId: id }, 'a recording could not be deleted yet')
        const told = { error: JSON.stringify(notDeletedYet) }
        await moveRecording(this.#core.db, id, told, ['deleting']).catch(() => undefined)
        return false
      }
    })
  }

  async #finish(id: string): Promise<boolean> {
    const { db, home, objects, uploads } = this.#core
    const row = await findRecording(db, id)
    if (!row) return true
    if (row.state !== 'deleting') return false
    if (row.host !== home.host) return this.#emptyBucket(row)
    await this.#jobs.abort(id)
    await uploads.forget(id)
    if (row.storage === 's3') {
      if (objects.kind !== 's3') throw noBucket()
      await objects.deleteAll(row.prefix)
    }
    await rm(home.folderOf(id), { recursive: true, force: true })
    for (const output of await outputsOf(db, [id])) {
      await rm(home.scratchOf(output.id), { recursive: true, force: true })
    }
    await deleteRecording(db, id)
    this.#core.changed(id)
    return true
  }

  /**
   * What a server that may never come back has put into the bucket goes at once; its disk, and with that the row, when it is
   * there again. Always false.
   */
  async #emptyBucket({ id, storage, prefix, error }: RecordingRow): Promise<false> {
    const { db, objects } = this.#core
    if (storage !== 's3' || objects.kind !== 's3' || error?.['code'] === onlyOnDisk.code) return false
    await objects.deleteAll(prefix)
    await moveRecording(db, id, { error: JSON.stringify(onlyOnDisk) }, ['deleting'])
    return false
  }

  /** Nobody gets this output any more from now on. Throws `not-found`. */
  async markOutput(recordingId: string, outputId: string): Promise<void> {
    await this.#core.db.transaction().execute(async (trx) => {
      const row = await lockRecording(trx, recordingId)
      const output = row && (await findOutput(trx, recordingId, outputId))
      if (!output || row.state === 'deleting') throw new AppError('not-found', 'There is no such output.')
      await moveOutput(trx, outputId, { state: 'removing' })
      await refreshState(trx, recordingId)
    })
    this.#core.changed(recordingId)
  }

  /** Deletes the files of an output that is marked. Whether it is gone. Never throws. */
  finishOutput(recordingId: string, outputId: string): Promise<boolean> {
    return this.#outputs.run(outputId, async () => {
      try {
        return await this.#finishOutput(recordingId, outputId)
      } catch (error) {
        this.#core.log.warn({ err: error, recordingId, outputId }, 'an output could not be deleted yet')
        return false
      }
    })
  }

  async #finishOutput(recordingId: string, outputId: string): Promise<boolean> {
    const { db, home, objects } = this.#core
    const row = await findRecording(db, recordingId)
    if (!row) return true
    if (row.host !== home.host) return false
    await this.#jobs.abort(recordingId, outputId)
    const folder = home.folderOf(recordingId)
    const local = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(outputId))
    for (const name of local) await rm(join(folder, name), { recursive: true, force: true })
    await rm(home.scratchOf(outputId), { recursive: true, force: true })
    if (row.storage === 's3') {
      if (objects.kind !== 's3') throw noBucket()
      const names = new Set([...(await fileNamesOf(db, outputId)), ...local])
      for (const name of names) await objects.delete(`${row.prefix}/${name}`)
      // An upload that is under way may put one of them there again.
      if (row.stored_at === null) return false
    }
    await db.transaction().execute(async (trx) => {
      await lockRecording(trx, recordingId)
      await deleteOutput(trx, outputId)
      await sumUp(trx, recordingId)
    })
    this.#core.changed(recordingId)
    return true
  }

  /** Goes on with everything that is marked. */
  async finishAll(): Promise<void> {
    const { db, home } = this.#core
    if (home.host === undefined) return
    for (const id of await recordingsBeingDeleted(db, { host: home.host, except: onlyOnDisk.code }))
      await this.finish(id)
    for (const output of await outputsBeingRemoved(db, home.host)) {
      await this.finishOutput(output.recording_id, output.id)
    }
  }
}

function noBucket(): Error {
  return new Error('it is in a bucket, and storage.kind is not s3 any more')
}
