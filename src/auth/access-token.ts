import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, SignJWT, type CryptoKey } from 'jose'
import { AppError } from '../lib/app-error.ts'
import { randomId } from '../lib/ids.ts'
import type { Role } from '../protocol/rest.ts'
import { signingAlgorithm, type SigningKey } from './signing-keys.ts'

/**
 * Access tokens: short-lived JWTs that say which session of which account this is. Nothing in a token chooses how it is
 * checked: one algorithm, keys of ours. Other programs can check them by `/.well-known/jwks.json`.
 */

export const audience = 'sluice'
/** Clocks of two hosts of one server may differ by so much, in seconds. */
const clockSkewSeconds = 5
const maxTokenLength = 8192
const compactForm = /^[\w-]+\.[\w-]+\.[\w-]*$/

/** Why an access token is refused, as `data.why` of the error `unauthorized`. */
export const accessRefusals = {
  malformed: 'This is not an access token.',
  expired: 'The access token has expired.',
  'unknown-key': 'The access token is signed with a key that is not in use.',
  'bad-signature': 'The signature of the access token is wrong.',
  'wrong-algorithm': 'The access token is signed in another way than this server’s are.',
  'wrong-audience': 'The token is not meant for this server.',
  'missing-claim': 'The access token lacks a claim.',
  'session-ended': 'This session has ended. Log in again.',
  disabled: 'This account is disabled.',
} as const
export type AccessRefusal = keyof typeof accessRefusals

export function refused(why: AccessRefusal): AppError {
  return new AppError('unauthorized', accessRefusals[why], { why })
}

export interface AccessClaims {
  readonly accountId: string
  readonly sessionId: string
}

export function signAccessToken(options: {
  key: SigningKey
  issuer: string
  account: { id: string; role: Role }
  sessionId: string
  now: Date
  expiresAt: Date
}): Promise<string> {
  const { key, issuer, account, sessionId, now, expiresAt } = options
  return new SignJWT({ sid: sessionId, role: account.role })
    .setProtectedHeader({ alg: signingAlgorithm, typ: 'at+jwt', kid: key.id })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(account.id)
    .setJti(randomId())
    .setIssuedAt(now)
    .setExpirationTime(expiresAt)
    .sign(key.key)
}

/** Who a token says it is from. Nothing is proven yet. Throws `unauthorized` for what is no JWT. */
export function issuerOf(token: string): string | undefined {
  if (token.length > maxTokenLength || !compactForm.test(token)) throw refused('malformed')
  try {
    return decodeJwt(token).iss
  } catch {
    throw refused('malformed')
  }
}

/** What the token says, if all of it is right; otherwise throws `unauthorized` with one of `accessRefusals`. */
export async function verifyAccessToken(
  token: string,
  {
    issuer,
    now,
    findKey,
  }: { issuer: string; now: Date; findKey: (id: string) => Promise<CryptoKey | undefined> },
): Promise<AccessClaims> {
  const { kid, alg } = headerOf(token)
  if (alg !== signingAlgorithm) throw refused('wrong-algorithm')
  const key = typeof kid === 'string' ? await findKey(kid) : undefined
  if (!key) throw refused('unknown-key')
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [signingAlgorithm],
      issuer,
      audience,
      requiredClaims: ['sub', 'sid', 'exp'],
      typ: 'at+jwt',
      currentDate: now,
      clockTolerance: clockSkewSeconds,
    })
    const { sub, sid } = payload
    if (typeof sub !== 'string' || typeof sid !== 'string') throw refused('malformed')
    return { accountId: sub, sessionId: sid }
  } catch (error) {
    if (error instanceof AppError) throw error
    throw refused(refusalOf(error))
  }
}

function headerOf(token: string): { kid?: unknown; alg?: unknown } {
  try {
    return decodeProtectedHeader(token)
  } catch {
    throw refused('malformed')
  }
}

/** Also for tokens of the external issuer. Rethrows what is no fault of the token. */
export function refusalOf(error: unknown): AccessRefusal {
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bad-signature'
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'wrong-algorithm'
  if (error instanceof errors.JWKSNoMatchingKey) return 'unknown-key'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === 'missing') return 'missing-claim'
    if (error.claim === 'aud' || error.claim === 'iss') return 'wrong-audience'
  }
  if (error instanceof errors.JOSEError) return 'malformed'
  throw error
}
