import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { FaultyProxy, type Fault } from './support/s3-proxy.ts'
import { S3Server, storageConfig } from './support/s3-server.ts'
import { mebibyte, RecordingFolder, UploadsUnderTest } from './support/uploading.ts'
import { until } from './support/until.ts'

const server = await S3Server.start()
after(() => server.close())
beforeEach(() => server.clear())

const faults: readonly Fault[] = [
  { kind: 'drop' },
  { kind: 'refuse', status: 503, code: 'SlowDown' },
  { kind: 'lose-answer' },
  { kind: 'refuse', status: 500, code: 'InternalError' },
  { kind: 'reset' },
  { kind: 'hang' },
]

test('whatever happens to its connections, a recording ends up in the bucket byte for byte', async (t) => {
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
  const storage = server.storage({ endpoint: proxy.endpoint })
  const under = new UploadsUnderTest(t, storage, { timing: { idleMs: 700 } })

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

test('killed in the middle, the process that uploads goes on where it was', async (t) => {
  const proxy = await FaultyProxy.start(t, server)
  const folder = await RecordingFolder.create(t)
  const under = new UploadsUnderTest(t, server.storage({ endpoint: proxy.endpoint }))
  const { uploads } = under
  await folder.write('cam-1.webm', randomBytes(23 * mebibyte))
  await folder.write('manifest.json', '{}')

  // The third part and all after it hang, until the process that sent them is no more.
  proxy.decide = ({ operation }) =>
    operation === 'UploadPart' && proxy.count('UploadPart') > 2 ? { kind: 'hang' } : undefined
  uploads.follow(folder.upload)
  uploads.complete('rec_test')
  await until('parts are under way', () => proxy.count('UploadPart') > 2)
  await until('two parts are written down', async () => (await sentParts(folder)) === 2)
  const { pid } = uploads
  assert.ok(pid)
  process.kill(pid, 'SIGKILL')
  proxy.decide = () => undefined
  proxy.seen.length = 0

  await under.reach('stored')
  assert.notEqual(uploads.pid, pid)
  assert.equal(proxy.count('UploadPart'), 3, 'of five parts, two were there')
  assert.ok((await server.get(folder.key('cam-1.webm'))).equals(await folder.read('cam-1.webm')))
  assert.deepEqual(await server.unfinished(), [])
})

test('killed in the middle, the whole server goes on where it was when it is back', async (t) => {
  const proxy = await FaultyProxy.start(t, server)
  const folder = await RecordingFolder.create(t)
  const storage = server.storage({ endpoint: proxy.endpoint })
  await folder.write('cam-1.webm', randomBytes(23 * mebibyte))
  await folder.write('manifest.json', '{}')

  proxy.decide = ({ operation }) =>
    operation === 'UploadPart' && proxy.count('UploadPart') > 2 ? { kind: 'hang' } : undefined
  const owner = fork(join(import.meta.dirname, 'support', 'uploads-owner.ts'), [
    JSON.stringify({ storage, upload: folder.upload }),
  ])
  t.after(() => owner.kill('SIGKILL'))
  await until('two parts are written down', async () => (await sentParts(folder)) === 2)
  await until('others are under way', () => proxy.count('UploadPart') > 2)
  owner.kill('SIGKILL')
  await until('nothing of it is left', async () => (await proxy.connections()) === 0)
  proxy.decide = () => undefined
  proxy.seen.length = 0

  const under = new UploadsUnderTest(t, storage)
  under.uploads.follow(folder.upload)
  under.uploads.complete('rec_test')
  await under.reach('stored')
  assert.equal(proxy.count('UploadPart'), 3, 'of five parts, two were there')
  assert.ok((await server.get(folder.key('cam-1.webm'))).equals(await folder.read('cam-1.webm')))
  assert.deepEqual(await server.unfinished(), [])
})

test('a bucket that refuses keeps a recording waiting, says why, and takes it once that is mended', async (t) => {
  const empty = await S3Server.start({ bucket: false })
  t.after(() => empty.close())
  const folder = await RecordingFolder.create(t)
  await folder.write('mic-1.webm', randomBytes(1000))
  await folder.write('manifest.json', '{}')
  const reasons: readonly [storage: Parameters<S3Server['storage']>[0], reason: RegExp][] = [
    [{ secretAccessKey: 'another' }, /secretAccessKey does not belong to storage.accessKeyId/],
    // Ceph takes any region in a signature, and then looks for the bucket.
    [{ region: 'eu-west-1' }, /in another region than storage.region|There is no such bucket/],
    [{ endpoint: 'http://127.0.0.1:9' }, /Nobody answers there/],
    [{ endpoint: 'http://no-such-host.invalid' }, /There is no host of that name|cannot be looked up/],
  ]
  for (const [changes, reason] of reasons) {
    const refused = new UploadsUnderTest(t, empty.storage(changes))
    const { uploads } = refused
    uploads.follow(folder.upload)
    uploads.complete('rec_test')
    const told = await until(`it says ${reason}`, () =>
      refused.states.find(({ error }) => error !== undefined),
    )
    assert.match(told.error ?? '', reason)
    assert.doesNotMatch(told.error ?? '', /another$/)
    assert.equal(told.state, 'waiting')
    assert.ok(told.nextTryAt && told.nextTryAt.getTime() > Date.now() - 5_000)
    await uploads.close()
  }

  const under = new UploadsUnderTest(t, empty.storage())
  under.uploads.follow(folder.upload)
  under.uploads.complete('rec_test')
  await under.passed('waiting', /There is no such bucket: make it/)
  await empty.makeBucket()
  await under.reach('stored')
  assert.deepEqual((await empty.keys()).sort(), [
    folder.key('SHA256SUMS'),
    folder.key('manifest.json'),
    folder.key('mic-1.webm'),
  ])
})

test('without a bucket everything stays where it is, and no process is started', async (t) => {
  const folder = await RecordingFolder.create(t)
  await folder.write('mic-1.webm', randomBytes(1000))
  const under = new UploadsUnderTest(t, storageConfig())
  under.uploads.follow(folder.upload)
  assert.deepEqual(await under.reach('local'), { state: 'local', bytes: 1000, totalBytes: 1000 })
  under.uploads.complete('rec_test')
  assert.equal(under.uploads.pid, undefined)
  await under.uploads.forget('rec_test')
})

/** How many parts are known to have arrived. */
async function sentParts(folder: RecordingFolder): Promise<number> {
  const journal = JSON.parse((await folder.read('uploads.json')).toString()) as {
    files: Record<string, { parts: object }>
  }
  return Object.keys(journal.files['cam-1.webm']?.parts ?? {}).length
}
