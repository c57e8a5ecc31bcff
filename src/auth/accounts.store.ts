import { sql, type Transaction } from 'kysely'
import type { Queryable, Tables } from '../db/tables.ts'
import type { Role } from '../protocol/rest.ts'

export interface AccountRow {
  readonly id: string
  readonly email: string
  readonly email_verified_at: Date | null
  readonly name: string
  readonly role: Role
  readonly password_hash: string | null
  readonly issuer: string | null
  readonly subject: string | null
  readonly settings: Record<string, unknown>
  readonly consent_at: Date | null
  readonly disabled_at: Date | null
  readonly created_at: Date
  readonly version: number
  /** When a second factor was set up. */
  readonly second_factor_at: Date | null
}

export interface NewAccountRow {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly created_at: Date
  readonly email_verified_at?: Date | null
  readonly password_hash?: string | null
  readonly issuer?: string | null
  readonly subject?: string | null
  readonly consent_at?: Date | null
}

export interface AccountChanges {
  readonly email?: string
  readonly email_verified_at?: Date
  readonly name?: string
  readonly role?: Role
  readonly password_hash?: string | null
  readonly issuer?: string
  readonly subject?: string
  readonly consent_at?: Date
  readonly disabled_at?: Date | null
  /** Merged into those there are. */
  readonly settings?: Readonly<Record<string, unknown>>
}

function accounts(db: Queryable) {
  return db
    .selectFrom('accounts')
    .leftJoin('second_factors', 'second_factors.account_id', 'accounts.id')
    .selectAll('accounts')
    .select('second_factors.confirmed_at as second_factor_at')
    .$narrowType<{ role: Role }>()
}

export function findAccount(db: Queryable, id: string): Promise<AccountRow | undefined> {
  return accounts(db).where('accounts.id', '=', id).executeTakeFirst()
}

/** `email` in lower case. */
export function findAccountByEmail(db: Queryable, email: string): Promise<AccountRow | undefined> {
  return accounts(db).where('accounts.email', '=', email).executeTakeFirst()
}

export function findAccountBySubject(
  db: Queryable,
  { issuer, subject }: { issuer: string; subject: string },
): Promise<AccountRow | undefined> {
  return accounts(db)
    .where('accounts.issuer', '=', issuer)
    .where('accounts.subject', '=', subject)
    .executeTakeFirst()
}

/** The password as it is now, which nobody changes until the transaction ends, nor anything else about the account. */
export function lockAccount(
  trx: Transaction<Tables>,
  id: string,
): Promise<{ password_hash: string | null } | undefined> {
  return trx
    .selectFrom('accounts')
    .select('password_hash')
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirst()
}

/** By e-mail address, `limit` of those after `after`. */
export function listAccounts(
  db: Queryable,
  filter: {
    search?: string | undefined
    role?: Role | undefined
    after?: { at: string; id: string } | undefined
    limit: number
  },
): Promise<AccountRow[]> {
  const { search, role, after, limit } = filter
  let query = accounts(db).orderBy('accounts.email').orderBy('accounts.id').limit(limit)
  if (search !== undefined) {
    const pattern = `%${search.replace(/[\\%_]/g, '\\$&')}%`
    query = query.where((row) =>
      row.or([row('accounts.email', 'ilike', pattern), row('accounts.name', 'ilike', pattern)]),
    )
  }
  if (role !== undefined) query = query.where('accounts.role', '=', role)
  if (after) query = query.where('accounts.email', '>', after.at)
  return query.execute()
}

/** False when there is an account of this address already. */
export async function insertAccount(db: Queryable, row: NewAccountRow): Promise<boolean> {
  const inserted = await db
    .insertInto('accounts')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return inserted !== undefined
}

/** False when there is no such account, or it has another version than `version`. */
export async function updateAccount(
  db: Queryable,
  id: string,
  changes: AccountChanges,
  version?: number,
): Promise<boolean> {
  const { settings, ...columns } = changes
  let query = db
    .updateTable('accounts')
    .set((row) => ({
      ...columns,
      ...(settings ? { settings: sql<string>`accounts.settings || ${JSON.stringify(settings)}::jsonb` } : {}),
      version: row('version', '+', 1),
    }))
    .where('id', '=', id)
  if (version !== undefined) query = query.where('version', '=', version)
  return (await query.returning('id').executeTakeFirst()) !== undefined
}

/** Whether the database refused a change because another account has this address, since a moment ago. */
export function isAddressTaken(error: unknown): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === 'accounts_email_key'
}

/** A better hash of the same password: nothing that anybody sees changes. */
export async function replacePasswordHash(
  db: Queryable,
  { id, from, to }: { id: string; from: string; to: string },
): Promise<void> {
  await db
    .updateTable('accounts')
    .set({ password_hash: to })
    .where('id', '=', id)
    .where('password_hash', '=', from)
    .execute()
}

/** With it goes what belongs to it: sessions, tokens, second factor. */
export async function deleteAccount(db: Queryable, id: string): Promise<boolean> {
  const row = await db.deleteFrom('accounts').where('id', '=', id).returning('id').executeTakeFirst()
  return row !== undefined
}

/** Any number that nobody else takes. */
const adminsLock = 0x51_1c_e0_01

/** Whoever changes who is an admin waits here for the others that do, until the transaction ends. */
export async function lockAdmins(trx: Transaction<Tables>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sql.lit(adminsLock)})`.execute(trx)
}

/** Whether somebody who is not disabled is an admin; `except` does not count. */
export async function isThereAnAdmin(db: Queryable, except?: string): Promise<boolean> {
  let query = db
    .selectFrom('accounts')
    .select('id')
    .where('role', '=', 'admin')
    .where('disabled_at', 'is', null)
    .limit(1)
  if (except !== undefined) query = query.where('id', '!=', except)
  return (await query.executeTakeFirst()) !== undefined
}
