import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { after, beforeEach, test } from 'node:test'
import { openObjectStore, StorageError } from '../../recorder/storage/object-store.ts'
import { createLog } from '../lib/log.ts'
import { FaultyProxy } from './support/s3-proxy.ts'
import { S3Server } from './support/s3-server.ts'
import { mebibyte, RecordingFolder, UploadsUnderTest } from './support/uploading.ts'
import { until } from './support/until.ts'

const server = await S3Server.start()
after(() => server.close())
beforeEach(() => server.clear())

const log = createLog({ level: 'silent', pretty: false })
type Changes = Parameters<S3Server['storage']>[0]
const openStore = (at: S3Server, changes: Changes = {}) =>
  openObjectStore({ storage: at.storage(changes), dataDir: '/nowhere', log })
const open = (changes: Changes = {}) => openStore(server, changes)

test('a deleted recording leaves no object and no unfinished upload, and takes nothing of others with it', async (t) => {
  const folder = await RecordingFolder.create(t)
  const { uploads } = new UploadsUnderTest(t, server.storage())
  await folder.write('mic-1.webm', randomBytes(1000))
  await folder.grow('cam-1.webm', 12 * mebibyte)
  const others = [
    'recordings/2026/11/rec_test2/manifest.json',
    'recordings/2026/11/rec_test/inner/manifest.json',
  ]
  for (const key of others) await server.put(key, Buffer.from('{}'))
  uploads.follow(folder.upload)
  await until('one is there and one is under way', async () => {
    const keys = await server.keys()
    return keys.includes(folder.key('mic-1.webm')) && (await server.unfinished()).length === 1
  })

  await uploads.forget('rec_test')
  const store = open()
  await store.deleteAll(folder.upload.prefix)
  assert.deepEqual(await server.keys(), others.toSorted())
  assert.deepEqual(await server.unfinished(), [])
  await store.deleteAll(folder.upload.prefix)
  await assert.rejects(store.deleteAll('..'), { code: 'invalid' })
  await assert.rejects(store.deleteAll(''), { code: 'invalid' })
})

test('what an uploader that was killed left in parts is deleted, too', async (t) => {
  const folder = await RecordingFolder.create(t)
  const { uploads } = new UploadsUnderTest(t, server.storage())
  await folder.grow('cam-1.webm', 12 * mebibyte)
  uploads.follow(folder.upload)
  await until('an upload is under way', async () => (await server.unfinished()).length === 1)
  assert.ok(uploads.pid)
  process.kill(uploads.pid, 'SIGKILL')
  await uploads.close()
  await rm(folder.path, { recursive: true })
  await open().deleteAll(folder.upload.prefix)
  assert.deepEqual(await server.unfinished(), [])
})

test('where the bucket keeps versions, they are deleted, too, and those of others stay', async (t) => {
  const versioned = await S3Server.start()
  t.after(() => versioned.close())
  await versioned.keepVersions()
  const folder = await RecordingFolder.create(t)
  const under = new UploadsUnderTest(t, versioned.storage())
  const { uploads } = under
  await folder.write('mic-1.webm', randomBytes(1000))
  await folder.write('cam-1.webm', randomBytes(6 * mebibyte))
  await folder.write('manifest.json', '{}')
  uploads.follow(folder.upload)
  for (const content of ['{"tracks":1}', '{"tracks":2}']) {
    await folder.write('manifest.json', content)
    under.states.length = 0
    uploads.complete('rec_test')
    await under.reach('stored')
  }
  const others = ['recordings/2026/11/rec_test2/a.webm', folder.key('inner/a.webm')].toSorted()
  for (const key of others) await versioned.put(key, Buffer.from('a'))
  const manifests = async () =>
    (await versioned.versions()).filter(({ key }) => key === folder.key('manifest.json')).length
  assert.equal(await manifests(), 2)
  const link = await openStore(versioned).link(folder.key('mic-1.webm'), {
    expiresSeconds: 600,
    contentType: 'video/webm',
  })

  await uploads.forget('rec_test')
  const store = openStore(versioned)
  await store.check()
  await store.delete(folder.key('manifest.json'))
  assert.equal(await manifests(), 0, 'of one file')
  await store.deleteAll(folder.upload.prefix)
  assert.deepEqual(
    (await versioned.versions()).map(({ key }) => key),
    others,
    'of the recording; the check left nothing, either',
  )
  assert.equal(await statusOf(link), 404)
})

test('deleting says so when it could not', async (t) => {
  const proxy = await FaultyProxy.start(t, server)
  await server.put('recordings/rec_a/manifest.json', Buffer.from('{}'))
  const store = open({ endpoint: proxy.endpoint })
  proxy.decide = ({ method }) =>
    method === 'DELETE' ? { kind: 'refuse', status: 403, code: 'AccessDenied' } : undefined
  await assert.rejects(
    store.deleteAll('recordings/rec_a'),
    /may not do this, which needs s3:DeleteObject: docs\/storage.md lists the permissions/,
  )
  await assert.rejects(store.delete('recordings/rec_a/manifest.json'), { code: 'refused' })
  proxy.decide = () => undefined
  await store.delete('recordings/rec_a/manifest.json')
  await store.delete('recordings/rec_a/manifest.json')
  assert.deepEqual(await server.keys(), [])
})

test('objects are read whole, in ranges and by links that end', async () => {
  const key = 'recordings/rec_a/cam-1.webm'
  const bytes = randomBytes(100_000)
  await server.put(key, bytes)
  const store = open()
  assert.equal((await store.head(key))?.bytes, bytes.length)
  assert.equal(await store.head('recordings/rec_a/none.webm'), undefined)
  assert.ok((await buffer(await store.read(key))).equals(bytes))
  assert.ok((await buffer(await store.read(key, { from: 10, to: 19 }))).equals(bytes.subarray(10, 20)))
  await assert.rejects(store.read(key, { from: 100_000, to: 100_001 }), { code: 'range' })
  await assert.rejects(store.read('recordings/rec_a/none.webm'), { code: 'missing' })
  await assert.rejects(store.read('../secret'), { code: 'invalid' })

  const link = await store.link(key, {
    expiresSeconds: 60,
    downloadName: 'Ünï "1"/2.webm',
    contentType: 'video/webm',
  })
  const answer = await fetch(link ?? '', { headers: { range: 'bytes=0-9' } })
  assert.equal(answer.status, 206)
  assert.equal(answer.headers.get('content-type'), 'video/webm')
  assert.match(
    answer.headers.get('content-disposition') ?? '',
    /^attachment; filename="_n_ _1__2.webm"; filename\*=UTF-8''%C3%9C/,
  )
  assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes.subarray(0, 10)))
  assert.equal(await statusOf(`${link}x`), 403, 'nobody changes it')

  const short = await store.link(key, { expiresSeconds: 1, contentType: 'video/webm' })
  await until('it is over', async () => (await statusOf(short)) === 403)
  const elsewhere = await open({ publicEndpoint: 'https://media.example.org' }).link(key, {
    expiresSeconds: 60,
    contentType: 'video/webm',
  })
  assert.ok(elsewhere?.startsWith(`https://media.example.org/${server.bucket}/recordings/rec_a/cam-1.webm?`))
  const none = await open({ delivery: 'server' }).link(key, { expiresSeconds: 60, contentType: 'video/webm' })
  assert.equal(none, undefined)
})

test('where versions may not be listed, objects are deleted, and a check tells what stays', async (t) => {
  const versioned = await S3Server.start()
  t.after(() => versioned.close())
  const proxy = await FaultyProxy.start(t, versioned)
  proxy.decide = ({ url }) =>
    url.includes('?versions') || url.includes('&versions')
      ? { kind: 'refuse', status: 403, code: 'AccessDenied' }
      : undefined
  const store = openStore(versioned, { endpoint: proxy.endpoint })
  await store.check()
  assert.deepEqual(await versioned.versions(), [])

  await versioned.keepVersions()
  await assert.rejects(store.check(), /keeps versions.*s3:ListBucketVersions/)
  await versioned.clear()
  await versioned.put('recordings/rec_a/manifest.json', Buffer.from('{}'))
  await store.deleteAll('recordings/rec_a')
  assert.deepEqual(await versioned.keys(), [])
  assert.equal((await versioned.versions()).length, 2, 'the object and the mark that it is deleted')
})

test('a check tells of links that do not open', async (t) => {
  const proxy = await FaultyProxy.start(t, server)
  proxy.decide = ({ url }) =>
    url.includes('X-Amz-Signature=') ? { kind: 'refuse', status: 403, code: 'AccessDenied' } : undefined
  const changes = { publicEndpoint: proxy.endpoint }
  const told = /Links to its objects do not open: .*clock.*publicEndpoint.*\(403 AccessDenied\)/
  await assert.rejects(open(changes).check(), told)
  await open({ ...changes, delivery: 'server' }).check()
  // Who is out of reach for this server may be in reach of browsers.
  await open({ publicEndpoint: 'http://127.0.0.1:9' }).check()
  assert.deepEqual(await server.keys(), [])
})

test('a check says whether the bucket can be used, and leaves nothing', async () => {
  await open().check()
  assert.deepEqual(await server.keys(), [])
  assert.deepEqual(await server.unfinished(), [])
  await assert.rejects(open({ secretAccessKey: 'another' }).check(), (error) => {
    assert.ok(error instanceof StorageError)
    assert.match(error.message, /secretAccessKey does not belong/)
    return true
  })
  await assert.rejects(open({ bucket: 'nowhere' }).check(), /There is no such bucket/)
  // Swift has no encryption of its own.
  if (server.isSwift) {
    await assert.rejects(open({ encryption: 'AES256' }).check(), /is storage.encryption none/)
  }
})

async function statusOf(link: string | undefined): Promise<number> {
  const { status, body } = await fetch(link ?? '')
  // A connection with something left in it would keep the test from ending.
  await body?.cancel()
  return status
}
