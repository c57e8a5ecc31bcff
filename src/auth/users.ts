import type { Transaction } from 'kysely'
import type { Config } from '../../config/schema.ts'
import type { Audit } from '../audit/audit.ts'
import type { AuditAction } from '../audit/actions.ts'
import type { Db } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { AppError } from '../lib/app-error.ts'
import { decodeCursor, pageOf } from '../lib/cursor.ts'
import type { Mailer } from '../mail/mailer.ts'
import type { AccountCaller, Actor, KeyCaller } from '../protocol/caller.ts'
import type { Role } from '../protocol/rest.ts'
import {
  assertName,
  assertPasswords,
  getAccount,
  hasPasswords,
  newAccountId,
  normalEmail,
  notUpdated,
  shownAccount,
  type Account,
  type AccountHooks,
} from './accounts.ts'
import {
  findAccount,
  findAccountByEmail,
  insertAccount,
  isThereAnAdmin,
  listAccounts,
  lockAdmins,
  updateAccount,
  type AccountRow,
} from './accounts.store.ts'
import { assertAnotherAdmin, deleteEverythingOf } from './deletion.ts'
import { issueMailToken } from './mail-tokens.ts'
import type { AccountMails } from './mails.ts'
import type { SecondFactors } from './second-factors.ts'
import type { Sessions } from './sessions.ts'

export interface UsersOptions {
  readonly db: Db
  readonly config: Pick<Config, 'accounts' | 'limits'>
  readonly audit: Audit
  readonly mailer: Pick<Mailer, 'available' | 'send'>
  readonly mails: AccountMails
  readonly sessions: Sessions
  readonly secondFactors: SecondFactors
  readonly hooks: AccountHooks
}

/** Who does something to the account of somebody else. */
export interface By {
  readonly caller: AccountCaller | KeyCaller | { readonly kind: 'server' }
  readonly actor: Actor
  readonly now: Date
}

/** All accounts, for admins and backends. Only admins touch admins. */
export class Users {
  readonly #options: UsersOptions

  constructor(options: UsersOptions) {
    this.#options = options
  }

  /** In the order of e-mail addresses. */
  async list(filter: {
    search?: string | undefined
    role?: Role | undefined
    cursor?: string | undefined
    limit: number
  }): Promise<{ items: Account[]; next?: string }> {
    const { search, role, cursor, limit } = filter
    const rows = await listAccounts(this.#options.db, {
      search,
      role,
      after: cursor === undefined ? undefined : decodeCursor(cursor),
      limit: limit + 1,
    })
    return pageOf(rows, limit, { item: shownAccount, cursor: ({ email, id }) => ({ at: email, id }) })
  }

  /** Throws `not-found`. */
  async get(id: string): Promise<Account> {
    return shownAccount(await getAccount(this.#options.db, id))
  }

  /** Throws `not-found`. */
  async getByEmail(email: string): Promise<Account> {
    const row = await findAccountByEmail(this.#options.db, normalEmail(email))
    if (!row) throw new AppError('not-found', `No account has the address ${email}.`)
    return shownAccount(row)
  }

  /** A link to choose a password, good for a week; the ones before end. Throws `not-found`. */
  async makeSetPasswordUrl(email: string, now: Date): Promise<string> {
    const { db, config, mails } = this.#options
    assertPasswords(config.accounts)
    const account = await this.getByEmail(email)
    const { id: accountId } = account
    const about = { accountId, email: account.email, purpose: 'set-password', now } as const
    return db.transaction().execute(async (trx) => mails.setPasswordUrl(await issueMailToken(trx, about)))
  }

  /** Whether anybody can administer this server. */
  hasAdmin(): Promise<boolean> {
    return isThereAnAdmin(this.#options.db)
  }

  /** The new account and, where there are passwords, a link to choose one, which also goes out by mail. */
  async add(
    { email: given, name: givenName, role }: { email: string; name: string; role: Role },
    { caller, actor, now }: By,
  ): Promise<{ account: Account; setPasswordUrl: string | undefined }> {
    const { db, config, audit, mailer, mails } = this.#options
    assertMayMake(caller, role)
    const email = normalEmail(given)
    const name = assertName(givenName, config.limits)
    const id = newAccountId()
    return db.transaction().execute(async (trx) => {
      if (!(await insertAccount(trx, { id, email, name, role, created_at: now }))) {
        throw new AppError('conflict', 'There is an account with this e-mail address.')
      }
      const target = { kind: 'account', id } as const
      await audit.record({ actor, action: 'user.created', target, data: { role }, now }, trx)
      const account = shownAccount(await getAccount(trx, id))
      if (!hasPasswords(config.accounts)) return { account, setPasswordUrl: undefined }
      const token = await issueMailToken(trx, { accountId: id, email, purpose: 'set-password', now })
      if (mailer.available) await mailer.send(mails.setPassword(email, { name, token }), trx)
      return { account, setPasswordUrl: mails.setPasswordUrl(token) }
    })
  }

  /** Throws `precondition-failed` for another version than the present one, `conflict` for the last admin. */
  async change(
    id: string,
    {
      name,
      role,
      disabled,
    }: { name?: string | undefined; role?: Role | undefined; disabled?: boolean | undefined },
    { caller, actor, now, version }: By & { version?: number | undefined },
  ): Promise<Account> {
    const { db, config, audit, sessions } = this.#options
    if (role !== undefined) assertMayMake(caller, role)
    const newName = name === undefined ? undefined : assertName(name, config.limits)
    return db.transaction().execute(async (trx) => {
      const before = await this.#touch(trx, id, caller)
      const isGoing = (role !== undefined && role !== 'admin') || disabled === true
      if (before.role === 'admin' && !before.disabled_at && isGoing) await assertAnotherAdmin(trx, id)
      const changes = {
        ...(newName === undefined ? {} : { name: newName }),
        ...(role === undefined ? {} : { role }),
        ...(disabled === undefined ? {} : { disabled_at: disabled ? (before.disabled_at ?? now) : null }),
      }
      if (!(await updateAccount(trx, id, changes, version))) throw await notUpdated(trx, id)
      if (disabled) await sessions.endAll(id, { db: trx })
      const data = {
        changed: Object.keys(changes).map((column) => (column === 'disabled_at' ? 'disabled' : column)),
        ...(role === undefined ? {} : { role }),
        ...(disabled === undefined ? {} : { disabled }),
      }
      const target = { kind: 'account', id } as const
      await audit.record({ actor, action: 'user.changed', target, data, now }, trx)
      return shownAccount(await getAccount(trx, id))
    })
  }

  /** With all that is personal. Nothing happens when there is no such account (any more). */
  async delete(id: string, { caller, actor, now }: By): Promise<void> {
    const { db, audit, hooks } = this.#options
    await db.transaction().execute(async (trx) => {
      // Held from here on: of two who delete the same account one finds none.
      await lockAdmins(trx)
      if (!(await findAccount(trx, id))) return
      await this.#touch(trx, id, caller)
      await deleteEverythingOf(trx, id, hooks)
      await audit.record({ actor, action: 'user.deleted', target: { kind: 'account', id }, now }, trx)
    })
  }

  /** Ends all sessions of somebody. */
  logOut(id: string, by: By): Promise<void> {
    const { sessions } = this.#options
    return this.#act(id, by, 'user.logged-out', async (trx) => void (await sessions.endAll(id, { db: trx })))
  }

  /** For somebody who has lost phone and recovery codes. */
  removeSecondFactor(id: string, by: By): Promise<void> {
    const { secondFactors } = this.#options
    return this.#act(
      id,
      by,
      'user.second-factor-removed',
      async (trx) => void (await secondFactors.remove(id, trx)),
    )
  }

  #act(
    id: string,
    { caller, actor, now }: By,
    action: AuditAction,
    act: (trx: Transaction<Tables>) => Promise<void>,
  ): Promise<void> {
    const { db, audit } = this.#options
    return db.transaction().execute(async (trx) => {
      await this.#touch(trx, id, caller)
      await act(trx)
      await audit.record({ actor, action, target: { kind: 'account', id }, now }, trx)
    })
  }

  /** The account as it is before the change, which nobody else makes at the same time. */
  async #touch(trx: Transaction<Tables>, id: string, caller: By['caller']): Promise<AccountRow> {
    await lockAdmins(trx)
    const account = await getAccount(trx, id)
    if (account.role === 'admin' && !isAdmin(caller)) {
      throw new AppError('forbidden', 'Only admins may change the account of an admin.')
    }
    return account
  }
}

function assertMayMake(caller: By['caller'], role: Role): void {
  if (role === 'admin' && !isAdmin(caller)) {
    throw new AppError('forbidden', 'Only admins may make somebody an admin.')
  }
}

function isAdmin(caller: By['caller']): boolean {
  return caller.kind === 'server' || (caller.kind === 'account' && caller.role === 'admin')
}
