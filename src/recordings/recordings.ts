import { mkdir } from 'node:fs/promises'
import type { Config } from '../../config/schema.ts'
import { prefixOf } from '../../recorder/storage/key-template.ts'
import type { Db } from '../db/database.ts'
import { AppError, assertVersion } from '../lib/app-error.ts'
import { Chores } from '../lib/chores.ts'
import { randomId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import { noSuchRecording } from './access.ts'
import { minFreeBytes, type Core, type CreateUploads, type Objects, type Uploads } from './core.ts'
import { Deletion } from './deletion.ts'
import { expiredRecordings, markExpired } from './host.store.ts'
import { InTurn } from './in-turn.ts'
import { Jobs, type JobsOptions } from './jobs.ts'
import { Manifests } from './manifests.ts'
import { Outputs } from './outputs.ts'
import { keepParticipant } from './participants.store.ts'
import { Processing } from './processing.ts'
import type { RecordingsFolder } from './recordings-folder.ts'
import { changeRecording, insertRecording, lockRecording, moveRecording } from './recordings.store.ts'
import { Recovery } from './recovery.ts'
import { assertCanBeKept, assertMayKeepUntil } from './retention.ts'
import type { EndReason } from './shapes.ts'
import { Storing } from './storing.ts'

/** Who did something, kept with the recording. */
export interface Person {
  readonly kind: 'account' | 'api-key' | 'participant' | 'server'
  readonly id?: string
  readonly name?: string
}

export interface RecordingsOptions extends JobsOptions {
  readonly db: Db
  readonly config: Pick<Config, 'recordings' | 'storage'>
  /** Not opened yet; closed with the recordings. */
  readonly home: RecordingsFolder
  readonly log: Log
  readonly objects: Objects
  readonly createUploads: CreateUploads
  /** Ends programs that an earlier process started and left in this folder. */
  readonly endOrphans?: (folder: string) => Promise<unknown>
}

/** More people of one recording are not listed: guests can come back under another name without end. */
const maxParticipants = 2000
const choresMs = 60_000
/** Whoever deletes waits so long to hear that it is done. */
const deletionAnswerMs = 4000

/** Recordings as they are kept: rows, folders, what is made of them, the bucket, and that they are true after a crash. */
export class Recordings {
  readonly objects: Objects
  readonly home: RecordingsFolder
  readonly manifests: Manifests
  readonly outputs: Outputs
  readonly #options: RecordingsOptions
  readonly #core: Core
  readonly #uploads: Uploads
  readonly #storing: Storing
  readonly #processing: Processing
  readonly #jobs: Jobs
  readonly #deletion: Deletion
  readonly #recovery: Recovery
  readonly #listeners = new Set<(recordingId: string) => void>()
  /** Recordings that go on in this process, and who was seen in them. */
  readonly #live = new Map<string, Map<string, string>>()
  /** Why recordings ended whose rows do not say so yet. */
  readonly #reasons = new Map<string, EndReason>()
  readonly #turns = new InTurn<string>()
  #recovering: Promise<void> | undefined
  #isRecovered = false
  #chores: Chores | undefined
  #closed: Promise<void> | undefined

  /** Touches neither the disk nor the database before it is used or started. */
  constructor(options: RecordingsOptions) {
    const { db, config, log, home, objects, createUploads } = options
    this.#options = options
    this.objects = objects
    this.home = home
    this.manifests = new Manifests({ home, objects, log })
    this.#uploads = createUploads((id, state) => this.#storing.changed(id, state))
    this.#core = {
      db,
      config,
      log,
      objects,
      home,
      manifests: this.manifests,
      uploads: this.#uploads,
      folders: new InTurn(),
      changed: (id) => this.#changed(id),
    }
    this.#storing = new Storing(this.#core)
    this.#processing = new Processing(this.#core, { listed: () => this.#jobs.wake() })
    this.#jobs = new Jobs(this.#core, options)
    this.#deletion = new Deletion(this.#core, this.#jobs)
    this.outputs = new Outputs(this.#core, { jobs: this.#jobs, deletion: this.#deletion })
    this.#recovery = new Recovery(this.#core, {
      processing: this.#processing,
      storing: this.#storing,
      isLive: (id) => this.#live.has(id),
      reasonOf: (id) => this.#reasons.get(id),
    })
  }

  /** Begins to look after what is there, in the background, and from then on each minute. */
  start(): void {
    this.#chores ??= new Chores({
      everyMs: choresMs,
      log: this.#core.log,
      chores: {
        'bring recordings to a true state': () => this.recover(),
        'finish recordings': () => this.#recovery.finishEnded(),
        'delete old recordings': (now) => this.#expire(now),
        'finish deletions': () => this.#deletion.finishAll(),
        'free the disk of recordings': (now) => this.#storing.freeDisk(now),
        'make what is due': async () => this.#jobs.wake(),
      },
    })
  }

  /** Brings everything that an earlier process left to a true state, once. `start` does it by itself. */
  recover(): Promise<void> {
    this.#recovering ??= this.#recover().finally(() => (this.#recovering = undefined))
    return this.#recovering
  }

  async #recover(): Promise<void> {
    if (this.#isRecovered) return
    if ((await this.home.openIfThere()) === undefined) return
    const { endOrphans } = this.#options
    try {
      await endOrphans?.(this.home.folder)
    } catch (error) {
      this.#core.log.warn({ err: error }, 'programs of an earlier start could not be ended')
    }
    await this.#recovery.run()
    await this.#storing.resume()
    await this.#jobs.start()
    this.#isRecovered = true
  }

  /** Makes row and folder, in this order, and begins the upload. Throws `unavailable` when the disk has no room. */
  async begin(beginning: {
    roomId: string
    meetingId: string | undefined
    startedBy: Person
    now: Date
  }): Promise<{ recordingId: string; folder: string }> {
    const { db, config, objects } = this.#core
    const { roomId, meetingId, startedBy, now } = beginning
    if (this.#closed) throw new AppError('unavailable', 'The server is closing.')
    const host = await this.home.open()
    await this.#assertRoom()
    const recordingId = `rec_${randomId()}`
    const folder = this.home.folderOf(recordingId)
    const about = { recordingId, roomId, startedAt: now, ...(meetingId !== undefined && { meetingId }) }
    const prefix = prefixOf(objects.keyTemplate, about)
    const meeting =
      meetingId === undefined
        ? undefined
        : await db.selectFrom('meetings').select('title').where('id', '=', meetingId).executeTakeFirst()
    this.#live.set(recordingId, new Map())
    try {
      await insertRecording(db, {
        id: recordingId,
        room_id: roomId,
        meeting_id: meeting && meetingId ? meetingId : null,
        title: (meeting?.title === undefined || meeting.title === '' ? roomId : meeting.title).slice(0, 200),
        state: 'recording',
        started_at: now,
        started_by: JSON.stringify(startedBy),
        host,
        storage: objects.kind,
        prefix,
        upload: JSON.stringify({
          state: config.storage.kind === 's3' ? 'uploading' : 'local',
          bytes: 0,
          totalBytes: 0,
        }),
        error: null,
      })
      await mkdir(folder, { mode: 0o700 })
    } catch (error) {
      await this.abandon(recordingId)
      if (error instanceof AppError) throw error
      this.#core.log.error({ err: error, recordingId }, 'a recording could not begin')
      throw new AppError('unavailable', 'The folder of recordings cannot be used.', { why: 'disk' })
    }
    this.#uploads.follow({ recordingId, folder, prefix })
    this.#changed(recordingId)
    // Where this is the first recording ever, there was nothing to look after until now.
    this.recover().catch((error: unknown) =>
      this.#core.log.warn({ err: error }, 'recovery of recordings failed'),
    )
    return { recordingId, folder }
  }

  /** Throws `unavailable` (`why: disk`) when no recording may begin for want of room. */
  async #assertRoom(): Promise<void> {
    if ((await this.home.freeBytes()) >= 2 * minFreeBytes(this.#core.config)) return
    throw new AppError('unavailable', 'The disk of the server is too full for a recording.', { why: 'disk' })
  }

  /** Somebody is there to be recorded. Cheap, and may be told as often as wanted. */
  seen(recordingId: string, who: { identity: string; name: string; accountId: string | undefined }): void {
    const seen = this.#live.get(recordingId)
    const { identity, name, accountId } = who
    if (!seen || seen.get(identity) === name) return
    if (!seen.has(identity) && seen.size >= maxParticipants) return
    seen.set(identity, name)
    const position = [...seen.keys()].indexOf(identity)
    const row = { recordingId, identity, name, accountId: accountId ?? null, position }
    this.#turns
      .run(recordingId, () => keepParticipant(this.#core.db, row))
      .catch((error: unknown) => {
        // So that the next time it is told, it is tried again; the manifest has those who sent something in any case.
        if (seen.get(identity) === name) seen.delete(identity)
        this.#core.log.warn({ err: error, recordingId }, 'who is recorded was not written down')
      })
  }

  /** It is over: what was captured is listed, uploaded, and made into what is wanted. Idempotent, and never throws. */
  async ended(recordingId: string, { reason, now }: { reason: EndReason; now: Date }): Promise<void> {
    if (!this.#live.has(recordingId)) return
    this.#reasons.set(recordingId, reason)
    this.#live.delete(recordingId)
    await this.#turns.run(recordingId, async () => {
      try {
        const change = { state: 'processing', ended_at: now, end_reason: reason } as const
        await moveRecording(this.#core.db, recordingId, change, ['recording'])
        this.#reasons.delete(recordingId)
        this.#changed(recordingId)
      } catch (error) {
        this.#core.log.warn({ err: error, recordingId }, 'the end of a recording was not written down yet')
      }
      await this.#processing.settle(recordingId, reason)
    })
  }

  /** It was begun, and nothing could be recorded: nothing of it stays. Never throws. */
  async abandon(recordingId: string): Promise<void> {
    this.#live.delete(recordingId)
    await this.#turns.run(recordingId, async () => {
      const { db, log } = this.#core
      try {
        if (!(await moveRecording(db, recordingId, { state: 'deleting' }, ['recording']))) return
        await this.#deletion.finish(recordingId)
      } catch (error) {
        log.warn({ err: error, recordingId }, 'a recording that did not begin could not be removed yet')
      }
    })
  }

  /**
   * Changes what people may change. `version`: the one they saw, if they say. isOperator: may keep it for longer than
   * `recordings.keepDays`; others get `forbidden`. Throws `conflict` for keeping one for ever before it is decided how long it stays.
   */
  async change(
    id: string,
    change: { title?: string | undefined; expiresAt?: Date | null | undefined },
    { version, isOperator, now }: { version: number | undefined; isOperator: boolean; now: Date },
  ): Promise<void> {
    await this.#core.db.transaction().execute(async (trx) => {
      const row = await lockRecording(trx, id)
      if (!row || row.state === 'deleting') throw noSuchRecording()
      assertVersion(version, row.version)
      const { title, expiresAt } = change
      if (title === undefined && expiresAt === undefined) return
      const config = this.#core.config.recordings
      if (expiresAt !== undefined && !isOperator) assertMayKeepUntil(expiresAt, row, { config, now })
      if (expiresAt === null) assertCanBeKept(row, config)
      await changeRecording(trx, id, {
        ...(title !== undefined && { title }),
        ...(expiresAt !== undefined && { expires_at: expiresAt }),
      })
    })
    this.#changed(id)
  }

  /**
   * Deletes it for good. `deleting`: from now on nobody gets it, and what is left of it goes when the bucket, or the server
   * that has its files, can be reached. Throws `not-found`, and `conflict` for one that goes on.
   */
  async remove(id: string): Promise<'deleted' | 'deleting'> {
    await this.#deletion.mark(id)
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, deletionAnswerMs, false)
    })
    const isGone = await Promise.race([this.#deletion.finish(id), patience])
    clearTimeout(timer)
    return isGone ? 'deleted' : 'deleting'
  }

  /** Calls back whenever something about a recording is not as it was; gives what ends that. */
  onChanged(listener: (recordingId: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #changed(recordingId: string): void {
    for (const listener of this.#listeners) listener(recordingId)
  }

  async #expire(now: Date): Promise<void> {
    for (const id of await expiredRecordings(this.#core.db, now)) {
      if (!(await markExpired(this.#core.db, id, now))) continue
      this.#changed(id)
      await this.#deletion.finish(id)
    }
  }

  /** Leaves everything as the next start needs it. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    // Whatever waits for the bucket does so no longer.
    const uploaded = this.#uploads.close()
    await this.#chores?.close()
    await this.#recovering?.catch(() => undefined)
    await this.#turns.idle()
    await this.#jobs.close()
    await uploaded
    await this.#storing.close()
    await this.manifests.close()
    this.home.close()
  }
}
