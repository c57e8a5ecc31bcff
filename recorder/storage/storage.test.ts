import assert from 'node:assert/strict'
import { mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import fc from 'fast-check'
import { loadConfig } from '../../config/load.ts'
import { DiskStore } from './disk-store.ts'
import { explain, localFailure, type StorageSettings } from './failures.ts'
import { checkedPrefix, isObjectName, prefixOf, splitKey } from './key-template.ts'
import { fits, multipartEtag, partBytesFor, partRange, partsAtOnce } from './parts.ts'
import { formatSums, parseSums } from './sums.ts'
import { storageTiming, waitMs } from './timing.ts'

const storageOf = (changes: Partial<StorageSettings>): StorageSettings => ({
  ...loadConfig({ argv: [], env: {}, cwd: tmpdir() }).config.storage,
  bucket: 'calls',
  endpoint: 'https://user:hidden@s3.example.org',
  ...changes,
})

const startedAt = new Date('2026-11-05T23:30:00Z')
const mebibyte = 1024 * 1024

test('a key template is filled in, in UTC', () => {
  const about = { recordingId: 'rec_1', roomId: 'meeting:mtg_1', startedAt }
  assert.equal(prefixOf('recordings/{year}/{month}/{recordingId}', about), 'recordings/2026/11/rec_1')
  assert.equal(prefixOf('{day}/{roomId}/{meetingId}/{recordingId}', about), '05/meeting.3amtg_1/-/rec_1')
  assert.equal(prefixOf('{recordingId}', { ...about, recordingId: 'Ü' }), '.c3.9c')
})

test('whatever a room is called, its recordings lie where they should, and in nobody else’s place', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ maxLength: 40 }),
      (roomId, meetingId) => {
        const about = { recordingId: 'rec_1', roomId, meetingId, startedAt }
        const prefix = prefixOf('calls/{roomId}/{meetingId}/{recordingId}', about)
        assert.match(prefix, /^calls\/[\w.-]+\/[\w.-]+\/rec_1$/)
        assert.equal(checkedPrefix(prefix), prefix)
        assert.ok(Buffer.byteLength(prefix) < 900)
      },
    ),
  )
})

test('what is no key of a recording is refused', () => {
  for (const key of [
    '',
    'a',
    '/a',
    'a/',
    '../a',
    'a/../b',
    'a//b',
    'a/.hidden',
    'a/b c',
    'a/b\u0000',
    './a/b',
    'a\\b/c',
  ]) {
    assert.throws(() => splitKey(key), { code: 'invalid' }, key)
  }
  assert.deepEqual(splitKey('x/rec_1/t1-1.webm'), { prefix: 'x/rec_1', name: 't1-1.webm' })
  assert.ok(!isObjectName('..') && !isObjectName('.x') && isObjectName('-a_1.mp4'))
})

test('parts cover a file, fit the limits of S3 and little memory', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5e12 }), fc.integer({ min: 5, max: 512 }), (bytes, megabytes) => {
      const partBytes = partBytesFor(bytes, megabytes * mebibyte)
      assert.ok(partBytes >= megabytes * mebibyte && fits(bytes, partBytes))
      const count = Math.ceil(bytes / partBytes)
      const last = partRange(count, partBytes, bytes)
      assert.ok(last.bytes > 0 && last.from + last.bytes === bytes)
      assert.ok(partsAtOnce(partBytes) === 1 || partsAtOnce(partBytes) * partBytes <= 32 * mebibyte)
    }),
  )
  assert.equal(multipartEtag(['d41d8cd98f00b204e9800998ecf8427e']), '59adb24ef3cdbe0297f05b395827453f-1')
})

test('checksums are written as sha256sum writes them', () => {
  const sums = new Map([
    ['b.webm', 'b'.repeat(64)],
    ['a.json', 'a'.repeat(64)],
  ])
  const written = formatSums(sums)
  assert.equal(written, `${'a'.repeat(64)}  a.json\n${'b'.repeat(64)}  b.webm\n`)
  assert.deepEqual(parseSums(written), new Map([...sums].reverse()))
  assert.deepEqual(parseSums('nonsense\n'), new Map())
})

test('waits grow to their limit, and differ', () => {
  assert.equal(waitMs(1, storageTiming, 0), 2000)
  assert.equal(waitMs(1, storageTiming, 1), 1000)
  assert.equal(waitMs(4, storageTiming, 0), 16_000)
  assert.equal(waitMs(1000, storageTiming, 0), 15 * 60_000)
})

test('failures are told in words, with what to do and without secrets', () => {
  const storage = storageOf({ pathStyle: true })
  const failed = (name: string, status: number, message = 'said the service') =>
    explain(
      Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } }),
      storage,
      's3:ListBucket',
    )
  assert.equal(failed('SlowDown', 503).code, 'away')
  assert.equal(failed('InternalError', 500).code, 'away')
  assert.equal(failed('QuotaExceeded', 403).code, 'full')
  assert.match(
    failed('AccessDenied', 403).message,
    /^calls at s3\.example\.org: .*needs s3:ListBucket: docs\/storage\.md/,
  )
  assert.match(
    failed('InvalidAccessKeyId', 403, 'Failed to retrieve the actual key, kms-keyid: nokey').message,
    /kmsKeyId cannot be used/,
  )
  assert.match(failed('InvalidAccessKeyId', 403).message, /does not know storage\.accessKeyId/)
  assert.match(failed('RequestTimeTooSkewed', 403).message, /set the clock/)
  assert.match(failed('Unheard', 418).message, /418 Unheard: said the service/)
  assert.doesNotMatch(failed('Unheard', 418).message, /hidden/)
})

test('a disk of this server that is full is not taken for a fault of the bucket', async () => {
  const full = await open('/dev/full', 'w')
  const error: unknown = await full.writeFile('x').catch((thrown: unknown) => thrown)
  await full.close()
  assert.equal(localFailure(error)?.code, 'full')
  assert.match(localFailure(error)!.message, /on this server: write failed with ENOSPC/)
  assert.equal(localFailure(Object.assign(new Error(''), { syscall: 'read', code: 'ECONNRESET' })), undefined)
})

test('a bucket that is looked for in the name of the host may be in the path', () => {
  const error = Object.assign(new Error(''), { name: 'NoSuchBucket', $metadata: { httpStatusCode: 404 } })
  assert.match(explain(error, storageOf({ pathStyle: false })).message, /storage\.pathStyle true/)
  assert.doesNotMatch(explain(error, storageOf({ pathStyle: true })).message, /pathStyle/)
  assert.doesNotMatch(explain(error, storageOf({ endpoint: '' })).message, /pathStyle/)
})

test('the data folder as a store gives its files, and nothing beside them', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'sluice-store-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const recordings = join(root, 'recordings')
  const store = new DiskStore(recordings)
  await store.check()
  await mkdir(join(recordings, 'rec_1'))
  await writeFile(join(recordings, 'rec_1', 'a.mp4'), '0123456789')
  await writeFile(join(root, 'secret.key'), 'secret')
  await symlink(join(root, 'secret.key'), join(recordings, 'rec_1', 'link.mp4'))
  await symlink(root, join(recordings, 'rec_2'))

  assert.deepEqual(await store.head('rec_1/a.mp4'), { bytes: 10, contentType: 'video/mp4' })
  assert.equal(await text(await store.read('rec_1/a.mp4')), '0123456789')
  assert.equal(await text(await store.read('rec_1/a.mp4', { from: 2, to: 4 })), '234')
  assert.equal(await text(await store.read('rec_1/a.mp4', { from: 8, to: 99 })), '89')
  await assert.rejects(store.read('rec_1/a.mp4', { from: 10, to: 11 }), { code: 'range' })
  await assert.rejects(store.read('rec_1/none.mp4'), { code: 'missing' })
  for (const key of ['rec_1/link.mp4', 'rec_2/secret.key', 'rec_3/a.mp4'])
    assert.equal(await store.head(key), undefined)
  await assert.rejects(store.read('rec_1/../secret.key'), { code: 'invalid' })

  await store.delete('rec_1/a.mp4')
  await store.delete('rec_1/a.mp4')
  await store.deleteAll('rec_2')
  await store.deleteAll('rec_1')
  await store.deleteAll('rec_1')
  assert.equal(await store.head('rec_1/a.mp4'), undefined)
  await assert.rejects(store.deleteAll('..'), { code: 'invalid' })
  assert.equal(await readFile(join(root, 'secret.key'), 'utf8'), 'secret', 'what links lead to stays')
})
