import type { Config } from '../../config/schema.ts'
import type { Audit } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import type { Secret } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import type { Mailer } from '../mail/mailer.ts'
import type { AccountCaller } from '../protocol/caller.ts'
import { issuerOf, refused } from './access-token.ts'
import { AccountHooks } from './accounts.ts'
import { ExternalAccounts } from './external-accounts.ts'
import { ExternalIssuer } from './external-issuer.ts'
import { ExternalLogIn } from './external-log-in.ts'
import { LogIn } from './log-in.ts'
import { deleteExpiredMailTokens } from './mail-tokens.store.ts'
import { AccountMails } from './mails.ts'
import { PasswordChange } from './password-change.ts'
import { Passwords } from './passwords.ts'
import { Profile } from './profile.ts'
import { Registration } from './registration.ts'
import type { SecretBox } from './secret-box.ts'
import { SecondFactors } from './second-factors.ts'
import { Sessions } from './sessions.ts'
import { SigningKeys } from './signing-keys.ts'
import { Users } from './users.ts'

export interface AccountServicesOptions {
  readonly db: Db
  readonly box: SecretBox
  readonly config: Config
  readonly log: Log
  readonly audit: Audit
  readonly mailer: Mailer
  /** What people reach this server by, for links in mails. */
  readonly baseUrl: () => string
  /** Makes whoever registers with it the first admin. */
  readonly setUpCode?: Secret | undefined
}

/** Where the external issuer sends people back to; it has to know this address. */
const redirectPath = '/api/v1/auth/external/callback'

/** Everything about accounts, connected. */
export class AccountServices {
  readonly hooks = new AccountHooks()
  readonly passwords: Passwords
  readonly signingKeys: SigningKeys
  readonly sessions: Sessions
  readonly secondFactors: SecondFactors
  readonly registration: Registration
  readonly logIn: LogIn
  readonly passwordChange: PasswordChange
  readonly profile: Profile
  readonly users: Users
  /** Undefined without an external issuer. */
  readonly externalLogIn: ExternalLogIn | undefined
  readonly #db: Db
  readonly #issuer: string

  constructor(options: AccountServicesOptions) {
    const { db, box, config, log } = options
    const { accounts, auth, http } = config
    this.#db = db
    this.#issuer = http.publicUrl || 'sluice'
    const mails = new AccountMails(options.baseUrl)
    this.passwords = new Passwords({ log })
    this.signingKeys = new SigningKeys({
      db,
      box,
      log,
      days: auth.signingKeyDays,
      tokenMinutes: accounts.accessMinutes,
    })
    const parts = { ...options, mails, hooks: this.hooks, passwords: this.passwords }
    this.sessions = new Sessions({
      ...parts,
      config: accounts,
      signingKeys: this.signingKeys,
      issuer: this.#issuer,
    })
    this.secondFactors = new SecondFactors({ db, box })
    const more = { ...parts, sessions: this.sessions, secondFactors: this.secondFactors }
    this.registration = new Registration({ ...more, setUpCode: options.setUpCode })
    this.logIn = new LogIn({ ...more, config: accounts })
    this.passwordChange = new PasswordChange(more)
    this.profile = new Profile({ ...more, passwordChange: this.passwordChange })
    this.users = new Users(more)
    if (accounts.issuer !== '') {
      const redirectUri = () => `${options.baseUrl().replace(/\/$/, '')}${redirectPath}`
      this.externalLogIn = new ExternalLogIn({
        ...more,
        issuer: new ExternalIssuer({ config: accounts, log, redirectUri }),
        accounts: new ExternalAccounts(options),
      })
    }
  }

  /** Whom a bearer token proves. Throws `unauthorized`. */
  async identify(token: string, now: Date): Promise<Omit<AccountCaller, 'byCookie'>> {
    const issuer = issuerOf(token)
    if (issuer === this.#issuer) return this.sessions.identify(token, now)
    if (this.externalLogIn?.isIssuer(issuer)) return this.externalLogIn.identify(token, now)
    throw refused('wrong-audience')
  }

  /** Deletes what has expired. */
  async forget(now: Date): Promise<void> {
    await this.sessions.forget(now)
    await deleteExpiredMailTokens(this.#db, now)
  }

  /** Before the database. */
  close(): void {
    this.passwords.close()
  }
}
