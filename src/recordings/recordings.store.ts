import { createHash } from 'node:crypto'
import { sql, type Insertable, type Selectable, type Transaction, type Updateable } from 'kysely'
import type {
  Queryable,
  RecordingFilesTable,
  RecordingOutputsTable,
  RecordingParticipantsTable,
  RecordingsTable,
  Tables,
} from '../db/tables.ts'
import { formerMember } from '../lib/former-member.ts'
import type { EndReason, RecordingState } from './shapes.ts'

/** Rows of recordings, who is in them, what was made of them and their files. */

export type Trx = Transaction<Tables>

export interface RecordingRow extends Selectable<RecordingsTable> {
  readonly state: RecordingState
  readonly end_reason: EndReason | null
}
export type ParticipantRow = Selectable<RecordingParticipantsTable>
export interface OutputRow extends Selectable<RecordingOutputsTable> {
  readonly kind: 'video' | 'audio'
  readonly state: OutputState
}
export type FileRow = Selectable<RecordingFilesTable>

/** removing: it is shown to nobody any more, and its files are being deleted. */
export type OutputState = 'queued' | 'running' | 'ready' | 'failed' | 'removing'

/** Who began it and has deleted their account meanwhile is not named. */
export async function insertRecording(db: Queryable, row: Insertable<RecordingsTable>): Promise<void> {
  const startedBy = sql`${row.started_by}::jsonb`
  const former = JSON.stringify({ kind: 'account', name: formerMember })
  await db
    .insertInto('recordings')
    .values({
      ...row,
      started_by: sql`case
        when ${startedBy} ->> 'kind' = 'account'
          and not exists (select id from accounts where id = ${startedBy} ->> 'id' for key share)
        then ${former}::jsonb else ${startedBy} end`,
    })
    .execute()
}

/** What stands for an identity in a recording once its account is deleted: whoever does not know the one cannot tell it. */
export function formerIdentity(recordingId: string, identity: string): string {
  const hash = createHash('sha256').update(`${recordingId} ${identity}`).digest('base64url')
  return `former_${hash.slice(0, 16)}`
}

export function findRecording(db: Queryable, id: string): Promise<RecordingRow | undefined> {
  return recordings(db).where('id', '=', id).executeTakeFirst()
}

/** Nobody else changes the row until the transaction ends. */
export function lockRecording(trx: Trx, id: string): Promise<RecordingRow | undefined> {
  return recordings(trx).where('id', '=', id).forUpdate().executeTakeFirst()
}

/** A change that somebody made: the version grows. */
export async function changeRecording(
  trx: Trx,
  id: string,
  change: Pick<Updateable<RecordingsTable>, 'title' | 'expires_at'>,
): Promise<void> {
  await trx
    .updateTable('recordings')
    .set((row) => ({ ...change, version: row('version', '+', 1) }))
    .where('id', '=', id)
    .execute()
}

/** A change of state, which is not what somebody edits: the version stays. Gives whether there was such a row. */
export async function moveRecording(
  db: Queryable,
  id: string,
  change: Omit<Updateable<RecordingsTable>, 'id' | 'version'>,
  onlyFrom?: readonly RecordingState[],
): Promise<boolean> {
  let query = db.updateTable('recordings').set(change).where('id', '=', id)
  if (onlyFrom) query = query.where('state', 'in', onlyFrom)
  const { numUpdatedRows } = await query.executeTakeFirst()
  return numUpdatedRows > 0n
}

/** With everything that hangs on it. */
export async function deleteRecording(db: Queryable, id: string): Promise<void> {
  await db.deleteFrom('recordings').where('id', '=', id).execute()
}

export interface Viewer {
  readonly accountId: string
  readonly email: string
}

export interface RecordingFilter {
  readonly roomId?: string | undefined
  readonly meetingId?: string | undefined
  readonly state?: RecordingState | undefined
  /** Part of the title. */
  readonly search?: string | undefined
  /** By when they began: from included, to not. */
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

/** Newest first; those that `viewer` may see, or all. Those that are being deleted are left out unless asked for. */
export function listRecordings(
  db: Queryable,
  options: RecordingFilter & {
    readonly viewer: Viewer | undefined
    /** Whether who took part or is invited sees it (`recordings.attendees`). */
    readonly attendees: boolean
    readonly after: { at: Date; id: string } | undefined
    readonly limit: number
  },
): Promise<RecordingRow[]> {
  const { roomId, meetingId, state, search, from, to, viewer, attendees, after, limit } = options
  let query = recordings(db).orderBy('started_at', 'desc').orderBy('id', 'desc').limit(limit)
  if (roomId !== undefined) query = query.where('room_id', '=', roomId)
  if (meetingId !== undefined) query = query.where('meeting_id', '=', meetingId)
  query = state === undefined ? query.where('state', '<>', 'deleting') : query.where('state', '=', state)
  if (search !== undefined) {
    query = query.where('title', 'ilike', `%${search.replace(/[\\%_]/g, '\\$&')}%`)
  }
  if (from) query = query.where('started_at', '>=', from)
  if (to) query = query.where('started_at', '<', to)
  if (viewer) query = query.where('id', 'in', idsSeenBy(db, viewer, { attendees }))
  if (after) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('started_at', 'id'), '<', tuple(after.at, after.id)),
    )
  }
  return query.execute()
}

/** Of meetings they host, of rooms without a meeting where they started it, and, if wanted, what they attended. */
function idsSeenBy(db: Queryable, viewer: Viewer, { attendees }: { attendees: boolean }) {
  const managed = db
    .selectFrom('recordings')
    .innerJoin('meetings', 'meetings.id', 'recordings.meeting_id')
    .select('recordings.id as id')
    .where('meetings.host_id', '=', viewer.accountId)
    .union(
      db
        .selectFrom('recordings')
        .select('id')
        .where('meeting_id', 'is', null)
        .where(sql`started_by ->> 'id'`, '=', viewer.accountId)
        .where(sql`started_by ->> 'kind'`, '=', 'account'),
    )
  return attendees ? managed.union(attendedBy(db, viewer)) : managed
}

function attendedBy(db: Queryable, { accountId, email }: Viewer) {
  return db
    .selectFrom('recording_participants')
    .select('recording_id as id')
    .where('account_id', '=', accountId)
    .union(
      db
        .selectFrom('recordings')
        .innerJoin('meeting_invitees', 'meeting_invitees.meeting_id', 'recordings.meeting_id')
        .select('recordings.id as id')
        .where('meeting_invitees.email', '=', email.toLowerCase()),
    )
}

/**
 * Keeps somebody; who comes again may have another name, and keeps their place. Who has deleted their account stays without
 * name and identity, whatever the files say; a recording that is gone keeps nobody.
 */
export async function keepParticipant(
  db: Queryable,
  row: { recordingId: string; identity: string; name: string; accountId: string | null; position: number },
): Promise<void> {
  const { recordingId, identity, name, accountId, position } = row
  const former = formerIdentity(recordingId, identity)
  // Held until this is written: whoever deletes the account finds the row, or this finds no account.
  const isGone = sql<boolean>`(${accountId}::text is not null and account.id is null)`
  await db
    .with('account', (from) =>
      from.selectFrom('accounts').select('accounts.id').where('accounts.id', '=', accountId).forKeyShare(),
    )
    .insertInto('recording_participants')
    .columns(['recording_id', 'identity', 'name', 'account_id', 'position'])
    .expression((from) =>
      from
        .selectFrom('recordings')
        .leftJoin('account', (join) => join.onTrue())
        .where('recordings.id', '=', recordingId)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('recording_participants')
                .select('recording_participants.identity')
                .where('recording_participants.recording_id', '=', recordingId)
                .where('recording_participants.identity', '=', former),
            ),
          ),
        )
        .select([
          'recordings.id',
          sql<string>`case when ${isGone} then ${former}::text else ${identity}::text end`.as('identity'),
          sql<string>`case when ${isGone} then ${formerMember}::text else ${name}::text end`.as('name'),
          'account.id as account_id',
          sql<number>`${position}::integer`.as('position'),
        ]),
    )
    .onConflict((conflict) =>
      conflict.columns(['recording_id', 'identity']).doUpdateSet((set) => ({
        name: set.ref('excluded.name'),
        account_id: set.fn.coalesce('excluded.account_id', 'recording_participants.account_id'),
      })),
    )
    .execute()
}

export async function keepSpeech(
  db: Queryable,
  recordingId: string,
  identity: string,
  spans: readonly (readonly [number, number])[],
): Promise<void> {
  await db
    .updateTable('recording_participants')
    .set({ speech: JSON.stringify({ spans }) })
    .where('recording_id', '=', recordingId)
    .where('identity', 'in', [identity, formerIdentity(recordingId, identity)])
    .execute()
}

/** In the order of coming. */
export function participantsOf(db: Queryable, recordingIds: readonly string[]): Promise<ParticipantRow[]> {
  if (recordingIds.length === 0) return Promise.resolve([])
  return db
    .selectFrom('recording_participants')
    .selectAll()
    .where('recording_id', 'in', recordingIds)
    .orderBy('position')
    .orderBy('identity')
    .execute()
}

export async function insertOutput(db: Queryable, row: Insertable<RecordingOutputsTable>): Promise<void> {
  await db.insertInto('recording_outputs').values(row).execute()
}

/** Newest first, without those that are being removed. */
export function outputsOf(db: Queryable, recordingIds: readonly string[]): Promise<OutputRow[]> {
  if (recordingIds.length === 0) return Promise.resolve([])
  return outputs(db)
    .where('recording_id', 'in', recordingIds)
    .where('state', '<>', 'removing')
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
}

export function findOutput(
  db: Queryable,
  recordingId: string,
  outputId: string,
): Promise<OutputRow | undefined> {
  return outputs(db)
    .where('id', '=', outputId)
    .where('recording_id', '=', recordingId)
    .where('state', '<>', 'removing')
    .executeTakeFirst()
}

/** Gives whether there was such a row in one of these states. */
export async function moveOutput(
  db: Queryable,
  id: string,
  change: Omit<Updateable<RecordingOutputsTable>, 'id' | 'recording_id'>,
  onlyFrom?: readonly OutputState[],
): Promise<boolean> {
  let query = db.updateTable('recording_outputs').set(change).where('id', '=', id)
  if (onlyFrom) query = query.where('state', 'in', onlyFrom)
  const { numUpdatedRows } = await query.executeTakeFirst()
  return numUpdatedRows > 0n
}

/** With the rows of its files. */
export async function deleteOutput(db: Queryable, id: string): Promise<void> {
  await db.deleteFrom('recording_outputs').where('id', '=', id).execute()
}

/** Writes rows of files; a name that is there already is of the same file. */
export async function keepFiles(
  db: Queryable,
  rows: readonly Insertable<RecordingFilesTable>[],
): Promise<void> {
  // A statement takes 65535 parameters.
  for (let at = 0; at < rows.length; at += 1000) {
    await db
      .insertInto('recording_files')
      .values(rows.slice(at, at + 1000))
      .onConflict((conflict) =>
        conflict.columns(['recording_id', 'name']).doUpdateSet((set) => ({
          output_id: set.ref('excluded.output_id'),
          bytes: set.ref('excluded.bytes'),
          content_type: set.ref('excluded.content_type'),
          duration_ms: set.ref('excluded.duration_ms'),
          width: set.ref('excluded.width'),
          height: set.ref('excluded.height'),
        })),
      )
      .execute()
  }
}

/** Of the recordings and of what was made of them, without what is being removed. madeOnly: without the tracks, which are many. */
export function filesOf(
  db: Queryable,
  recordingIds: readonly string[],
  { madeOnly = false }: { madeOnly?: boolean } = {},
): Promise<FileRow[]> {
  if (recordingIds.length === 0) return Promise.resolve([])
  const files = shownFiles(db)
    .where('recording_files.recording_id', 'in', recordingIds)
    .orderBy('recording_files.name')
  return (madeOnly ? files.where('recording_files.output_id', 'is not', null) : files).execute()
}

export function findFile(db: Queryable, recordingId: string, fileId: string): Promise<FileRow | undefined> {
  return shownFiles(db)
    .where('recording_files.id', '=', fileId)
    .where('recording_files.recording_id', '=', recordingId)
    .executeTakeFirst()
}

/** Writes down how many bytes its files have together. */
export async function sumUp(db: Queryable, recordingId: string): Promise<void> {
  await db
    .updateTable('recordings')
    .set((row) => ({
      bytes: row
        .selectFrom('recording_files')
        .select((file) => file.fn.coalesce(file.fn.sum<number>('bytes'), sql<number>`0`).as('bytes'))
        .where('recording_id', '=', recordingId),
    }))
    .where('id', '=', recordingId)
    .execute()
}

/** Recordings of a machine in one of these states, oldest first. */
export function recordingsOf(
  db: Queryable,
  host: string,
  states: readonly RecordingState[],
): Promise<RecordingRow[]> {
  return recordings(db)
    .where('host', '=', host)
    .where('state', 'in', states)
    .orderBy('started_at')
    .orderBy('id')
    .execute()
}

/** Those of a machine that began to be processed and whose files were not listed yet, oldest first. */
export function unlistedRecordings(db: Queryable, host: string): Promise<RecordingRow[]> {
  return recordings(db)
    .where('host', '=', host)
    .where('state', '=', 'processing')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('recording_files')
            .select('recording_files.id')
            .whereRef('recording_files.recording_id', '=', 'recordings.id')
            .where('recording_files.kind', '=', 'manifest'),
        ),
      ),
    )
    .orderBy('started_at')
    .execute()
}

/** Those that are over and not all in the bucket yet. */
export function unstoredRecordings(db: Queryable, host: string): Promise<RecordingRow[]> {
  return recordings(db)
    .where('host', '=', host)
    .where('storage', '=', 's3')
    .where('stored_at', 'is', null)
    .where('state', 'in', ['processing', 'ready', 'failed'])
    .orderBy('started_at')
    .execute()
}

/** Those that the bucket has had for long enough, and of which nothing is being made. */
export function storedSince(db: Queryable, host: string, before: Date): Promise<RecordingRow[]> {
  return recordings(db)
    .where('host', '=', host)
    .where('storage', '=', 's3')
    .where('is_local', '=', true)
    .where('stored_at', '<=', before)
    .where('state', 'in', ['ready', 'failed'])
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('recording_outputs')
            .select('recording_outputs.id')
            .whereRef('recording_outputs.recording_id', '=', 'recordings.id')
            .where('recording_outputs.state', 'in', ['queued', 'running', 'removing']),
        ),
      ),
    )
    .orderBy('stored_at')
    .limit(1000)
    .execute()
}

/** Ids of those that are to be deleted by now. */
export async function expiredRecordings(db: Queryable, now: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('recordings')
    .select('id')
    .where('expires_at', '<=', now)
    .where('state', 'in', ['processing', 'ready', 'failed'])
    .orderBy('expires_at')
    .limit(1000)
    .execute()
  return rows.map(({ id }) => id)
}

/** Which of these ids have a row, and of which machine it is. */
export function hostsOf(db: Queryable, ids: readonly string[]): Promise<{ id: string; host: string }[]> {
  if (ids.length === 0) return Promise.resolve([])
  return db.selectFrom('recordings').select(['id', 'host']).where('id', 'in', ids).execute()
}

/** These are of that machine from now on. */
export async function adopt(db: Queryable, ids: readonly string[], host: string): Promise<void> {
  if (ids.length === 0) return
  await db.updateTable('recordings').set({ host }).where('id', 'in', ids).execute()
}

/** Those whose files should be in the data folder of a machine. */
export function localRecordings(db: Queryable, host: string): Promise<RecordingRow[]> {
  return recordings(db)
    .where('host', '=', host)
    .where('is_local', '=', true)
    .where('state', '<>', 'deleting')
    .execute()
}

/** Ids of those whose files are only in the bucket, and of which nothing is being made. */
export async function awayRecordings(db: Queryable, host: string): Promise<string[]> {
  const rows = await db
    .selectFrom('recordings')
    .select('id')
    .where('host', '=', host)
    .where('is_local', '=', false)
    .where('state', '<>', 'deleting')
    .execute()
  return rows.map(({ id }) => id)
}

/** Ids of what is to be made on a machine. */
export async function waitingOutputIds(db: Queryable, host: string): Promise<string[]> {
  const rows = await db
    .selectFrom('recording_outputs')
    .innerJoin('recordings', 'recordings.id', 'recording_outputs.recording_id')
    .select('recording_outputs.id')
    .where('recordings.host', '=', host)
    .where('recording_outputs.state', 'in', ['queued', 'running'])
    .execute()
  return rows.map(({ id }) => id)
}

function recordings(db: Queryable) {
  return db.selectFrom('recordings').selectAll('recordings').$narrowType<RecordingRow>()
}

function outputs(db: Queryable) {
  return db.selectFrom('recording_outputs').selectAll('recording_outputs').$narrowType<OutputRow>()
}

function shownFiles(db: Queryable) {
  return db
    .selectFrom('recording_files')
    .leftJoin('recording_outputs', 'recording_outputs.id', 'recording_files.output_id')
    .selectAll('recording_files')
    .where((row) =>
      row.or([row('recording_files.output_id', 'is', null), row('recording_outputs.state', '=', 'ready')]),
    )
}
