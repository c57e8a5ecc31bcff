import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { AccountHooks } from '../auth/accounts.ts'
import type { Db } from '../db/database.ts'
import type { AccountCaller } from '../protocol/caller.ts'
import { forEachDatabase } from '../tests/support/databases.ts'
import { addAccount, asking, meetingStage } from '../tests/support/meetings-stage.ts'
import { recordFixtures, type Fixture } from '../tests/support/recorded-folder.ts'
import { RecordingsStage } from '../tests/support/recordings-stage.ts'
import { until } from '../tests/support/until.ts'
import { attachRecordings } from './personal-data.ts'
import { Shares } from './shares.ts'

let fixtures: Record<Fixture, string>
const root = mkdtempSync(join(tmpdir(), 'sluice-fixtures-'))
before(async () => {
  fixtures = await recordFixtures(root)
})
after(() => rmSync(root, { recursive: true, force: true }))

const now = new Date()

const as = ({ accountId, name }: AccountCaller) => ({ kind: 'account', id: accountId, name }) as const

/** As `seen` is told of somebody with an account. */
const there = ({ accountId, name }: AccountCaller) => ({ identity: accountId, name, accountId })

/** Whoever deletes their account, as far as hooks go. */
async function deleteAccount(
  db: Db,
  { accountId, email }: AccountCaller,
  hooks: AccountHooks,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const deleted of hooks.deleted) await deleted({ id: accountId, email }, trx)
    await trx.deleteFrom('accounts').where('id', '=', accountId).execute()
  })
}

async function assertNoTrace(db: Db, { accountId, name }: AccountCaller): Promise<void> {
  for (const table of ['recordings', 'recording_participants', 'recording_shares'] as const) {
    const dump = JSON.stringify(await db.selectFrom(table).selectAll().execute())
    for (const trace of [accountId, name]) assert.ok(!dump.includes(trace), `${trace} in ${table}: ${dump}`)
  }
}

forEachDatabase(
  'an account takes along which recordings it was in, and leaves without its name',
  async (db, t) => {
    const stage = await RecordingsStage.create(t, { db })
    const hooks = new AccountHooks()
    attachRecordings(hooks)
    const [ana, ben] = [await addAccount(db, { name: 'Ana' }), await addAccount(db, { name: 'Ben' })]
    const record = async (roomId: string, by: AccountCaller, people: readonly AccountCaller[]) => {
      const start = { roomId, meetingId: undefined, startedBy: as(by), now }
      const { recordingId } = await stage.recordings.begin(start)
      for (const somebody of people) stage.recordings.seen(recordingId, there(somebody))
      await until(
        'they are written down',
        async () => (await stage.participants(recordingId)).length === people.length,
      )
      return recordingId
    }
    const hers = await record('hers', ana, [ben, ana])
    const his = await record('his', ben, [ana, ben])
    const private_ = await record('private', ben, [ben])
    const shares = new Shares({ db, baseUrl: () => 'https://meet.example.org' })
    const { url } = await shares.create(hers, { mayDownload: true }, { by: as(ana), now })
    const kept = await shares.create(hers, {}, { by: as(ben), now })
    const tokenOf = (link: string) => link.split('/').at(-1)!

    const [part, data] = await hooks.exporters[0]!(ana.accountId, db)
    assert.equal(part, 'recordings')
    const { attended, started, shared } = data as Record<string, Record<string, unknown>[]>
    assert.deepEqual(
      [attended!.map(({ id, name }) => [id, name]).toSorted(), started!.map(({ id }) => id)],
      [[hers, his].map((id) => [id, 'Ana']).toSorted(), [hers]],
    )
    assert.deepEqual([shared!.length, shared![0]!['recording_id']], [1, hers])
    assert.deepEqual(
      [started![0]!['room_id'], started![0]!['title'], started![0]!['started_at']],
      ['hers', 'hers', now],
    )
    const text = JSON.stringify(data)
    for (const foreign of ['Ben', ben.accountId, private_]) assert.ok(!text.includes(foreign), foreign)

    await deleteAccount(db, ana, hooks)
    await assertNoTrace(db, ana)
    assert.deepEqual((await stage.row(hers)).started_by, { kind: 'account', name: 'Former member' })
    const people = await stage.participants(hers)
    assert.deepEqual(
      people.map(({ name, account_id, position }) => [name, account_id, position]),
      [
        ['Ben', ben.accountId, 0],
        ['Former member', null, 1],
      ],
    )
    assert.match(people[1]!.identity, /^former_[\w-]{16}$/)
    const others = await stage.participants(his)
    assert.notEqual(
      others[0]!.identity,
      people[1]!.identity,
      'one cannot be followed from recording to recording',
    )
    await assert.rejects(shares.open(tokenOf(url!), now))
    assert.ok(await shares.open(tokenOf(kept.url!), now))

    // Two who are forgotten in one recording stay two.
    await deleteAccount(db, ben, hooks)
    await assertNoTrace(db, ben)
    assert.equal(new Set((await stage.participants(hers)).map(({ identity }) => identity)).size, 2)
  },
)

forEachDatabase('who deletes their account while they are recorded stays forgotten', async (db, t) => {
  const stage = await RecordingsStage.create(t, { db })
  await stage.recordings.recover()
  const hooks = new AccountHooks()
  attachRecordings(hooks)
  const ana = await addAccount(db, { name: 'Ana' })
  const id = await stage.begin(fixtures.stopped)
  // In the files of the fixture she is called "ana".
  const she = { ...there(ana), identity: 'ana' }
  stage.recordings.seen(id, she)
  await until('she is written down', async () => (await stage.participants(id)).length === 1)
  await deleteAccount(db, ana, hooks)

  // She is still there, under another name, and somebody else's recording begins.
  stage.recordings.seen(id, { ...she, name: 'Ana B' })
  const { recordingId: next } = await stage.recordings.begin({
    roomId: 'next',
    meetingId: undefined,
    startedBy: as(ana),
    now,
  })
  stage.recordings.seen(next, there(ana))
  await stage.recordings.ended(id, { reason: 'stopped', now })
  await stage.reaches(id, 'ready')
  await stage.restartAfterKill()
  // The files are listed again.
  await db.updateTable('recordings').set({ state: 'processing' }).where('id', '=', id).execute()
  await db.deleteFrom('recording_files').where('recording_id', '=', id).execute()
  await db.deleteFrom('recording_outputs').where('recording_id', '=', id).execute()
  await stage.restartAfterKill()
  await stage.reaches(id, 'ready')

  await assertNoTrace(db, ana)
  const people = await stage.participants(id)
  assert.deepEqual(
    people.map(({ name }) => name),
    ['Former member'],
  )
  assert.ok(people[0]!.speech, 'what was said is still somebody’s')
  assert.deepEqual(
    (await stage.participants(next)).map(({ name, account_id }) => [name, account_id]),
    [['Former member', null]],
  )
})

forEachDatabase('a meeting that is deleted, and a host who goes, leave a recording whole', async (db, t) => {
  const stage = await RecordingsStage.create(t, { db })
  const { services } = await meetingStage(db)
  const hooks = new AccountHooks()
  attachRecordings(hooks)
  services.attach(hooks)
  const ana = await addAccount(db, { name: 'Ana' })
  const meet = async () => {
    const { id: meetingId } = await services.meetings.create({}, asking(ana, now))
    const start = { roomId: `meeting:${meetingId}`, meetingId, startedBy: as(ana), now }
    const { recordingId } = await stage.recordings.begin(start)
    assert.equal((await stage.row(recordingId)).title, 'Meeting of Ana')
    return { meetingId, recordingId }
  }
  const [deleted, hosted] = [await meet(), await meet()]
  await services.meetings.delete(deleted.meetingId, asking(ana, now))
  assert.equal((await stage.row(deleted.recordingId)).meeting_id, null)
  await deleteAccount(db, ana, hooks)
  await assertNoTrace(db, ana)

  for (const { recordingId } of [deleted, hosted]) {
    assert.equal((await stage.row(recordingId)).title, 'Meeting of Former member')
    await stage.recordings.ended(recordingId, { reason: 'room-closed', now })
    const row = await stage.row(recordingId)
    assert.deepEqual([row.end_reason, row.error?.['code']], ['room-closed', 'nothing-captured'])
    assert.equal(await stage.recordings.remove(recordingId), 'deleted')
  }
})
