import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config/schema.ts'
import type { AuditEntry } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import { AppError } from '../lib/app-error.ts'
import { decodeCursor, decodeTimeCursor, encodeCursor, notACursor, pageOf } from '../lib/cursor.ts'
import type { Log } from '../lib/log.ts'
import { isBackend, type Actor } from '../protocol/caller.ts'
import {
  listFor,
  manageRecording,
  seeRecording,
  seenAmong,
  type AccessOptions,
  type listsOf,
  type RecordingCaller,
} from './access.ts'
import { Delivery } from './delivery.ts'
import { filesOf, filesOfTracks, findFile, findManifestFile } from './files.store.ts'
import type { RecordingFilter, RecordingRow } from './recordings.store.ts'
import type { Person, Recordings } from './recordings.ts'
import type {
  NewOutput,
  NewShare,
  RecordingChange,
  RecordingOutputView,
  RecordingShareView,
  RecordingTrackView,
  RecordingView,
} from './shapes.ts'
import { Shares } from './shares.ts'
import { TrackExports } from './track-exports.ts'
import { aboutTrack, trackViews } from './tracks.ts'
import { fileView, outputView, viewsOf } from './views.ts'

export interface LibraryOptions {
  readonly db: Db
  readonly config: Pick<Config, 'recordings' | 'storage'>
  readonly audit: { record(entry: AuditEntry): Promise<void> }
  readonly recordings: Pick<Recordings, 'objects' | 'home' | 'change' | 'remove' | 'outputs' | 'manifests'>
  readonly baseUrl: () => string
  readonly log: Log
}

/** Who asks, when, and as whom the audit log knows them. */
export interface Asking {
  readonly caller: RecordingCaller
  readonly actor: Actor
  readonly now: Date
}

/** Recordings as people use them: each sees and does what they may. */
export class Library {
  readonly shares: Shares
  readonly #options: LibraryOptions
  readonly #delivery: Delivery
  readonly #exports: TrackExports

  constructor(options: LibraryOptions) {
    const { config, recordings, log } = options
    const { objects, home } = recordings
    this.#options = options
    this.shares = new Shares(options)
    this.#delivery = new Delivery({
      storage: config.storage,
      store: objects,
      folderOf: (id) => home.folderOf(id),
      log,
    })
    this.#exports = new TrackExports({ config, objects, home, log })
  }

  async list(
    { caller, now }: Pick<Asking, 'caller' | 'now'>,
    options: RecordingFilter & {
      readonly of?: (typeof listsOf)[number] | undefined
      readonly limit: number
      readonly cursor?: string | undefined
    },
  ): Promise<{ items: RecordingView[]; next?: string }> {
    const { cursor, limit, ...filter } = options
    const after = cursor === undefined ? undefined : decodeTimeCursor(cursor)
    const rows = await listFor(this.#access(caller), { ...filter, after, limit: limit + 1 })
    const page = pageOf(rows, limit, {
      item: (row) => row,
      cursor: (row) => ({ at: row.started_at.toISOString(), id: row.id }),
    })
    const seen = await seenAmong(page.items, this.#access(caller))
    return { ...page, items: await viewsOf(seen, { db: this.#options.db, now, isList: true }) }
  }

  /** Throws `not-found`, also for what `caller` may not know of. */
  async get(id: string, { caller, now }: Pick<Asking, 'caller' | 'now'>): Promise<RecordingView> {
    const seen = await seeRecording(this.#access(caller), id)
    const [view] = await viewsOf([seen], { db: this.#options.db, now })
    return view!
  }

  /** Throws `forbidden` for those who may only watch. */
  managed(id: string, caller: RecordingCaller): Promise<RecordingRow> {
    return manageRecording(this.#access(caller), id)
  }

  /** Throws `precondition-failed` when it has changed since `version`, `forbidden` for longer than it may be kept. */
  async change(
    id: string,
    change: RecordingChange,
    asking: Asking & { version: number | undefined },
  ): Promise<RecordingView> {
    const { caller, now, version } = asking
    await this.managed(id, caller)
    const title = change.title?.trim()
    if (title === '') throw new AppError('bad-request', 'The title is empty.', { path: 'body.title' })
    const { expiresAt } = change
    await this.#options.recordings.change(
      id,
      { title, expiresAt: typeof expiresAt === 'string' ? laterThan(now, expiresAt) : expiresAt },
      { version, isOperator: isBackend(caller), now },
    )
    await this.#record('recording.changed', id, asking, { fields: Object.keys(change) })
    return this.get(id, asking)
  }

  /** deleting: nobody gets it any more, and the rest of it goes by and by. Throws `conflict` for one that goes on. */
  async remove(id: string, asking: Asking): Promise<'deleted' | 'deleting'> {
    const { title } = await this.managed(id, asking.caller)
    const state = await this.#options.recordings.remove(id)
    await this.#record('recording.deleted', id, asking, { title })
    return state
  }

  /** The recording of a room was started or stopped from outside the room; what people in it do, the room tells itself. */
  async steered(
    action: 'recording.started' | 'recording.stopped',
    { recordingId, roomId }: { recordingId: string; roomId: string },
    { actor, now }: Pick<Asking, 'actor' | 'now'>,
  ): Promise<void> {
    const data = { room: roomId, recordingId }
    await this.#options.audit.record({ actor, action, target: { kind: 'room', id: roomId }, data, now })
  }

  /** What was captured, in the order of coming. For managers. */
  async tracks(
    id: string,
    { caller, limit, cursor }: { caller: RecordingCaller; limit: number; cursor?: string | undefined },
  ): Promise<{ items: RecordingTrackView[]; next?: string; manifest?: ReturnType<typeof fileView> }> {
    const { db, recordings } = this.#options
    const row = await this.managed(id, caller)
    const from = cursor === undefined ? 0 : placeIn(cursor, row.id)
    const found = await recordings.manifests.tracks(row, { from, limit })
    const tracks = found?.tracks ?? []
    const files = await filesOfTracks(
      db,
      row.id,
      tracks.map(({ trackId }) => trackId),
    )
    const kept = await findManifestFile(db, row.id)
    const reached = from + tracks.length
    return {
      items: trackViews(tracks, { row, files }),
      ...(found && reached < found.total ? { next: encodeCursor({ at: String(reached), id: row.id }) } : {}),
      ...(kept ? { manifest: fileView(kept, row) } : {}),
    }
  }

  /** The same options again give the same output. */
  async makeOutput(
    id: string,
    wanted: NewOutput,
    asking: Asking,
  ): Promise<{ output: RecordingOutputView; isNew: boolean }> {
    const { db, recordings } = this.#options
    const row = await this.managed(id, asking.caller)
    const { output, isNew } = await recordings.outputs.make(id, wanted)
    if (isNew) await this.#record('recording.output-asked', id, asking, { output: output.id })
    const files = (await filesOf(db, [id], { madeOnly: true })).filter((file) => file.output_id === output.id)
    return { output: outputView(output, { row, files }), isNew }
  }

  async removeOutput(id: string, outputId: string, asking: Asking): Promise<void> {
    await this.managed(id, asking.caller)
    await this.#options.recordings.outputs.remove(id, outputId)
    await this.#record('recording.output-deleted', id, asking, { output: outputId })
  }

  async share(id: string, wanted: NewShare, asking: Asking): Promise<RecordingShareView> {
    const { caller, now } = asking
    await this.managed(id, caller)
    const share = await this.shares.create(id, wanted, { by: personOf(caller), now })
    const { mayDownload, expiresAt } = share
    await this.#record('recording.shared', id, asking, { share: share.id, mayDownload, expiresAt })
    return share
  }

  async unshare(id: string, shareId: string, asking: Asking): Promise<void> {
    await this.managed(id, asking.caller)
    await this.shares.remove(id, shareId)
    await this.#record('recording.unshared', id, asking, { share: shareId })
  }

  /** The bytes of a file. Those who may only watch get what was made, not the tracks. */
  async file(
    { recordingId, fileId }: { recordingId: string; fileId: string },
    { caller, isDownload, now }: { caller: RecordingCaller; isDownload: boolean; now: Date },
    { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  ): Promise<Readable | undefined> {
    const { row, rights } = await seeRecording(this.#access(caller), recordingId)
    const file = await findFile(this.#options.db, row.id, fileId)
    const isTheirs = rights.role === 'manager' || file?.output_id !== null
    if (!file || !isTheirs || row.state === 'deleting') throw noSuchFile()
    if (isDownload && !rights.mayDownload) {
      throw new AppError('forbidden', 'You may watch this recording, not save it.', { why: 'no-download' })
    }
    return this.#delivery.answer({ row, file, isDownload, now }, request, reply)
  }

  /** A whole track as one file. For managers. Throws `conflict` where it cannot be one. */
  async trackFile(
    { recordingId, trackId }: { recordingId: string; trackId: string },
    { caller, now }: Pick<Asking, 'caller' | 'now'>,
    { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  ): Promise<Readable | undefined> {
    const { db, recordings } = this.#options
    const row = await this.managed(recordingId, caller)
    const files = await filesOfTracks(db, row.id, [trackId])
    const [only, ...others] = files
    if (!only || row.state === 'deleting') throw noSuchFile()
    const track = await recordings.manifests.track(row, trackId)
    const about = track && aboutTrack(track)
    if (!track || others.length === 0) {
      return this.#delivery.answer({ row, file: only, isDownload: true, about, now }, request, reply)
    }
    return this.#exports.answer({ row, track, files }, reply)
  }

  /** The bytes of a file by the link of a share. */
  async sharedFile(
    { token, fileId }: { token: string; fileId: string },
    { isDownload, now }: { isDownload: boolean; now: Date },
    { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  ): Promise<Readable | undefined> {
    const { row, file, until } = await this.shares.file(token, fileId, { isDownload, now })
    return this.#delivery.answer({ row, file, isDownload, until, now }, request, reply)
  }

  #access(caller: RecordingCaller): AccessOptions {
    const { db, config } = this.#options
    return { db, caller, attendees: config.recordings.attendees }
  }

  #record(
    action: AuditEntry['action'],
    id: string,
    { actor, now }: Asking,
    data: NonNullable<AuditEntry['data']>,
  ): Promise<void> {
    return this.#options.audit.record({ actor, action, target: { kind: 'recording', id }, data, now })
  }
}

/** Who asks, as rows and other people know them. */
export function personOf(caller: RecordingCaller): Person {
  return caller.kind === 'account'
    ? { kind: 'account', id: caller.accountId, name: caller.name }
    : { kind: 'api-key', id: caller.keyId }
}

/** Tracks of a recording that is over stay as they are: where a page ends is a number. Throws `bad-request`. */
function placeIn(cursor: string, recordingId: string): number {
  const { at, id } = decodeCursor(cursor)
  if (id === recordingId && /^\d{1,9}$/.test(at)) return Number(at)
  throw notACursor()
}

function noSuchFile(): AppError {
  return new AppError('not-found', 'There is no such file.')
}

/** Throws `bad-request` for a moment that is none or is past. */
function laterThan(now: Date, text: string): Date {
  const date = new Date(text)
  if (date.getTime() > now.getTime()) return date
  throw new AppError('bad-request', 'expiresAt is not in the future.', { path: 'body.expiresAt' })
}
