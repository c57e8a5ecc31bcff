import { sql, type Insertable, type Selectable, type Transaction, type Updateable } from 'kysely'
import type { MeetingsTable, Queryable, Tables } from '../db/tables.ts'

/** Rows of meetings. Calls have a row here too, of kind `call`: what is said of all holds for them. */

export type MeetingRow = Selectable<MeetingsTable>
export type MeetingChange = Omit<Updateable<MeetingsTable>, 'id' | 'version' | 'kind' | 'code'>
export type Trx = Transaction<Tables>

/** With what is live of it. */
export interface LiveMeetingRow extends MeetingRow {
  /** People in it now. */
  readonly active: number
}

export async function insertMeeting(db: Queryable, row: Insertable<MeetingsTable>): Promise<void> {
  await db.insertInto('meetings').values(row).execute()
}

export function findMeeting(db: Queryable, id: string): Promise<LiveMeetingRow | undefined> {
  return withActive(db).where('meetings.id', '=', id).executeTakeFirst()
}

/** Undefined for calls, which have no code. */
export function findMeetingByCode(db: Queryable, code: string): Promise<LiveMeetingRow | undefined> {
  return withActive(db).where('code', '=', code).executeTakeFirst()
}

/** Nobody else changes the row until the transaction ends. */
export function lockMeeting(trx: Trx, id: string): Promise<MeetingRow | undefined> {
  return trx.selectFrom('meetings').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

/** A change that people see: the version grows. */
export async function changeMeeting(trx: Trx, id: string, change: MeetingChange): Promise<void> {
  await trx
    .updateTable('meetings')
    .set((row) => ({ ...change, version: row('version', '+', 1) }))
    .where('id', '=', id)
    .execute()
}

/** A change of state, which is not what somebody edits: the version stays. */
export async function moveMeeting(
  trx: Trx,
  id: string,
  change: Pick<MeetingChange, 'status' | 'next_start' | 'next_end' | 'check_at' | 'past_at'>,
): Promise<void> {
  await trx.updateTable('meetings').set(change).where('id', '=', id).execute()
}

export async function deleteMeeting(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('meetings').where('id', '=', id).execute()
}

/** Meetings of a host that are not over. */
export async function countOpenMeetings(db: Queryable, hostId: string): Promise<number> {
  const { count } = await db
    .selectFrom('meetings')
    .select((row) => row.fn.countAll<number>().as('count'))
    .where('host_id', '=', hostId)
    .where('kind', '=', 'meeting')
    .where('status', 'in', ['scheduled', 'live'])
    .executeTakeFirstOrThrow()
  return count
}

export const meetingLists = ['live', 'upcoming', 'past', 'all'] as const
export type MeetingList = (typeof meetingLists)[number]

/** What each list is sorted by, and which way. */
const orders = {
  live: ['created_at', 'desc'],
  upcoming: ['next_start', 'asc'],
  past: ['past_at', 'desc'],
  all: ['created_at', 'desc'],
} as const satisfies Record<MeetingList, readonly [keyof MeetingRow, 'asc' | 'desc']>

/** The moment by which a row stands where it stands in a list. */
export function listedAt(row: MeetingRow, list: MeetingList): Date {
  return row[orders[list][0]]!
}

export interface Viewer {
  readonly accountId: string
  readonly email: string
}

/** What `viewer` hosts, is invited to or took part in; all meetings when there is none. */
export function listMeetings(
  db: Queryable,
  options: {
    readonly list: MeetingList
    readonly viewer: Viewer | undefined
    readonly after: { at: Date; id: string } | undefined
    readonly limit: number
  },
): Promise<LiveMeetingRow[]> {
  const { list, viewer, after, limit } = options
  const [column, direction] = orders[list]
  let query = withActive(db)
    .where('kind', '=', 'meeting')
    .orderBy(column, direction)
    .orderBy('meetings.id', direction)
    .limit(limit)
  if (list === 'live') query = query.where('status', '=', 'live')
  if (list === 'upcoming') query = query.where('status', '=', 'scheduled').where('next_start', 'is not', null)
  if (list === 'past') query = query.where('past_at', 'is not', null)
  if (viewer) query = query.where('meetings.id', 'in', idsSeenBy(db, viewer))
  if (after) {
    const beyond = direction === 'asc' ? '>' : '<'
    query = query.where((row) =>
      row.or([
        row(column, beyond, after.at),
        row.and([row(column, '=', after.at), row('meetings.id', beyond, after.id)]),
      ]),
    )
  }
  return query.execute()
}

/** Whether somebody is invited or took part. */
export async function isGuestOf(db: Queryable, meetingId: string, viewer: Viewer): Promise<boolean> {
  const { is } = await db
    .selectNoFrom((row) =>
      row
        .exists(
          row.selectFrom(asGuest(db, viewer).as('seen')).select('seen.id').where('seen.id', '=', meetingId),
        )
        .as('is'),
    )
    .executeTakeFirstOrThrow()
  return Boolean(is)
}

/** Ids of meetings that somebody hosts, is invited to or took part in. */
export function idsSeenBy(db: Queryable, viewer: Viewer) {
  return db
    .selectFrom('meetings')
    .select('meetings.id as id')
    .where('host_id', '=', viewer.accountId)
    .union(asGuest(db, viewer))
}

function asGuest(db: Queryable, { accountId, email }: Viewer) {
  return db
    .selectFrom('meeting_invitees')
    .select('meeting_id as id')
    .where('email', '=', email.toLowerCase())
    .union(
      db
        .selectFrom('attendances')
        .innerJoin('meeting_sessions', 'meeting_sessions.id', 'attendances.session_id')
        .select('meeting_sessions.meeting_id as id')
        .where('attendances.account_id', '=', accountId),
    )
}

function withActive(db: Queryable) {
  return db
    .selectFrom('meetings')
    .selectAll('meetings')
    .select((row) =>
      row
        .selectFrom('attendances')
        .innerJoin('meeting_sessions', 'meeting_sessions.id', 'attendances.session_id')
        .whereRef('meeting_sessions.meeting_id', '=', 'meetings.id')
        .where('meeting_sessions.ended_at', 'is', null)
        .where('attendances.left_at', 'is', null)
        .select(sql<number>`count(*)`.as('count'))
        .$asScalar()
        .$notNull()
        .as('active'),
    )
}

/** Those in which something may be due, locked; who looks at the same time gets others. */
export async function lockDueMeetings(trx: Trx, now: Date, limit: number): Promise<MeetingRow[]> {
  return trx
    .selectFrom('meetings')
    .selectAll()
    .where('check_at', '<=', now)
    .orderBy('check_at')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
}

/** Which of these are over, or were deleted. */
export async function overAmong(db: Queryable, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('meetings')
    .select('id')
    .where('id', 'in', ids)
    .where('status', 'in', ['scheduled', 'live'])
    .execute()
  const open = new Set(rows.map(({ id }) => id))
  return ids.filter((id) => !open.has(id))
}
