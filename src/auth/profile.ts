import type { Config } from '../../config/schema.ts'
import type { Audit } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import type { Actor } from '../protocol/caller.ts'
import type { Mailer } from '../mail/mailer.ts'
import {
  assertName,
  getAccount,
  normalEmail,
  notUpdated,
  shownAccount,
  type Account,
  type AccountHooks,
  type AccountSettings,
} from './accounts.ts'
import { findAccountByEmail, updateAccount } from './accounts.store.ts'
import { deleteEverythingOf } from './deletion.ts'
import { evenly } from './evenly.ts'
import { issueMailToken } from './mail-tokens.ts'
import { assertMail, type AccountMails } from './mails.ts'
import type { PasswordChange } from './password-change.ts'
import type { Sessions } from './sessions.ts'

export interface ProfileOptions {
  readonly db: Db
  readonly config: Pick<Config, 'limits'>
  readonly audit: Audit
  readonly mailer: Pick<Mailer, 'available' | 'send'>
  readonly mails: AccountMails
  readonly sessions: Sessions
  readonly passwordChange: PasswordChange
  readonly hooks: AccountHooks
}

const auditPage = 100

/** What people do with their own account. */
export class Profile {
  readonly #options: ProfileOptions

  constructor(options: ProfileOptions) {
    this.#options = options
  }

  /** Throws `not-found`. */
  async get(accountId: string): Promise<Account> {
    return shownAccount(await getAccount(this.#options.db, accountId))
  }

  /** Settings are merged. Throws `precondition-failed` when `version` is not the present one. */
  async change(
    accountId: string,
    { name, settings }: { name?: string | undefined; settings?: AccountSettings | undefined },
    version: number | undefined,
  ): Promise<Account> {
    const { db, config } = this.#options
    const changes = {
      ...(name === undefined ? {} : { name: assertName(name, config.limits) }),
      ...(settings === undefined ? {} : { settings: { ...settings } }),
    }
    if (!(await updateAccount(db, accountId, changes, version))) throw await notUpdated(db, accountId)
    return this.get(accountId)
  }

  /** Throws `forbidden` when this is not their password. */
  async assertPassword(accountId: string, password: string | undefined): Promise<void> {
    const { db, passwordChange } = this.#options
    await passwordChange.assertPassword(await getAccount(db, accountId), password)
  }

  /** Sends a link to the new address; with it, it becomes theirs. Throws `forbidden` for a wrong password. */
  async changeEmail(by: { accountId: string; email: string; password?: string; now: Date }): Promise<void> {
    const { db, mailer, mails, passwordChange } = this.#options
    assertMail(mailer)
    const account = await getAccount(db, by.accountId)
    await passwordChange.assertPassword(account, by.password)
    const email = normalEmail(by.email)
    await evenly(() =>
      db.transaction().execute(async (trx) => {
        if (await findAccountByEmail(trx, email)) return mailer.send(mails.addressInUse(email), trx)
        const { id, name } = account
        const token = await issueMailToken(trx, {
          accountId: id,
          email,
          purpose: 'change-email',
          now: by.now,
        })
        return mailer.send(mails.changeEmail(email, { name, token }), trx)
      }),
    )
  }

  /** A copy of everything that is kept about somebody. */
  async export(accountId: string, actor: Actor, now: Date): Promise<Record<string, unknown>> {
    const { db, audit, sessions, hooks } = this.#options
    const account = await this.get(accountId)
    const open = await sessions.list(accountId, now)
    const parts = await Promise.all(hooks.exporters.map((exporter) => exporter(accountId, db)))
    await audit.record({
      actor,
      action: 'account.exported',
      target: { kind: 'account', id: accountId },
      now,
    })
    return {
      exportedAt: now.toISOString(),
      account,
      sessions: open.map((row) => ({
        createdAt: row.created_at.toISOString(),
        lastSeenAt: row.last_seen_at.toISOString(),
        address: row.address,
        userAgent: row.user_agent,
      })),
      acts: await this.#actsOf(accountId),
      ...Object.fromEntries(parts),
    }
  }

  /** Throws `forbidden` for a wrong password, `conflict` for the last admin. */
  async delete(by: {
    accountId: string
    password: string | undefined
    actor: Actor
    now: Date
  }): Promise<void> {
    const { db, audit, hooks } = this.#options
    const { accountId, password, actor, now } = by
    await this.assertPassword(accountId, password)
    await db.transaction().execute(async (trx) => {
      await deleteEverythingOf(trx, accountId, hooks)
      const target = { kind: 'account', id: accountId } as const
      await audit.record({ actor, action: 'account.deleted', target, now }, trx)
    })
  }

  async #actsOf(accountId: string): Promise<unknown[]> {
    const { audit } = this.#options
    const acts: unknown[] = []
    let cursor: string | undefined
    do {
      const page = await audit.find({ actor: accountId, cursor, limit: auditPage })
      for (const { at, action, address, data } of page.items) {
        acts.push({ at: at.toISOString(), action, address, ...(data ? { data } : {}) })
      }
      cursor = page.next
    } while (cursor !== undefined)
    return acts
  }
}
