import type { Transaction } from 'kysely'
import type { Config } from '../../config/schema.ts'
import type { Audit } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { AppError } from '../lib/app-error.ts'
import type { Role } from '../protocol/rest.ts'
import { newAccountId, normalEmail } from './accounts.ts'
import {
  findAccountByEmail,
  findAccountBySubject,
  insertAccount,
  updateAccount,
  type AccountChanges,
  type AccountRow,
} from './accounts.store.ts'
import type { ExternalClaims } from './external-issuer.ts'
import { deleteMailTokens } from './mail-tokens.store.ts'
import { mailPurposes } from './mail-tokens.ts'
import { deleteSecondFactor } from './second-factors.store.ts'
import { deleteSessions } from './sessions.store.ts'

export interface ExternalAccountsOptions {
  readonly db: Db
  readonly audit: Audit
  readonly config: Pick<Config, 'accounts' | 'limits'>
}

/** Accounts of people that the external issuer vouches for: made when they first come, kept as the issuer says. */
export class ExternalAccounts {
  readonly #options: ExternalAccountsOptions

  constructor(options: ExternalAccountsOptions) {
    this.#options = options
  }

  /**
   * The account of somebody. Throws `unauthorized` without an e-mail address, `conflict` when somebody else has it.
   * `isLogIn` is false for a bearer token, which need not carry all claims.
   */
  async provide(
    claims: ExternalClaims,
    { address, isLogIn, now }: { address?: string | undefined; isLogIn: boolean; now: Date },
  ): Promise<AccountRow> {
    const { db, config } = this.#options
    const { issuer } = config.accounts
    const known = await findAccountBySubject(db, { issuer, subject: claims.sub })
    if (known && Object.keys(this.#changes(known, claims, { isLogIn })).length === 0) return known
    await db.transaction().execute(async (trx) => {
      const found = await findAccountBySubject(trx, { issuer, subject: claims.sub })
      if (found) return this.#update(trx, found, claims, { isLogIn })
      return this.#add(trx, claims, { address, now })
    })
    const account = await findAccountBySubject(db, { issuer, subject: claims.sub })
    if (!account) throw addressTaken()
    return account
  }

  async #update(
    trx: Transaction<Tables>,
    account: AccountRow,
    claims: ExternalClaims,
    { isLogIn }: { isLogIn: boolean },
  ): Promise<void> {
    const { email, ...changes } = this.#changes(account, claims, { isLogIn })
    const isFree = email !== undefined && (await findAccountByEmail(trx, email)) === undefined
    const all = { ...changes, ...(isFree ? { email } : {}) }
    if (Object.keys(all).length > 0) await updateAccount(trx, account.id, all)
  }

  async #add(
    trx: Transaction<Tables>,
    claims: ExternalClaims,
    { address, now }: { address: string | undefined; now: Date },
  ): Promise<void> {
    const { audit, config } = this.#options
    const { issuer, defaultRole } = config.accounts
    if (claims.email === undefined) {
      throw new AppError('unauthorized', 'The issuer does not say your e-mail address.', { why: 'no-email' })
    }
    const email = normalEmail(claims.email)
    const link = { issuer, subject: claims.sub }
    const isProven = claims.email_verified === true
    const role = this.#roleOf(claims)
    const holder = await findAccountByEmail(trx, email)
    if (holder) {
      // Whoever the issuer calls by this name now need not be who had the address here before.
      if (!isProven || holder.issuer !== null) throw addressTaken()
      await this.#link(trx, holder, { ...link, ...(role ? { role } : {}) }, now)
      return
    }
    // It would open what somebody else is invited to.
    if (!isProven && config.accounts.verifyEmail) {
      const message = 'The issuer has not verified your e-mail address.'
      throw new AppError('unauthorized', message, { why: 'email-not-verified' })
    }
    const id = newAccountId()
    const isNew = await insertAccount(trx, {
      ...link,
      id,
      email,
      name: this.#nameOf(claims) ?? email.split('@')[0]!,
      role: role ?? defaultRole,
      email_verified_at: isProven ? now : null,
      created_at: now,
    })
    // Another request of theirs was first.
    if (!isNew) return
    const actor = { kind: 'account', id, address } as const
    const entry = { actor, action: 'account.registered', target: { kind: 'account', id } } as const
    await audit.record({ ...entry, data: { through: issuer }, now }, trx)
  }

  /** The account that was here already. What somebody who never proved the address set up in it ends. */
  async #link(
    trx: Transaction<Tables>,
    holder: AccountRow,
    changes: AccountChanges,
    now: Date,
  ): Promise<void> {
    const { id } = holder
    if (holder.email_verified_at) return void (await updateAccount(trx, id, changes))
    await updateAccount(trx, id, { ...changes, password_hash: null, email_verified_at: now })
    await deleteSessions(trx, id)
    await deleteMailTokens(trx, { accountId: id, purposes: mailPurposes })
    await deleteSecondFactor(trx, id)
  }

  /** What the issuer says otherwise now. */
  #changes(
    account: AccountRow,
    claims: ExternalClaims,
    { isLogIn }: { isLogIn: boolean },
  ): { name?: string; email?: string; role?: Role } {
    const name = this.#nameOf(claims)
    const email = claims.email_verified === true && claims.email ? normalEmail(claims.email) : undefined
    const role = this.#roleOf(claims, { account, isLogIn })
    return {
      ...(name !== undefined && name !== account.name ? { name } : {}),
      ...(email !== undefined && email !== account.email ? { email } : {}),
      ...(role !== undefined && role !== account.role ? { role } : {}),
    }
  }

  #nameOf({ name, preferred_username: userName }: ExternalClaims): string | undefined {
    const { nameLength } = this.#options.config.limits
    return [name, userName]
      .map((text) => text?.replaceAll('\0', '').trim().slice(0, nameLength))
      .find(Boolean)
  }

  /** By `accounts.adminClaim`. Undefined: the issuer does not say, or does not decide. */
  #roleOf(
    claims: ExternalClaims,
    { account, isLogIn = true }: { account?: AccountRow; isLogIn?: boolean } = {},
  ): Role | undefined {
    const { adminClaim, defaultRole } = this.#options.config.accounts
    if (adminClaim === '') return undefined
    const equals = adminClaim.indexOf('=')
    const value = claims[adminClaim.slice(0, equals)]
    if (value === undefined && !isLogIn) return undefined
    const isAdmin = [value].flat().includes(adminClaim.slice(equals + 1))
    if (isAdmin) return 'admin'
    return account?.role === 'admin' ? defaultRole : undefined
  }
}

function addressTaken(): AppError {
  return new AppError('conflict', 'Another account of this server has your e-mail address.', {
    why: 'address-taken',
  })
}
