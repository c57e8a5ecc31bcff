import type { Queryable } from '../db/tables.ts'

export interface MailTokenRow {
  readonly hash: Uint8Array
  readonly account_id: string
  readonly purpose: string
  readonly email: string
  readonly expires_at: Date
}

export async function insertMailToken(db: Queryable, row: MailTokenRow): Promise<void> {
  await db.insertInto('mail_tokens').values(row).execute()
}

export function findMailToken(db: Queryable, hash: Uint8Array): Promise<MailTokenRow | undefined> {
  return db.selectFrom('mail_tokens').selectAll().where('hash', '=', hash).executeTakeFirst()
}

/** Deletes it and returns it: of two that bring the same token, one gets it. */
export function takeMailToken(db: Queryable, hash: Uint8Array): Promise<MailTokenRow | undefined> {
  return db.deleteFrom('mail_tokens').where('hash', '=', hash).returningAll().executeTakeFirst()
}

export async function deleteMailTokens(
  db: Queryable,
  { accountId, purposes }: { accountId: string; purposes: readonly string[] },
): Promise<void> {
  await db
    .deleteFrom('mail_tokens')
    .where('account_id', '=', accountId)
    .where('purpose', 'in', purposes)
    .execute()
}

export async function deleteExpiredMailTokens(db: Queryable, now: Date): Promise<void> {
  await db.deleteFrom('mail_tokens').where('expires_at', '<=', now).execute()
}
