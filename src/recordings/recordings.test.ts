import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { sql } from 'kysely'
import { readManifest } from '../../recorder/manifest.ts'
import { AppError } from '../lib/app-error.ts'
import { forEachDatabase } from '../tests/support/databases.ts'
import { recordFixtures, type Fixture } from '../tests/support/recorded-folder.ts'
import { MemoryBucket, never, quickRender, RecordingsStage } from '../tests/support/recordings-stage.ts'
import { addAccount } from '../tests/support/meetings-stage.ts'
import { until } from '../tests/support/until.ts'
import { formerIdentity } from './participants.store.ts'
import { listRecordings } from './recordings.store.ts'
import { maxOutputs } from './outputs.ts'

let fixtures: Record<Fixture, string>
const root = mkdtempSync(join(tmpdir(), 'sluice-fixtures-'))
before(async () => {
  fixtures = await recordFixtures(root)
})
after(() => rmSync(root, { recursive: true, force: true }))

/** By a host. */
const asked = { isOperator: false, now: new Date() }

const refusedWith = (code: string) => (error: unknown) => {
  assert.ok(error instanceof AppError, String((error as Error).stack))
  assert.equal(error.code, code)
  return true
}

forEachDatabase('what was captured is listed, and the video that is wanted is made of it', async (db, t) => {
  const stage = await RecordingsStage.create(t, { db })
  const ana = await addAccount(db, { name: 'Ana' })
  const told: string[] = []
  const stopListening = stage.recordings.onChanged((changed) => told.push(changed))
  const id = await stage.begin(fixtures.stopped)
  assert.equal((await stage.row(id)).state, 'recording')
  await assert.rejects(stage.recordings.remove(id), refusedWith('conflict'))
  await assert.rejects(stage.recordings.outputs.make(id, {}), refusedWith('conflict'))
  stage.recordings.seen(id, { identity: 'ben', name: 'Ben', accountId: 'acc_deleted' })
  stage.recordings.seen(id, { identity: 'ana', name: 'A', accountId: ana.accountId })
  stage.recordings.seen(id, { identity: 'ana', name: 'Ana', accountId: undefined })
  await stage.recordings.ended(id, { reason: 'stopped', now: new Date() })

  const row = await stage.reaches(id, 'ready')
  assert.ok(told.length >= 4 && told.every((changed) => changed === id), told.join())
  stopListening()
  assert.deepEqual(
    [row.end_reason, row.title, row.storage, row.is_local, row.error, row.expires_at],
    ['stopped', 'lobby', 'disk', true, null, null],
  )
  const { startedAt, endedAt } = (await readManifest(stage.folderOf(id)))!
  assert.equal(row.duration_ms, Date.parse(endedAt!) - Date.parse(startedAt))
  assert.ok(row.duration_ms >= 2000, String(row.duration_ms))
  assert.deepEqual(
    (await stage.participants(id)).map(({ identity, name, account_id }) => [identity, name, account_id]),
    [
      [formerIdentity(id, 'ben'), 'Former member', null],
      ['ana', 'Ana', ana.accountId],
    ],
  )
  const files = await stage.files(id)
  const [output] = await stage.outputs(id)
  assert.deepEqual(
    files.map(({ kind, name, content_type, output_id }) => [kind, name, content_type, output_id]),
    [
      ['manifest', 'manifest.json', 'application/json', null],
      ['poster', `${output!.id}.jpg`, 'image/jpeg', output!.id],
      ['video', `${output!.id}.mp4`, 'video/mp4', output!.id],
      ['track', 't1-1.webm', 'video/webm', null],
      ['track', 't2-1.webm', 'audio/webm', null],
    ],
  )
  assert.equal(
    row.bytes,
    files.reduce((sum, { bytes }) => sum + bytes, 0),
  )
  assert.deepEqual([output!.state, output!.progress, output!.attempts], ['ready', 1, 1])
  assert.deepEqual(output!.options, { layout: 'grid', size: '1280x720', names: true })
  const page = await stage.recordings.manifests.tracks(row, { from: 1, limit: 5 })
  assert.deepEqual([page?.tracks.map(({ trackId }) => trackId), page?.total], [['t2'], 2])
  // Idempotent: what is told twice happens once.
  await stage.recordings.ended(id, { reason: 'empty', now: new Date() })
  assert.equal((await stage.row(id)).end_reason, 'stopped')
})

forEachDatabase('where nobody sent anything there is nothing to make', async (db, t) => {
  const stage = await RecordingsStage.create(t, { db })
  const id = await stage.record(fixtures['nothing-sent'], 'empty')
  const row = await stage.row(id)
  assert.deepEqual([row.state, row.error?.['code'], row.end_reason], ['failed', 'nothing-captured', 'empty'])
  assert.deepEqual(await stage.outputs(id), [])
  await assert.rejects(stage.recordings.outputs.make(id, {}), refusedWith('conflict'))
  assert.equal(await stage.recordings.remove(id), 'deleted')
})

forEachDatabase('of a recorder that died, what was written is kept', async (db, t) => {
  const stage = await RecordingsStage.create(t, { db })
  const id = await stage.record(fixtures.killed, 'recorder-died')
  const row = await stage.reaches(id, 'ready')
  assert.equal(row.end_reason, 'recorder-died')
  assert.ok(row.duration_ms > 1000)
  assert.ok(!stage.namesIn(id).some((name) => name.endsWith('.part')), stage.namesIn(id).join())
})

forEachDatabase('a recording that did not begin leaves nothing', async (db, t) => {
  const stage = await RecordingsStage.create(t, { db })
  const id = await stage.begin(fixtures.stopped)
  await stage.recordings.abandon(id)
  assert.ok(await stage.isGone(id))
  const full = { SLUICE_RECORDINGS_MIN_FREE_MEGABYTES: '100000000' }
  const crowded = await RecordingsStage.create(t, { db, settings: full })
  await assert.rejects(crowded.begin(fixtures.stopped), (error: AppError) => {
    assert.deepEqual([error.code, error.data], ['unavailable', { why: 'disk' }])
    return true
  })
  assert.equal((await db.selectFrom('recordings').selectAll().execute()).length, 0)
})

forEachDatabase('killed at any point, a recording becomes true at the next start', async (db, t) => {
  const stage = await RecordingsStage.create(t, { db })
  await stage.recordings.recover()
  // Before the folder was made.
  const noFolder = await stage.begin(fixtures.stopped)
  rmSync(stage.folderOf(noFolder), { recursive: true })
  // While it went on; after its files were finished and before anybody said so; before its files were listed.
  const goesOn = await stage.begin(fixtures.killed)
  const notSaid = await stage.begin(fixtures.stopped)
  const notListed = await stage.begin(fixtures.stopped)
  const ended = { state: 'processing', end_reason: 'too-long', ended_at: new Date() } as const
  await db.updateTable('recordings').set(ended).where('id', '=', notListed).execute()
  // While its video was made, once before and once after it was in the folder.
  stage.render = async (options) => {
    if (stage.rendered > 1) await quickRender(options)
    return never
  }
  const rendering = await stage.record(fixtures.stopped)
  await until('it is rendered', () => stage.rendered === 1)

  await stage.restartAfterKill()
  for (const [id, reason] of [
    [goesOn, 'server-gone'],
    [notSaid, 'stopped'],
    [notListed, 'too-long'],
    [rendering, 'stopped'],
  ] as const) {
    const row = await stage.reaches(id, 'ready')
    assert.equal(row.end_reason, reason)
    const kinds = (await stage.files(id)).map(({ kind }) => kind)
    assert.deepEqual(kinds.toSorted(), ['manifest', 'poster', 'track', 'track', 'video'])
    assert.equal((await stage.outputs(id)).length, 1)
  }
  assert.equal((await stage.outputs(rendering))[0]!.attempts, 2)
  const lost = await stage.row(noFolder)
  assert.deepEqual([lost.state, lost.error?.['code']], ['failed', 'files-lost'])

  // A second look changes nothing.
  const before = await db.selectFrom('recordings').selectAll().orderBy('id').execute()
  await stage.restartAfterKill()
  assert.deepEqual(await db.selectFrom('recordings').selectAll().orderBy('id').execute(), before)
})

forEachDatabase('folders and rows that lost each other', async (db, t) => {
  const stage = await RecordingsStage.create(t, { db })
  await stage.recordings.recover()
  const noRow = await stage.record(fixtures.stopped)
  const empty = await stage.record(fixtures['nothing-sent'])
  const away = await stage.record(fixtures.stopped)
  for (const id of [noRow, away]) await stage.reaches(id, 'ready')
  await db.deleteFrom('recordings').where('id', 'in', [noRow, empty]).execute()
  cpSync(stage.folderOf(away), join(stage.dataDir, 'elsewhere'), { recursive: true })
  rmSync(stage.folderOf(away), { recursive: true })

  await stage.restartAfterKill()
  const again = await stage.reaches(noRow, 'ready')
  assert.deepEqual([again.title, again.room_id], ['Recovered recording', 'unknown'])
  assert.deepEqual(
    (await stage.participants(noRow)).map(({ name }) => name),
    ['Ana'],
  )
  assert.ok(await stage.isGone(empty))
  assert.equal((await stage.row(away)).error?.['code'], 'files-lost')
  assert.equal((await stage.row(away)).state, 'failed')

  cpSync(join(stage.dataDir, 'elsewhere'), stage.folderOf(away), { recursive: true })
  await stage.restartAfterKill()
  assert.equal((await stage.reaches(away, 'ready')).error, null)
})

forEachDatabase('what fails is tried again where that helps, and can be asked for again', async (db, t) => {
  const stage = await RecordingsStage.create(t, { db })
  await stage.recordings.recover()
  const failing = (isWorthRetrying: boolean) =>
    Object.assign(new Error('it broke'), { code: 'ffmpeg-failed', isWorthRetrying })
  stage.render = async (options) => {
    if (stage.rendered < 3) throw failing(true)
    return quickRender(options)
  }
  const works = await stage.record(fixtures.stopped)
  await stage.reaches(works, 'ready')
  assert.deepEqual([stage.rendered, (await stage.outputs(works))[0]!.attempts], [3, 3])

  stage.rendered = 0
  stage.render = () => Promise.reject(failing(false))
  const fails = await stage.record(fixtures.stopped)
  const row = await stage.reaches(fails, 'failed')
  assert.deepEqual(row.error, { code: 'ffmpeg-failed', message: 'it broke' })
  assert.equal(stage.rendered, 1)
  // Not made for people: nothing of it goes out.
  stage.render = () => Promise.reject(new Error('secret path /x'))
  const [failed] = await stage.outputs(fails)
  const { output, isNew } = await stage.recordings.outputs.make(fails, {})
  assert.deepEqual([output.id, isNew, output.state], [failed!.id, true, 'queued'])
  const told = (await stage.reaches(fails, 'failed')).error as { code: string; message: string }
  assert.equal(told.code, 'failed')
  assert.doesNotMatch(told.message, /secret/)
  assert.equal((await stage.outputs(fails))[0]!.attempts, 3)

  stage.ffmpeg = undefined
  await stage.recordings.outputs.make(fails, {})
  const missing = (await stage.reaches(fails, 'failed')).error as { code: string; message: string }
  assert.equal(missing.code, 'no-ffmpeg')
  assert.match(missing.message, /apt-get install ffmpeg/)
  stage.ffmpeg = 'ffmpeg'
  stage.render = quickRender
  await stage.restartAfterKill()
  assert.equal((await stage.reaches(fails, 'ready')).error, null)
})

forEachDatabase('the same is made once, and not without end', async (db, t) => {
  const stage = await RecordingsStage.create(t, { db, settings: { SLUICE_RECORDINGS_OUTPUT: 'none' } })
  await stage.recordings.recover()
  const id = await stage.record(fixtures.stopped)
  assert.equal((await stage.row(id)).state, 'ready')
  const other = await stage.record(fixtures.stopped)
  let open = () => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  stage.render = async (options) => {
    await gate
    return quickRender(options)
  }
  const plans = (['grid', 'speaker', 'screen'] as const).flatMap((layout) =>
    (['640x360', '1280x720', '1920x1080'] as const).flatMap((size) =>
      [true, false].map((names) => ({ layout, size, names })),
    ),
  )
  const made: string[] = []
  for (const plan of [{ kind: 'audio' as const }, ...plans]) {
    made.push((await stage.recordings.outputs.make(id, plan)).output.id)
  }
  assert.equal(new Set(made).size, 19)
  const again = await stage.recordings.outputs.make(id, { kind: 'video' })
  assert.equal(again.isNew, false)
  assert.ok(made.includes(again.output.id))
  assert.equal(maxOutputs > made.length, true)
  // Somebody else is not behind all of these.
  const theirs = await stage.recordings.outputs.make(other, {})
  open()
  await until('all are made', async () => (await stage.outputs(id)).every(({ state }) => state === 'ready'))
  assert.ok(stage.rendering.indexOf(theirs.output.id) <= 1, stage.rendering.join())
  assert.equal(stage.rendered, 20)
  // Asking for what is there makes nothing.
  assert.equal((await stage.recordings.outputs.make(id, { kind: 'audio' })).isNew, false)

  await stage.recordings.outputs.remove(id, made[0]!)
  assert.ok(!stage.namesIn(id).some((name) => name.startsWith(made[0]!)))
  assert.ok(!(await stage.files(id)).some((file) => file.output_id === made[0]))
  await assert.rejects(stage.recordings.outputs.remove(id, made[0]!), refusedWith('not-found'))
})

forEachDatabase('deleted while its video is made, nothing of it stays', async (db, t) => {
  const stage = await RecordingsStage.create(t, { db })
  await stage.recordings.recover()
  let aborted = false
  stage.render = ({ signal }) =>
    new Promise((_, reject) => {
      signal!.addEventListener('abort', () => {
        aborted = true
        reject(signal!.reason as Error)
      })
    })
  const id = await stage.record(fixtures.stopped)
  await until('it is rendered', () => stage.rendered === 1)
  assert.equal(await stage.recordings.remove(id), 'deleted')
  assert.ok(aborted)
  assert.ok(await stage.isGone(id))
  for (const table of ['recording_files', 'recording_outputs', 'recording_participants'] as const) {
    assert.equal((await db.selectFrom(table).selectAll().execute()).length, 0)
  }
  await assert.rejects(stage.recordings.remove(id), refusedWith('not-found'))
})

forEachDatabase(
  'a server that closes while it makes a video makes it after the next start',
  async (db, t) => {
    const stage = await RecordingsStage.create(t, { db })
    await stage.recordings.recover()
    stage.render = ({ signal }) =>
      new Promise((_, reject) => {
        signal!.addEventListener('abort', () => reject(signal!.reason as Error))
      })
    const id = await stage.record(fixtures.stopped)
    await until('it is rendered', () => stage.rendered === 1)
    await stage.recordings.close()
    const [output] = await stage.outputs(id)
    assert.deepEqual([output!.state, output!.attempts], ['queued', 0])
    await stage.restartAfterKill()
    await stage.reaches(id, 'ready')
  },
)

forEachDatabase('a deletion goes on after a crash and without the bucket', async (db, t) => {
  const bucket = new MemoryBucket()
  const stage = await RecordingsStage.create(t, {
    db,
    bucket,
    settings: { SLUICE_STORAGE_KIND: 's3', SLUICE_STORAGE_BUCKET: 'b' },
  })
  await stage.recordings.recover()
  const id = await stage.record(fixtures.stopped)
  await stage.reaches(id, 'ready')
  await until('it is stored', async () => (await stage.row(id)).stored_at)
  bucket.isAway = true
  assert.equal(await stage.recordings.remove(id), 'deleting')
  assert.equal((await stage.row(id)).error?.['code'], 'not-deleted-yet')
  assert.ok(bucket.objects.size > 0)
  await assert.rejects(
    stage.recordings.change(id, { title: 'x' }, { version: 1, ...asked }),
    refusedWith('not-found'),
  )
  // Killed and started with a bucket that is there, and with the folder gone already.
  rmSync(stage.folderOf(id), { recursive: true })
  bucket.isAway = false
  await stage.restartAfterKill()
  stage.recordings.start()
  await until('it is gone', () => stage.isGone(id))
  assert.equal(bucket.objects.size, 0)
})

forEachDatabase('what the bucket has leaves the disk, and comes back to be made into more', async (db, t) => {
  const bucket = new MemoryBucket()
  const stage = await RecordingsStage.create(t, {
    db,
    bucket,
    settings: { SLUICE_STORAGE_KIND: 's3', SLUICE_STORAGE_BUCKET: 'b' },
  })
  await stage.recordings.recover()
  bucket.isAway = true
  const id = await stage.record(fixtures.stopped)
  await stage.reaches(id, 'ready')
  const waiting = await until('it waits', async () => {
    const { upload } = await stage.row(id)
    return upload?.['state'] === 'waiting' && upload
  })
  assert.equal(waiting['error'], 'away')

  // What is not there yet goes on after a start; what the bucket has lost again stays here.
  bucket.isAway = false
  await stage.restartAfterKill()
  await until('it is stored', async () => (await stage.row(id)).stored_at)
  const [lost] = [...bucket.objects.keys()].filter((key) => key.endsWith('t1-1.webm'))
  bucket.objects.delete(lost!)
  const { prefix } = await stage.row(id)
  assert.equal(prefix, `kept/${id}`)
  stage.recordings.start()
  await until('it is there again', () => bucket.objects.has(lost!))
  assert.ok(existsSync(join(stage.folderOf(id), 't1-1.webm')))
  assert.equal((await stage.row(id)).is_local, true)

  await until('it is stored again', async () => (await stage.row(id)).stored_at)
  await stage.restartAfterKill()
  stage.recordings.start()
  await until('it is not here', async () => !(await stage.row(id)).is_local)
  await until('its files are gone', () => stage.namesIn(id).join() === 'manifest.json')

  // Killed between the row and the files: the rest goes at the next start.
  writeFileSync(join(stage.folderOf(id), 't1-1.webm'), 'left')
  await stage.restartAfterKill()
  assert.deepEqual(stage.namesIn(id), ['manifest.json'])

  bucket.isAway = true
  stage.render = async (options) => {
    assert.ok(stage.namesIn(id).includes('t1-1.webm'))
    return quickRender(options)
  }
  await stage.recordings.outputs.make(id, { kind: 'audio' })
  await until('it was tried', async () => (await stage.outputs(id))[0]!.error)
  assert.equal((await stage.row(id)).state, 'ready', 'there is something to watch all the time')
  bucket.isAway = false
  await until('it is made', async () => (await stage.outputs(id)).every(({ state }) => state === 'ready'))
  const [audio] = await stage.outputs(id)
  await until('it is in the bucket', () => bucket.objects.has(`${prefix}/${audio!.id}.m4a`))
  await until('it is stored', async () => (await stage.row(id)).stored_at)
  await stage.recordings.outputs.remove(id, audio!.id)
  assert.ok(![...bucket.objects.keys()].some((key) => key.includes(audio!.id)))
})

forEachDatabase('servers that share a database leave each other’s recordings alone', async (db, t) => {
  const one = await RecordingsStage.create(t, { db, settings: { SLUICE_RECORDINGS_OUTPUT: 'none' } })
  const other = await RecordingsStage.create(t, { db, settings: { SLUICE_RECORDINGS_OUTPUT: 'none' } })
  const goesOn = await one.begin(fixtures.stopped)
  const over = await one.record(fixtures.stopped)
  await other.record(fixtures.stopped)
  await other.restartAfterKill()
  other.recordings.start()
  assert.equal((await one.row(goesOn)).state, 'recording')

  // Asked for at the wrong server, it is done by the right one.
  const { output } = await other.recordings.outputs.make(over, { kind: 'audio' })
  await other.recordings.outputs.remove(over, output.id)
  await other.recordings.outputs.make(over, { kind: 'audio' })
  assert.equal(await other.recordings.remove(over), 'deleting')
  assert.ok(existsSync(one.folderOf(over)))
  await one.recordings.recover()
  one.recordings.start()
  await until('it is gone', () => one.isGone(over))
  assert.equal(other.rendered, 0)

  // Two servers with one data folder would destroy each other's recordings.
  const second = await RecordingsStage.create(t, { db, dataDir: one.dataDir })
  await assert.rejects(second.begin(fixtures.stopped), refusedWith('unavailable'))
  assert.equal((await one.row(goesOn)).state, 'recording')
})

forEachDatabase(
  'people rename them and let them expire; nobody changes what they have not seen',
  async (db, t) => {
    const stage = await RecordingsStage.create(t, { db, settings: { SLUICE_RECORDINGS_KEEP_DAYS: '30' } })
    const id = await stage.record(fixtures.stopped)
    const row = await stage.reaches(id, 'ready')
    assert.equal(row.expires_at!.getTime() - row.ended_at!.getTime(), 30 * 86_400_000)
    await stage.recordings.change(id, { title: 'Algebra' }, { version: row.version, ...asked })
    await assert.rejects(
      stage.recordings.change(id, { title: 'Mine' }, { version: row.version, ...asked }),
      refusedWith('precondition-failed'),
    )
    assert.equal((await stage.row(id)).title, 'Algebra')
    await stage.recordings.change(
      id,
      { expiresAt: new Date(Date.now() - 1) },
      { version: undefined, ...asked },
    )
    stage.recordings.start()
    await until('it is gone', () => stage.isGone(id))
  },
)

forEachDatabase('deleting what has expired takes a while; what is kept meanwhile stays', async (db, t) => {
  const bucket = new MemoryBucket()
  const settings = { SLUICE_STORAGE_KIND: 's3', SLUICE_STORAGE_BUCKET: 'b' }
  const stage = await RecordingsStage.create(t, { db, bucket, settings })
  const ids: string[] = []
  for (let at = 0; at < 4; at++) {
    const id = await stage.record(fixtures.stopped)
    await stage.reaches(id, 'ready')
    ids.push(id)
    await db
      .updateTable('recordings')
      .set({ expires_at: new Date(Date.now() - 60_000 + at) })
      .where('id', '=', id)
      .execute()
  }
  const [first, kept, removed, last] = ids as [string, string, string, string]
  const deleteAll = t.mock.method(bucket, 'deleteAll', async (prefix: string) => {
    deleteAll.mock.restore()
    const later = new Date(Date.now() + 86_400_000)
    await stage.recordings.change(kept, { expiresAt: later }, { version: undefined, ...asked })
    await stage.recordings.remove(removed)
    await bucket.deleteAll(prefix)
  })
  stage.recordings.start()
  await until('the others are gone', async () => {
    const gone = await Promise.all([first, removed, last].map((id) => stage.isGone(id)))
    return gone.every(Boolean)
  })
  assert.equal((await stage.row(kept)).state, 'ready')
})

forEachDatabase(
  'a recording that ends while the database is away is finished when it is back',
  async (db, t) => {
    const bucket = new MemoryBucket()
    const settings = { SLUICE_STORAGE_KIND: 's3', SLUICE_STORAGE_BUCKET: 'b' }
    const stage = await RecordingsStage.create(t, { db, bucket, settings })
    await stage.recordings.recover()
    const id = await stage.begin(fixtures.stopped)
    const refused = await stage.begin(fixtures.stopped)
    stage.databaseIsAway = true
    stage.recordings.seen(id, { identity: 'ana', name: 'Ana', accountId: undefined })
    await stage.recordings.ended(id, { reason: 'too-long', now: new Date() })
    await stage.recordings.abandon(refused)
    await assert.rejects(stage.begin(fixtures.stopped), refusedWith('unavailable'))
    stage.databaseIsAway = false
    assert.equal((await stage.row(id)).state, 'recording')
    stage.recordings.start()
    assert.equal((await stage.reaches(id, 'ready')).end_reason, 'too-long')
    await until('it is stored', async () => (await stage.row(id)).stored_at)
  },
)

forEachDatabase('what a server that is gone for good left can be deleted', async (db, t) => {
  const gone = await RecordingsStage.create(t, { db })
  const long = new Date(Date.now() - 26 * 3_600_000)
  const left = await gone.begin(fixtures.stopped, long)
  const recent = await gone.begin(fixtures.stopped)
  const stage = await RecordingsStage.create(t, { db })
  await stage.record(fixtures['nothing-sent'])
  assert.equal(await stage.recordings.remove(left), 'deleting')
  await assert.rejects(stage.recordings.remove(recent), refusedWith('conflict'))
  await assert.rejects(gone.recordings.remove(recent), refusedWith('conflict'))
})

forEachDatabase('a video that kills the server is not made for ever', async (db, t) => {
  const stage = await RecordingsStage.create(t, { db, settings: { SLUICE_RECORDINGS_JOB_ATTEMPTS: '2' } })
  await stage.recordings.recover()
  stage.render = () => never
  const id = await stage.record(fixtures.stopped)
  await until('it is rendered', () => stage.rendered === 1)
  await stage.restartAfterKill(() => never)
  await until('it is rendered again', () => stage.rendered === 2)
  await stage.restartAfterKill()
  const row = await stage.reaches(id, 'failed')
  assert.equal(row.error?.['code'], 'server-died')
  assert.equal(stage.rendered, 2)
  assert.equal((await stage.recordings.outputs.make(id, {})).isNew, true)
  await stage.reaches(id, 'ready')
})

forEachDatabase('what is made waits while the disk is full, and costs no attempt', async (db, t) => {
  const stage = await RecordingsStage.create(t, { db })
  await stage.recordings.recover()
  stage.freeBytes = () => 1000
  const id = await stage.record(fixtures.stopped).catch(() => undefined)
  assert.equal(id, undefined, 'nothing begins')
  stage.freeBytes = undefined
  const begun = await stage.begin(fixtures.stopped)
  stage.freeBytes = () => 1000
  await stage.recordings.ended(begun, { reason: 'disk-full', now: new Date() })
  const waiting = await until('it waits', async () => {
    const [output] = await stage.outputs(begun)
    return output?.next_attempt_at && output
  })
  assert.deepEqual([waiting.state, waiting.attempts, waiting.error?.['code']], ['queued', 0, 'disk-full'])
  assert.equal((await stage.row(begun)).end_reason, 'disk-full')
  stage.freeBytes = undefined
  await db.updateTable('recording_outputs').set({ next_attempt_at: null }).execute()
  await stage.restartAfterKill()
  await stage.reaches(begun, 'ready')
})

forEachDatabase('ten thousand recordings are listed by an index, page by page', async (db, t) => {
  const ana = await addAccount(db, { name: 'Ana' })
  const eve = await addAccount(db, { name: 'Eve' })
  const count = 10_000
  for (let at = 0; at < count; at += 1000) {
    const rows = Array.from({ length: 1000 }, (_, place) => ({
      id: `rec_${String(at + place).padStart(16, '0')}`,
      room_id: `room-${(at + place) % 50}`,
      meeting_id: null,
      title: 'x',
      state: 'ready',
      // Ten at a time began at the same moment.
      started_at: new Date(1_780_000_000_000 + Math.floor((at + place) / 10) * 1000),
      started_by: JSON.stringify({
        kind: 'account',
        id: (at + place) % 100 === 0 ? ana.accountId : 'acc_other',
      }),
      host: 'hst_other',
      storage: 'disk',
      prefix: 'x',
      upload: null,
      error: null,
    }))
    await db.insertInto('recordings').values(rows).execute()
  }
  await sql`analyze recordings`.execute(db)
  const seen: string[] = []
  let after: { at: Date; id: string } | undefined
  const all = { viewer: undefined, attendees: true, limit: 100 }
  const startedMs = performance.now()
  for (;;) {
    const page = await listRecordings(db, { ...all, after })
    seen.push(...page.map(({ id }) => id))
    const last = page.at(-1)
    if (!last) break
    after = { at: last.started_at, id: last.id }
  }
  const pageMs = (performance.now() - startedMs) / (count / 100)
  t.diagnostic(`a page of 100 in ${pageMs.toFixed(1)} ms`)
  assert.equal(new Set(seen).size, count)
  assert.deepEqual(seen, seen.toSorted().toReversed())
  const options = { attendees: true, after: undefined, limit: 200 }
  const ownMs = performance.now()
  const own = await listRecordings(db, { ...options, viewer: { accountId: ana.accountId, email: ana.email } })
  assert.equal(own.length, 100)
  t.diagnostic(`the ${own.length} of one account in ${(performance.now() - ownMs).toFixed(1)} ms`)
  const none = await listRecordings(db, {
    ...options,
    viewer: { accountId: eve.accountId, email: eve.email },
  })
  assert.equal(none.length, 0)
  const plan = await sql<{ 'QUERY PLAN': string }>`
    explain select * from recordings where state <> 'deleting' and (started_at, id) < (${after!.at}, ${after!.id})
    order by started_at desc, id desc limit 100`.execute(db)
  const text = plan.rows.map((row) => row['QUERY PLAN']).join(' ')
  assert.match(text, /recordings_by_started_at_id/)
})
