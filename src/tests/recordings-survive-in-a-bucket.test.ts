import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { loadConfig } from '../../config/load.ts'
import { openObjectStore } from '../../recorder/storage/object-store.ts'
import { Uploads } from '../../recorder/storage/uploads.ts'
import { openDatabase, type Db } from '../db/database.ts'
import { RecordingsFolder } from '../recordings/recordings-folder.ts'
import { filesOf } from '../recordings/files.store.ts'
import { outputsOf } from '../recordings/outputs.store.ts'
import { findRecording } from '../recordings/recordings.store.ts'
import { Recordings } from '../recordings/recordings.ts'
import { emptyDatabase, silent } from './support/databases.ts'
import { recordFolder } from './support/recorded-folder.ts'
import { quickRender } from './support/recordings-stage.ts'
import { S3Server } from './support/s3-server.ts'
import { until } from './support/until.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'sluice-bucket-'))
let db: Db
let fixture: string
before(async () => {
  const { url } = await emptyDatabase('PostgreSQL', dataDir)
  db = await openDatabase({ url, dataDir, log: silent })
  fixture = await recordFolder(join(dataDir, 'fixture'), 'stopped')
})
after(async () => {
  await db.close()
  rmSync(dataDir, { recursive: true, force: true })
})

test('a recording goes into a bucket, leaves the disk, comes back for another video, and is deleted', async (t) => {
  const server = await S3Server.start()
  t.after(() => server.close())
  const storage = server.storage({ keepLocalHours: 0 })
  const start = () => {
    const { config } = loadConfig({ argv: [], env: { SLUICE_RECORDINGS_MIN_FREE_MEGABYTES: '16' }, cwd: '/' })
    const recordings = new Recordings({
      db,
      config: { ...config, storage },
      log: silent,
      home: new RecordingsFolder(dataDir),
      objects: openObjectStore({ storage, dataDir, log: silent }),
      createUploads: (onChanged) => {
        const timing = { scanMs: 100, firstWaitMs: 100 }
        return Uploads.create({ storage, dataDir, log: silent, onChanged, timing })
      },
      render: quickRender,
      findFfmpeg: () => Promise.resolve('ffmpeg'),
      retryMs: 50,
    })
    recordings.start()
    return recordings
  }
  let recordings = start()
  t.after(() => recordings.close())
  const restart = async () => {
    await recordings.close()
    recordings = start()
  }

  const startedBy = { kind: 'server' } as const
  const now = new Date()
  const begun = await recordings.begin({ roomId: '../a room/', meetingId: undefined, startedBy, now })
  const { recordingId: id, folder } = begun
  cpSync(fixture, folder, { recursive: true })
  await recordings.ended(id, { reason: 'stopped', now })
  const row = async () => (await findRecording(db, id))!
  const isStored = async () => {
    const { state, stored_at: storedAt, upload } = await row()
    return state === 'ready' && storedAt && upload?.['state'] === 'stored'
  }
  await until('it is stored', isStored, { why: row })
  const { prefix } = await row()
  const nameless = (keys: readonly string[]) => keys.map((key) => key.slice(prefix.length + 1)).toSorted()
  const names = (await filesOf(db, [id])).map(({ name }) => name)
  assert.deepEqual(nameless(await server.keys()), ['SHA256SUMS', ...names].toSorted())

  await restart()
  await until('it has left the disk', async () => !(await row()).is_local)
  await until('its files have', () => readdirSync(folder).toSorted().join() === 'manifest.json,uploads.json')
  assert.equal((await recordings.manifests.tracks(await row(), { from: 0, limit: 9 }))?.total, 2)

  const { output } = await recordings.outputs.make(id, { kind: 'audio' })
  await until('it is made', async () => (await outputsOf(db, [id])).every(({ state }) => state === 'ready'), {
    why: () => outputsOf(db, [id]),
  })
  await until('it is in the bucket', async () => (await server.keys()).includes(`${prefix}/${output.id}.m4a`))
  await until('it is stored', isStored, { why: row })
  await restart()
  await until('it has left the disk again', async () => !(await row()).is_local)

  assert.equal(await recordings.remove(id), 'deleted')
  assert.deepEqual(await server.keys(), [])
  assert.deepEqual(await server.unfinished(), [])
  assert.equal(await findRecording(db, id), undefined)
})
