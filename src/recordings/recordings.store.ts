import { sql, type Insertable, type Selectable, type Transaction, type Updateable } from 'kysely'
import type { Queryable, RecordingsTable, Tables } from '../db/tables.ts'
import { formerMember } from '../lib/former-member.ts'
import { idsSeenBy, type Viewer } from './access.store.ts'
import type { EndReason, RecordingState } from './shapes.ts'

/** Rows of recordings. */

export type Trx = Transaction<Tables>

export interface RecordingRow extends Selectable<RecordingsTable> {
  readonly state: RecordingState
  readonly end_reason: EndReason | null
}

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

export function findRecording(db: Queryable, id: string): Promise<RecordingRow | undefined> {
  return fromRecordings(db).where('id', '=', id).executeTakeFirst()
}

/** Nobody else changes the row until the transaction ends. */
export function lockRecording(trx: Trx, id: string): Promise<RecordingRow | undefined> {
  return fromRecordings(trx).where('id', '=', id).forUpdate().executeTakeFirst()
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
  let query = fromRecordings(db).orderBy('started_at', 'desc').orderBy('id', 'desc').limit(limit)
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

export function fromRecordings(db: Queryable) {
  return db.selectFrom('recordings').selectAll('recordings').$narrowType<RecordingRow>()
}
