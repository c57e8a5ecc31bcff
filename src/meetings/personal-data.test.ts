import assert from 'node:assert/strict'
import { AppError } from '../lib/app-error.ts'
import { AccountHooks } from '../auth/accounts.ts'
import { forEachDatabase } from '../tests/support/databases.ts'
import { addAccount, asking, baseUrl, meetingStage } from '../tests/support/meetings-stage.ts'

const now = new Date('2026-11-20T12:00:00Z')
const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000)
const iso = (minutes: number) => at(minutes).toISOString()

forEachDatabase(
  'the secret address of a calendar shows what one meets for, until it is replaced',
  async (db) => {
    const { services } = await meetingStage(db)
    const { meetings, feeds } = services
    const ana = await addAccount(db, { name: 'Ana' })
    const ben = await addAccount(db, { name: 'Ben' })
    const eve = await addAccount(db, { name: 'Eve' })
    const invitees = [{ email: ben.email }]
    const weekly = await meetings.create(
      { title: 'Weekly', startsAt: iso(60), recurrence: 'FREQ=WEEKLY', timeZone: 'Europe/Berlin', invitees },
      asking(ana, now),
    )
    const declined = await meetings.create(
      { title: 'Declined', startsAt: iso(60), invitees },
      asking(ana, now),
    )
    await meetings.respond(declined.id, 'declined', ben)
    const cancelled = await meetings.create(
      { title: 'Cancelled', startsAt: iso(60), invitees },
      asking(ana, now),
    )
    await meetings.cancel(cancelled.id, asking(ana, now))

    const tokenOf = (url: string) => {
      const token = new RegExp(`^${baseUrl}/api/v1/calendar/([\\w-]{43})\\.ics$`).exec(url)?.[1]
      assert.ok(token, url)
      return token
    }
    const token = tokenOf(await feeds.create(ben.accountId, now))
    const file = await feeds.read(token, now)
    assert.match(file, /SUMMARY:Weekly/)
    assert.match(file, /RRULE:FREQ=WEEKLY/)
    assert.match(file, /BEGIN:VTIMEZONE/)
    assert.doesNotMatch(file, /Declined|Cancelled|ben@example/)
    assert.equal(await feeds.read(token, at(5)), file, 'nothing new is the same file')
    const own = await feeds.read(tokenOf(await feeds.create(ana.accountId, now)), now)
    assert.match(own, /Declined/)
    assert.doesNotMatch(await feeds.read(tokenOf(await feeds.create(eve.accountId, now)), now), /VEVENT/)

    const gone = (error: unknown) => error instanceof AppError && error.code === 'not-found'
    const next = tokenOf(await feeds.create(ben.accountId, now))
    await assert.rejects(feeds.read(token, now), gone)
    assert.ok(await feeds.read(next, now))
    await feeds.delete(ben.accountId)
    await assert.rejects(feeds.read(next, now), gone)

    assert.match(await feeds.file(weekly.id, ben), /METHOD:PUBLISH[^]*UID:mtg_/)
    await assert.rejects(feeds.file(weekly.id, eve), gone)
    const unscheduled = await meetings.create({}, asking(ana, now))
    assert.match(await feeds.file(unscheduled.id, ana), /DTSTART:20261120T120000Z/)
    const dumped = JSON.stringify(await db.selectFrom('calendar_feeds').selectAll().execute())
    assert.ok(!dumped.includes(next))
  },
)

forEachDatabase('an account takes along a copy and leaves nothing personal', async (db) => {
  const { services, mails } = await meetingStage(db)
  const { meetings, calls, live } = services
  const hooks = new AccountHooks()
  services.attach(hooks)
  const ana = await addAccount(db, { name: 'Ana' })
  const ben = await addAccount(db, { name: 'Ben' })
  const planned = await meetings.create(
    { title: 'Planned', startsAt: iso(60), invitees: [{ email: ben.email }] },
    asking(ana, now),
  )
  await meetings.create({}, asking(ana, now))
  const bens = await meetings.create(
    { title: 'Bens', invitees: [{ email: ana.email, name: 'Ana' }] },
    asking(ben, now),
  )
  live.peerJoined(bens.id, { identity: ana.accountId, name: 'Ana', accountId: ana.accountId }, now)
  live.peerLeft(bens.id, { identity: ana.accountId, name: 'Ana', accountId: ana.accountId }, 'left', at(5))
  await live.settled()
  for (const [caller, callee] of [
    [ana, ben],
    [ben, ana],
  ] as const) {
    await calls.create(
      { type: 'audio', callees: [callee.email], callerAccountId: undefined },
      { caller, now },
    )
  }
  mails.length = 0

  assert.equal(await hooks.invited[0]!('BEN@example.org', db), true)
  assert.equal(await hooks.invited[0]!('nobody@example.org', db), false)
  const [name, kept] = await hooks.exporters[0]!(ana.accountId, db)
  assert.equal(name, 'meetings')
  const text = JSON.stringify(kept)
  for (const part of ['Planned', 'Bens', '"visits":1', '"ringing"']) assert.ok(text.includes(part), part)

  await db.transaction().execute(async (trx) => {
    for (const deleted of hooks.deleted) await deleted({ id: ana.accountId, email: ana.email }, trx)
    await trx.deleteFrom('accounts').where('id', '=', ana.accountId).execute()
  })
  assert.deepEqual(
    mails.map(({ to, kind }) => [to, kind]),
    [[ben.email, 'invitation-cancelled']],
  )
  const seen = await meetings.get(planned.id, ben)
  assert.deepEqual([seen.status, seen.hostName, seen.hostId], ['cancelled', 'Former member', undefined])
  const [session] = await meetings.attendance(bens.id, asking(ben, at(60)))
  const [row] = session!.attendances
  assert.deepEqual([row!.name, row!.accountId, row!.seconds], ['Former member', undefined, 300])

  for (const table of [
    'meetings',
    'meeting_invitees',
    'attendances',
    'calls',
    'call_callees',
    'calendar_feeds',
  ] as const) {
    const dump = JSON.stringify(await db.selectFrom(table).selectAll().execute())
    for (const trace of [ana.accountId, ana.email, 'Ana'])
      assert.ok(!dump.includes(trace), `${trace} in ${table}: ${dump}`)
  }
})
