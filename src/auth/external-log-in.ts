import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Audit } from '../audit/audit.ts'
import { AppError } from '../lib/app-error.ts'
import { Secret } from '../lib/ids.ts'
import type { AccountCaller } from '../protocol/caller.ts'
import { refused } from './access-token.ts'
import type { AccountRow } from './accounts.store.ts'
import type { ExternalAccounts } from './external-accounts.ts'
import type { ExternalIssuer } from './external-issuer.ts'
import type { SecretBox } from './secret-box.ts'
import type { Client, Sessions, SessionTokens } from './sessions.ts'

export interface ExternalLogInOptions {
  readonly issuer: ExternalIssuer
  readonly accounts: ExternalAccounts
  readonly sessions: Sessions
  readonly audit: Audit
  readonly box: SecretBox
}

/** What a browser carries while somebody is at the issuer, sealed. */
const Journey = Type.Object({
  state: Type.String(),
  nonce: Type.String(),
  verifier: Type.String(),
  returnTo: Type.String(),
  untilMs: Type.Number(),
})
const journeyValidator = Compile(Journey)
type Journey = Static<typeof Journey>

/** How long somebody may be at the issuer, in milliseconds. */
export const journeyMs = 600_000
const context = 'external-log-in'

/** From the external issuer to a session here. */
export class ExternalLogIn {
  readonly #options: ExternalLogInOptions

  constructor(options: ExternalLogInOptions) {
    this.#options = options
  }

  /** Where to send a browser, and what it has to bring back. Throws `unavailable`. */
  async depart(returnTo: string, now: Date): Promise<{ url: string; departure: Secret }> {
    const { issuer, box } = this.#options
    const { url, departure } = await issuer.depart()
    const journey: Journey = { ...departure, returnTo, untilMs: now.getTime() + journeyMs }
    const sealed = box.seal(new Secret(JSON.stringify(journey)), context)
    return { url, departure: new Secret(Buffer.from(sealed).toString('base64url')) }
  }

  /** A session for whoever came back. Throws `unauthorized`, `conflict` or `unavailable`. */
  async arrive(
    { query, departure }: { query: string; departure: Secret | undefined },
    client: Client,
    now: Date,
  ): Promise<{ account: AccountRow; tokens: SessionTokens; returnTo: string }> {
    const { issuer, accounts, sessions, audit } = this.#options
    const journey = departure && this.#open(departure)
    if (!journey || journey.untilMs < now.getTime()) {
      throw new AppError('unauthorized', 'This log-in took too long, or began in another browser.', {
        why: 'external-expired',
      })
    }
    const claims = await issuer.arrive(query, journey)
    const account = await accounts.provide(claims, { address: client.address, isLogIn: true, now })
    if (account.disabled_at) throw refused('disabled')
    const tokens = await sessions.open(account, client, now)
    const { id } = account
    await audit.record({
      actor: { kind: 'account', id, address: client.address },
      action: 'account.logged-in',
      target: { kind: 'account', id },
      data: { through: 'issuer' },
      now,
    })
    return { account, tokens, returnTo: journey.returnTo }
  }

  /** Whether a token that says it is from there is from our issuer. */
  isIssuer(name: string | undefined): boolean {
    return this.#options.issuer.isIssuer(name)
  }

  /** Whom a bearer token of the issuer proves. Throws `unauthorized`. */
  async identify(token: string, now: Date): Promise<Omit<AccountCaller, 'byCookie'>> {
    const claims = await this.#options.issuer.verify(token, now)
    const account = await this.#options.accounts.provide(claims, { isLogIn: false, now })
    if (account.disabled_at) throw refused('disabled')
    const { id: accountId, role, email, name } = account
    return { kind: 'account', accountId, sessionId: undefined, role, email, name }
  }

  #open(departure: Secret): Journey | undefined {
    try {
      const sealed = Buffer.from(departure.reveal(), 'base64url')
      const journey: unknown = JSON.parse(this.#options.box.open(sealed, context).reveal())
      return journeyValidator.Check(journey) ? journey : undefined
    } catch {
      return undefined
    }
  }
}
