import type { Transaction } from 'kysely'
import type { Queryable, Tables } from '../db/tables.ts'

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

/**
 * Deletes it and returns it: of two that bring the same token, one gets it. The account is held first, as by whoever changes
 * it and then deletes its tokens: in another order each would wait for the other.
 */
export async function takeMailToken(
  trx: Transaction<Tables>,
  hash: Uint8Array,
): Promise<MailTokenRow | undefined> {
  await trx
    .selectFrom('accounts')
    .select('id')
    .where('id', 'in', (inner) =>
      inner.selectFrom('mail_tokens').select('account_id').where('hash', '=', hash),
    )
    .forUpdate()
    .execute()
  return trx.deleteFrom('mail_tokens').where('hash', '=', hash).returningAll().executeTakeFirst()
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
