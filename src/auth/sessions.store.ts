import type { Transaction } from 'kysely'
import type { Queryable, Tables } from '../db/tables.ts'
import type { Role } from '../protocol/rest.ts'

export interface SessionRow {
  readonly id: string
  readonly account_id: string
  readonly created_at: Date
  readonly last_seen_at: Date
  readonly expires_at: Date
  readonly address: string
  readonly user_agent: string
}

export async function insertSession(db: Queryable, row: SessionRow): Promise<void> {
  await db.insertInto('account_sessions').values(row).execute()
}

/** The one that was used last comes first. */
export function listSessions(db: Queryable, accountId: string, now: Date): Promise<SessionRow[]> {
  return db
    .selectFrom('account_sessions')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('expires_at', '>', now)
    .orderBy('last_seen_at', 'desc')
    .orderBy('id')
    .execute()
}

/** Whose session this is, unless it has ended. */
export function findSessionOwner(
  db: Queryable,
  { id, accountId, now }: { id: string; accountId: string; now: Date },
): Promise<SessionOwner | undefined> {
  return db
    .selectFrom('account_sessions')
    .innerJoin('accounts', 'accounts.id', 'account_sessions.account_id')
    .select(['accounts.id', 'email', 'name', 'role', 'disabled_at', 'account_sessions.last_seen_at'])
    .where('account_sessions.id', '=', id)
    .where('account_sessions.account_id', '=', accountId)
    .where('account_sessions.expires_at', '>', now)
    .$narrowType<{ role: Role }>()
    .executeTakeFirst()
}

export interface SessionOwner {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly disabled_at: Date | null
  readonly last_seen_at: Date
}

export async function markSessionSeen(db: Queryable, { id, now }: { id: string; now: Date }): Promise<void> {
  await db
    .updateTable('account_sessions')
    .set({ last_seen_at: now })
    .where('id', '=', id)
    .where('last_seen_at', '<', now)
    .execute()
}

export async function extendSession(
  db: Queryable,
  id: string,
  to: { last_seen_at: Date; expires_at: Date; address: string; user_agent: string },
): Promise<void> {
  await db.updateTable('account_sessions').set(to).where('id', '=', id).execute()
}

/** False when the account has no such session. */
export async function deleteSession(db: Queryable, id: string, accountId: string): Promise<boolean> {
  const row = await db
    .deleteFrom('account_sessions')
    .where('id', '=', id)
    .where('account_id', '=', accountId)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** All sessions of an account, or all but one. Returns how many there were. */
export async function deleteSessions(db: Queryable, accountId: string, except?: string): Promise<number> {
  let query = db.deleteFrom('account_sessions').where('account_id', '=', accountId)
  if (except !== undefined) query = query.where('id', '!=', except)
  return Number((await query.executeTakeFirst()).numDeletedRows)
}

/** Deletes those that were not used for longest, so that `keep` are left. */
export async function deleteSessionsBeyond(db: Queryable, accountId: string, keep: number): Promise<void> {
  await db
    .deleteFrom('account_sessions')
    .where('id', 'in', (inner) =>
      inner
        .selectFrom('account_sessions')
        .select('id')
        .where('account_id', '=', accountId)
        .orderBy('last_seen_at', 'desc')
        .orderBy('id')
        .offset(keep),
    )
    .execute()
}

export interface RefreshTokenRow {
  readonly session_id: string
  readonly account_id: string
  readonly expires_at: Date
  readonly replaced_at: Date | null
}

/**
 * Holds the session until the transaction ends: of two that bring the same token, one is first. The session and not the token:
 * whoever logs out begins with the session, too, and each would wait for the other.
 */
export async function lockRefreshToken(
  trx: Transaction<Tables>,
  hash: Uint8Array,
): Promise<RefreshTokenRow | undefined> {
  await trx
    .selectFrom('account_sessions')
    .select('id')
    .where('id', 'in', (inner) =>
      inner.selectFrom('refresh_tokens').select('session_id').where('hash', '=', hash),
    )
    .forUpdate()
    .execute()
  return trx
    .selectFrom('refresh_tokens')
    .innerJoin('account_sessions', 'account_sessions.id', 'refresh_tokens.session_id')
    .select(['session_id', 'account_id', 'refresh_tokens.expires_at', 'replaced_at'])
    .where('hash', '=', hash)
    .executeTakeFirst()
}

export async function insertRefreshToken(
  db: Queryable,
  row: { hash: Uint8Array; session_id: string; expires_at: Date },
): Promise<void> {
  await db.insertInto('refresh_tokens').values(row).execute()
}

export async function markRefreshTokenReplaced(db: Queryable, hash: Uint8Array, now: Date): Promise<void> {
  await db.updateTable('refresh_tokens').set({ replaced_at: now }).where('hash', '=', hash).execute()
}

/** Who holds this token, replaced or not. */
export function findRefreshTokenSession(
  db: Queryable,
  hash: Uint8Array,
): Promise<{ session_id: string; account_id: string } | undefined> {
  return db
    .selectFrom('refresh_tokens')
    .innerJoin('account_sessions', 'account_sessions.id', 'refresh_tokens.session_id')
    .select(['session_id', 'account_id'])
    .where('hash', '=', hash)
    .executeTakeFirst()
}

export async function deleteExpiredSessions(db: Queryable, now: Date): Promise<void> {
  await db.deleteFrom('account_sessions').where('expires_at', '<=', now).execute()
  await db.deleteFrom('refresh_tokens').where('expires_at', '<=', now).execute()
}
