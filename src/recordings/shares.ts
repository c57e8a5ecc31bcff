import { createHash } from 'node:crypto'
import type { Db } from '../db/database.ts'
import { AppError, limitExceeded } from '../lib/app-error.ts'
import { isSecret, randomId, Secret } from '../lib/ids.ts'
import { noSuchRecording } from './access.ts'
import { type FileRow, filesOf, findFile } from './files.store.ts'
import { type OutputRow, outputsOf } from './outputs.store.ts'
import { participantsOf } from './participants.store.ts'
import { findRecording, lockRecording, type RecordingRow } from './recordings.store.ts'
import type { NewShare, RecordingShareView, RecordingView, SharedRecordingView } from './shapes.ts'
import { countView, deleteShare, findShare, insertShare, openShares, type ShareRow } from './shares.store.ts'
import { fileView, inOrder, participantView, personView } from './views.ts'

export interface SharesOptions {
  readonly db: Db
  /** What people reach this server by, without a slash at the end. */
  readonly baseUrl: () => string
}

/** Links of one recording that open at the same time. */
const maxShares = 100
const usualSeconds = 604_800
/** What a link shows: never tracks, which hold each person alone. */
const sharedKinds = ['video', 'audio', 'poster', 'preview', 'preview-index']

/** Links that show a recording to whoever has them. What is in a link is kept as a hash only. */
export class Shares {
  readonly #options: SharesOptions

  constructor(options: SharesOptions) {
    this.#options = options
  }

  /** The answer is the only one with the address. Throws `limit-exceeded`, `not-found`, and `conflict` for one that is being deleted. */
  async create(
    recordingId: string,
    { expiresInSeconds = usualSeconds, mayDownload = false }: NewShare,
    { by, now }: { by: RecordingView['startedBy']; now: Date },
  ): Promise<RecordingShareView> {
    const { db, baseUrl } = this.#options
    const token = new Secret()
    const row: ShareRow = {
      id: `shr_${randomId()}`,
      recording_id: recordingId,
      token_hash: hashOf(token.reveal()),
      created_at: now,
      created_by: { ...by },
      expires_at: new Date(now.getTime() + expiresInSeconds * 1000),
      may_download: mayDownload,
      views: 0,
    }
    await db.transaction().execute(async (trx) => {
      const recording = await lockRecording(trx, recordingId)
      if (!recording) throw noSuchRecording()
      if (recording.state === 'deleting') {
        throw new AppError('conflict', 'This recording is being deleted.', { why: 'deleting' })
      }
      const values = { ...row, created_by: JSON.stringify(row.created_by) }
      const isKept = await insertShare(trx, values, { max: maxShares, now })
      if (!isKept) throw limitExceeded('recordingShares', maxShares)
    })
    return { ...shareView(row), url: `${baseUrl().replace(/\/$/, '')}/recordings/shared/${token.reveal()}` }
  }

  async list(recordingId: string, now: Date): Promise<RecordingShareView[]> {
    return (await openShares(this.#options.db, recordingId, now)).map(shareView)
  }

  /** The link opens no more, at once. Throws `not-found`. */
  async remove(recordingId: string, shareId: string): Promise<void> {
    if (!(await deleteShare(this.#options.db, recordingId, shareId))) {
      throw new AppError('not-found', 'There is no such link.')
    }
  }

  /** What a link shows; counts that it was opened. Throws `not-found`, the same whatever is wrong with it. */
  async open(token: string, now: Date): Promise<SharedRecordingView> {
    const { db } = this.#options
    const { share, row } = await this.#find(token, now)
    const [participants, outputs] = await Promise.all([participantsOf(db, [row.id]), outputsOf(db, [row.id])])
    const shown = shownOf(outputs)
    const files = shown
      ? (await filesOf(db, [row.id], { madeOnly: true })).filter((file) => file.output_id === shown.id)
      : []
    await countView(db, share.id)
    return {
      title: row.title,
      startedAt: row.started_at.toISOString(),
      durationMs: row.duration_ms,
      participants: participants.map((participant) => {
        const { name, color, speech } = participantView(participant)
        return { name, color, speech }
      }),
      files: inOrder(files).map((file) =>
        fileView(file, row, { base: `/api/v1/shared-recordings/${token}` }),
      ),
      mayDownload: share.may_download,
      expiresAt: share.expires_at.toISOString(),
    }
  }

  /** A file that a link shows. Throws `not-found`, and `forbidden` when it is only for watching. */
  async file(
    token: string,
    fileId: string,
    { isDownload, now }: { isDownload: boolean; now: Date },
  ): Promise<{ row: RecordingRow; file: FileRow; until: Date }> {
    const { share, row } = await this.#find(token, now)
    const file = await findFile(this.#options.db, row.id, fileId)
    if (!file || file.output_id === null || !sharedKinds.includes(file.kind)) {
      throw new AppError('not-found', 'There is no such file.')
    }
    if (isDownload && !share.may_download) {
      throw new AppError('forbidden', 'This link is for watching only.', { why: 'no-download' })
    }
    return { row, file, until: share.expires_at }
  }

  async #find(token: string, now: Date): Promise<{ share: ShareRow; row: RecordingRow }> {
    const { db } = this.#options
    const share = isSecret(token) ? await findShare(db, hashOf(token), now) : undefined
    const row = share && (await findRecording(db, share.recording_id))
    if (!share || !row || row.state === 'deleting') {
      throw new AppError('not-found', 'This link does not exist, has expired or was ended.')
    }
    return { share, row }
  }
}

/** Of what was made of a recording: the newest video, else the newest sound. */
function shownOf(outputs: readonly OutputRow[]): OutputRow | undefined {
  const ready = outputs.filter(({ state }) => state === 'ready')
  return ready.find(({ kind }) => kind === 'video') ?? ready[0]
}

function shareView(row: ShareRow): RecordingShareView {
  return {
    id: row.id,
    createdAt: row.created_at.toISOString(),
    createdBy: personView(row.created_by),
    expiresAt: row.expires_at.toISOString(),
    mayDownload: row.may_download,
    views: row.views,
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
