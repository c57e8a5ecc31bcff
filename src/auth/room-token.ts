import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { AppError } from '../lib/app-error.ts'
import type { Secret } from '../lib/ids.ts'
import { Metadata } from '../protocol/model.ts'
import { GrantsInput, toGrants, type Grants } from '../protocol/grants.ts'

/**
 * Room tokens: JWTs that a backend signs with the secret of its API key (docs/tokens.md). Nothing in a token chooses how it
 * is checked: one algorithm, and the key of its issuer; `kid`, `jku`, `jwk` and `x5u` are not looked at.
 */

const algorithm = 'HS256'
/** Clocks of two servers may differ by so much, in seconds. */
const clockSkewSeconds = 10
/** Longer ones would not fit into the address of a WebSocket together with everything else. */
const maxTokenLength = 8192
/** Three parts of base64url. The last one is empty in a token that nobody signed. */
const compactForm = /^[\w-]+\.[\w-]+\.[\w-]*$/
const notBlank = '\\S'
const seconds = (description: string) => Type.Number({ description })

const RoomClaim = Type.Object(
  { room: Type.String({ pattern: notBlank, description: 'The room it is for.' }), ...GrantsInput.properties },
  {
    additionalProperties: false,
    description: 'The room, and what the person may do there. A name that is not listed here is refused.',
  },
)

/** What a token says. Claims that are not listed are ignored. */
export const RoomTokenClaims = Type.Object({
  iss: Type.String({ description: 'Id of the API key whose secret signed the token.' }),
  sub: Type.String({
    pattern: notBlank,
    description:
      'Identity: who this is, in your words (a user id). A second connection with the same one takes the place of the first.',
  }),
  exp: seconds('When it expires, in seconds since 1970. At most `auth.tokenMaxSeconds` (a day) ahead.'),
  nbf: Type.Optional(seconds('Not valid before, in seconds since 1970.')),
  iat: Type.Optional(seconds('When it was signed, in seconds since 1970.')),
  jti: Type.Optional(Type.String({ maxLength: 128, description: 'Id of the token, for your own records.' })),
  name: Type.Optional(
    Type.String({
      pattern: notBlank,
      description: 'Name shown to people. Left out, the person chooses one.',
    }),
  ),
  metadata: Type.Optional(Metadata),
  room: RoomClaim,
})
const claimsValidator = Compile(RoomTokenClaims)
type Claims = Static<typeof RoomTokenClaims>

/** Why a token is refused, as `data.why` of the error `unauthorized`. */
export const tokenRefusals = {
  malformed: 'The token is not a room token, or something in it is too long, too short or of the wrong type.',
  expired: 'The token has expired.',
  'not-yet-valid': 'The token is not valid yet.',
  'unknown-key': 'The token was signed for an API key that does not exist or was revoked.',
  'bad-signature': 'The signature of the token is wrong.',
  'wrong-algorithm': 'Room tokens are signed with HS256.',
  'wrong-room': 'The token is for another room.',
  'missing-claim': 'The token lacks a claim: iss, sub, exp and room.room are needed.',
} as const
export type TokenRefusal = keyof typeof tokenRefusals

/** A token that was checked. */
export interface RoomToken {
  readonly keyId: string
  readonly identity: string
  readonly name: string | undefined
  readonly metadata: Metadata | undefined
  readonly room: string
  readonly grants: Grants
  readonly expiresAt: Date
  readonly id: string | undefined
}

export interface VerifyOptions {
  readonly now: Date
  /** The secret of an API key; undefined when there is none, or it was revoked. */
  readonly findKey: (keyId: string) => Promise<Secret | undefined>
  /** The room somebody wants to enter; left out, a token for any room will do. */
  readonly room?: string
  /** Longest life, in seconds (`auth.tokenMaxSeconds`). */
  readonly maxSeconds: number
  /** Most characters in identity, name and room (`limits.nameLength`). */
  readonly nameLength: number
}

/** What a token says, if all of it is right; otherwise throws `unauthorized` with one of `tokenRefusals`. */
export async function verifyRoomToken(token: string, options: VerifyOptions): Promise<RoomToken> {
  const { now, findKey, room } = options
  const keyId = issuerOf(token)
  const secret = await findKey(keyId)
  if (secret === undefined) throw refused('unknown-key')

  const claims = await checkSignatureAndTimes(token, secret, now)
  if (isMissingRoom(claims)) throw refused('missing-claim')
  if (!claimsValidator.Check(claims) || !isWithinBounds(claims, options)) throw refused('malformed')
  if (room !== undefined && claims.room.room !== room) throw refused('wrong-room')

  const { room: roomId, ...grants } = claims.room
  return {
    keyId,
    identity: claims.sub,
    name: claims.name,
    metadata: claims.metadata,
    room: roomId,
    grants: toGrants(grants),
    expiresAt: new Date(claims.exp * 1000),
    id: claims.jti,
  }
}

/** The key a token says it is signed with. Nothing is proven yet. */
function issuerOf(token: string): string {
  if (token.length > maxTokenLength || !compactForm.test(token)) throw refused('malformed')
  try {
    if (decodeProtectedHeader(token).alg !== algorithm) throw refused('wrong-algorithm')
    const { iss } = decodeJwt(token)
    if (iss === undefined) throw refused('missing-claim')
    if (typeof iss !== 'string' || iss.length > 128) throw refused('malformed')
    return iss
  } catch (error) {
    throw error instanceof AppError ? error : refused('malformed')
  }
}

async function checkSignatureAndTimes(token: string, secret: Secret, now: Date): Promise<unknown> {
  try {
    const { payload } = await jwtVerify(token, Buffer.from(secret.reveal()), {
      algorithms: [algorithm],
      requiredClaims: ['sub', 'exp'],
      currentDate: now,
      clockTolerance: clockSkewSeconds,
    })
    return payload
  } catch (error) {
    throw refused(refusalOf(error))
  }
}

function refusalOf(error: unknown): TokenRefusal {
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bad-signature'
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'wrong-algorithm'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === 'missing') return 'missing-claim'
    if (error.claim === 'nbf' && error.reason === 'check_failed') return 'not-yet-valid'
  }
  if (error instanceof errors.JOSEError) return 'malformed'
  throw error
}

function isMissingRoom(claims: unknown): boolean {
  const { room } = claims as { room?: unknown }
  return room === undefined || (typeof room === 'object' && room !== null && !('room' in room))
}

function isWithinBounds({ sub, name, room, exp, iat }: Claims, options: VerifyOptions): boolean {
  const texts = [sub, name ?? '', room.room]
  const from = Math.min(iat ?? Infinity, options.now.getTime() / 1000)
  return (
    texts.every((text) => text.length <= options.nameLength) &&
    exp - from <= options.maxSeconds + clockSkewSeconds
  )
}

function refused(why: TokenRefusal): AppError {
  return new AppError('unauthorized', tokenRefusals[why], { why })
}

export interface SignOptions {
  readonly key: { readonly id: string; readonly secret: Secret }
  readonly identity: string
  readonly room: string
  readonly name?: string | undefined
  readonly metadata?: Metadata | undefined
  readonly grants?: GrantsInput
  readonly id?: string
  readonly now: Date
  readonly lifeSeconds: number
}

/** A token as a backend would sign it itself. */
export function signRoomToken(options: SignOptions): Promise<string> {
  const { key, identity, room, name, metadata, grants, id, now, lifeSeconds } = options
  const iat = Math.floor(now.getTime() / 1000)
  const claims: Claims = {
    iss: key.id,
    sub: identity,
    iat,
    exp: iat + lifeSeconds,
    ...(id === undefined ? {} : { jti: id }),
    ...(name === undefined ? {} : { name }),
    ...(metadata === undefined ? {} : { metadata }),
    room: { room, ...grants },
  }
  return new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
    .sign(Buffer.from(key.secret.reveal()))
}
