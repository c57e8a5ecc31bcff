import assert from 'node:assert/strict'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import type { Db } from '../db/database.ts'
import { AppError } from '../lib/app-error.ts'
import { createLog } from '../lib/log.ts'
import { forEachDatabase, silent, temporaryFolder } from '../tests/support/databases.ts'
import { ApiKeys } from './api-keys.ts'
import { signRoomToken } from './room-token.ts'
import { SecretBox } from './secret-box.ts'

const now = new Date('2026-11-20T12:00:00Z')
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000)
const limits = { nameLength: 32 }

const open = async (db: Db, dataDir: string, encryptionKey = '', log = silent) =>
  new ApiKeys({
    db,
    config: { limits, auth: { tokenMaxSeconds: 86_400 } },
    log,
    box: await SecretBox.create({ dataDir, encryptionKey }),
  })

const refusedWith = (code: string, why?: string) => (error: unknown) => {
  assert.ok(error instanceof AppError, String(error))
  assert.deepEqual([error.code, error.data?.['why']], [code, why])
  return true
}

forEachDatabase('a key signs tokens that admit, until it is revoked', async (db, _t, { dataDir }) => {
  const keys = await open(db, dataDir)
  const key = await keys.add({ name: ' Tutoring ', now })
  const token = await signRoomToken({ key, identity: 'ana', room: 'algebra', now, lifeSeconds: 60 })
  assert.equal((await keys.verifyToken(token, { room: 'algebra', now })).identity, 'ana')
  await assert.rejects(
    keys.verifyToken(token, { room: 'biology', now }),
    refusedWith('unauthorized', 'wrong-room'),
  )

  await keys.revoke(key.id, later(1))
  await assert.rejects(keys.verifyToken(token, { now }), refusedWith('unauthorized', 'unknown-key'))
  await keys.revoke(key.id, later(2))
  const [listed] = await keys.list()
  assert.deepEqual(listed, {
    id: key.id,
    name: 'Tutoring',
    createdAt: now,
    lastUsedAt: now,
    revokedAt: later(1),
  })
  await assert.rejects(keys.revoke('key_none', now), refusedWith('not-found'))
})

forEachDatabase('keys are listed newest first and without secrets', async (db, _t, { dataDir }) => {
  const keys = await open(db, dataDir)
  const made = [await keys.add({ name: 'one', now }), await keys.add({ name: 'two', now: later(5) })]
  const listed = await keys.list()
  assert.deepEqual(
    listed.map(({ name }) => name),
    ['two', 'one'],
  )
  for (const { secret } of made) {
    assert.equal(Buffer.from(secret.reveal().slice('sluice_'.length), 'base64url').length, 32)
    assert.ok(!JSON.stringify(listed).includes(secret.reveal()))
    assert.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}')
  }
})

forEachDatabase(
  'a key remembers its last use, written at most once a minute',
  async (db, _t, { dataDir }) => {
    const keys = await open(db, dataDir)
    const key = await keys.add({ name: 'one', now })
    const lastUsedAt = async () => (await keys.list())[0]!.lastUsedAt
    const use = async (seconds: number) => {
      const token = await signRoomToken({
        key,
        identity: 'a',
        room: 'r',
        now: later(seconds),
        lifeSeconds: 60,
      })
      await keys.verifyToken(token, { now: later(seconds) })
    }
    assert.equal(await lastUsedAt(), undefined)
    await use(0)
    await use(59)
    assert.deepEqual(await lastUsedAt(), now)
    await use(60)
    assert.deepEqual(await lastUsedAt(), later(60))
    await use(30)
    assert.deepEqual(await lastUsedAt(), later(60), 'a clock that steps back changes nothing')
    await assert.rejects(keys.verifyToken('x.y.z', { now: later(500) }))
    assert.deepEqual(await lastUsedAt(), later(60), 'a refused token is no use')
  },
)

forEachDatabase('no secret is in the database, but by its key', async (db, _t, where) => {
  const keys = await open(db, where.dataDir)
  const { id, secret } = await keys.add({ name: 'a-name-to-find', now })
  if (where.engine === 'PGlite') await sql`checkpoint`.execute(db)
  const contents = await where.contents()
  assert.ok(contents.includes('a-name-to-find'))
  for (const encoding of ['utf8', 'hex', 'base64'] as const) {
    assert.ok(!contents.includes(Buffer.from(secret.reveal()).toString(encoding)), encoding)
  }
  const again = await open(db, where.dataDir)
  assert.equal((await again.findSecret(id))?.reveal(), secret.reveal())
  const masterKey = readFileSync(join(where.dataDir, 'secret.key'), 'utf8').trim()
  const elsewhere = await open(db, '/nonexistent', masterKey)
  assert.equal((await elsewhere.findSecret(id))?.reveal(), secret.reveal(), 'on a host with the same key')
})

forEachDatabase(
  'with another encryption key, keys are unavailable and the log says why',
  async (db, _t, where) => {
    const keys = await open(db, where.dataDir)
    const { id } = await keys.add({ name: 'one', now })
    const log = createLog({ level: 'silent', pretty: false })
    const said: string[] = []
    log.error = ((_facts: object, message: string) => said.push(message)) as unknown as typeof log.error
    const other = await open(db, where.dataDir, '0'.repeat(63) + '1', log)
    await assert.rejects(other.findSecret(id), refusedWith('unavailable'))
    assert.match(said.join(), /auth\.encryptionKey/)
  },
)

forEachDatabase('a sealed secret does not open in the row of another key', async (db, _t, { dataDir }) => {
  const keys = await open(db, dataDir)
  const ours = await keys.add({ name: 'ours', now })
  const theirs = await keys.add({ name: 'theirs', now })
  await sql`update api_keys set secret = (select secret from api_keys where id = ${ours.id})`.execute(db)
  assert.ok(await keys.findSecret(ours.id))
  await assert.rejects(keys.findSecret(theirs.id), refusedWith('unavailable'))
})

forEachDatabase(
  'a token of this server itself admits, and its key is nobody’s',
  async (db, _t, { dataDir }) => {
    const keys = await open(db, dataDir)
    const claims = { identity: 'ana', room: 'meeting:1', name: 'Ana', metadata: { role: 'host' }, now }
    const { token, expiresAt } = await keys.issueToken({ ...claims, lifeSeconds: 10 * 86_400 })
    assert.deepEqual(expiresAt, later(86_400), 'auth.tokenMaxSeconds')
    const verified = await keys.verifyToken(token, { room: 'meeting:1', now })
    assert.deepEqual(
      [verified.identity, verified.metadata, verified.expiresAt],
      ['ana', { role: 'host' }, expiresAt],
    )
    const again = await (await open(db, dataDir)).issueToken({ ...claims, lifeSeconds: 60 })
    const { keyId } = await keys.verifyToken(again.token, { now })
    assert.equal(keyId, verified.keyId, 'the same key at the next start')

    assert.deepEqual(await keys.list(), [])
    await assert.rejects(keys.revoke(keyId, now), refusedWith('not-found'))
    const secret = (await keys.findSecret(keyId))!.reveal()
    await assert.rejects(
      keys.authenticate({ id: keyId, secret, now }),
      refusedWith('unauthorized', 'unknown-key'),
    )

    const elsewhere = await open(db, dataDir, '0'.repeat(63) + '1')
    const other = await elsewhere.issueToken({ ...claims, lifeSeconds: 60 })
    assert.notEqual(
      (await elsewhere.verifyToken(other.token, { now })).keyId,
      keyId,
      'another encryption key',
    )
  },
)

forEachDatabase('a key needs a name of a bearable length', async (db, _t, { dataDir }) => {
  const keys = await open(db, dataDir)
  await assert.rejects(keys.add({ name: '  ', now }), refusedWith('bad-request'))
  await assert.rejects(keys.add({ name: 'n'.repeat(33), now }), refusedWith('limit-exceeded'))
})

test('the key file is made once, for its owner alone', async (t) => {
  const dataDir = temporaryFolder(t)
  const path = join(dataDir, 'secret.key')
  await Promise.all([1, 2, 3].map(() => SecretBox.create({ dataDir, encryptionKey: '' })))
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const text = readFileSync(path, 'utf8')
  await SecretBox.create({ dataDir, encryptionKey: '' })
  assert.equal(readFileSync(path, 'utf8'), text)

  chmodSync(path, 0o600)
  writeFileSync(path, 'changeme\n')
  await assert.rejects(SecretBox.create({ dataDir, encryptionKey: '' }), /holds no key/)
})
