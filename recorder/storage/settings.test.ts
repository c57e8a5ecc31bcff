import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { loadConfig } from '../../config/load.ts'
import { createLog } from '../../src/lib/log.ts'
import { Bucket, createClient } from './bucket.ts'
import type { StorageSettings } from './failures.ts'
import { md5Of } from './local-file.ts'
import { S3Store } from './s3-store.ts'
import { storageTiming } from './timing.ts'

const log = createLog({ level: 'silent', pretty: false })

function settings(changes: Record<string, string> = {}): StorageSettings {
  const env = {
    SLUICE_STORAGE_KIND: 's3',
    SLUICE_STORAGE_BUCKET: 'lessons',
    SLUICE_STORAGE_ENDPOINT: 'https://s3.example.org',
    AWS_ACCESS_KEY_ID: 'known',
    AWS_SECRET_ACCESS_KEY: 'secret',
    ...changes,
  }
  return loadConfig({ argv: [], env, cwd: '/tmp' }).config.storage
}

async function linkWith(changes: Record<string, string>): Promise<URL> {
  const store = new S3Store(settings(changes), { log })
  const link = await store.link('rec_1/a.mp4', { expiresSeconds: 60, contentType: 'video/mp4' })
  return new URL(link!)
}

test('region, credentials and the place of the bucket are as configured', async () => {
  const usual = await linkWith({})
  assert.equal(usual.origin + usual.pathname, 'https://lessons.s3.example.org/rec_1/a.mp4')
  assert.match(usual.searchParams.get('X-Amz-Credential')!, /^known\/\d{8}\/us-east-1\/s3\//)
  assert.equal(usual.searchParams.get('X-Amz-Security-Token'), null)

  const other = await linkWith({
    SLUICE_STORAGE_PATH_STYLE: 'true',
    AWS_REGION: 'eu-west-2',
    AWS_SESSION_TOKEN: 'temporary',
  })
  assert.equal(other.origin + other.pathname, 'https://s3.example.org/lessons/rec_1/a.mp4')
  assert.match(other.searchParams.get('X-Amz-Credential')!, /^known\/\d{8}\/eu-west-2\/s3\//)
  assert.equal(other.searchParams.get('X-Amz-Security-Token'), 'temporary')
})

test('encryption is asked for as configured, and nothing is sent where the service does not encrypt', async (t) => {
  const asked: IncomingHttpHeaders[] = []
  const sent: (string | undefined)[] = []
  let encrypts = true
  const service = createServer((request, response) => {
    if (request.method === 'PUT') {
      asked.push(request.headers)
      sent.push(request.url)
    }
    const encryption = asked.at(-1)?.['x-amz-server-side-encryption']
    if (encryption && encrypts) response.setHeader('x-amz-server-side-encryption', encryption)
    request.resume().on('end', () => response.setHeader('etag', '"e"').end())
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
  t.after(() => service.close().closeAllConnections())
  const endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  const body = Buffer.from('x')
  const encryptionWith = async (changes: Record<string, string>) => {
    const storage = settings({ SLUICE_STORAGE_ENDPOINT: endpoint, ...changes })
    await new Bucket(createClient(storage, storageTiming), storage).put('rec_1/a', body, md5Of(body))
    const headers = asked.pop()!
    return [headers['x-amz-server-side-encryption'], headers['x-amz-server-side-encryption-aws-kms-key-id']]
  }
  assert.deepEqual(await encryptionWith({}), [undefined, undefined])
  assert.deepEqual(await encryptionWith({ SLUICE_STORAGE_ENCRYPTION: 'AES256' }), ['AES256', undefined])
  const kms = { SLUICE_STORAGE_ENCRYPTION: 'aws:kms' }
  assert.deepEqual(await encryptionWith(kms), ['aws:kms', undefined])
  assert.deepEqual(await encryptionWith({ ...kms, SLUICE_STORAGE_KMS_KEY_ID: 'key-1' }), ['aws:kms', 'key-1'])
  encrypts = false
  sent.length = 0
  assert.deepEqual(await encryptionWith({}), [undefined, undefined])
  await assert.rejects(encryptionWith(kms), /does not say that it did so/)
  assert.deepEqual(
    sent.map((url) => url?.split('?')[0]),
    ['/lessons/rec_1/a', '/lessons/rec_1/encryption.txt'],
  )
})
