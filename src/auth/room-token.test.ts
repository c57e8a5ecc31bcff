import assert from 'node:assert/strict'
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { AppError } from '../lib/app-error.ts'
import { Secret } from '../lib/ids.ts'
import { guestGrants } from '../protocol/grants.ts'
import { signRoomToken, tokenRefusals, verifyRoomToken, type TokenRefusal } from './room-token.ts'

const now = new Date('2026-11-20T12:00:00Z')
const at = now.getTime() / 1000
const key = { id: 'key_test', secret: new Secret('sluice_of-this-test') }
const claims = { iss: key.id, sub: 'ana', exp: at + 3600, room: { room: 'algebra' } }

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token as any other program would make it: without jose. */
function handmade(
  payload: unknown,
  { header = { alg: 'HS256', typ: 'JWT' }, secret = key.secret.reveal(), hash = 'sha256' } = {},
): string {
  const signed = `${encode(header)}.${encode(payload)}`
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`
}

const verify = (token: string, options: { room?: string; now?: Date } = {}) =>
  verifyRoomToken(token, {
    now,
    findKey: async (id) => (id === key.id ? key.secret : undefined),
    maxSeconds: 86_400,
    nameLength: 32,
    ...options,
  })

async function assertRefused(why: TokenRefusal, token: string, options?: { room?: string; now?: Date }) {
  await assert.rejects(verify(token, options), (error) => {
    assert.ok(error instanceof AppError, String(error))
    assert.deepEqual([error.code, error.data], ['unauthorized', { why }])
    assert.equal(error.message, tokenRefusals[why])
    return true
  })
}

test('a token signed by hand admits with what it says', async () => {
  const token = await verify(
    handmade({
      ...claims,
      nbf: at,
      iat: at,
      jti: 'one',
      name: 'Ana',
      metadata: { team: { colour: 'red' } },
      room: { room: 'algebra', publish: ['microphone'], moderate: true, subscribe: false },
    }),
    { room: 'algebra' },
  )
  assert.deepEqual(token, {
    keyId: key.id,
    identity: 'ana',
    name: 'Ana',
    metadata: { team: { colour: 'red' } },
    room: 'algebra',
    grants: { ...guestGrants, publish: ['microphone'], moderate: true, subscribe: false },
    expiresAt: new Date((at + 3600) * 1000),
    id: 'one',
  })
})

test('a token with only what is needed has the grants of a guest', async () => {
  const { grants, name, metadata, id } = await verify(handmade(claims))
  assert.deepEqual(grants, guestGrants)
  assert.deepEqual([name, metadata, id], [undefined, undefined, undefined])
})

test('a token of ours can be read by anybody who knows JWTs', async () => {
  const token = await signRoomToken({
    key,
    identity: 'ana',
    room: 'algebra',
    name: 'Ana',
    grants: { record: true },
    now,
    lifeSeconds: 60,
  })
  const [header = '', payload = '', signature] = token.split('.')
  assert.equal(
    signature,
    createHmac('sha256', key.secret.reveal()).update(`${header}.${payload}`).digest('base64url'),
  )
  assert.deepEqual(JSON.parse(Buffer.from(payload, 'base64url').toString()), {
    iss: key.id,
    sub: 'ana',
    iat: at,
    exp: at + 60,
    name: 'Ana',
    room: { room: 'algebra', record: true },
  })
  assert.equal((await verify(token)).grants.record, true)
})

test('an expired token is refused, ten seconds after its end', async () => {
  const token = handmade({ ...claims, exp: at })
  await verify(token, { now: new Date((at + 9) * 1000) })
  await assertRefused('expired', token, { now: new Date((at + 10) * 1000) })
  await assertRefused('expired', handmade({ ...claims, exp: 0 }))
  await assertRefused('expired', handmade({ ...claims, exp: -1e300 }))
})

test('a token for later is refused until ten seconds before', async () => {
  await verify(handmade({ ...claims, nbf: at + 10 }))
  await assertRefused('not-yet-valid', handmade({ ...claims, nbf: at + 11 }))
})

test('a token of an unknown key is refused, whoever signed it', async () => {
  await assertRefused('unknown-key', handmade({ ...claims, iss: 'key_other' }))
  await assertRefused('unknown-key', handmade({ ...claims, iss: '' }))
})

test('a wrong signature is refused', async () => {
  await assertRefused('bad-signature', handmade(claims, { secret: 'another' }))
  const [header, , signature] = handmade(claims).split('.')
  await assertRefused('bad-signature', `${header}.${encode({ ...claims, sub: 'eve' })}.${signature}`)
  await assertRefused('bad-signature', `${header}.${encode(claims)}.`)
})

test('every other algorithm is refused', async () => {
  for (const alg of ['none', 'None', 'HS384', 'HS512', 'RS256', 'ES256', 'EdDSA', 'hs256']) {
    await assertRefused('wrong-algorithm', handmade(claims, { header: { alg, typ: 'JWT' } }))
  }
  await assertRefused('wrong-algorithm', handmade(claims, { header: { typ: 'JWT' } as never }))
  await assertRefused('wrong-algorithm', `${encode({ alg: 'none' })}.${encode(claims)}.`)
  await assertRefused('bad-signature', handmade(claims, { hash: 'sha512' }))
})

test('a token signed with a private key is refused under either name of the algorithm', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  for (const [alg, why] of [
    ['RS256', 'wrong-algorithm'],
    ['HS256', 'bad-signature'],
  ] as const) {
    const signed = `${encode({ alg })}.${encode(claims)}`
    const signature = sign('sha256', Buffer.from(signed), privateKey).toString('base64url')
    await assertRefused(why, `${signed}.${signature}`)
  }
})

test('keys that a token brings along or points to are not looked at', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({ format: 'jwk' })
  const header = {
    alg: 'HS256',
    typ: 'JWT',
    kid: '../../etc/passwd',
    jku: 'http://127.0.0.1:1/',
    jwk,
    x5u: 'x',
  }
  await verify(handmade(claims, { header }))
  const eve = { kty: 'oct', k: Buffer.from('eve').toString('base64url') }
  await assertRefused(
    'bad-signature',
    handmade(claims, { header: { alg: 'HS256', jwk: eve } as never, secret: 'eve' }),
  )
})

test('a token for another room is refused', async () => {
  await verify(handmade(claims), { room: 'algebra' })
  for (const room of ['algebra-2', 'Algebra', 'algebra ', '']) {
    await assertRefused('wrong-room', handmade(claims), { room })
  }
})

test('a token without a claim that is needed is refused', async () => {
  for (const name of ['iss', 'sub', 'exp', 'room']) {
    const rest = Object.fromEntries(Object.entries(claims).filter(([claim]) => claim !== name))
    await assertRefused('missing-claim', handmade(rest))
  }
  await assertRefused('missing-claim', handmade({ ...claims, room: { join: true } }))
})

test('claims of the wrong type, length or value are refused', async () => {
  const wrong = [
    { iss: 7 },
    { iss: 'k'.repeat(129) },
    { sub: '' },
    { sub: ' ' },
    { sub: 7 },
    { sub: 'a'.repeat(33) },
    { exp: '2030' },
    { exp: at + 86_400 + 11 },
    { exp: 1e300 },
    { iat: 'yesterday' },
    { iat: at - 86_400 },
    { nbf: 'now' },
    { jti: 'j'.repeat(129) },
    { name: '' },
    { name: 'n'.repeat(33) },
    { metadata: 'text' },
    { metadata: [1] },
    { room: 'algebra' },
    { room: null },
    { room: { room: '' } },
    { room: { room: 'r'.repeat(33) } },
    { room: { room: 'algebra', join: 'yes' } },
    { room: { room: 'algebra', publish: ['everything'] } },
    // What other servers call it: ignoring it would grant what was meant to be refused.
    { room: { room: 'algebra', canPublish: false } },
  ]
  for (const claim of wrong) await assertRefused('malformed', handmade({ ...claims, ...claim }))
})

test('claims that nobody here knows are ignored', async () => {
  await verify(handmade({ ...claims, aud: 'else', video: { room: 'x' }, scope: ['admin'] }))
})

test('what is no token is refused', async () => {
  const good = handmade(claims)
  for (const token of [
    '',
    '.',
    '..',
    'x',
    good.slice(0, 40),
    `${good}.x`,
    `${good}=`,
    ` ${good}`,
    `${encode('text')}.${encode('text')}.x`,
    `${encode({ alg: 'HS256' })}.${encode(null)}.x`,
    `${encode({ alg: 'HS256' })}.bm8ganNvbg.x`,
    handmade(claims, { header: { alg: 'HS256', crit: ['b64'], b64: false } as never }),
    handmade({ ...claims, metadata: { text: 'x'.repeat(8192) } }),
  ]) {
    await assertRefused('malformed', token)
  }
})
