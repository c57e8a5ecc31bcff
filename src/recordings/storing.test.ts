import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { forEachDatabase } from '../tests/support/databases.ts'
import { recordFixtures, type Fixture } from '../tests/support/recorded-folder.ts'
import { MemoryBucket, RecordingsStage } from '../tests/support/recordings-stage.ts'
import { until } from '../tests/support/until.ts'
import { viewsOf } from './views.ts'

let fixtures: Record<Fixture, string>
const root = mkdtempSync(join(tmpdir(), 'sluice-fixtures-'))
before(async () => {
  fixtures = await recordFixtures(root)
})
after(() => rmSync(root, { recursive: true, force: true }))

const inBucket = {
  SLUICE_STORAGE_KIND: 's3',
  SLUICE_STORAGE_BUCKET: 'b',
  SLUICE_STORAGE_KEEP_LOCAL_HOURS: '0',
}

forEachDatabase('what was begun on the disk stays there when a bucket is configured', async (db, t) => {
  const onDisk = await RecordingsStage.create(t, { db })
  await onDisk.recordings.recover()
  const ready = await onDisk.record(fixtures.stopped)
  await onDisk.reaches(ready, 'ready')
  const goesOn = await onDisk.begin(fixtures.killed)
  await onDisk.recordings.close()

  const bucket = new MemoryBucket()
  const { dataDir } = onDisk
  const stage = await RecordingsStage.create(t, { db, bucket, dataDir, settings: inBucket })
  await stage.recordings.recover()
  await stage.reaches(goesOn, 'ready')
  await stage.recordings.outputs.make(ready, { kind: 'audio' })
  await until('it is made', async () => (await stage.outputs(ready)).every(({ state }) => state === 'ready'))
  await stage.recordings.close()
  for (const id of [ready, goesOn]) {
    const { storage, stored_at: storedAt, is_local: isLocal } = await stage.row(id)
    assert.deepEqual([storage, storedAt, isLocal], ['disk', null, true])
  }
  assert.deepEqual([...bucket.objects.keys()], [], 'nobody would delete it there')
})

forEachDatabase('what is in a bucket waits for it while the disk is configured', async (db, t) => {
  const bucket = new MemoryBucket()
  const stage = await RecordingsStage.create(t, { db, bucket, settings: inBucket })
  await stage.recordings.recover()
  const id = await stage.record(fixtures.stopped)
  const { prefix } = await stage.reaches(id, 'ready')
  const [output] = await stage.outputs(id)
  const video = `${prefix}/${output!.id}.mp4`
  await until('it is stored', async () => (await stage.row(id)).stored_at && bucket.objects.has(video))
  await stage.recordings.close()

  const { dataDir } = stage
  const onDisk = await RecordingsStage.create(t, { db, dataDir })
  await onDisk.recordings.recover()
  const { output: sound } = await onDisk.recordings.outputs.make(id, { kind: 'audio' })
  await until('it is made', async () => (await stage.outputs(id)).every(({ state }) => state === 'ready'))
  const row = await stage.row(id)
  const seen = [{ row, rights: { role: 'manager', mayDownload: true } }] as const
  const [view] = await viewsOf(seen, { db, now: new Date() })
  assert.notEqual(view!.upload.state, 'stored')
  assert.notEqual(view!.upload.state, 'local')
  await onDisk.recordings.outputs.remove(id, output!.id)
  await onDisk.recordings.close()
  assert.ok(bucket.objects.has(video), 'nobody could delete it there')

  const again = await RecordingsStage.create(t, { db, bucket, dataDir, settings: inBucket })
  again.recordings.start()
  await until('what was made is stored', () => bucket.objects.has(`${prefix}/${sound.id}.m4a`))
  await until('it is stored', async () => (await stage.row(id)).stored_at)
  await again.recordings.close()
  const last = await RecordingsStage.create(t, { db, bucket, dataDir, settings: inBucket })
  last.recordings.start()
  await until('what was removed is gone', () => !bucket.objects.has(video))
})

forEachDatabase('what a server that is gone had put into the bucket is deleted by another', async (db, t) => {
  const bucket = new MemoryBucket()
  const gone = await RecordingsStage.create(t, { db, bucket, settings: inBucket })
  await gone.recordings.recover()
  const id = await gone.record(fixtures.stopped)
  await until('it is stored', async () => (await gone.row(id)).stored_at)
  await gone.recordings.close()
  assert.ok(bucket.objects.size > 0)

  const stage = await RecordingsStage.create(t, { db, bucket, settings: inBucket })
  await stage.record(fixtures['nothing-sent'])
  const { prefix } = await gone.row(id)
  const left = () => [...bucket.objects.keys()].filter((key) => key.startsWith(prefix))
  const page = { from: 0, limit: 9 }
  assert.equal((await stage.recordings.manifests.tracks(await gone.row(id), page))?.total, 2)
  bucket.isAway = true
  await assert.rejects(stage.recordings.manifests.tracks(await gone.row(id), page), { code: 'unavailable' })
  assert.equal(await stage.recordings.remove(id), 'deleting')
  assert.ok(left().length > 0)
  bucket.isAway = false
  stage.recordings.start()
  await until('nothing of it is in the bucket', () => left().length === 0)
  assert.equal((await gone.row(id)).state, 'deleting', 'its files are still on the disk of the other')

  const back = await RecordingsStage.create(t, { db, bucket, dataDir: gone.dataDir, settings: inBucket })
  back.recordings.start()
  await until('it is gone', () => back.isGone(id))
})

forEachDatabase('a server that closes does not wait for what it gets back from a bucket', async (db, t) => {
  const bucket = new MemoryBucket()
  const stage = await RecordingsStage.create(t, { db, bucket, settings: inBucket })
  stage.recordings.start()
  const id = await stage.record(fixtures.stopped)
  await stage.reaches(id, 'ready')
  await until('it is stored', async () => (await stage.row(id)).stored_at)
  await stage.recordings.close()
  const { dataDir } = stage
  const again = await RecordingsStage.create(t, { db, bucket, dataDir, settings: inBucket })
  again.recordings.start()
  await until('it has left the disk', async () => !(await stage.row(id)).is_local)
  await until('its files have', () => readdirSync(stage.folderOf(id)).length < 3)
  bucket.hangs = true
  const { output } = await again.recordings.outputs.make(id, { kind: 'audio' })
  await until('it is being brought back', () => bucket.isHanging)
  const startedMs = performance.now()
  await again.recordings.close()
  assert.ok(performance.now() - startedMs < 5000)
  const kept = (await stage.outputs(id)).find((found) => found.id === output.id)
  assert.deepEqual([kept?.state, kept?.attempts], ['queued', 0])
  assert.ok(existsSync(stage.folderOf(id)))
})
