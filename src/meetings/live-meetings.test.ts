import assert from 'node:assert/strict'
import type { Db } from '../db/database.ts'
import { forEachDatabase } from '../tests/support/databases.ts'
import { addAccount, asking, meetingStage, type MeetingStage } from '../tests/support/meetings-stage.ts'
import type { LeaveReason, Visitor } from './rooms.ts'
import type { MeetingView, NewMeeting } from './shapes.ts'

const now = new Date('2026-11-20T12:00:00Z')
const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000)
const iso = (minutes: number) => at(minutes).toISOString()

const gus: Visitor = { identity: 'guest_gus', name: 'Gus', accountId: undefined }

/** A meeting of Ana's, and what happens in its room. */
async function liveMeeting(db: Db, input: NewMeeting, settings?: Record<string, string>) {
  const stage = await meetingStage(db, settings ? { settings } : {})
  const ana = await addAccount(db, { name: 'Ana' })
  const made = await stage.services.meetings.create(input, asking(ana, now))
  const anaHere: Visitor = { identity: ana.accountId, name: 'Ana', accountId: ana.accountId }
  const of = ({ services }: MeetingStage) => ({
    joined: async (visitor: Visitor, minutes: number) => {
      services.live.peerJoined(made.id, visitor, at(minutes))
      await services.live.settled()
    },
    left: async (visitor: Visitor, minutes: number, reason: LeaveReason = 'left') => {
      services.live.peerLeft(made.id, visitor, reason, at(minutes))
      await services.live.settled()
    },
    tick: (minutes: number) => services.live.tick(at(minutes)),
    get: (): Promise<MeetingView> => services.meetings.get(made.id, ana),
    attendance: (minutes = 0) => services.meetings.attendance(made.id, asking(ana, at(minutes))),
  })
  return { stage, ana, anaHere, made, of, ...of(stage) }
}

forEachDatabase('attendance joins the visits of each person', async (db) => {
  const { joined, left, get, attendance, ana, anaHere, made, stage } = await liveMeeting(db, {
    startsAt: iso(5),
    endsAt: iso(65),
  })
  await joined(anaHere, 0)
  assert.deepEqual([(await get()).status, (await get()).active], ['live', 1])
  await joined(gus, 2)
  await left(gus, 10, 'connection-lost')
  await joined(gus, 10.5)
  await left(gus, 12)
  await joined(gus, 20)
  // Another tab takes the place of the first.
  await left(gus, 25, 'replaced')
  await joined(gus, 25)
  assert.equal((await get()).active, 2)
  await stage.services.meetings.end(made.id, asking(ana, at(30)))
  assert.deepEqual(stage.told, [`end meeting:${made.id}`])
  // The room closes after that: what it tells then changes nothing.
  await left(gus, 30.1, 'ended')
  await left(anaHere, 30.1, 'ended')

  const [session, ...others] = await attendance(40)
  assert.equal(others.length, 0)
  assert.deepEqual([session!.startedAt, session!.endedAt, session!.endReason], [iso(0), iso(30), 'ended'])
  assert.deepEqual(session!.attendances, [
    { identity: ana.accountId, accountId: ana.accountId, name: 'Ana', joinedAt: iso(0), leftAt: iso(30), seconds: 1800, visits: 1 },
    { identity: 'guest_gus', name: 'Gus', joinedAt: iso(2), leftAt: iso(30), seconds: 600 + 600, visits: 2 },
  ]) // prettier-ignore
  assert.deepEqual([(await get()).status, (await get()).active], ['ended', 0])
})

forEachDatabase('what happened in a room is written in its order', async (db) => {
  const { stage, made, attendance } = await liveMeeting(db, {})
  const { live } = stage.services
  for (let index = 0; index < 20; index++) {
    live.peerJoined(made.id, { ...gus, identity: `guest_${index}` }, at(index))
    live.peerLeft(made.id, { ...gus, identity: `guest_${index}` }, 'left', at(index + 5))
  }
  await live.settled()
  const [session] = await attendance()
  assert.equal(session!.attendances.length, 20)
  assert.ok(session!.attendances.every(({ seconds, leftAt }) => seconds === 300 && leftAt !== undefined))
})

forEachDatabase('a scheduled meeting ends after its time when everybody has left', async (db) => {
  const { joined, left, tick, get, attendance } = await liveMeeting(db, { startsAt: iso(5), endsAt: iso(65) })
  await joined(gus, 0)
  await left(gus, 10)
  await tick(30)
  assert.equal((await get()).status, 'live', 'people come back after a break')
  await tick(64.9)
  assert.equal((await get()).status, 'live')
  await tick(65)
  assert.equal((await get()).status, 'ended')
  const [session] = await attendance()
  assert.deepEqual([session!.endReason, session!.endedAt], ['everybody-left', iso(65)])
  await joined(gus, 66)
  assert.equal((await attendance())[0]!.attendances[0]!.visits, 1, 'nobody is in what is over')
})

forEachDatabase('a meeting without a schedule ends when everybody has left for a while', async (db) => {
  const { joined, left, tick, get, stage, made } = await liveMeeting(db, {})
  await tick(59)
  assert.equal((await get()).status, 'live', 'somebody may still come')
  await joined(gus, 59)
  await left(gus, 70)
  await joined(gus, 79)
  await tick(81)
  assert.equal((await get()).status, 'live')
  await left(gus, 100)
  await tick(110)
  assert.equal((await get()).status, 'ended')
  assert.deepEqual(stage.told, [`end meeting:${made.id}`])
})

forEachDatabase('a meeting that nobody comes to ends some time after it should have', async (db) => {
  const { tick, get } = await liveMeeting(db, { startsAt: iso(60), endsAt: iso(90) })
  await tick(149)
  assert.equal((await get()).status, 'scheduled')
  await tick(150)
  const { status, nextStart, pastAt } = await get()
  assert.deepEqual([status, nextStart, pastAt], ['ended', undefined, iso(150)])
})

forEachDatabase('one that repeats is scheduled again until its last time is over', async (db) => {
  const day = 24 * 60
  const { joined, left, tick, get, attendance, stage, made, ana } = await liveMeeting(db, {
    startsAt: iso(0),
    endsAt: iso(60),
    recurrence: 'FREQ=DAILY;COUNT=4',
  })
  await joined(gus, -5)
  await stage.services.meetings.end(made.id, asking(ana, at(20)))
  assert.deepEqual([(await get()).status, (await get()).nextStart], ['scheduled', iso(day)], 'ended early')
  const past = await stage.services.meetings.list(ana, { list: 'past', limit: 9, cursor: undefined })
  assert.deepEqual(
    past.items.map(({ id }) => id),
    [made.id],
    'it took place',
  )

  await tick(day + 60 + 60)
  assert.deepEqual(
    [(await get()).status, (await get()).nextStart],
    ['scheduled', iso(2 * day)],
    'nobody came',
  )

  await joined(gus, 2 * day)
  await left(gus, 2 * day + 30)
  await tick(2 * day + 60)
  assert.deepEqual([(await get()).status, (await get()).nextStart], ['scheduled', iso(3 * day)])

  await stage.services.meetings.start(made.id, asking(ana, at(3 * day)))
  await stage.services.meetings.end(made.id, asking(ana, at(3 * day + 1)))
  assert.deepEqual([(await get()).status, (await get()).nextStart], ['ended', undefined])
  assert.deepEqual(
    (await attendance()).map(({ endReason }) => endReason),
    ['ended', 'everybody-left', 'ended'],
  )
})

forEachDatabase('after a crash everybody left when they were last seen', async (db) => {
  const { stage, of, joined, made, anaHere } = await liveMeeting(db, {})
  await joined(anaHere, 0)
  await joined(gus, 1)
  await stage.services.live.seen(at(5))
  // That process is gone. Another one knows nothing of its rooms.
  const after = of(await stage.again())
  if (db.engine === 'postgres') {
    await after.tick(6)
    assert.equal((await after.get()).active, 2, 'that other process may be alive')
  }
  await after.joined(anaHere, 5.75)
  await after.tick(7)
  assert.equal((await after.get()).active, 1)
  await after.left(anaHere, 8)
  const [session] = await after.attendance(60)
  assert.deepEqual(
    session!.attendances.map(({ name, leftAt, seconds, visits }) => [name, leftAt, seconds, visits]),
    [['Ana', iso(8), 480, 1], ['Gus', iso(5), 240, 1]],
  ) // prettier-ignore
  await after.tick(18)
  assert.equal((await after.get()).status, 'ended')
  const [over] = await after.attendance(60)
  assert.deepEqual([over!.endReason, over!.endedAt], ['everybody-left', iso(18)])
  assert.ok(made.id)
})

forEachDatabase('everybody gone in a crash: it ends by itself, from when they were last seen', async (db) => {
  const { stage, of, joined } = await liveMeeting(db, {})
  await joined(gus, 0)
  await stage.services.live.seen(at(3))
  const after = of(await stage.again())
  await after.tick(300)
  const [session] = await after.attendance(400)
  assert.deepEqual(
    [session!.endReason, session!.endedAt, session!.attendances[0]!.leftAt, session!.attendances[0]!.seconds],
    ['everybody-left', iso(13), iso(3), 180],
  )
})

forEachDatabase('two processes that look at once end a meeting once', async (db) => {
  const { stage, made, get, attendance } = await liveMeeting(db, {})
  const other = await stage.again()
  await Promise.all([stage, other].map(({ services }) => services.live.tick(at(60))))
  assert.equal((await get()).status, 'ended')
  assert.deepEqual(
    (await attendance()).map(({ endReason }) => endReason),
    ['nobody-came'],
  )
  const told = [...stage.told, ...other.told].filter((line) => line === `end meeting:${made.id}`)
  assert.equal(told.length, 1)
})

forEachDatabase('a meeting that runs too long is ended', async (db) => {
  const { joined, tick, get } = await liveMeeting(db, {}, { SLUICE_MEETINGS_MAX_HOURS: '2' })
  await joined(gus, 1)
  await tick(119)
  assert.equal((await get()).status, 'live')
  await tick(120)
  assert.equal((await get()).status, 'ended')
})

forEachDatabase('a moderator who ends the room ends the meeting, a dead worker does not', async (db) => {
  const { stage, made, joined, left, get } = await liveMeeting(db, {})
  const { live } = stage.services
  await joined(gus, 0)
  await left(gus, 1, 'worker-died')
  live.roomClosed(made.id, 'worker-died', at(1))
  await live.settled()
  assert.equal((await get()).status, 'live')
  await joined(gus, 1.5)
  await left(gus, 5, 'ended')
  live.roomClosed(made.id, 'ended', at(5))
  await live.settled()
  assert.equal((await get()).status, 'ended')
})

forEachDatabase('what hosts change of a live meeting changes its room', async (db) => {
  const { stage, made, joined, ana } = await liveMeeting(db, {})
  await joined(gus, 0)
  const change = (input: object) =>
    stage.services.meetings.change(made.id, input, { ...asking(ana, at(1)), version: undefined })
  await change({ lobby: true, joinBeforeHost: false })
  await change({ maxParticipants: 5 })
  await change({ description: 'x' })
  assert.deepEqual(stage.told, [
    `change meeting:${made.id} {"policy":{"lobby":true,"waitForHost":true}}`,
    `change meeting:${made.id} {"maxPeers":5}`,
  ])
  assert.deepEqual(await stage.services.meetings.roomFor(made.id), {
    policy: { lobby: true, waitForHost: true },
    maxPeers: 5,
    metadata: { meetingId: made.id, title: 'Meeting of Ana' },
    requiresToken: true,
  })
  await stage.services.meetings.leave(made.id, ana)
  await stage.services.meetings.delete(made.id, asking(ana, at(2)))
  assert.deepEqual(stage.told.slice(2), [
    `leave meeting:${made.id} ${ana.accountId}`,
    `end meeting:${made.id}`,
  ])
  await joined(gus, 3)
  assert.equal(stage.told.length, 5, 'the room of what is gone is ended again')
})
