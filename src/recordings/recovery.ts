import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { recover } from '../../recorder/recover.ts'
import { prefixOf } from '../../recorder/storage/key-template.ts'
import type { Core } from './core.ts'
import { filesLost, filesUnreadable } from './failures.ts'
import {
  adopt,
  awayRecordings,
  hostsOf,
  localRecordings,
  recordingsOf,
  unlistedRecordings,
  waitingOutputIds,
} from './host.store.ts'
import type { Processing } from './processing.ts'
import { findRecording, insertRecording, moveRecording, type RecordingRow } from './recordings.store.ts'
import type { EndReason } from './shapes.ts'
import type { Storing } from './storing.ts'

interface Parts {
  readonly processing: Processing
  readonly storing: Storing
  /** Whether a recording goes on in this process. */
  readonly isLive: (id: string) => boolean
  /** Why one ended that this process has recorded. */
  readonly reasonOf: (id: string) => EndReason | undefined
}

const atOnce = 1000

/** Brings what an earlier process left, in the folder and in the rows, to a true state. */
export class Recovery {
  readonly #core: Core
  readonly #parts: Parts

  constructor(core: Core, parts: Parts) {
    this.#core = core
    this.#parts = parts
  }

  /** Once at the start. One recording that cannot be brought to anything holds up no other. */
  async run(): Promise<void> {
    const { home } = this.#core
    if (home.host === undefined) return
    // Folders before rows: a recording that begins meanwhile has its row first.
    const ids = await home.ids()
    await this.#claimFolders(ids, home.host)
    await this.#judgeFolders(new Set(ids), home.host)
    await this.finishEnded()
    await this.#clearLeftovers(home.host)
  }

  /** Finishes recordings that are over and whose rows do not say so, or do not say what was captured. */
  async finishEnded(): Promise<void> {
    const { db, home } = this.#core
    if (home.host === undefined) return
    const { processing, isLive, reasonOf } = this.#parts
    const left = await recordingsOf(db, home.host, ['recording'])
    const rows = [...left, ...(await unlistedRecordings(db, home.host))]
    for (const { id } of rows.filter((row) => !isLive(row.id))) {
      await processing.settle(id, reasonOf(id))
    }
  }

  /** Whose folder is here is ours. One without a row, as after a database was lost, gets one again. */
  async #claimFolders(ids: readonly string[], host: string): Promise<void> {
    for (let at = 0; at < ids.length; at += atOnce) {
      const some = ids.slice(at, at + atOnce)
      const known = new Map((await hostsOf(this.#core.db, some)).map((row) => [row.id, row.host]))
      const foreign = some.filter((id) => known.has(id) && known.get(id) !== host)
      await adopt(this.#core.db, foreign, host)
      for (const id of some.filter((id) => !known.has(id))) {
        await this.#each(id, () => this.#makeRow(id, host))
      }
    }
  }

  async #makeRow(id: string, host: string): Promise<void> {
    const { db, home, objects, log } = this.#core
    const folder = home.folderOf(id)
    const recovered = await recover(folder)
    const isEmpty = recovered?.manifest.tracks.every(({ files }) => files.length === 0) ?? true
    if (isEmpty && (await readdir(folder)).every((name) => !/\.(webm|mkv|mp4|m4a)/.test(name))) {
      log.warn({ recordingId: id }, 'a folder without a row and without media: removed')
      return rm(folder, { recursive: true, force: true })
    }
    log.warn({ recordingId: id }, 'a folder of a recording without a row: it gets one again')
    const startedAt = new Date(recovered?.manifest.startedAt ?? Date.now())
    await insertRecording(db, {
      id,
      room_id: 'unknown',
      meeting_id: null,
      title: 'Recovered recording',
      state: 'processing',
      started_at: startedAt,
      started_by: JSON.stringify({ kind: 'server' }),
      host,
      storage: objects.kind,
      prefix: prefixOf(objects.keyTemplate, { recordingId: id, roomId: 'unknown', startedAt }),
      upload: JSON.stringify({
        state: objects.kind === 's3' ? 'uploading' : 'local',
        bytes: 0,
        totalBytes: 0,
      }),
      error: null,
    })
  }

  /** Rows whose folder is gone, or is back (a disk that was not mounted; a version that could not read it). */
  async #judgeFolders(ids: ReadonlySet<string>, host: string): Promise<void> {
    const { db, home, log } = this.#core
    for (const row of await localRecordings(db, host)) {
      const code = row.error?.['code']
      // Asked again: it may have begun after the folders were listed.
      const isThere = ids.has(row.id) || existsSync(home.folderOf(row.id))
      if (!isThere && code !== filesLost.code && !this.#parts.isLive(row.id)) {
        await this.#each(row.id, () => this.#lost(row))
      } else if (isThere && (code === filesLost.code || code === filesUnreadable.code)) {
        log.info({ recordingId: row.id }, 'the files of a recording are back, or are read again')
        await this.#each(row.id, async () => {
          await moveRecording(db, row.id, { state: 'processing', error: null }, ['failed'])
          await this.#parts.processing.settle(row.id)
        })
      }
    }
  }

  async #lost(row: RecordingRow): Promise<void> {
    const { db, log } = this.#core
    if (row.stored_at) {
      // The bucket has everything.
      await moveRecording(db, row.id, { is_local: false })
      return
    }
    log.error({ recordingId: row.id }, 'the files of a recording are gone')
    await moveRecording(db, row.id, {
      state: 'failed',
      error: JSON.stringify(filesLost),
      ended_at: row.ended_at ?? new Date(),
      end_reason: row.end_reason ?? 'server-gone',
    })
  }

  /** What should have been deleted when the process ended. */
  async #clearLeftovers(host: string): Promise<void> {
    const { db, home } = this.#core
    await home.clearScratch(new Set(await waitingOutputIds(db, host)))
    for (const id of await awayRecordings(db, host)) {
      await this.#each(id, () =>
        this.#core.folders.run(id, async () => {
          const row = await findRecording(db, id)
          if (row?.is_local === false) await this.#parts.storing.emptyFolder(id)
        }),
      )
    }
  }

  async #each(recordingId: string, act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      this.#core.log.error({ err: error, recordingId }, 'a recording could not be brought to a true state')
    }
  }
}
