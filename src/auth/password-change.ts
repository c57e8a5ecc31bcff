import type { Config } from '../../config/schema.ts'
import type { Audit } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import type { Queryable } from '../db/tables.ts'
import { AppError } from '../lib/app-error.ts'
import type { Mailer } from '../mail/mailer.ts'
import { assertPasswords, getAccount, normalEmail } from './accounts.ts'
import { findAccountByEmail, lockAccount, updateAccount, type AccountRow } from './accounts.store.ts'
import { evenly } from './evenly.ts'
import { deleteMailTokens } from './mail-tokens.store.ts'
import { issueMailToken, lookAtMailToken, useMailToken, type MailPurpose } from './mail-tokens.ts'
import { assertMail, type AccountMails } from './mails.ts'
import { assertGoodPassword } from './password-rules.ts'
import type { Passwords } from './passwords.ts'
import type { Sessions } from './sessions.ts'

export interface PasswordChangeOptions {
  readonly db: Db
  readonly config: Pick<Config, 'accounts'>
  readonly audit: Audit
  readonly mailer: Pick<Mailer, 'available' | 'send'>
  readonly mails: AccountMails
  readonly passwords: Passwords
  readonly sessions: Sessions
}

const resetPurposes: readonly MailPurpose[] = ['reset', 'set-password']
/** Links that whoever knew the password before, or had it sent, must not use any more. */
const endedPurposes: readonly MailPurpose[] = [...resetPurposes, 'change-email']

/** A new password: with the old one, or by a link in a mail. Either ends other sessions. */
export class PasswordChange {
  readonly #options: PasswordChangeOptions

  constructor(options: PasswordChangeOptions) {
    this.#options = options
  }

  /** Sends a link, if there is an account of this address. Says nothing either way. */
  async forgot({ email, now }: { email: string; now: Date }): Promise<void> {
    const { db, config, mailer, mails } = this.#options
    assertPasswords(config.accounts)
    assertMail(mailer)
    await evenly(async () => {
      const account = await findAccountByEmail(db, normalEmail(email))
      if (!account || account.disabled_at) return
      await db.transaction().execute(async (trx) => {
        const { id, name, email: to } = account
        const token = await issueMailToken(trx, { accountId: id, email: to, purpose: 'reset', now })
        await mailer.send(mails.reset(to, { name, token }), trx)
      })
    })
  }

  /** By the token of such a link. Throws `not-found` for a bad token, `bad-request` for a bad password. */
  async reset(by: { token: string; password: string; address: string; now: Date }): Promise<void> {
    const { db, audit, passwords } = this.#options
    const { token, password, address, now } = by
    const about = { token, purposes: resetPurposes, now }
    // A password that is refused must not use up the link.
    const { email } = await lookAtMailToken(db, about)
    this.#assertGood(password, email)
    const hash = await passwords.hash(password)
    await db.transaction().execute(async (trx) => {
      const { accountId: id } = await useMailToken(trx, about)
      const account = await getAccount(trx, id)
      // Whoever has the link has the mailbox, or was vouched for by an admin.
      await updateAccount(trx, id, {
        password_hash: hash,
        email_verified_at: account.email_verified_at ?? now,
      })
      await this.#endOthers(trx, account, { except: undefined })
      const actor = { kind: 'account', id, address } as const
      await audit.record(
        { actor, action: 'account.password-reset', target: { kind: 'account', id }, now },
        trx,
      )
    })
  }

  /** With the password of before. Throws `forbidden` when that is wrong, `conflict` when there is none. */
  async change(by: {
    accountId: string
    sessionId: string | undefined
    current: string
    next: string
    address: string
    now: Date
  }): Promise<void> {
    const { db, config, audit, passwords } = this.#options
    const { accountId: id, sessionId, current, next, address, now } = by
    assertPasswords(config.accounts)
    const account = await getAccount(db, id)
    if (account.password_hash === null) {
      throw new AppError('conflict', 'This account has no password yet. Ask for a link to set one.')
    }
    await this.assertPassword(account, current)
    this.#assertGood(next, account.email, 'body.next')
    const hash = await passwords.hash(next)
    await db.transaction().execute(async (trx) => {
      // Meanwhile the owner may have taken the account back by a link.
      const present = await lockAccount(trx, id)
      if (present?.password_hash !== account.password_hash) throw wrongPassword()
      await updateAccount(trx, id, { password_hash: hash })
      await this.#endOthers(trx, account, { except: sessionId })
      const actor = { kind: 'account', id, address } as const
      await audit.record(
        { actor, action: 'account.password-changed', target: { kind: 'account', id }, now },
        trx,
      )
    })
  }

  /** Asks again for the password of somebody who is logged in. Whoever has none has proven enough. */
  async assertPassword({ password_hash: hash }: AccountRow, password: string | undefined): Promise<void> {
    if (hash === null) return
    if (password !== undefined && (await this.#options.passwords.matches(password, hash))) return
    throw wrongPassword()
  }

  #assertGood(password: string, email: string, path = 'body.password'): void {
    const { passwordMinLength: minLength } = this.#options.config.accounts
    assertGoodPassword(password, { minLength, email, path })
  }

  async #endOthers(
    trx: Queryable,
    { id, email, name }: AccountRow,
    { except }: { except: string | undefined },
  ): Promise<void> {
    const { sessions, mailer, mails } = this.#options
    await sessions.endAll(id, { except, db: trx })
    await deleteMailTokens(trx, { accountId: id, purposes: endedPurposes })
    if (mailer.available) await mailer.send(mails.passwordChanged(email, { name }), trx)
  }
}

function wrongPassword(): AppError {
  return new AppError('forbidden', 'The password is wrong.', { why: 'wrong-password' })
}
