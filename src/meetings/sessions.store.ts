import type { Insertable, Selectable } from 'kysely'
import type { AttendancesTable, MeetingSessionsTable, Queryable } from '../db/tables.ts'
import type { Visits } from './attendance.ts'
import type { Trx } from './meetings.store.ts'
import type { EndReason } from './status.ts'

/** Rows of sessions, each a time that a meeting took place, and of who was there. */

export type SessionRow = Selectable<MeetingSessionsTable>
export type AttendanceRow = Selectable<AttendancesTable>

export async function insertSession(trx: Trx, row: Insertable<MeetingSessionsTable>): Promise<void> {
  await trx.insertInto('meeting_sessions').values(row).execute()
}

/** The session that is under way. The caller holds the lock of its meeting. */
export function findOpenSession(db: Queryable, meetingId: string): Promise<SessionRow | undefined> {
  return db
    .selectFrom('meeting_sessions')
    .selectAll()
    .where('meeting_id', '=', meetingId)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
}

export async function markSession(
  trx: Trx,
  id: string,
  change: { empty_since: Date | null; joined?: boolean },
): Promise<void> {
  await trx.updateTable('meeting_sessions').set(change).where('id', '=', id).execute()
}

/** Whoever is still there leaves with it. */
export async function endSession(
  trx: Trx,
  id: string,
  { at, reason }: { at: Date; reason: EndReason },
): Promise<void> {
  await trx
    .updateTable('attendances')
    .set({ left_at: at, seen_at: at, process_id: null })
    .where('session_id', '=', id)
    .where('left_at', 'is', null)
    .execute()
  await trx
    .updateTable('meeting_sessions')
    .set({ ended_at: at, end_reason: reason })
    .where('id', '=', id)
    .execute()
}

/** Newest first. */
export function listSessions(
  db: Queryable,
  { meetingIds, limit }: { meetingIds: readonly string[]; limit: number },
): Promise<SessionRow[]> {
  if (meetingIds.length === 0) return Promise.resolve([])
  return db
    .selectFrom('meeting_sessions')
    .selectAll()
    .where('meeting_id', 'in', meetingIds)
    .orderBy('started_at', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** In the order of coming. */
export function listAttendances(db: Queryable, sessionIds: readonly string[]): Promise<AttendanceRow[]> {
  if (sessionIds.length === 0) return Promise.resolve([])
  return db
    .selectFrom('attendances')
    .selectAll()
    .where('session_id', 'in', sessionIds)
    .orderBy('joined_at')
    .orderBy('identity')
    .execute()
}

export function findAttendance(
  trx: Trx,
  { sessionId, identity }: { sessionId: string; identity: string },
): Promise<AttendanceRow | undefined> {
  return trx
    .selectFrom('attendances')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('identity', '=', identity)
    .executeTakeFirst()
}

/** An account that is not there (any more), such as one that a backend's token made up, is left out. */
export async function putAttendance(trx: Trx, row: Insertable<AttendancesTable>): Promise<void> {
  const { session_id, identity, joined_at, account_id, ...others } = row
  const account = trx
    .selectFrom('accounts')
    .select('id')
    .where('id', '=', account_id ?? '')
  const change = { ...others, account_id: account }
  await trx
    .insertInto('attendances')
    .values({ session_id, identity, joined_at, ...change })
    .onConflict((conflict) => conflict.columns(['session_id', 'identity']).doUpdateSet(change))
    .execute()
}

/** Does nothing when they came back through another process meanwhile. */
export async function markLeft(
  trx: Trx,
  options: { sessionId: string; identity: string; processId: string; now: Date },
): Promise<void> {
  const { sessionId, identity, processId, now } = options
  await trx
    .updateTable('attendances')
    .set({ left_at: now, seen_at: now, process_id: null })
    .where('session_id', '=', sessionId)
    .where('identity', '=', identity)
    .where('process_id', '=', processId)
    .where('left_at', 'is', null)
    .execute()
}

/** How many are there. */
export async function countPresent(db: Queryable, sessionId: string): Promise<number> {
  const { count } = await db
    .selectFrom('attendances')
    .select((row) => row.fn.countAll<number>().as('count'))
    .where('session_id', '=', sessionId)
    .where('left_at', 'is', null)
    .executeTakeFirstOrThrow()
  return count
}

/** Writes down that all who are in rooms of this process are there. */
export async function markSeen(db: Queryable, processId: string, now: Date): Promise<void> {
  await db
    .updateTable('attendances')
    .set({ seen_at: now })
    .where('process_id', '=', processId)
    .where('left_at', 'is', null)
    .execute()
}

/** Those whom another process wrote down, and has not seen since `before`. */
export interface Unseen {
  readonly before: Date
  /** The process that asks: it knows who is in its own rooms. */
  readonly processId: string
}

/** Ids of meetings with somebody unseen. */
export async function sessionsWithUnseen(
  db: Queryable,
  { before, processId }: Unseen,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('attendances')
    .innerJoin('meeting_sessions', 'meeting_sessions.id', 'attendances.session_id')
    .select('meeting_id')
    .distinct()
    .where('attendances.left_at', 'is', null)
    .where('attendances.seen_at', '<', before)
    .where('attendances.process_id', '!=', processId)
    .limit(limit)
    .execute()
  return rows.map(({ meeting_id: id }) => id)
}

/** They left when they were last seen. Returns the last moment that anybody of the session was. */
export async function closeUnseen(
  trx: Trx,
  sessionId: string,
  { before, processId }: Unseen,
): Promise<Date | undefined> {
  await trx
    .updateTable('attendances')
    .set((row) => ({ left_at: row.ref('seen_at'), process_id: null }))
    .where('session_id', '=', sessionId)
    .where('left_at', 'is', null)
    .where('seen_at', '<', before)
    .where('process_id', '!=', processId)
    .execute()
  const row = await trx
    .selectFrom('attendances')
    .select((row) => row.fn.max('seen_at').as('at'))
    .where('session_id', '=', sessionId)
    .executeTakeFirst()
  return row?.at ?? undefined
}

export function visitsOf(row: AttendanceRow): Visits {
  return {
    visits: row.visits,
    earlierMs: row.earlier_ms,
    visitStart: row.visit_start,
    leftAt: row.left_at ?? undefined,
    seenAt: row.seen_at,
  }
}
