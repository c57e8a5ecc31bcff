import { sql } from 'kysely'
import type { Queryable } from '../db/tables.ts'

/** What ties accounts to recordings: told of some recordings, and as the ids of a list. Both must say the same. */

export interface Viewer {
  readonly accountId: string
  readonly email: string
}

/** What ties an account to a recording. */
export interface Ties {
  /** Hosts the meeting that was recorded. */
  readonly hosts: boolean
  /** Started the recording of a room that is no meeting's, or whose meeting was deleted. */
  readonly owns: boolean
  /** Was there while it was recorded. */
  readonly attended: boolean
  /** Is invited to the meeting. */
  readonly invited: boolean
}

/** By recording; nothing of one that there is not. */
export async function tiesTo(
  db: Queryable,
  { accountId, email }: Viewer,
  ids: readonly string[],
): Promise<Map<string, Ties>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('recordings')
    .select((row) => [
      'recordings.id',
      row
        .exists(
          row
            .selectFrom('meetings')
            .select('meetings.id')
            .whereRef('meetings.id', '=', 'recordings.meeting_id')
            .where('meetings.host_id', '=', accountId),
        )
        .as('hosts'),
      sql`(recordings.meeting_id is null and recordings.started_by ->> 'kind' = 'account'
        and recordings.started_by ->> 'id' = ${accountId}) is true`.as('owns'),
      row
        .exists(
          row
            .selectFrom('recording_participants')
            .select('recording_id')
            .whereRef('recording_id', '=', 'recordings.id')
            .where('account_id', '=', accountId),
        )
        .as('attended'),
      row
        .exists(
          row
            .selectFrom('meeting_invitees')
            .select('meeting_invitees.meeting_id')
            .whereRef('meeting_invitees.meeting_id', '=', 'recordings.meeting_id')
            .where('email', '=', email.toLowerCase()),
        )
        .as('invited'),
    ])
    .where('recordings.id', 'in', ids)
    .execute()
  return new Map(
    rows.map(({ id, hosts, owns, attended, invited }) => [
      id,
      { hosts: hosts === true, owns: owns === true, attended: attended === true, invited: invited === true },
    ]),
  )
}

/** Ids of recordings of meetings they host, of rooms without a meeting where they started it, and, if wanted, what they attended. */
export function idsSeenBy(db: Queryable, viewer: Viewer, { attendees }: { attendees: boolean }) {
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
