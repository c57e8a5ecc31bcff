import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { FaultyProxy, type Fault } from './support/s3-proxy.ts'
import { S3Server } from './support/s3-server.ts'
import { mebibyte, RecordingFolder, UploadsUnderTest } from './support/uploading.ts'
import { until } from './support/until.ts'

const faults: readonly Fault[] = [
  { kind: 'drop' },
  { kind: 'refuse', status: 503, code: 'SlowDown' },
  { kind: 'lose-answer' },
  { kind: 'refuse', status: 500, code: 'InternalError' },
  { kind: 'reset' },
  { kind: 'hang' },
]

test('Whatever happens to its connections, a recording ends up in the bucket byte for byte', async (t) => {
  const server = await S3Server.start(t)
  const proxy = await FaultyProxy.start(t, server)
  // Half of all requests fail. Always the same ones, by a generator (Lehmer's) that begins at 1.
  const happened = new Set<Fault>()
  let state = 1
  proxy.decide = () => {
    state = (state * 48_271) % 2_147_483_647
    const fault = faults[state % (2 * faults.length)]
    if (fault) happened.add(fault)
    return fault
  }
  const folder = await RecordingFolder.create(t)
  const under = new UploadsUnderTest(t, server.storage({ endpoint: proxy.endpoint }))

  await folder.grow('cam-1.webm', 17 * mebibyte)
  await folder.write('mic-1.webm', randomBytes(300_000))
  await folder.write('manifest.json', '{"state":"recording"}')
  under.uploads.follow(folder.upload)
  await until('parts arrive while it is recorded', () => (under.last?.bytes ?? 0) > 2 * 5 * mebibyte, {
    why: () => [under.last, proxy.seen],
  })
  await folder.grow('cam-1.webm', 3 * mebibyte)
  await folder.finish('cam-1.webm')
  await folder.write('manifest.json', '{"state":"finished"}')
  under.uploads.complete('rec_test')

  await under.reach('stored', { patienceMs: 60_000 })
  for (const name of ['cam-1.webm', 'mic-1.webm', 'manifest.json']) {
    assert.ok((await server.get(folder.key(name))).equals(await folder.read(name)), `${name} is the same`)
  }
  assert.deepEqual(await server.unfinished(), [])
  assert.equal(happened.size, faults.length, 'each fault happened')
})
