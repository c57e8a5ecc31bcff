import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { Crc64Nvme } from '@aws-sdk/checksums/crc'
import { FaultyProxy, type Fault } from './support/s3-proxy.ts'
import { S3Server } from './support/s3-server.ts'
import { mebibyte, RecordingFolder, sha256, UploadsUnderTest } from './support/uploading.ts'
import { until } from './support/until.ts'

interface Stage {
  readonly proxy: FaultyProxy
  readonly folder: RecordingFolder
  readonly under: UploadsUnderTest
}

const server = await S3Server.start()
after(() => server.close())

async function stage(t: TestContext): Promise<Stage> {
  await server.clear()
  const proxy = await FaultyProxy.start(t, server)
  const folder = await RecordingFolder.create(t)
  const under = new UploadsUnderTest(t, server.storage({ endpoint: proxy.endpoint }))
  return { proxy, folder, under }
}

/** Completes the recording and compares what is in the bucket with the files. */
async function complete({ folder, under }: Stage, names: readonly string[]): Promise<void> {
  under.states.length = 0
  under.uploads.complete('rec_test')
  await under.reach('stored')
  for (const name of names) {
    assert.ok((await server.get(folder.key(name))).equals(await folder.read(name)), `${name} is the same`)
  }
  assert.deepEqual(await server.unfinished(), [])
}

test('a file that grows, is cut and gets another head while it is uploaded arrives as it is at the end', async (t) => {
  const set = await stage(t)
  const { proxy, folder, under } = set
  await folder.grow('cam-1.webm', 12 * mebibyte)
  under.uploads.follow(folder.upload)
  await until('a part is there before the file is whole', () => (under.last?.bytes ?? 0) === 5 * mebibyte)
  await folder.grow('cam-1.webm', 9 * mebibyte)
  await until('more parts are', () => (under.last?.bytes ?? 0) === 15 * mebibyte)
  assert.equal(proxy.count('CompleteMultipartUpload'), 0)
  assert.ok(!(await server.keys()).includes(folder.key('manifest.json')), 'the manifest waits for everything')

  // Cut in the middle of the third part, which was uploaded whole.
  await folder.finish('cam-1.webm', 11 * mebibyte)
  await folder.write('manifest.json', '{}')
  proxy.seen.length = 0
  await complete(set, ['cam-1.webm', 'manifest.json'])
  // Ceph completes no upload of which parts are left over: all three go into another one then.
  const isAnew = proxy.count('CompleteMultipartUpload') > 1
  const sent = isAnew ? 5 : 2
  assert.equal(proxy.count('UploadPart'), sent, 'the first and the new end; the second was right')

  // Cut so short that it needs no parts, though they were begun.
  await folder.grow('cam-2.webm', 12 * mebibyte)
  under.uploads.complete('rec_test')
  await folder.finish('cam-2.webm', 2 * mebibyte)
  await complete(set, ['cam-1.webm', 'cam-2.webm', 'manifest.json'])
})

test('outputs that are added later, and files that were changed, are uploaded as well', async (t) => {
  const set = await stage(t)
  const { proxy, folder, under } = set
  await folder.write('mic-1.webm', randomBytes(50_000))
  await folder.write('manifest.json', '{"tracks":1}')
  under.uploads.follow(folder.upload)
  await complete(set, ['mic-1.webm', 'manifest.json'])

  proxy.seen.length = 0
  await folder.write('out_1.mp4', randomBytes(6 * mebibyte))
  await complete(set, ['mic-1.webm', 'out_1.mp4', 'manifest.json'])
  assert.equal(proxy.count('PutObject'), 1, 'only the checksums; nothing is sent twice')

  await folder.write('mic-1.webm', randomBytes(50_000))
  // What the bucket lost is sent again, although the journal says that it was there.
  await server.delete(folder.key('out_1.mp4'))
  await complete(set, ['mic-1.webm', 'out_1.mp4', 'manifest.json'])

  const sums = (await server.get(folder.key('SHA256SUMS'))).toString().trim().split('\n')
  const expected = await Promise.all(
    ['manifest.json', 'mic-1.webm', 'out_1.mp4'].map(
      async (name) => `${sha256(await folder.read(name))}  ${name}`,
    ),
  )
  assert.deepEqual(sums, expected)
})

test('a bit that flips on the way or in the bucket is noticed, and the file sent again', async (t) => {
  const set = await stage(t)
  const { proxy, folder, under } = set
  await folder.write('cam-1.webm', randomBytes(11 * mebibyte))
  await folder.write('mic-1.webm', randomBytes(1000))
  await folder.write('manifest.json', '{}')

  const flips = new Set<string>()
  const spoilt = new Set<string>()
  proxy.decide = ({ operation, url }): Fault | undefined => {
    const isFirst = !flips.has(operation)
    if ((operation === 'UploadPart' || operation === 'PutObject') && isFirst) {
      flips.add(operation)
      return { kind: 'flip' }
    }
    // Once each, the object is replaced by another of the same size before it could be verified.
    const name = /(mic-1|cam-1)\.webm/.exec(url)?.[0]
    const isDone = operation === 'CompleteMultipartUpload' || (operation === 'PutObject' && !isFirst)
    if (!name || !isDone || spoilt.has(name)) return undefined
    spoilt.add(name)
    return {
      kind: 'meanwhile',
      act: async () => server.put(folder.key(name), randomBytes((await folder.read(name)).length)),
    }
  }
  under.uploads.follow(folder.upload)
  await under.passed('waiting', /arrived as something else/)
  await complete(set, ['cam-1.webm', 'mic-1.webm', 'manifest.json'])
  assert.equal(flips.size, 2)
  assert.equal(spoilt.size, 2)
})

test('where ETags say nothing, a file is verified by another checksum, or by reading it again', async (t) => {
  const set = await stage(t)
  const { proxy, folder, under } = set
  await folder.write('cam-1.webm', randomBytes(11 * mebibyte))
  await folder.write('mic-1.webm', randomBytes(1000))
  const opaque: Fault = { kind: 'answer', headers: { etag: '"0123456789abcdef0123456789abcdef"' } }
  let isSpoilt = false
  proxy.decide = ({ operation, url }) => {
    if (operation === 'PutObject' && url.includes('mic-1') && !isSpoilt) {
      isSpoilt = true
      return { kind: 'meanwhile', act: () => server.put(folder.key('mic-1.webm'), randomBytes(1000)) }
    }
    return operation === 'HeadObject' ? opaque : undefined
  }
  under.uploads.follow(folder.upload)
  await under.passed('waiting', /mic-1.webm arrived as something else/)
  await complete(set, ['cam-1.webm', 'mic-1.webm'])
  assert.ok(proxy.count('GetObject') >= 3, 'they were read again')

  const crc = new Crc64Nvme()
  crc.update(await folder.write('out_1.mp4', randomBytes(6 * mebibyte)))
  const crc64 = Buffer.from(await crc.digest()).toString('base64')
  proxy.seen.length = 0
  proxy.decide = ({ operation, url }) =>
    operation === 'HeadObject' && url.includes('out_1')
      ? { kind: 'answer', headers: { ...opaque.headers, 'x-amz-checksum-crc64nvme': crc64 } }
      : undefined
  await complete(set, ['out_1.mp4'])
  assert.equal(proxy.count('GetObject'), 1, 'only the checksums were read')
})

test('a service that takes fewer parts gets larger ones', async (t) => {
  const set = await stage(t)
  const { proxy, folder, under } = set
  proxy.decide = ({ operation, url }) =>
    operation === 'UploadPart' && Number(/partNumber=(\d+)/.exec(url)?.[1]) > 3
      ? { kind: 'refuse', status: 400, code: 'InvalidArgument' }
      : undefined
  await folder.grow('cam-1.webm', 12 * mebibyte)
  under.uploads.follow(folder.upload)
  await until('a part is there', () => (under.last?.bytes ?? 0) === 5 * mebibyte)
  await folder.grow('cam-1.webm', 12 * mebibyte)
  await until('a larger part is', () => (under.last?.bytes ?? 0) === 10 * mebibyte, {
    why: () => under.states,
  })
  await folder.grow('cam-1.webm', 5 * mebibyte)
  await folder.finish('cam-1.webm')
  await complete(set, ['cam-1.webm'])
})

test('an upload that a life-cycle rule has ended is begun anew', async (t) => {
  const set = await stage(t)
  const { folder, under } = set
  await folder.grow('cam-1.webm', 12 * mebibyte)
  under.uploads.follow(folder.upload)
  await until('a part is there', () => (under.last?.bytes ?? 0) === 5 * mebibyte)
  await server.abortAll()
  await folder.grow('cam-1.webm', 9 * mebibyte)
  await folder.finish('cam-1.webm')
  await complete(set, ['cam-1.webm'])
})

test('files come back from the bucket as they were, and never as something else', async (t) => {
  const set = await stage(t)
  const { proxy, folder, under } = set
  const names = ['cam-1.webm', 'mic-1.webm', 'manifest.json']
  const bytes = [randomBytes(11 * mebibyte), randomBytes(1000), Buffer.from('{}')]
  for (const [index, name] of names.entries()) await folder.write(name, bytes[index]!)
  under.uploads.follow(folder.upload)
  await complete(set, names)

  await rm(folder.path, { recursive: true })
  await under.uploads.restore({ ...folder.upload, names: ['mic-1.webm'] })
  assert.ok((await folder.read('mic-1.webm')).equals(bytes[1]!))
  await assert.rejects(folder.read('cam-1.webm'), { code: 'ENOENT' })

  // As a process leaves it that is killed while it looks whether the service encrypts.
  await server.put(folder.key('encryption.txt'), Buffer.alloc(0))
  // Here, too, connections break off.
  let broken = 0
  proxy.decide = ({ operation, url }) =>
    operation === 'GetObject' && url.includes('cam-1') && broken++ < 2 ? { kind: 'cut-answer' } : undefined
  await under.uploads.restore(folder.upload)
  for (const [index, name] of names.entries())
    assert.ok((await folder.read(name)).equals(bytes[index]!), name)
  assert.equal(broken, 3)

  // What came back is not sent again, though a repaired file is.
  proxy.seen.length = 0
  await writeFile(join(folder.path, 'out_2.m4a'), randomBytes(10))
  await complete(set, [...names, 'out_2.m4a'])
  assert.equal(proxy.count('UploadPart'), 0)
  await truncate(join(folder.path, 'mic-1.webm'), 900)
  await utimes(join(folder.path, 'mic-1.webm'), new Date(), new Date())
  await complete(set, [...names, 'out_2.m4a'])

  await rm(folder.path, { recursive: true })
  await server.put(folder.key('mic-1.webm'), randomBytes(900))
  await assert.rejects(under.uploads.restore({ ...folder.upload, names: ['mic-1.webm'] }), {
    code: 'damaged',
    message: /is not what was uploaded/,
  })
  await assert.rejects(folder.read('mic-1.webm'), { code: 'ENOENT' })
  await assert.rejects(under.uploads.restore({ ...folder.upload, names: ['../../etc/passwd'] }), {
    code: 'invalid',
  })
  await assert.rejects(under.uploads.restore({ ...folder.upload, prefix: 'recordings/nobody' }), {
    code: 'missing',
  })
})
