import type { Transaction } from 'kysely'
import type { Config } from '../../config/schema.ts'
import type { Audit } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { AppError } from '../lib/app-error.ts'
import type { Secret } from '../lib/ids.ts'
import type { Mail } from '../mail/mail.ts'
import type { Mailer } from '../mail/mailer.ts'
import {
  assertName,
  assertPasswords,
  newAccountId,
  normalEmail,
  registrationOf,
  type AccountHooks,
} from './accounts.ts'
import {
  findAccount,
  findAccountByEmail,
  insertAccount,
  isAddressTaken,
  isThereAnAdmin,
  lockAdmins,
  updateAccount,
  type AccountRow,
} from './accounts.store.ts'
import { evenly } from './evenly.ts'
import { deleteMailTokens } from './mail-tokens.store.ts'
import { issueMailToken, mailPurposes, useMailToken } from './mail-tokens.ts'
import { assertMail, type AccountMails } from './mails.ts'
import { assertGoodPassword } from './password-rules.ts'
import type { Passwords } from './passwords.ts'

export interface RegistrationOptions {
  readonly db: Db
  readonly config: Pick<Config, 'mode' | 'accounts' | 'limits'>
  readonly audit: Audit
  readonly mailer: Pick<Mailer, 'available' | 'send'>
  readonly mails: AccountMails
  readonly passwords: Passwords
  readonly hooks: AccountHooks
  /** What the start printed: whoever has it may become the first admin. */
  readonly setUpCode: Secret | undefined
}

export interface Newcomer {
  readonly email: string
  readonly password: string
  readonly name: string
  readonly setUpCode?: string | undefined
  readonly address: string
  readonly now: Date
}

/** How accounts come to be and addresses are confirmed. No answer tells whether an address has an account. */
export class Registration {
  readonly #options: RegistrationOptions

  constructor(options: RegistrationOptions) {
    this.#options = options
  }

  /**
   * What follows is in a mail. Throws `forbidden` where nobody may register or the set-up code is wrong, `bad-request` for a
   * bad password, `not-supported` where the mail cannot be sent.
   */
  async register(newcomer: Newcomer): Promise<void> {
    const { db, config, passwords } = this.#options
    const name = assertName(newcomer.name, config.limits)
    const email = normalEmail(newcomer.email)
    assertPasswords(config.accounts)
    const isFirst = newcomer.setUpCode !== undefined
    if (isFirst) this.#assertSetUpCode(newcomer.setUpCode!)
    else this.#assertOpen()
    assertGoodPassword(newcomer.password, { minLength: config.accounts.passwordMinLength, email })

    await evenly(async () => {
      // Not within the transaction: the embedded database has only one connection.
      const hash = await passwords.hash(newcomer.password)
      const account = { ...newcomer, name, email, hash }
      await db
        .transaction()
        .execute((trx) => (isFirst ? this.#addFirstAdmin(trx, account) : this.#add(trx, account)))
    })
  }

  /** Uses the token of a mail up and returns the address it confirms. Throws `not-found`, or `conflict` for one in use. */
  async verify({ token, address, now }: { token: string; address: string; now: Date }): Promise<string> {
    const { db, audit, mailer, mails } = this.#options
    const verified = db.transaction().execute(async (trx) => {
      const used = await useMailToken(trx, { token, purposes: ['verify', 'change-email'], now })
      const { accountId: id, email, purpose } = used
      const actor = { kind: 'account', id, address } as const
      const target = { kind: 'account', id } as const
      if (purpose === 'verify') {
        await updateAccount(trx, id, { email_verified_at: now })
        await audit.record({ actor, action: 'account.verified', target, now }, trx)
        return email
      }
      const account = await findAccount(trx, id)
      const holder = await findAccountByEmail(trx, email)
      if (holder && holder.id !== id) throw addressTaken()
      await updateAccount(trx, id, { email, email_verified_at: now })
      // Whoever reads the mails of the address before has no part in this account any more.
      await deleteMailTokens(trx, { accountId: id, purposes: mailPurposes })
      await audit.record({ actor, action: 'account.email-changed', target, now }, trx)
      if (account && account.email !== email && mailer.available) {
        await mailer.send(mails.emailChanged(account.email, { name: account.name, email }), trx)
      }
      return email
    })
    return verified.catch((error: unknown) => {
      throw isAddressTaken(error) ? addressTaken() : error
    })
  }

  /** Sends the mail of `register` again, if it is due. */
  async resend({ email, now }: { email: string; now: Date }): Promise<void> {
    const { db, mailer, mails } = this.#options
    assertMail(mailer)
    await evenly(async () => {
      const account = await findAccountByEmail(db, normalEmail(email))
      if (!account || account.email_verified_at) return
      await db.transaction().execute(async (trx) => {
        const { id, name } = account
        if (account.password_hash === null) return this.#letChoosePassword(trx, account, now)
        const token = await issueMailToken(trx, {
          accountId: id,
          email: account.email,
          purpose: 'verify',
          now,
        })
        await mailer.send(mails.verify(account.email, { name, token }), trx)
      })
    })
  }

  #assertOpen(): void {
    const { config, mailer } = this.#options
    if (registrationOf(config) === 'closed') {
      throw new AppError('forbidden', 'Nobody can register here. Ask an admin for an account.', {
        why: 'registration-closed',
      })
    }
    if (config.accounts.verifyEmail) assertMail(mailer)
  }

  #assertSetUpCode(given: string): void {
    const { setUpCode } = this.#options
    if (!setUpCode?.equals(given.trim().toUpperCase())) throw wrongSetUpCode()
  }

  /** Whoever reads what the server prints is let in at once, and may know which addresses there are. */
  async #addFirstAdmin(trx: Transaction<Tables>, newcomer: Newcomer & { hash: string }): Promise<void> {
    const { email, name, hash, address, now } = newcomer
    const { audit } = this.#options
    await lockAdmins(trx)
    if (await isThereAnAdmin(trx)) throw wrongSetUpCode()
    const id = newAccountId()
    const isNew = await insertAccount(trx, {
      id,
      email,
      name,
      role: 'admin',
      password_hash: hash,
      consent_at: now,
      email_verified_at: now,
      created_at: now,
    })
    if (!isNew) {
      throw new AppError(
        'conflict',
        'This address is registered already. Take another, or on the server: npm run accounts -- role EMAIL admin',
      )
    }
    const actor = { kind: 'account', id, address } as const
    const target = { kind: 'account', id } as const
    await audit.record({ actor, action: 'account.registered', target, now }, trx)
    await audit.record({ actor, action: 'account.became-admin', target, now }, trx)
  }

  async #add(trx: Transaction<Tables>, newcomer: Newcomer & { hash: string }): Promise<void> {
    const { config, audit, mailer, mails, hooks } = this.#options
    const { email, name, hash, address, now } = newcomer
    const { verifyEmail, defaultRole } = config.accounts
    const tell = async (mail: Mail): Promise<void> => {
      if (mailer.available) await mailer.send(mail, trx)
    }

    const known = await findAccountByEmail(trx, email)
    if (known && (known.email_verified_at || known.disabled_at || !verifyEmail)) {
      return tell(mails.addressInUse(email))
    }
    const isOpen = registrationOf(config) === 'open'
    if (!known && !isOpen) {
      const invited = await Promise.all(hooks.invited.map((isInvited) => isInvited(email, trx)))
      if (!invited.includes(true)) return tell(mails.notInvited(email))
    }

    if (known) {
      // Nobody can tell which of two is the owner of the mailbox, and who opens a link may think of the other's password.
      // The name stays, too: it may be one that an admin gave.
      await updateAccount(trx, known.id, { password_hash: null })
      return this.#letChoosePassword(trx, known, now)
    }
    const id = newAccountId()
    const role = isOpen ? defaultRole : 'member'
    const row = { id, email, name, role, password_hash: hash, consent_at: now, created_at: now }
    // Somebody else may have registered the same address at this very moment.
    if (!(await insertAccount(trx, row))) return
    await audit.record(
      {
        actor: { kind: 'account', id, address },
        action: 'account.registered',
        target: { kind: 'account', id },
        now,
      },
      trx,
    )
    if (!verifyEmail) return
    const token = await issueMailToken(trx, { accountId: id, email, purpose: 'verify', now })
    await mailer.send(mails.verify(email, { name, token }), trx)
  }

  /** Ends all links of before. */
  async #letChoosePassword(
    trx: Transaction<Tables>,
    { id, email, name }: Pick<AccountRow, 'id' | 'email' | 'name'>,
    now: Date,
  ): Promise<void> {
    const { mailer, mails } = this.#options
    await deleteMailTokens(trx, { accountId: id, purposes: mailPurposes })
    const token = await issueMailToken(trx, { accountId: id, email, purpose: 'set-password', now })
    await mailer.send(mails.choosePassword(email, { name, token }), trx)
  }
}

function addressTaken(): AppError {
  return new AppError('conflict', 'Another account has this address.')
}

function wrongSetUpCode(): AppError {
  return new AppError(
    'forbidden',
    'The set-up code is not the one the server printed at its start, or there is an admin already.',
    { why: 'wrong-set-up-code' },
  )
}
