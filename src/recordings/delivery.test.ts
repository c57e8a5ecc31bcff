import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import Fastify from 'fastify'
import { loadConfig } from '../../config/load.ts'
import { sendProblem } from '../http/problem.ts'
import { silent } from '../tests/support/databases.ts'
import { Delivery, linkOrigins, type Wanted } from './delivery.ts'
import type { RecordingRow } from './recordings.store.ts'

const now = new Date('2026-11-20T12:00:00Z')
const bytes = Buffer.from('0123456789')

function storageOf(settings: Record<string, string>) {
  const env = { SLUICE_STORAGE_KIND: 's3', SLUICE_STORAGE_BUCKET: 'lessons', ...settings }
  return loadConfig({ argv: [], env, cwd: '/tmp' }).config.storage
}

/** A server that answers with one file of a recording in a bucket. */
async function serve(options: {
  settings?: Record<string, string>
  stored?: boolean
  wanted?: Partial<Wanted>
  read?: () => Promise<Readable>
  hasCredentials?: boolean
}) {
  const { settings = {}, stored = true, wanted = {}, read, hasCredentials = true } = options
  const links: { key: string; expiresSeconds: number; downloadName?: string }[] = []
  const delivery = new Delivery({
    storage: storageOf(settings),
    folderOf: (id) => `/nowhere/${id}`,
    log: silent,
    store: {
      kind: 's3',
      read: async (_key, range) =>
        read ? read() : Readable.from([bytes.subarray(range?.from ?? 0, (range?.to ?? 9) + 1)]),
      link: async (key, how) => {
        if (!hasCredentials) throw new Error('no role at 10.0.0.7')
        links.push({ key, ...how })
        return `https://lessons.example.org/${key}?signed`
      },
    },
  })
  const row = {
    id: 'rec_1',
    title: 'Algebra',
    started_at: now,
    storage: 's3',
    prefix: 'recordings/rec_1',
    is_local: false,
    stored_at: stored ? now : null,
  } as RecordingRow
  const file = { id: 'fil_1', kind: 'video', name: 'a.mp4', content_type: 'video/mp4', bytes: 10 }
  const app = Fastify()
  app.setErrorHandler(sendProblem)
  app.get('/', async (request, reply) =>
    reply.send(await delivery.answer({ row, file, isDownload: false, now, ...wanted }, request, reply)),
  )
  return { app, links }
}

test('what is in a bucket is answered with a link, which opens no longer than a share', async () => {
  const { app, links } = await serve({})
  const { statusCode, headers } = await app.inject('/')
  assert.equal(statusCode, 302)
  assert.equal(headers.location, 'https://lessons.example.org/recordings/rec_1/a.mp4?signed')
  assert.equal(headers['cache-control'], 'private, no-store')
  assert.equal(links[0]!.expiresSeconds, 900)
  const brief = await serve({ settings: { SLUICE_STORAGE_LINK_SECONDS: '60' } })
  await brief.app.inject('/')
  assert.equal(brief.links[0]!.expiresSeconds, 60)
  const shared = await serve({ wanted: { until: new Date(now.getTime() + 42_900), isDownload: true } })
  await shared.app.inject('/')
  assert.equal(shared.links[0]!.expiresSeconds, 42)
  assert.equal(shared.links[0]!.downloadName, 'Algebra 2026-11-20 12.00 UTC.mp4')
})

test('it goes through this server where browsers are not to go there, and for pictures and indices', async () => {
  const poster = { id: 'fil_2', kind: 'poster', name: 'a.jpg', content_type: 'image/jpeg', bytes: 10 }
  for (const options of [
    { settings: { SLUICE_STORAGE_DELIVERY: 'server' } },
    { wanted: { file: poster } },
    // Not all of it is there yet.
    { stored: false },
    // The share is over in this very second.
    { wanted: { until: now } },
  ]) {
    const { app, links } = await serve(options)
    const whole = await app.inject('/')
    assert.equal(whole.statusCode, 200)
    assert.deepEqual(whole.rawPayload, bytes)
    const part = await app.inject({ url: '/', headers: { range: 'bytes=2-4' } })
    assert.equal(part.statusCode, 206)
    assert.equal(part.payload, '234')
    assert.equal(part.headers['content-range'], 'bytes 2-4/10')
    assert.equal(links.length, 0)
  }
})

test('a bucket that is away is said to be', async () => {
  for (const options of [
    {
      settings: { SLUICE_STORAGE_DELIVERY: 'server' },
      read: () => Promise.reject(new Error('ECONNREFUSED 10.0.0.7')),
    },
    { hasCredentials: false },
  ]) {
    const { app } = await serve(options)
    const { statusCode, payload } = await app.inject('/')
    assert.equal(statusCode, 503)
    assert.match(payload, /"why":"storage"/)
    assert.doesNotMatch(payload, /10\.0\.0\.7/)
  }
})

test('pages may play from where links lead to, and from nowhere else', () => {
  const aws = linkOrigins(storageOf({}))
  assert.deepEqual(aws, ['https://lessons.s3.us-east-1.amazonaws.com', 'https://s3.us-east-1.amazonaws.com'])
  const own = { SLUICE_STORAGE_ENDPOINT: 'http://10.0.0.7:9000' }
  assert.deepEqual(linkOrigins(storageOf(own)), ['http://10.0.0.7:9000'])
  assert.deepEqual(
    linkOrigins(storageOf({ ...own, SLUICE_STORAGE_PUBLIC_ENDPOINT: 'https://files.example.org/x' })),
    ['https://files.example.org', 'https://lessons.files.example.org'],
  )
  assert.deepEqual(linkOrigins(storageOf({ SLUICE_STORAGE_DELIVERY: 'server' })), [])
  assert.deepEqual(linkOrigins(storageOf({ SLUICE_STORAGE_KIND: 'disk' })), [])
})
