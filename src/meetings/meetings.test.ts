import assert from 'node:assert/strict'
import { AppError } from '../lib/app-error.ts'
import { forEachDatabase } from '../tests/support/databases.ts'
import { addAccount, asking, baseUrl, meetingStage } from '../tests/support/meetings-stage.ts'
import type { KeyCaller } from '../protocol/caller.ts'

const now = new Date('2026-11-20T12:00:00Z')
const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000)
const iso = (minutes: number) => at(minutes).toISOString()
const backend: KeyCaller = { kind: 'api-key', keyId: 'key_tests' }

const refusedWith = (code: string, why?: string) => (error: unknown) => {
  assert.ok(error instanceof AppError, String((error as Error).stack))
  assert.deepEqual([error.code, error.data?.['why'] ?? error.data?.['limit']], [code, why])
  return true
}

forEachDatabase(
  'a scheduled meeting is seen by its host and its invitees, and by nobody else',
  async (db) => {
    const { services, mails } = await meetingStage(db)
    const { meetings } = services
    const ana = await addAccount(db, { name: 'Ana' })
    const ben = await addAccount(db, { name: 'Ben', role: 'member' })
    const eve = await addAccount(db, { name: 'Eve' })
    const made = await meetings.create(
      {
        title: ' Algebra ',
        startsAt: iso(60),
        endsAt: iso(105),
        timeZone: 'Europe/Berlin',
        passcode: '473911',
        invitees: [{ email: 'BEN@example.org', name: 'Ben' }, { email: 'cy@example.org' }],
        metadata: { course: 7 },
      },
      asking(ana, now),
    )
    assert.match(made.code, /^[a-z]{3}-[a-z]{4}-[a-z]{3}$/)
    assert.equal(made.url, `${baseUrl}/m/${made.code}`)
    assert.deepEqual(
      [made.title, made.status, made.role, made.passcode, made.hostName, made.nextStart, made.metadata],
      ['Algebra', 'scheduled', 'host', '473911', 'Ana', iso(60), { course: 7 }],
    )
    assert.deepEqual(mails.map(({ to }) => to).toSorted(), ['ben@example.org', 'cy@example.org'])

    const seen = await meetings.get(made.id, ben)
    assert.deepEqual([seen.role, seen.passcode, seen.hasPasscode], ['invitee', undefined, true])
    assert.deepEqual(seen.invitees, [
      { email: 'ben@example.org', name: 'Ben', status: 'invited' },
      { status: 'invited' },
    ])
    await meetings.respond(made.id, 'accepted', ben)
    assert.equal((await meetings.get(made.id, ana)).invitees[0]!.status, 'accepted')

    for (const refused of [
      () => meetings.get(made.id, eve),
      () => meetings.cancel(made.id, asking(eve, now)),
      () => meetings.attendance(made.id, asking(eve, now)),
      () => meetings.respond(made.id, 'accepted', eve),
      () => meetings.leave(made.id, eve),
      () => meetings.get('mtg_none', ana),
    ]) {
      await assert.rejects(refused, refusedWith('not-found'))
    }
    const change = { ...asking(ben, now), version: undefined }
    await assert.rejects(meetings.change(made.id, { title: 'Mine' }, change), refusedWith('forbidden'))
    await assert.rejects(meetings.attendance(made.id, asking(ben, now)), refusedWith('forbidden'))

    const idsOf = async (caller: Parameters<typeof meetings.list>[0], list = 'upcoming' as const) =>
      (await meetings.list(caller, { list, limit: 10, cursor: undefined })).items.map(({ id }) => id)
    assert.deepEqual(await idsOf(ana), [made.id])
    assert.deepEqual(await idsOf(ben), [made.id])
    assert.deepEqual(await idsOf(eve), [])
    assert.deepEqual(await idsOf(backend), [made.id])
  },
)

forEachDatabase('a change needs the version that was seen, and tells whom it concerns', async (db) => {
  const { services, mails, told } = await meetingStage(db)
  const { meetings } = services
  const ana = await addAccount(db, { name: 'Ana' })
  await addAccount(db, { name: 'Quiet', settings: { mailInvitations: false } })
  const invitees = ['ben', 'cy', 'quiet'].map((name) => ({ email: `${name}@example.org` }))
  const made = await meetings.create({ startsAt: iso(60), invitees }, asking(ana, now))
  assert.equal(made.title, 'Meeting of Ana')
  assert.deepEqual([made.endsAt, made.version], [iso(120), 1])
  mails.length = 0

  const by = (version?: number) => ({ ...asking(ana, now), version })
  const moved = await meetings.change(
    made.id,
    { startsAt: iso(90), recurrence: 'freq=weekly;count=3' },
    by(1),
  )
  assert.deepEqual(
    [moved.version, moved.nextStart, moved.endsAt, moved.recurrence],
    [2, iso(90), iso(150), 'FREQ=WEEKLY;COUNT=3'],
  )
  await assert.rejects(meetings.change(made.id, { title: 'Late' }, by(1)), refusedWith('precondition-failed'))
  assert.deepEqual(
    mails.map(({ to, kind }) => [to, kind]),
    [
      ['ben@example.org', 'invitation-changed'],
      ['cy@example.org', 'invitation-changed'],
    ],
  )
  assert.match(mails[0]!.text, /has changed .*: the time, how it repeats\./)
  assert.match(
    mails[0]!.attachments![0]!.content,
    /METHOD:REQUEST[^]*SEQUENCE:1[^]*RRULE:FREQ=WEEKLY;COUNT=3/,
  )
  mails.length = 0

  await meetings.change(made.id, { lobby: true, metadata: { a: 1 } }, by())
  assert.equal(mails.length, 0, 'nobody is told of what does not concern them')
  assert.equal(told.length, 1, 'its room is, if it is open')

  await meetings.change(
    made.id,
    { invitees: [{ email: 'ben@example.org' }, { email: 'dan@example.org' }] },
    by(),
  )
  assert.deepEqual(mails.map(({ to, kind }) => [to, kind]).toSorted(), [
    ['cy@example.org', 'invitation-removed'],
    ['dan@example.org', 'invitation'],
  ])
  mails.length = 0

  await meetings.cancel(made.id, asking(ana, now))
  assert.deepEqual(
    mails.map(({ to }) => to),
    ['ben@example.org', 'dan@example.org'],
  )
  const [file] = mails[0]!.attachments!
  assert.equal(file!.contentType, 'text/calendar; charset=utf-8; method=CANCEL')
  assert.match(file!.content, /METHOD:CANCEL[^]*STATUS:CANCELLED/)
  mails.length = 0
  assert.equal((await meetings.cancel(made.id, asking(ana, now))).status, 'cancelled', 'again')
  assert.equal(mails.length, 0)
  await assert.rejects(meetings.change(made.id, { title: 'x' }, by()), refusedWith('conflict', 'cancelled'))
  await assert.rejects(meetings.start(made.id, asking(ana, now)), refusedWith('conflict', 'cancelled'))
})

forEachDatabase('who joins by code needs the passcode, and comes as themself', async (db) => {
  const { services, apiKeys } = await meetingStage(db)
  const { meetings, joining } = services
  const ana = await addAccount(db, { name: 'Ana' })
  const ben = await addAccount(db, { name: 'Ben', role: 'member' })
  const eve = await addAccount(db, { name: 'Eve', role: 'member' })
  const made = await meetings.create(
    { startsAt: iso(10), passcode: 'sesame', invitees: [{ email: ben.email }] },
    asking(ana, now),
  )
  const base = { name: undefined, passcode: undefined, guestToken: undefined, address: '192.0.2.1', now }
  const guest = { ...base, caller: { kind: 'nobody' } as const, name: 'Gus' }
  const typed = made.code.toUpperCase().replaceAll('-', ' ')

  const host = await joining.join(typed, { ...base, caller: ana })
  const hostToken = await apiKeys.verifyToken(host.token, { room: `meeting:${made.id}`, now })
  assert.deepEqual(
    [host.role, hostToken.identity, hostToken.name, hostToken.grants.moderate, hostToken.metadata],
    ['host', ana.accountId, 'Ana', true, { role: 'host', accountId: ana.accountId }],
  )
  assert.equal((await joining.join(made.code, { ...base, caller: ben })).role, 'participant')
  for (const caller of [eve, guest.caller]) {
    const asked = joining.join(made.code, { ...guest, caller })
    await assert.rejects(asked, refusedWith('forbidden', 'passcode-needed'))
  }
  await assert.rejects(
    joining.join(made.code, { ...guest, passcode: 'Sesame' }),
    refusedWith('forbidden', 'wrong-passcode'),
  )
  const first = await joining.join(made.code, { ...guest, passcode: 'sesame' })
  assert.match(first.identity, /^guest_/)
  const token = await apiKeys.verifyToken(first.token, { now })
  assert.deepEqual(
    [token.name, token.grants.moderate, token.metadata],
    ['Gus', false, { role: 'participant' }],
  )
  const { guestToken } = first
  const again = await joining.join(made.code, { ...guest, passcode: 'sesame', guestToken })
  assert.equal(again.identity, first.identity, 'a reload is the same person')
  const forged = await joining.join(made.code, { ...guest, passcode: 'sesame', guestToken: first.identity })
  assert.notEqual(forged.identity, first.identity)
  const other = await meetings.create({}, asking(ana, now))
  const elsewhere = await joining.join(other.code, { ...guest, guestToken })
  assert.notEqual(elsewhere.identity, first.identity, 'another meeting')
  await assert.rejects(joining.join(other.code, { ...guest, name: ' ' }), refusedWith('bad-request'))

  // Having been there once is no invitation.
  const { live } = services
  live.peerJoined(made.id, { identity: eve.accountId, name: 'Eve', accountId: eve.accountId }, now)
  await live.settled()
  assert.equal((await meetings.get(made.id, eve)).role, 'invitee')
  await assert.rejects(
    joining.join(made.code, { ...base, caller: eve }),
    refusedWith('forbidden', 'passcode-needed'),
  )

  const summary = await joining.summary(made.code, now)
  assert.deepEqual(Object.keys(summary).toSorted(), [
    'active', 'code', 'endsAt', 'hasPasscode', 'hostName', 'joinBeforeHost', 'lobby', 'record', 'startsAt', 'status', 'timeZone', 'title',
  ]) // prettier-ignore
  for (const code of ['abc-defg-hjk', 'nonsense', '']) {
    await assert.rejects(joining.summary(code, now), refusedWith('not-found'))
  }

  const guesses = Array.from({ length: 20 }, (_, guess) =>
    joining
      .join(made.code, { ...guest, passcode: `no${guess}`, address: '192.0.2.2' })
      .catch((error: unknown) => error),
  )
  const codes = (await Promise.all(guesses)).map((error) => (error as AppError).code)
  assert.equal(codes.filter((code) => code === 'forbidden').length, 10)
  assert.equal(codes.filter((code) => code === 'rate-limited').length, 10)
  const right = { ...guest, passcode: 'sesame' }
  await assert.rejects(
    joining.join(made.code, { ...right, address: '192.0.2.2' }),
    refusedWith('rate-limited'),
  )
  assert.ok(await joining.join(made.code, right), 'another address is not locked out')
})

forEachDatabase('participants come neither too early nor too late, hosts at any time', async (db) => {
  const { services } = await meetingStage(db)
  const { meetings, joining } = services
  const ana = await addAccount(db, { name: 'Ana' })
  const made = await meetings.create({ startsAt: iso(60) }, asking(ana, now))
  const join = (caller: Parameters<typeof joining.join>[1]['caller'], time: Date) =>
    joining.join(made.code, {
      caller,
      name: 'Gus',
      passcode: undefined,
      guestToken: undefined,
      address: '',
      now: time,
    })
  const nobody = { kind: 'nobody' } as const
  await assert.rejects(join(nobody, at(44)), (error: AppError) => {
    assert.deepEqual([error.code, error.data], ['conflict', { why: 'too-early', opensAt: iso(45) }])
    return true
  })
  assert.equal((await joining.summary(made.code, at(44))).opensAt, iso(45))
  assert.ok(await join(nobody, at(45)))
  assert.ok(await join(ana, now))
  await assert.rejects(
    meetings.assertMayEnter(made.id, { isHost: false, now }),
    refusedWith('conflict', 'too-early'),
  )
  await meetings.assertMayEnter(made.id, { isHost: true, now })

  assert.equal((await meetings.start(made.id, asking(ana, now))).status, 'live')
  assert.ok(await join(nobody, now), 'once it was started')
  await meetings.end(made.id, asking(ana, at(70)))
  // Started more than the usual quarter of an hour before its time: that is still to come.
  assert.equal((await meetings.get(made.id, ana)).status, 'scheduled')
  await meetings.start(made.id, asking(ana, at(50)))
  assert.equal((await meetings.end(made.id, asking(ana, at(55)))).status, 'ended')
  for (const caller of [nobody, ana])
    await assert.rejects(join(caller, at(60)), refusedWith('conflict', 'ended'))
  await assert.rejects(meetings.end(made.id, asking(ana, at(71))), refusedWith('conflict', 'ended'))
})

forEachDatabase('invitations, mails and meetings of one host are limited', async (db) => {
  const settings = {
    SLUICE_LIMITS_MEETING_INVITEES: '3',
    SLUICE_LIMITS_MEETING_MAILS_PER_HOUR: '4',
    SLUICE_LIMITS_MEETINGS_PER_HOST: '2',
  }
  const { services, mails } = await meetingStage(db, { settings })
  const { meetings } = services
  const ana = await addAccount(db, { name: 'Ana' })
  const invitees = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ email: `p${index}@example.org` }))
  await assert.rejects(
    meetings.create({ startsAt: iso(60), invitees: invitees(4) }, asking(ana, now)),
    refusedWith('limit-exceeded', 'meetingInvitees'),
  )
  const made = await meetings.create({ startsAt: iso(60), invitees: invitees(3) }, asking(ana, now))
  await assert.rejects(
    meetings.inviteAgain(made.id, undefined, asking(ana, now)),
    refusedWith('limit-exceeded', 'meetingMailsPerHour'),
  )
  assert.equal(await meetings.inviteAgain(made.id, ['P1@example.org', 'x@example.org'], asking(ana, now)), 1)
  assert.equal(mails.length, 4)
  assert.equal(await meetings.inviteAgain(made.id, undefined, asking(ana, at(60))), 3, 'an hour later')

  await meetings.create({}, asking(ana, now))
  await assert.rejects(
    meetings.create({}, asking(ana, now)),
    refusedWith('limit-exceeded', 'meetingsPerHost'),
  )
  await meetings.delete(made.id, asking(ana, at(120)))
  await meetings.create({}, asking(ana, now))
})

forEachDatabase('a backend makes a meeting for a host of its choice, an account only its own', async (db) => {
  const { services } = await meetingStage(db, { mails: false })
  const { meetings } = services
  const ana = await addAccount(db, { name: 'Ana' })
  const eve = await addAccount(db, { name: 'Eve' })
  const made = await meetings.create(
    { hostAccountId: ana.accountId, invitees: [{ email: 'x@example.org' }] },
    asking(backend, now),
  )
  assert.deepEqual([made.hostId, made.status, made.role], [ana.accountId, 'live', 'host'])
  assert.equal((await meetings.get(made.id, ana)).role, 'host')
  await assert.rejects(
    meetings.create({ hostAccountId: ana.accountId }, asking(eve, now)),
    refusedWith('forbidden'),
  )
  await assert.rejects(
    meetings.create({ hostAccountId: 'acc_none' }, asking(backend, now)),
    refusedWith('bad-request'),
  )
  await assert.rejects(
    meetings.inviteAgain(made.id, undefined, asking(ana, now)),
    refusedWith('not-supported'),
  )
  const own = await meetings.create({}, asking(backend, now))
  assert.deepEqual([own.hostId, own.hostName], [undefined, 'the organiser'])
  await assert.rejects(meetings.get(own.id, ana), refusedWith('not-found'))
})

forEachDatabase('lists are paged in their order', async (db) => {
  const { services } = await meetingStage(db)
  const { meetings } = services
  const ana = await addAccount(db, { name: 'Ana' })
  for (const minutes of [50, 10, 30, 30, 20])
    await meetings.create({ startsAt: iso(minutes) }, asking(ana, now))
  const starts: (string | undefined)[] = []
  let cursor: string | undefined
  do {
    const page = await meetings.list(ana, { list: 'upcoming', limit: 2, cursor })
    starts.push(...page.items.map(({ nextStart }) => nextStart))
    cursor = page.next
  } while (cursor !== undefined)
  assert.deepEqual(starts, [10, 20, 30, 30, 50].map(iso))
  await assert.rejects(meetings.list(ana, { list: 'all', limit: 2, cursor: 'x' }), refusedWith('bad-request'))
})

forEachDatabase('what makes no sense is refused and says where', async (db) => {
  const { services } = await meetingStage(db)
  const ana = await addAccount(db, { name: 'Ana' })
  const wrong: [string, object][] = [
    ['body.endsAt', { startsAt: iso(60), endsAt: iso(60) }],
    ['body.endsAt', { startsAt: iso(60), endsAt: iso(60 * 24 * 8) }],
    ['body.endsAt', { endsAt: iso(60) }],
    ['body.recurrence', { recurrence: 'FREQ=DAILY' }],
    ['body.startsAt', { startsAt: iso(-120) }],
    ['body.timeZone', { startsAt: iso(60), timeZone: 'Mars/Base' }],
    ['body.timeZone', { timeZone: '+01:00' }],
    ['body.startsAt', { startsAt: '2026-12-31T23:59:60Z' }],
    ['body.endsAt', { startsAt: iso(60), endsAt: '2026-12-31T23:59:60Z' }],
    ['body.metadata', { metadata: { deep: JSON.parse('['.repeat(40) + ']'.repeat(40)) as unknown } }],
    ['body.recurrence', { startsAt: iso(60), recurrence: 'FREQ=SECONDLY' }],
  ]
  for (const [path, input] of wrong) {
    const asked = services.meetings.create(input, asking(ana, now))
    await assert.rejects(asked, (error: AppError) => {
      assert.deepEqual([error.code, error.data], ['bad-request', { path }], JSON.stringify(input))
      return true
    })
  }
})
