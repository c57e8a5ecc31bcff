import assert from 'node:assert/strict'
import { Audit } from './audit.ts'
import { forEachDatabase, silent } from '../tests/support/databases.ts'
import { AppError } from '../lib/app-error.ts'
import { encodeCursor } from '../lib/cursor.ts'

const at = (text: string) => new Date(text)
const actor = { kind: 'account', id: 'acc_ana', address: '192.0.2.7' } as const

forEachDatabase('the log tells who did what, on what, from where and when', async (db) => {
  const audit = new Audit({ db, log: silent, days: 365 })
  await audit.record({
    actor,
    action: 'user.changed',
    target: { kind: 'account', id: 'acc_ben' },
    data: { role: 'host', fields: ['role', 'name'] },
    now: at('2026-11-20T10:00:00.123Z'),
  })
  await audit.record({
    actor: { kind: 'nobody' },
    action: 'account.login-refused',
    now: at('2026-11-20T11:00Z'),
  })
  const { items, next } = await audit.find({ limit: 10 })
  assert.equal(next, undefined)
  assert.deepEqual(
    items.map(({ id: _, ...row }) => row),
    [
      {
        at: at('2026-11-20T11:00Z'),
        action: 'account.login-refused',
        actor_kind: 'nobody',
        actor_id: null,
        target_kind: null,
        target_id: null,
        address: null,
        data: null,
      },
      {
        at: at('2026-11-20T10:00:00.123Z'),
        action: 'user.changed',
        actor_kind: 'account',
        actor_id: 'acc_ana',
        target_kind: 'account',
        target_id: 'acc_ben',
        address: '192.0.2.7',
        data: { role: 'host', fields: ['role', 'name'] },
      },
    ],
  )
})

forEachDatabase('an entry of a transaction is kept together with the act, or not at all', async (db) => {
  const audit = new Audit({ db, log: silent, days: 365 })
  const failing = db.transaction().execute(async (trx) => {
    await audit.record({ actor, action: 'user.deleted', now: new Date() }, trx)
    throw new Error('no')
  })
  await assert.rejects(failing, /no/)
  assert.deepEqual((await audit.find({ limit: 10 })).items, [])
})

forEachDatabase('pages follow each other without gap or repetition, also among equal times', async (db) => {
  const audit = new Audit({ db, log: silent, days: 365 })
  for (let index = 0; index < 23; index++) {
    // Nine each of two moments, and five of their own.
    const now = index < 18 ? at(`2026-11-20T10:00:0${index % 2}Z`) : at(`2026-11-20T10:00:${index}Z`)
    await audit.record({ actor, action: 'audit.read', now })
  }
  const seen: { id: string; at: Date }[] = []
  let cursor: string | undefined
  let pages = 0
  do {
    const page = await audit.find({ limit: 4, cursor })
    seen.push(...page.items)
    cursor = page.next
    // What comes while somebody turns pages is newer, and does not move them.
    await audit.record({ actor, action: 'audit.read', now: at('2026-11-20T12:00Z') })
    pages++
  } while (cursor !== undefined)
  assert.equal(pages, 6)
  assert.equal(new Set(seen.map(({ id }) => id)).size, 23)
  const times = seen.map((row) => row.at.getTime())
  assert.deepEqual(
    times,
    times.toSorted((a, b) => b - a),
  )
})

forEachDatabase('entries are found by act, by who, by what and by time', async (db) => {
  const audit = new Audit({ db, log: silent, days: 365 })
  const entry = (id: string, hour: number, target: string) =>
    audit.record({
      actor: { kind: 'account', id },
      action: hour % 2 ? 'meeting.created' : 'meeting.ended',
      target: { kind: 'meeting', id: target },
      now: at(`2026-11-20T0${hour}:00:00Z`),
    })
  await entry('acc_ana', 1, 'mtg_1')
  await entry('acc_ana', 2, 'mtg_1')
  await entry('acc_ben', 3, 'mtg_1')
  await entry('acc_ben', 4, 'mtg_2')
  const hours = async (filter: Partial<Parameters<Audit['find']>[0]>) =>
    (await audit.find({ limit: 10, ...filter })).items.map((row) => row.at.getUTCHours())
  assert.deepEqual(await hours({ action: 'meeting.created' }), [3, 1])
  assert.deepEqual(await hours({ actor: 'acc_ana' }), [2, 1])
  assert.deepEqual(await hours({ target: 'mtg_2' }), [4])
  assert.deepEqual(await hours({ from: at('2026-11-20T02:00Z'), to: at('2026-11-20T04:00Z') }), [3, 2])
  assert.deepEqual(await hours({ actor: 'acc_ben', action: 'meeting.ended' }), [4])
  assert.deepEqual(await hours({ actor: "' or true --" }), [])
})

forEachDatabase('a cursor that no list gave out is the client’s fault', async (db) => {
  const audit = new Audit({ db, log: silent, days: 365 })
  const wrong = [
    '',
    'x',
    'bnVsbA',
    Buffer.from('[1,2]').toString('base64url'),
    encodeCursor({ at: 'yesterday', id: 'x' }),
    encodeCursor({ at: '2026-11-20T10:00:00Z', id: 'a\0b' }),
    encodeCursor({ at: '2026-11-20T10:00:00Z', id: '\ud800' }),
    encodeCursor({ at: '+275760-09-13T00:00:00.000Z', id: 'x' }),
    encodeCursor({ at: '-271821-04-20T00:00:00.000Z', id: 'x' }),
  ]
  for (const cursor of wrong) {
    await assert.rejects(
      audit.find({ limit: 1, cursor }),
      (error) => error instanceof AppError && error.code === 'bad-request',
      cursor,
    )
  }
})

forEachDatabase('entries leave the log when they are older than audit.days, and not before', async (db) => {
  const audit = new Audit({ db, log: silent, days: 30 })
  await audit.record({ actor, action: 'api-key.created', now: at('2026-10-20T11:59:59Z') })
  await audit.record({ actor, action: 'api-key.revoked', now: at('2026-10-21T12:00:01Z') })
  await audit.forget(at('2026-11-20T12:00:00Z'))
  const { items } = await audit.find({ limit: 10 })
  assert.deepEqual(
    items.map(({ action }) => action),
    ['api-key.revoked'],
  )
})
