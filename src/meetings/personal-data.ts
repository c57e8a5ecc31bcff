import type { Queryable } from '../db/tables.ts'
import type { MeetingsConfig } from '../../config/schema.ts'
import { formerMember } from '../lib/former-member.ts'
import { randomId } from '../lib/ids.ts'
import type { Invitations } from './invitations.ts'
import { lockMeeting, type Trx } from './meetings.store.ts'
import { findOpenSession } from './sessions.store.ts'
import { finishSession, settle } from './running.ts'

/** What is kept here about somebody: to hand it to them, and to forget it. */

export interface PersonalDataOptions {
  readonly config: { readonly meetings: MeetingsConfig }
  readonly invitations: Invitations
}

/** Everything about an account, for the copy of one's data. */
export async function meetingDataOf(accountId: string, db: Queryable): Promise<Record<string, unknown>> {
  const account = await db
    .selectFrom('accounts')
    .select('email')
    .where('id', '=', accountId)
    .executeTakeFirst()
  const hosted = await db
    .selectFrom('meetings')
    .select([
      'id',
      'kind',
      'code',
      'title',
      'description',
      'starts_at',
      'ends_at',
      'time_zone',
      'recurrence',
      'status',
      'metadata',
      'created_at',
      'past_at',
    ])
    .where('host_id', '=', accountId)
    .orderBy('created_at')
    .execute()
  const invited = await db
    .selectFrom('meeting_invitees')
    .innerJoin('meetings', 'meetings.id', 'meeting_invitees.meeting_id')
    .select([
      'meetings.id',
      'meetings.title',
      'meetings.starts_at',
      'meeting_invitees.name',
      'meeting_invitees.status',
    ])
    .where('email', '=', account?.email ?? '')
    .orderBy('meetings.created_at')
    .execute()
  const attended = await db
    .selectFrom('attendances')
    .innerJoin('meeting_sessions', 'meeting_sessions.id', 'attendances.session_id')
    .select(['meeting_sessions.meeting_id', 'attendances.name', 'joined_at', 'left_at', 'visits'])
    .where('account_id', '=', accountId)
    .orderBy('joined_at')
    .execute()
  const called = await db
    .selectFrom('call_callees')
    .innerJoin('meetings', 'meetings.id', 'call_callees.call_id')
    .select(['call_id', 'call_callees.status', 'meetings.created_at'])
    .where('account_id', '=', accountId)
    .orderBy('meetings.created_at')
    .execute()
  const feed = await db
    .selectFrom('calendar_feeds')
    .select('created_at')
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  return { hosted, invited, attended, called, calendarFeedSince: feed?.created_at ?? null }
}

/**
 * Forgets somebody, in the transaction in which their account goes: what they host and is not over is cancelled (the clock
 * ends its room), their name and identity leave what others keep.
 */
export async function forgetAccount(
  account: { readonly id: string; readonly email: string },
  trx: Trx,
  { config, invitations, now }: PersonalDataOptions & { now: Date },
): Promise<void> {
  const { id: accountId, email } = account
  const open = await trx
    .selectFrom('meetings')
    .select('id')
    .where('host_id', '=', accountId)
    .where('status', 'in', ['scheduled', 'live'])
    .execute()
  for (const { id } of open) {
    const row = await lockMeeting(trx, id)
    if (!row) continue
    const session = await findOpenSession(trx, id)
    const ending = { at: now, reason: 'cancelled', config: config.meetings } as const
    if (session) await finishSession(trx, row, session, { ...ending, now })
    else await settle(trx, row, { ...ending, next: undefined })
    if (row.kind === 'meeting') await invitations.withdrawn(trx, { ...row, sequence: row.sequence + 1 }, now)
  }
  await trx
    .updateTable('meetings')
    .set((row) => ({
      host_id: null,
      host_name: formerMember,
      // Where nobody chose a title, the name is in it.
      title: row
        .case()
        .when('title', 'in', [
          row(row.val('Meeting of '), '||', row.ref('host_name')),
          row(row.val('Call of '), '||', row.ref('host_name')),
        ])
        .then(`Meeting of ${formerMember}`)
        .else(row.ref('title'))
        .end(),
    }))
    .where('host_id', '=', accountId)
    .execute()
  await trx.deleteFrom('meeting_invitees').where('email', '=', email).execute()
  // The same one in all of them, and no one's.
  const identity = `former_${randomId()}`
  await trx
    .updateTable('attendances')
    .set({ account_id: null, name: formerMember, identity })
    .where('account_id', '=', accountId)
    .execute()
  await trx
    .updateTable('call_callees')
    .set({ account_id: null, called_as: formerMember })
    .where((row) => row.or([row('account_id', '=', accountId), row('called_as', '=', email)]))
    .execute()
}

/** Whether a meeting that is not over expects somebody with this address. */
export async function isExpected(email: string, db: Queryable): Promise<boolean> {
  const row = await db
    .selectFrom('meeting_invitees')
    .innerJoin('meetings', 'meetings.id', 'meeting_invitees.meeting_id')
    .select('email')
    .where('email', '=', email.toLowerCase())
    .where('meetings.status', 'in', ['scheduled', 'live'])
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
