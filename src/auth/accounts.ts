import type { AccountsConfig, Config, LimitsConfig } from '../../config/schema.ts'
import type { Queryable } from '../db/tables.ts'
import { AppError, limitExceeded } from '../lib/app-error.ts'
import { randomId } from '../lib/ids.ts'
import type { Role } from '../protocol/rest.ts'
import { findAccount, type AccountRow } from './accounts.store.ts'

/** What people keep with their account for the web app and its mails. */
export interface AccountSettings {
  readonly timeZone?: string
  readonly language?: string
  readonly mailInvitations?: boolean
}

/** An account as it is shown to its owner and to admins. */
export interface Account {
  readonly id: string
  readonly email: string
  readonly emailVerified: boolean
  readonly name: string
  readonly role: Role
  readonly createdAt: string
  readonly consentAt?: string
  readonly secondFactor: boolean
  readonly hasPassword: boolean
  readonly disabled: boolean
  readonly settings: AccountSettings
  readonly version: number
}

export function shownAccount(row: AccountRow): Account {
  return {
    id: row.id,
    email: row.email,
    emailVerified: row.email_verified_at !== null,
    name: row.name,
    role: row.role,
    createdAt: row.created_at.toISOString(),
    ...(row.consent_at ? { consentAt: row.consent_at.toISOString() } : {}),
    secondFactor: row.second_factor_at !== null,
    hasPassword: row.password_hash !== null,
    disabled: row.disabled_at !== null,
    settings: row.settings as AccountSettings,
    version: row.version,
  }
}

/** Accounts are found by their address, however it is written. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase()
}

/**
 * A name as it is kept: on one line, since in a mail another line would seem to be ours. Throws `bad-request` for none,
 * `limit-exceeded` for a long one.
 */
export function assertName(name: string, { nameLength }: Pick<LimitsConfig, 'nameLength'>): string {
  const trimmed = name.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()
  if (trimmed === '') throw new AppError('bad-request', 'A name is missing.', { path: 'body.name' })
  if (trimmed.length > nameLength) throw limitExceeded('nameLength', nameLength)
  return trimmed
}

export function newAccountId(): string {
  return `acc_${randomId()}`
}

/** Throws `not-found`. */
export async function getAccount(db: Queryable, id: string): Promise<AccountRow> {
  const row = await findAccount(db, id)
  if (!row) throw new AppError('not-found', 'There is no such account.')
  return row
}

/** After an update of one version that met nothing: says why. */
export async function notUpdated(db: Queryable, id: string): Promise<AppError> {
  const { version } = await getAccount(db, id)
  return new AppError('precondition-failed', 'Somebody has changed this meanwhile. Get it again.', {
    version,
  })
}

/** What other features add to the life of an account. They add it when they are built. */
export class AccountHooks {
  /** For the copy of one's data: the name of a part and what is kept in it. */
  readonly exporters: ((accountId: string, db: Queryable) => Promise<[name: string, kept: unknown]>)[] = []
  /** In the transaction in which the account goes: what is personal must go, too. */
  readonly deleted: ((account: { id: string; email: string }, trx: Queryable) => Promise<void>)[] = []
  /** Whether somebody expects this address here. */
  readonly invited: ((email: string, db: Queryable) => Promise<boolean>)[] = []
}

/** Whether people log in with passwords of this server. */
export function hasPasswords({ passwords, issuer }: AccountsConfig): boolean {
  return passwords === 'auto' ? issuer === '' : passwords === 'on'
}

export function registrationOf({ mode, accounts }: Pick<Config, 'mode' | 'accounts'>) {
  if (!hasPasswords(accounts)) return 'closed'
  if (accounts.registration !== 'auto') return accounts.registration
  return mode === 'development' ? 'open' : 'invited'
}

export function assertPasswords(config: AccountsConfig): void {
  if (!hasPasswords(config))
    throw new AppError('not-supported', 'People log in to this server through its issuer.')
}
