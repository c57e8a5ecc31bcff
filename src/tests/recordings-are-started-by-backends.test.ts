import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { person, type Person } from './support/accounts.ts'
import { guest, openToAll, publish } from './support/people.ts'
import { RestClient } from './support/rest-client.ts'
import { recordable } from './support/room-media.ts'
import { startServer, type TestServer } from './support/server.ts'
import { SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

let server: TestServer
let backend: RestClient
let ana: Person
before(async () => {
  server = await startServer({ ...openToAll, ...recordable }, undefined, { withDatabase: true })
  const key = await (await server.app.apiKeys()).add({ name: 'tests', now: new Date() })
  backend = new RestClient(server.url)
  backend.authorization = `Basic ${Buffer.from(`${key.id}:${key.secret.reveal()}`).toString('base64')}`
  ana = await person(server, { name: 'Ana' })
})
after(() => server.close())

test('a backend starts, watches and stops the recording of a room; what was captured can be fetched', async () => {
  const ben = await guest(server, 'lesson')
  await publish(ben, 'microphone')
  const started = await backend.post('/rooms/lesson/recordings')
  assert.equal(started.status, 201, JSON.stringify(started.body))
  const { id, state, startedBy, role } = started.body
  assert.deepEqual([state, startedBy.kind, role], ['recording', 'api-key', 'manager'])
  await ben.client.hears('recording.changed', ({ recording }) => recording?.recordingId === id)
  const again = await backend.post('/rooms/lesson/recordings')
  assert.deepEqual([again.status, again.body.id], [200, id])

  const health = await until('it is known how it goes', async () => {
    const { status, body } = await backend.get(`/recordings/${id}/health`)
    assert.ok(status === 200 || status === 503, String(status))
    return status === 200 && body.tracks === 1 && body
  })
  assert.equal(health.recordingId, id)
  assert.equal((await backend.call('DELETE', `/recordings/${id}`)).status, 409, 'it goes on')
  assert.equal((await ana.client.get(`/recordings/${id}`)).status, 404)
  assert.equal((await ana.client.post(`/recordings/${id}/stop`)).status, 404)

  const stopped = await backend.post(`/recordings/${id}/stop`)
  assert.equal(stopped.status, 200, JSON.stringify(stopped.body))
  assert.equal(stopped.body.endReason, 'stopped')
  assert.equal((await backend.post(`/recordings/${id}/stop`)).status, 409)
  assert.equal((await backend.get(`/recordings/${id}/health`)).status, 409)
  const over = await until('it is processed', async () => {
    const { body } = await backend.get(`/recordings/${id}`)
    return !['recording', 'processing'].includes(body.state as string) && body
  })
  assert.equal(over.participants[0].identity, ben.peerId)
  const { body: tracks } = await backend.get(`/recordings/${id}/tracks`)
  assert.equal(tracks.items[0].participant, ben.peerId)
  assert.equal((await backend.call('DELETE', `/recordings/${id}`)).status, 204)
  assert.equal((await backend.get(`/recordings/${id}`)).status, 404)
  const { audit } = await server.app.services()
  const { items } = await audit.find({ target: 'lesson', limit: 50 })
  assert.deepEqual(
    items.map(({ action, actor_kind: kind, data }) => [action, kind, data?.['recordingId']]).toSorted(),
    [
      ['recording.started', 'api-key', id],
      ['recording.stopped', 'api-key', id],
    ],
    'each once, and by whom',
  )
})

test('the host of a meeting records it while it is live; who is invited does not', async () => {
  const ben = await person(server, { role: 'member' })
  const made = await ana.client.post('/meetings', { title: 'Algebra', invitees: [{ email: ben.email }] })
  const path = `/meetings/${made.body.id}/recordings`
  const early = await ana.client.post(path)
  assert.deepEqual([early.status, early.body.data.why], [409, 'not-live'], 'nobody is there')

  const { body: entry } = await ana.client.post(`/meetings/by-code/${made.body.code}/join`, {})
  const client = await SignalingClient.connect(server.url, { room: made.body.room, accessToken: entry.token })
  await client.join({ name: 'Ana' })
  assert.equal((await ben.client.post(path)).status, 403)
  assert.equal((await (await person(server)).client.post(path)).status, 404)
  const { status, body } = await ana.client.post(path)
  assert.equal(status, 201, JSON.stringify(body))
  assert.equal(body.meetingId, made.body.id)
  assert.equal(body.title, 'Algebra')
  assert.deepEqual(body.startedBy, { kind: 'account', id: ana.id, name: 'Ana' })
  const seen = await until('Ana is among those who are recorded', async () => {
    const { body: now } = await ana.client.get(`/recordings/${body.id}`)
    return now.participants.length === 1 && now
  })
  assert.equal(seen.participants[0].accountId, ana.id)
  assert.ok(seen.durationMs >= 0)
  assert.equal((await ben.client.post(`/recordings/${body.id}/stop`)).status, 403)
  assert.equal((await ana.client.post(`/recordings/${body.id}/stop`)).status, 200)
  await client.close()
})

test('a room that is not open is not recorded, and only backends name rooms', async () => {
  const { status, body } = await backend.post('/rooms/empty/recordings')
  assert.deepEqual([status, body.code, body.data.why], [409, 'conflict', 'not-live'])
  assert.equal((await ana.client.post('/rooms/empty/recordings')).status, 403)
})

test('the example in docs/recording.md does what it says', async (t) => {
  if (spawnSync('jq', ['--version']).status !== 0) return t.skip('jq is not installed here')
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'recording.md'), 'utf8')
  const example = /```sh\n(.*?)```/s.exec(text)![1]!
  const ben = await guest(server, 'documented')
  await publish(ben, 'microphone')
  const saved = mkdtempSync(join(tmpdir(), 'sluice-test-'))
  t.after(() => rmSync(saved, { recursive: true }))
  const credentials = Buffer.from(backend.authorization!.slice('Basic '.length), 'base64').toString()
  const [key = '', secret = ''] = credentials.split(':')
  const env = {
    PATH: process.env['PATH'],
    SLUICE_URL: server.url,
    SLUICE_API_KEY: key,
    SLUICE_API_SECRET: secret,
    ROOM: 'documented',
  }
  await promisify(execFile)('sh', ['-e', '-c', example], { env, cwd: saved })
  const { body } = await backend.get('/recordings?roomId=documented')
  assert.deepEqual(body.items, [], 'it was recorded, and deleted')
  const { audit } = await server.app.services()
  const { items } = await audit.find({ action: 'recording.deleted', limit: 1 })
  assert.equal(items[0]!.data!['title'], 'documented')
})
