import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { loadConfig } from './load.ts'
import type { Config } from './schema.ts'
import { checkStorage } from './storage-check.ts'

const defaults = loadConfig({ argv: [], env: {}, cwd: tmpdir() }).config.storage
const s3 = { kind: 's3', bucket: 'recordings' } as const

function wrongWith(changes: Partial<Config['storage']>): string[] {
  return checkStorage({ ...defaults, ...changes }).map(({ settings: [first], wrong }) => `${first} ${wrong}`)
}

test('a bucket needs a name, and keys come in pairs', () => {
  assert.deepEqual(wrongWith({}), [])
  assert.deepEqual(wrongWith(s3), [])
  assert.match(wrongWith({ kind: 's3' })[0] ?? '', /^storage.bucket is missing/)
  assert.match(wrongWith({ ...s3, accessKeyId: 'AKIA' })[0] ?? '', /^storage.secretAccessKey is missing/)
  assert.match(wrongWith({ ...s3, secretAccessKey: 'hidden' })[0] ?? '', /^storage.accessKeyId is missing/)
  assert.match(wrongWith({ ...s3, kmsKeyId: 'key' })[0] ?? '', /^storage.kmsKeyId is not used/)
  // Keys of other programs in the environment do not stop a server that keeps its recordings itself.
  assert.deepEqual(wrongWith({ accessKeyId: 'AKIA' }), [])
  assert.match(wrongWith({ ...s3, endpoint: 'minio:9000' })[0] ?? '', /is not a web address/)
})

test('a key template names the recording, and makes keys that every service takes', () => {
  for (const keyTemplate of ['{recordingId}', 'a/{year}-{month}/{roomId}/{meetingId}_{recordingId}']) {
    assert.deepEqual(wrongWith({ keyTemplate }), [], keyTemplate)
  }
  const refused = [
    'recordings/{roomId}',
    '{recordingId}/{name}',
    '/{recordingId}',
    '{recordingId}/',
    'a//{recordingId}',
    '../{recordingId}',
    './{recordingId}',
    'mit Leerzeichen/{recordingId}',
    'a\u0000/{recordingId}',
    '{{recordingId}}',
  ]
  for (const keyTemplate of refused) {
    const [wrong] = wrongWith({ keyTemplate })
    assert.match(wrong ?? '', /^storage.keyTemplate /, keyTemplate)
  }
})
