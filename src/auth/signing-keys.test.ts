import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT, type JWK } from 'jose'
import type { Db } from '../db/database.ts'
import { AppError } from '../lib/app-error.ts'
import { forEachDatabase, silent } from '../tests/support/databases.ts'
import { signAccessToken, verifyAccessToken } from './access-token.ts'
import { SecretBox } from './secret-box.ts'
import { publishedMs, SigningKeys } from './signing-keys.ts'

const now = new Date('2026-11-20T12:00:00Z')
const later = (days: number, ms = 0) => new Date(now.getTime() + days * 86_400_000 + ms)
const box = new SecretBox(randomBytes(32).toString('hex'))
const open = (db: Db, { days = 30, key = box } = {}) =>
  new SigningKeys({ db, box: key, log: silent, days, tokenMinutes: 15 })

const issuer = 'sluice'
const account = { id: 'acc_1', role: 'host' } as const

async function tokenOf(keys: SigningKeys, at: Date): Promise<string> {
  const expiresAt = new Date(at.getTime() + 900_000)
  return signAccessToken({
    key: await keys.current(at),
    issuer,
    account,
    sessionId: 's',
    now: at,
    expiresAt,
  })
}

async function whyNot(token: string, keys: SigningKeys, at: Date): Promise<unknown> {
  try {
    await verifyAccessToken(token, { issuer, now: at, findKey: (id) => keys.find(id, at) })
    return undefined
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === 'unauthorized', String(error))
    return error.data?.['why']
  }
}

forEachDatabase('any program can check an access token by the published keys', async (db) => {
  const keys = open(db)
  const token = await tokenOf(keys, now)
  const [jwk] = await keys.published(now)
  assert.deepEqual(Object.keys(jwk!).toSorted(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  const { payload } = await jwtVerify(token, await importJWK(jwk as JWK), {
    issuer,
    audience: 'sluice',
    currentDate: now,
  })
  const { sub, sid, role, exp, iat } = payload
  assert.deepEqual([sub, sid, role, exp! - iat!], ['acc_1', 's', 'host', 900])
})

forEachDatabase('keys rotate: published before they sign, and for as long as tokens live', async (db) => {
  const keys = open(db)
  const first = await keys.current(now)
  const token = await tokenOf(keys, later(30, -600_000))
  const early = await keys.current(later(30))
  assert.equal(early.id, first.id, 'the next one is published first')
  assert.equal((await keys.published(later(30))).length, 2)
  const next = await keys.current(later(30, publishedMs))
  assert.notEqual(next.id, first.id)
  assert.equal(await whyNot(token, keys, later(30, 200_000)), undefined)
  assert.equal((await keys.published(later(31))).length, 2)
  assert.equal((await keys.published(later(32))).length, 1)
  assert.equal(await whyNot(token, keys, later(32)), 'unknown-key')
})

forEachDatabase('processes that begin or rotate at the same time have the same key', async (db) => {
  const all = Array.from({ length: 6 }, () => open(db))
  for (const at of [now, later(30), later(30, publishedMs + 60_000)]) {
    const current = await Promise.all(all.map((keys) => keys.current(at)))
    assert.equal(new Set(current.map(({ id }) => id)).size, 1)
  }
  assert.equal((await db.selectFrom('signing_keys').select('id').execute()).length, 2)
})

forEachDatabase('a key that another process made is known before it is looked for again', async (db) => {
  const one = open(db)
  const other = open(db)
  await other.current(now)
  await one.current(now)
  await db.deleteFrom('signing_keys').execute()
  const third = open(db)
  const token = await tokenOf(third, later(0, 5_000))
  assert.equal(await whyNot(token, other, later(0, 5_000)), undefined)
})

forEachDatabase('the private keys are sealed, and a lost seal makes a new key', async (db) => {
  const keys = open(db)
  const token = await tokenOf(keys, now)
  const rows = await db.selectFrom('signing_keys').selectAll().execute()
  assert.ok(!Buffer.from(rows[0]!.private_key).toString('latin1').includes('"d"'))
  const key = new SecretBox(randomBytes(32).toString('hex'))
  const elsewhere = open(db, { key })
  const again = await tokenOf(elsewhere, later(1))
  assert.equal(await whyNot(again, elsewhere, later(1)), undefined)
  assert.equal(await whyNot(token, elsewhere, now), undefined, 'what is public needs no seal')
})

forEachDatabase('tokens that are not exactly ours are refused, each with its reason', async (db) => {
  const keys = open(db)
  const { id: kid } = await keys.current(now)
  const token = await tokenOf(keys, now)
  const [head = '', payload = '', signature = ''] = token.split('.')
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { iss: issuer, aud: 'sluice', sub: 'acc_1', sid: 's', exp: now.getTime() / 1000 + 60 }
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const forged = (header: object) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...header }).sign(privateKey)
  const { key } = await keys.current(now)
  const ours = (more: object, typ = 'at+jwt') =>
    new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: 'ES256', typ, kid }).sign(key)
  const publicText = Buffer.from(JSON.stringify((await keys.published(now))[0]))
  const confused = new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid })
    .sign(publicText)

  const refusals: [string, string][] = [
    [`${part({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.`, 'wrong-algorithm'],
    [await confused, 'wrong-algorithm'],
    [await forged({ kid }), 'bad-signature'],
    [await forged({ kid: 'another' }), 'unknown-key'],
    [await forged({ jwk: await exportJWK(publicKey) }), 'unknown-key'],
    [`${head}.${part({ ...claims, sub: 'acc_2' })}.${signature}`, 'bad-signature'],
    [await ours({ exp: now.getTime() / 1000 - 10 }), 'expired'],
    [await ours({ aud: 'another' }), 'wrong-audience'],
    [await ours({ iss: 'another' }), 'wrong-audience'],
    [await ours({ sid: undefined }), 'missing-claim'],
    [await ours({}, 'JWT'), 'malformed'],
    ['a.b.c', 'malformed'],
  ]
  for (const [refused, why] of refusals) assert.equal(await whyNot(refused, keys, now), why, refused)
  assert.equal(await whyNot(await ours({}), keys, now), undefined)
})
