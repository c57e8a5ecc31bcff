import type { Queryable } from '../db/tables.ts'
import { idsSeenBy, type MeetingRow, type Viewer } from './meetings.store.ts'

/** Meetings in one feed. */
const maxMeetings = 1000

export async function putFeed(
  db: Queryable,
  row: { account_id: string; token_hash: string; created_at: Date },
): Promise<void> {
  const { token_hash, created_at } = row
  await db
    .insertInto('calendar_feeds')
    .values(row)
    .onConflict((conflict) => conflict.column('account_id').doUpdateSet({ token_hash, created_at }))
    .execute()
}

export async function deleteFeed(db: Queryable, accountId: string): Promise<void> {
  await db.deleteFrom('calendar_feeds').where('account_id', '=', accountId).execute()
}

/** Whose feed it is, unless their account is disabled. */
export async function accountOfFeed(db: Queryable, tokenHash: string): Promise<Viewer | undefined> {
  const row = await db
    .selectFrom('calendar_feeds')
    .innerJoin('accounts', 'accounts.id', 'calendar_feeds.account_id')
    .select(['accounts.id', 'accounts.email'])
    .where('token_hash', '=', tokenHash)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  return row && { accountId: row.id, email: row.email }
}

/** What somebody hosts or is invited to and did not decline, unless it was over before `since`. */
export function listForCalendar(
  db: Queryable,
  { viewer, since }: { viewer: Viewer; since: Date },
): Promise<MeetingRow[]> {
  return db
    .selectFrom('meetings')
    .selectAll()
    .where('kind', '=', 'meeting')
    .where('starts_at', 'is not', null)
    .where('status', '!=', 'cancelled')
    .where('id', 'in', idsSeenBy(db, viewer))
    .where((row) => row.or([row('next_end', 'is not', null), row('past_at', '>=', since)]))
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('meeting_invitees')
            .select('email')
            .whereRef('meeting_id', '=', 'meetings.id')
            .where('email', '=', viewer.email)
            .where('meeting_invitees.status', '=', 'declined'),
        ),
      ),
    )
    .orderBy('starts_at', 'desc')
    .orderBy('id')
    .limit(maxMeetings)
    .execute()
}
