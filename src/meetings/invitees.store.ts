import type { Selectable } from 'kysely'
import type { MeetingInviteesTable, Queryable } from '../db/tables.ts'
import type { Trx } from './meetings.store.ts'

export type InviteeRow = Selectable<MeetingInviteesTable>

export const inviteeStatuses = ['invited', 'accepted', 'declined'] as const
export type InviteeStatus = (typeof inviteeStatuses)[number]

/** In the order they were written. */
export function listInvitees(db: Queryable, meetingIds: readonly string[]): Promise<InviteeRow[]> {
  if (meetingIds.length === 0) return Promise.resolve([])
  return db
    .selectFrom('meeting_invitees')
    .selectAll()
    .where('meeting_id', 'in', meetingIds)
    .orderBy('meeting_id')
    .orderBy('position')
    .execute()
}

/** These and no others: who stays keeps their answer. */
export async function replaceInvitees(
  trx: Trx,
  meetingId: string,
  invitees: readonly { email: string; name: string | null }[],
): Promise<void> {
  const emails = invitees.map(({ email }) => email)
  let removal = trx.deleteFrom('meeting_invitees').where('meeting_id', '=', meetingId)
  if (emails.length > 0) removal = removal.where('email', 'not in', emails)
  await removal.execute()
  if (invitees.length === 0) return
  await trx
    .insertInto('meeting_invitees')
    .values(
      invitees.map(({ email, name }, position) => ({
        meeting_id: meetingId,
        email,
        name,
        status: 'invited' satisfies InviteeStatus,
        position,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['meeting_id', 'email']).doUpdateSet((row) => ({
        name: row.ref('excluded.name'),
        position: row.ref('excluded.position'),
      })),
    )
    .execute()
}

export async function isInvited(
  db: Queryable,
  { meetingId, email }: { meetingId: string; email: string },
): Promise<boolean> {
  const row = await db
    .selectFrom('meeting_invitees')
    .select('email')
    .where('meeting_id', '=', meetingId)
    .where('email', '=', email.toLowerCase())
    .executeTakeFirst()
  return row !== undefined
}

/** False when nobody with this address is invited. */
export async function markInvitee(
  db: Queryable,
  { meetingId, email, status }: { meetingId: string; email: string; status: InviteeStatus },
): Promise<boolean> {
  const row = await db
    .updateTable('meeting_invitees')
    .set({ status })
    .where('meeting_id', '=', meetingId)
    .where('email', '=', email.toLowerCase())
    .returning('email')
    .executeTakeFirst()
  return row !== undefined
}
