import type { AccountsConfig } from '../../config/schema.ts'
import type { Audit } from '../audit/audit.ts'
import type { Queryable } from '../db/tables.ts'
import { AppError } from '../lib/app-error.ts'
import { assertPasswords, normalEmail } from './accounts.ts'
import { findAccountByEmail, replacePasswordHash, type AccountRow } from './accounts.store.ts'
import { isOutdated, type Passwords } from './passwords.ts'
import { wrongCode, type SecondFactors } from './second-factors.ts'
import type { Client, Sessions, SessionTokens } from './sessions.ts'

export interface LogInOptions {
  readonly db: Queryable
  readonly config: AccountsConfig
  readonly audit: Audit
  readonly passwords: Passwords
  readonly secondFactors: SecondFactors
  readonly sessions: Sessions
}

export interface Credentials {
  readonly email: string
  readonly password: string
  /** Of the authenticator app, or a recovery code. */
  readonly code?: string | undefined
}

/** From e-mail address and password to a session. */
export class LogIn {
  readonly #options: LogInOptions

  constructor(options: LogInOptions) {
    this.#options = options
  }

  /**
   * Throws `unauthorized` (`data.why`: wrong-credentials, disabled, not-verified, wrong-code) or `second-factor-needed`. What
   * is special about an account is only told to whoever knows its password.
   */
  async logIn(
    { email, password, code }: Credentials,
    client: Client,
    now: Date,
  ): Promise<{ account: AccountRow; tokens: SessionTokens }> {
    const { db, config, audit, passwords, secondFactors, sessions } = this.#options
    assertPasswords(config)
    const account = await findAccountByEmail(db, normalEmail(email))
    const hash = account?.password_hash
    const isRight = await passwords.matches(password, hash)
    if (!account || !hash || !isRight) {
      await this.#refuse(account, client, now)
      throw unauthorized('wrong-credentials')
    }
    if (account.disabled_at) throw unauthorized('disabled')
    if (config.verifyEmail && !account.email_verified_at) throw unauthorized('not-verified')
    if (account.second_factor_at) {
      if (code === undefined) {
        throw new AppError('second-factor-needed', 'Send the code of your authenticator app, too.')
      }
      if (!(await secondFactors.accepts(account.id, code, now))) {
        await this.#refuse(account, client, now)
        throw wrongCode('unauthorized')
      }
    }
    const tokens = await sessions.open(account, client, now)
    if (isOutdated(hash)) {
      await replacePasswordHash(db, { id: account.id, from: hash, to: await passwords.hash(password) })
    }
    const { id } = account
    await audit.record({
      actor: { kind: 'account', id, address: client.address },
      action: 'account.logged-in',
      target: { kind: 'account', id },
      now,
    })
    return { account, tokens }
  }

  #refuse(account: AccountRow | undefined, { address }: Client, now: Date): Promise<void> {
    return this.#options.audit.record({
      actor: { kind: 'nobody', address },
      action: 'account.login-refused',
      ...(account ? { target: { kind: 'account', id: account.id } } : {}),
      now,
    })
  }
}

const refusals = {
  'wrong-credentials': 'E-mail address or password are wrong.',
  disabled: 'This account is disabled. Ask an admin.',
  'not-verified': 'Confirm your e-mail address first: open the link in the mail you got.',
} as const

function unauthorized(why: keyof typeof refusals): AppError {
  return new AppError('unauthorized', refusals[why], { why })
}
