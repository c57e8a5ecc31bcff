import type { Queryable } from '../db/tables.ts'

/** What became of a mail that is no longer on its way. */
export type MailOutcome = 'sent' | 'refused' | 'given-up' | 'unreadable'

export interface DueMail {
  readonly id: string
  readonly kind: string
  readonly content: Uint8Array
  readonly created_at: Date
  /** Tries, with the one that now begins. */
  readonly attempts: number
}

export async function insertMail(
  db: Queryable,
  row: { id: string; kind: string; content: Uint8Array; created_at: Date },
): Promise<void> {
  await db
    .insertInto('outgoing_mails')
    .values({ ...row, next_attempt_at: row.created_at })
    .execute()
}

/** Takes mails that are due, oldest first. Until `leaseUntil` nobody else gets them; then they are due again. */
export async function takeDueMails(
  db: Queryable,
  { now, leaseUntil, limit }: { now: Date; leaseUntil: Date; limit: number },
): Promise<DueMail[]> {
  const rows = await db
    .with('due', (query) =>
      query
        .selectFrom('outgoing_mails')
        .select('id')
        .where('next_attempt_at', '<=', now)
        .orderBy('next_attempt_at')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .updateTable('outgoing_mails')
    .from('due')
    .whereRef('outgoing_mails.id', '=', 'due.id')
    .set((row) => ({ next_attempt_at: leaseUntil, taken: true, attempts: row('attempts', '+', 1) }))
    .returning([
      'outgoing_mails.id',
      'outgoing_mails.kind',
      'outgoing_mails.content',
      'outgoing_mails.created_at',
      'outgoing_mails.attempts',
    ])
    .execute()
  return rows.map((row) => ({ ...row, content: row.content! }))
}

/** Gives a mail back, to be tried at `at`; unless its lease is over and somebody else has it. */
export async function postponeMail(
  db: Queryable,
  { id, attempts, at, error }: { id: string; attempts: number; at: Date; error: string },
): Promise<void> {
  await db
    .updateTable('outgoing_mails')
    .set({ next_attempt_at: at, taken: false, last_error: error })
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .where('next_attempt_at', 'is not', null)
    .execute()
}

/** Forgets what the mail said, and keeps what became of it. */
export async function finishMail(
  db: Queryable,
  { id, outcome, error, now }: { id: string; outcome: MailOutcome; error?: string | undefined; now: Date },
): Promise<void> {
  await db
    .updateTable('outgoing_mails')
    .set({
      content: null,
      next_attempt_at: null,
      taken: false,
      finished_at: now,
      outcome,
      last_error: error ?? null,
    })
    .where('id', '=', id)
    .execute()
}

/** Makes due what was taken by a process that is gone. Only for who knows that there is no other one. */
export async function endLeases(db: Queryable, now: Date): Promise<void> {
  await db
    .updateTable('outgoing_mails')
    .set({ next_attempt_at: now, taken: false })
    .where('taken', '=', true)
    .execute()
}

/** Returns how many there were. */
export async function deleteMailsFinishedBefore(db: Queryable, before: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('outgoing_mails')
    .where('finished_at', '<', before)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
