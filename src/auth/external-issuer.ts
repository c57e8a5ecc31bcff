import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretPost,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type Configuration,
} from 'openid-client'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { AccountsConfig } from '../../config/schema.ts'
import { AppError } from '../lib/app-error.ts'
import type { Log } from '../lib/log.ts'
import { Email } from '../protocol/rest.ts'
import { refusalOf, refused } from './access-token.ts'

/** What an issuer says about somebody. Others are not looked at, but for `accounts.adminClaim`. */
const Claims = Type.Object({
  sub: Type.String({ minLength: 1, maxLength: 255 }),
  email: Type.Optional(Email),
  email_verified: Type.Optional(Type.Boolean()),
  name: Type.Optional(Type.String()),
  preferred_username: Type.Optional(Type.String()),
})
const claimsValidator = Compile(Claims)
export type ExternalClaims = Static<typeof Claims> & Readonly<Record<string, unknown>>

/** What has to be remembered while somebody is at the issuer. */
export interface Departure {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/** Public keys only: with a shared secret or `none`, whoever knows our configuration could sign. */
const algorithms = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA',
] // prettier-ignore
const scope = 'openid email profile'
/** An issuer that does not answer by then is not there, in seconds. */
const timeoutSeconds = 10
const clockSkewSeconds = 10

export interface ExternalIssuerOptions {
  readonly config: AccountsConfig
  readonly log: Log
  /** Where the issuer sends people back to. */
  readonly redirectUri: () => string
}

interface Discovered {
  readonly client: Configuration
  readonly issuer: string
  readonly keys: ReturnType<typeof createRemoteJWKSet>
}

/** The OpenID Connect issuer that people log in through: sends them there, and believes what it signed. */
export class ExternalIssuer {
  readonly #options: ExternalIssuerOptions
  #discovered: Promise<Discovered> | undefined

  constructor(options: ExternalIssuerOptions) {
    this.#options = options
  }

  /** Whether a token that says it is from there is from this issuer. */
  isIssuer(name: string | undefined): boolean {
    return name !== undefined && withoutSlash(name) === withoutSlash(this.#options.config.issuer)
  }

  /** Where to send somebody. Throws `unavailable` when the issuer cannot be reached. */
  async depart(): Promise<{ url: string; departure: Departure }> {
    const { client } = await this.#discover()
    const departure = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() }
    const url = buildAuthorizationUrl(client, {
      redirect_uri: this.#options.redirectUri(),
      scope,
      state: departure.state,
      nonce: departure.nonce,
      code_challenge: await calculatePKCECodeChallenge(departure.verifier),
      code_challenge_method: 'S256',
    })
    return { url: url.href, departure }
  }

  /** Who came back, by the query they came with. Throws `unauthorized` or `unavailable`. */
  async arrive(query: string, { state, nonce, verifier }: Departure): Promise<ExternalClaims> {
    const { log, redirectUri } = this.#options
    const { client } = await this.#discover()
    try {
      // Built from the configuration: the Host header is whatever a client says.
      const here = new URL(redirectUri())
      here.search = query
      const tokens = await authorizationCodeGrant(client, here, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      })
      const claims = tokens.claims()!
      // Many issuers put names and addresses there only.
      const isComplete = claims['email'] !== undefined && claims['name'] !== undefined
      const more = isComplete ? {} : await fetchUserInfo(client, tokens.access_token, claims.sub)
      return checked({ ...more, ...claims })
    } catch (error) {
      if (error instanceof AppError) throw error
      log.warn({ err: error }, 'somebody came back from the issuer without a log-in')
      throw new AppError('unauthorized', 'The issuer did not log you in.', { why: 'external' })
    }
  }

  /** What a bearer token of the issuer says, if all of it is right. Throws `unauthorized` or `unavailable`. */
  async verify(token: string, now: Date): Promise<ExternalClaims> {
    const { audience, clientId } = this.#options.config
    const { issuer, keys } = await this.#discover()
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms,
        issuer,
        audience: audience || clientId,
        requiredClaims: ['sub', 'exp'],
        currentDate: now,
        clockTolerance: clockSkewSeconds,
      })
      return checked(payload)
    } catch (error) {
      if (error instanceof AppError) throw error
      const isAway = error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)
      throw isAway ? this.#away(error) : refused(refusalOf(error))
    }
  }

  #discover(): Promise<Discovered> {
    this.#discovered ??= this.#askIssuer().catch((error: unknown) => {
      this.#discovered = undefined
      throw this.#away(error)
    })
    return this.#discovered
  }

  async #askIssuer(): Promise<Discovered> {
    const { issuer, clientId, clientSecret } = this.#options.config
    const url = new URL(issuer)
    const client = await discovery(
      url,
      clientId,
      undefined,
      clientSecret === '' ? None() : ClientSecretPost(clientSecret),
      {
        timeout: timeoutSeconds,
        // The configuration allows http on this machine only.
        execute: [enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [allowInsecureRequests] : [])],
      },
    )
    const { issuer: name, jwks_uri: keysUrl } = client.serverMetadata()
    if (keysUrl === undefined) throw new Error('the issuer publishes no keys (jwks_uri)')
    return { client, issuer: name, keys: createRemoteJWKSet(new URL(keysUrl)) }
  }

  #away(error: unknown): AppError {
    this.#options.log.error({ err: error, issuer: this.#options.config.issuer }, 'the issuer cannot be used')
    return new AppError('unavailable', 'The log-in service does not answer. Try again in a few seconds.')
  }
}

function checked(claims: unknown): ExternalClaims {
  if (!claimsValidator.Check(claims)) throw refused('malformed')
  return claims as ExternalClaims
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '')
}
