import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { Audit } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import { AppError } from '../lib/app-error.ts'
import { forEachDatabase, silent } from '../tests/support/databases.ts'
import { getAccount } from './accounts.ts'
import { insertAccount, updateAccount, type AccountRow } from './accounts.store.ts'
import { SecretBox } from './secret-box.ts'
import { SecondFactors } from './second-factors.ts'
import { Sessions } from './sessions.ts'
import { SigningKeys } from './signing-keys.ts'

const now = new Date('2026-11-20T12:00:00Z')
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000)
const box = new SecretBox(randomBytes(32).toString('hex'))
const client = { address: '192.0.2.7', userAgent: 'test' }
const day = 86_400

async function open(db: Db, { sessionsPerAccount = 50 } = {}) {
  await insertAccount(db, { id: 'acc_1', email: 'a@b.c', name: 'Ana', role: 'host', created_at: now })
  const sessions = new Sessions({
    db,
    audit: new Audit({ db, log: silent, days: 365 }),
    signingKeys: new SigningKeys({ db, box, log: silent, days: 3650, tokenMinutes: 15 }),
    config: { accessMinutes: 15, sessionDays: 7, sessionsPerAccount },
    issuer: 'sluice',
  })
  return { sessions, account: await getAccount(db, 'acc_1') }
}

const refusedWith = (why: string) => (error: unknown) => {
  assert.ok(error instanceof AppError, String(error))
  assert.deepEqual([error.code, error.data?.['why']], ['unauthorized', why])
  return true
}

const actions = async (db: Db) =>
  (await db.selectFrom('audit_log').select('action').execute()).map(({ action }) => action)

forEachDatabase('a refresh token that comes back late ends its whole session', async (db) => {
  const { sessions, account } = await open(db)
  const first = await sessions.open(account, client, now)
  const other = await sessions.open(account, client, now)
  const { tokens: second } = await sessions.refresh(first.refreshToken, client, later(60))
  const { tokens: sibling } = await sessions.refresh(first.refreshToken, client, later(70))
  assert.equal(sibling.sessionId, first.sessionId)
  assert.equal((await sessions.identify(second.accessToken, later(71))).sessionId, first.sessionId)

  await assert.rejects(sessions.refresh(first.refreshToken, client, later(71)), refusedWith('session-ended'))
  for (const { refreshToken } of [second, sibling]) {
    await assert.rejects(sessions.refresh(refreshToken, client, later(72)), refusedWith('session-ended'))
  }
  await assert.rejects(sessions.identify(second.accessToken, later(72)), refusedWith('session-ended'))
  assert.deepEqual(await actions(db), ['account.refresh-reused'])
  await sessions.refresh(other.refreshToken, client, later(73))
})

forEachDatabase('tabs that refresh at the same moment all stay logged in', async (db) => {
  const { sessions, account } = await open(db)
  const { refreshToken } = await sessions.open(account, client, now)
  const tabs = await Promise.all([1, 2, 3, 4].map(() => sessions.refresh(refreshToken, client, later(60))))
  assert.equal(new Set(tabs.map(({ tokens }) => tokens.refreshToken)).size, 4)
  for (const { tokens } of tabs) await sessions.refresh(tokens.refreshToken, client, later(120))
})

forEachDatabase('a session lives for as long as it is used, and a week longer', async (db) => {
  const { sessions, account } = await open(db)
  const first = await sessions.open(account, client, now)
  assert.equal((await sessions.identify(first.accessToken, later(899))).accountId, 'acc_1')
  await assert.rejects(sessions.identify(first.accessToken, later(906)), refusedWith('expired'))
  const { tokens } = await sessions.refresh(first.refreshToken, client, later(6 * day))
  assert.deepEqual(tokens.refreshExpiresAt, later(13 * day))
  const { tokens: third } = await sessions.refresh(tokens.refreshToken, client, later(12 * day))
  await sessions.forget(later(19 * day))
  await assert.rejects(
    sessions.refresh(third.refreshToken, client, later(19 * day)),
    refusedWith('session-ended'),
  )
  assert.deepEqual(await db.selectFrom('refresh_tokens').select('hash').execute(), [])
})

forEachDatabase('one session too many ends the one that was not used for longest', async (db) => {
  const { sessions, account } = await open(db, { sessionsPerAccount: 2 })
  const oldest = await sessions.open(account, client, now)
  const second = await sessions.open(account, client, later(1))
  await sessions.refresh(oldest.refreshToken, client, later(2))
  const third = await sessions.open(account, client, later(3))
  const left = (await sessions.list('acc_1', later(4))).map(({ id }) => id)
  assert.deepEqual(left, [third.sessionId, oldest.sessionId])
  await assert.rejects(sessions.identify(second.accessToken, later(4)), refusedWith('session-ended'))
})

forEachDatabase('disabling somebody and changing their role take effect at once', async (db) => {
  const { sessions, account } = await open(db)
  const { accessToken, refreshToken } = await sessions.open(account, client, now)
  await updateAccount(db, 'acc_1', { role: 'member' })
  assert.equal((await sessions.identify(accessToken, later(1))).role, 'member')
  await updateAccount(db, 'acc_1', { disabled_at: later(2) })
  await assert.rejects(sessions.identify(accessToken, later(3)), refusedWith('disabled'))
  await assert.rejects(sessions.refresh(refreshToken, client, later(3)), refusedWith('session-ended'))
})

forEachDatabase('whoever logs in while the password changes is not let in by the old one', async (db) => {
  const { sessions, account } = await open(db)
  await updateAccount(db, 'acc_1', { password_hash: 'another' })
  await assert.rejects(sessions.open(account, client, now), refusedWith('session-ended'))
  assert.deepEqual(await sessions.list('acc_1', now), [])
})

forEachDatabase('no token is in the database', async (db, _t, where) => {
  const { sessions, account } = await open(db)
  const { refreshToken, accessToken } = await sessions.open(account, client, now)
  const contents = await where.contents()
  assert.ok(!contents.includes(refreshToken))
  assert.ok(!contents.includes(accessToken))
})

forEachDatabase('codes are guessed five times in a quarter of an hour, also all at once', async (db) => {
  const { account } = await open(db)
  const factors = new SecondFactors({ db, box })
  await factors.begin(account)
  const guess = (at: Date) => factors.confirm('acc_1', '000000', at)
  const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => guess(now)))
  const codes = outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as AppError).code)
  assert.equal(codes.filter((code) => code === 'forbidden').length, 5)
  assert.equal(codes.filter((code) => code === 'rate-limited').length, 7)
  await assert.rejects(guess(later(899)), { code: 'rate-limited' })
  await assert.rejects(guess(later(901)), { code: 'forbidden' })
})

forEachDatabase('a code that several bring at once is taken once', async (db) => {
  const { account } = await open(db)
  const factors = new SecondFactors({ db, box })
  const recoveryCodes = await setUp(factors, account)
  const [code = ''] = recoveryCodes
  const taken = await Promise.all([1, 2, 3].map(() => factors.accepts('acc_1', code, now)))
  assert.deepEqual(taken.toSorted(), [false, false, true])
})

async function setUp(factors: SecondFactors, account: AccountRow): Promise<string[]> {
  const { secret } = await factors.begin(account)
  const code = TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: now.getTime() })
  return factors.confirm(account.id, code, now)
}
