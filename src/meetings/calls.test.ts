import assert from 'node:assert/strict'
import { AppError } from '../lib/app-error.ts'
import type { AccountCaller, KeyCaller } from '../protocol/caller.ts'
import { forEachDatabase } from '../tests/support/databases.ts'
import { addAccount, meetingStage, type MeetingStage } from '../tests/support/meetings-stage.ts'
import type { CallStatus } from './call-status.ts'
import type { LeaveReason, Visitor } from './rooms.ts'

const now = new Date('2026-11-20T12:00:00Z')
const at = (seconds: number) => new Date(now.getTime() + seconds * 1000)
const backend: KeyCaller = { kind: 'api-key', keyId: 'key_tests' }

const refusedWith = (code: string, why?: string) => (error: unknown) => {
  assert.ok(error instanceof AppError, String((error as Error).stack))
  assert.deepEqual([error.code, error.data?.['why']], [code, why])
  return true
}

const visitorOf = ({ accountId, name }: AccountCaller): Visitor => ({ identity: accountId, name, accountId })

/** Makes a call and moves people in and out of its room. */
async function calling(stage: MeetingStage, from: AccountCaller, callees: readonly string[]) {
  const { calls, live } = stage.services
  const made = await calls.create(
    { type: 'video', callees, callerAccountId: undefined },
    { caller: from, now },
  )
  const { id } = made.call
  return {
    id,
    made,
    joined: async (who: AccountCaller, seconds: number) => {
      live.peerJoined(id, visitorOf(who), at(seconds))
      await live.settled()
    },
    left: async (who: AccountCaller, seconds: number, reason: LeaveReason = 'left') => {
      live.peerLeft(id, visitorOf(who), reason, at(seconds))
      await live.settled()
    },
    state: async (seconds = 0) => {
      const call = await calls.get(id, { caller: from, now: at(seconds) })
      return [call.status, call.callees.map(({ status }) => status).join(), call.endReason, call.seconds]
    },
  }
}

forEachDatabase('a call rings, is answered, and is over when one of two hangs up', async (db) => {
  const stage = await meetingStage(db)
  const { calls } = stage.services
  const [ana, ben, eve] = [
    await addAccount(db, { name: 'Ana' }),
    await addAccount(db, { name: 'Ben', role: 'member' }),
    await addAccount(db, { name: 'Eve' }),
  ]
  const call = await calling(stage, ana, [ben.accountId])
  assert.deepEqual(
    [call.made.role, call.made.room, call.made.call.role],
    ['host', `meeting:${call.id}`, 'caller'],
  )
  const waiting = {
    list: 'live',
    of: undefined,
    status: 'waiting',
    limit: 9,
    cursor: undefined,
    now,
  } as const
  const [incoming] = (await calls.list(ben, waiting)).items
  assert.deepEqual([incoming!.id, incoming!.role, incoming!.caller.name], [call.id, 'callee', 'Ana'])
  assert.deepEqual((await calls.list(eve, waiting)).items, [])

  for (const act of ['get', 'join', 'decline', 'cancel', 'end'] as const) {
    await assert.rejects(calls[act](call.id, { caller: eve, now }), refusedWith('not-found'), act)
  }
  await assert.rejects(calls.cancel(call.id, { caller: ben, now }), refusedWith('forbidden'))
  await assert.rejects(calls.decline(call.id, { caller: ana, now }), refusedWith('forbidden'))
  await assert.rejects(calls.join(call.id, { caller: backend, now }), refusedWith('forbidden'))

  await call.joined(ana, 1)
  assert.deepEqual(await call.state(), ['waiting', 'ringing', undefined, undefined])
  assert.equal((await calls.join(call.id, { caller: ben, now })).role, 'participant')
  await call.joined(ben, 5)
  assert.deepEqual(await call.state(35), ['active', 'joined', undefined, 30])
  await assert.rejects(calls.cancel(call.id, { caller: ana, now }), refusedWith('conflict', 'active'))
  await assert.rejects(calls.decline(call.id, { caller: ben, now }), refusedWith('conflict', 'joined'))
  await call.left(ben, 40, 'connection-lost')
  await call.joined(ben, 45)
  await stage.services.live.tick(at(70))
  assert.equal((await call.state())[0], 'active', 'a reconnect ends nothing')
  await call.left(ben, 95)
  assert.deepEqual(await call.state(500), ['ended', 'joined', 'everybody-left', 90])
  assert.deepEqual(stage.told, [`end meeting:${call.id}`])
  await assert.rejects(calls.join(call.id, { caller: ben, now }), refusedWith('conflict', 'ended'))
  const past = { ...waiting, list: 'past', status: undefined } as const
  for (const who of [ana, ben]) assert.equal((await calls.list(who, past)).items.length, 1)
})

forEachDatabase('a call that nobody answers, all decline or the caller gives up', async (db) => {
  const stage = await meetingStage(db)
  const { calls, live } = stage.services
  const ana = await addAccount(db, { name: 'Ana' })
  const ben = await addAccount(db, { name: 'Ben' })
  const cy = await addAccount(db, { name: 'Cy' })

  const missed = await calling(stage, ana, [ben.accountId, cy.accountId])
  await calls.decline(missed.id, { caller: cy, now })
  await live.tick(at(44))
  assert.equal((await missed.state())[0], 'waiting')
  await live.tick(at(45))
  assert.deepEqual(await missed.state(), ['failed', 'missed,declined', 'unanswered', undefined])

  const declined = await calling(stage, ana, [ben.accountId])
  assert.equal((await calls.decline(declined.id, { caller: ben, now })).status, 'failed')
  assert.deepEqual(await declined.state(), ['failed', 'declined', 'declined', undefined])
  await calls.decline(declined.id, { caller: ben, now })

  const cancelled = await calling(stage, ana, [ben.accountId])
  await calls.cancel(cancelled.id, { caller: ana, now })
  assert.deepEqual(await cancelled.state(), ['cancelled', 'missed', 'cancelled', undefined])
  await assert.rejects(calls.end(cancelled.id, { caller: ana, now }), refusedWith('conflict', 'cancelled'))

  const hungUp = await calling(stage, ana, [ben.accountId])
  await hungUp.joined(ana, 1)
  await hungUp.left(ana, 2)
  assert.deepEqual((await hungUp.state())[0], 'cancelled')

  const died = await calling(stage, ana, [ben.accountId])
  await died.joined(ana, 1)
  await died.joined(ben, 2)
  for (const who of [ana, ben]) await died.left(who, 12, 'worker-died')
  live.roomClosed(died.id, 'worker-died', at(12))
  await live.settled()
  assert.deepEqual(await died.state(), ['failed', 'joined', 'failed', 10])

  const lost = await calling(stage, ana, [ben.accountId])
  await lost.joined(ana, 1)
  await lost.joined(ben, 2)
  await lost.left(ana, 10, 'connection-lost')
  await live.tick(at(29))
  assert.equal((await lost.state())[0], 'active')
  await live.tick(at(30))
  assert.deepEqual(await lost.state(), ['ended', 'joined', 'everybody-left', 28])
})

forEachDatabase('in a call of more than two, those called leave and the caller ends', async (db) => {
  const stage = await meetingStage(db)
  const { calls } = stage.services
  const ana = await addAccount(db, { name: 'Ana' })
  const ben = await addAccount(db, { name: 'Ben' })
  const cy = await addAccount(db, { name: 'Cy' })
  const call = await calling(stage, ana, [ben.accountId, 'CY@example.org', ben.email])
  assert.equal(call.made.call.callees.length, 2, 'nobody is called twice')
  await call.joined(ana, 1)
  await call.joined(ben, 2)
  await call.left(ben, 10)
  assert.deepEqual((await call.state(20)).slice(0, 2), ['active', 'joined,ringing'])
  await call.joined(cy, 12)
  await assert.rejects(calls.end(call.id, { caller: cy, now: at(20) }), refusedWith('forbidden'))
  await calls.end(call.id, { caller: ana, now: at(22) })
  assert.deepEqual(await call.state(), ['ended', 'joined,joined', 'ended', 20])
})

forEachDatabase('an address does not tell whether it is anybody’s', async (db) => {
  const stage = await meetingStage(db)
  const { calls } = stage.services
  const ana = await addAccount(db, { name: 'Ana' })
  const ben = await addAccount(db, { name: 'Ben' })
  const call = await calling(stage, ana, ['ben@example.org', 'none@example.org'])
  const shown = (caller: AccountCaller) =>
    calls.get(call.id, { caller, now }).then((view) => view.callees.map(({ id, name }) => [id, name]))
  const unknown = ['none@example.org', 'none@example.org']
  assert.deepEqual(await shown(ana), [['ben@example.org', 'ben@example.org'], unknown])
  assert.deepEqual(await shown(ben), [[ben.accountId, 'Ben'], unknown])
  await call.joined(ben, 1)
  assert.deepEqual(await shown(ana), [[ben.accountId, 'Ben'], unknown])

  const create = (callees: string[], caller: AccountCaller | KeyCaller = ana, callerAccountId?: string) =>
    calls.create({ type: 'audio', callees, callerAccountId }, { caller, now })
  await assert.rejects(create(['acc_none']), refusedWith('bad-request'))
  await assert.rejects(create([ana.accountId, 'ana@example.org']), refusedWith('bad-request'))
  await assert.rejects(create([ben.accountId], backend), refusedWith('bad-request'))
  await assert.rejects(create([ana.accountId], ben, ana.accountId), refusedWith('forbidden'))
  assert.equal((await create([ben.accountId], backend, ana.accountId)).identity, ana.accountId)
})

forEachDatabase('calls are listed newest first, in pages', async (db) => {
  const stage = await meetingStage(db)
  const { calls } = stage.services
  const ana = await addAccount(db, { name: 'Ana' })
  const ben = await addAccount(db, { name: 'Ben' })
  const ids: string[] = []
  for (let index = 0; index < 3; index++) {
    const made = await calls.create(
      { type: 'audio', callees: [ben.accountId], callerAccountId: undefined },
      { caller: ana, now: at(index) },
    )
    ids.unshift(made.call.id)
  }
  const base = {
    list: 'all',
    of: undefined,
    status: undefined as CallStatus | undefined,
    limit: 2,
    now,
  } as const
  const first = await calls.list(ben, { ...base, cursor: undefined })
  const second = await calls.list(ben, { ...base, cursor: first.next })
  assert.deepEqual(
    [...first.items, ...second.items].map(({ id }) => id),
    ids,
  )
  assert.equal(second.next, undefined)
  await assert.rejects(calls.list(ben, { ...base, of: 'all', cursor: undefined }), refusedWith('forbidden'))
  assert.equal((await calls.list(backend, { ...base, cursor: undefined })).items.length, 2)
  const meetings = await stage.services.meetings.list(ana, { list: 'all', limit: 9, cursor: undefined })
  assert.deepEqual(meetings.items, [], 'calls are no meetings')
  await assert.rejects(stage.services.meetings.get(ids[0]!, ana), refusedWith('not-found'))
})
