import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Ties } from '../recordings/access.store.ts'
import { rightsOf } from '../recordings/access.ts'
import type { AccountCaller } from '../protocol/caller.ts'
import { person, type Person } from './support/accounts.ts'
import { keepRecording, type KeptRecording } from './support/kept-recording.ts'
import { RestClient, type Answer } from './support/rest-client.ts'
import { startServer, type TestServer } from './support/server.ts'

let server: TestServer
let host: Person
let attendee: Person
let invitee: Person
let stranger: Person
let admin: Person
let backend: RestClient
let meetingId: string
let recording: KeptRecording
before(async () => {
  server = await startServer({}, undefined, { withDatabase: true })
  host = await person(server, { name: 'Hanna' })
  attendee = await person(server, { role: 'member' })
  invitee = await person(server, { role: 'member', email: 'Invited@example.org' })
  stranger = await person(server)
  admin = await person(server, { role: 'admin' })
  const key = await (await server.app.apiKeys()).add({ name: 'test', now: new Date() })
  backend = new RestClient(server.url)
  backend.authorization = `Basic ${Buffer.from(`${key.id}:${key.secret.reveal()}`).toString('base64')}`
  const { body } = await host.client.post('/meetings', {
    title: 'Algebra',
    invitees: [{ email: 'invited@example.org' }],
  })
  meetingId = body.id
  recording = await keepRecording(server, {
    room: body.room,
    meetingId,
    startedBy: { kind: 'participant', id: 'somebody' },
    participants: [
      { identity: host.id, name: 'Hanna', accountId: host.id },
      { identity: attendee.id, name: 'Ana', accountId: attendee.id },
      { identity: 'guest_1', name: 'Guest' },
    ],
  })
})
after(() => server.close())

const idsIn = ({ body }: Answer): string[] => body.items.map(({ id }: { id: string }) => id)

test('host, admin and backend manage a recording; who was there or is invited watches; nobody else knows of it', async () => {
  for (const [who, client, role] of [
    ['host', host.client, 'manager'],
    ['admin', admin.client, 'manager'],
    ['backend', backend, 'manager'],
    ['attendee', attendee.client, 'viewer'],
    ['invitee', invitee.client, 'viewer'],
    ['stranger', stranger.client, undefined],
    ['nobody', new RestClient(server.url), undefined],
  ] as const) {
    const { status, body } = await client.get(`/recordings/${recording.id}`)
    assert.equal(body.role, role, who)
    if (role) {
      assert.equal(body.mayDownload, role === 'manager', who)
      assert.deepEqual(idsIn(await client.get('/recordings')).includes(recording.id), who !== 'admin', who)
    } else {
      assert.equal(status, who === 'nobody' ? 401 : 404, who)
    }
  }
  assert.ok(idsIn(await admin.client.get('/recordings?of=all')).includes(recording.id))
  assert.equal((await stranger.client.get('/recordings?of=all')).status, 403)
  assert.deepEqual(idsIn(await stranger.client.get('/recordings')), [])
})

test('a view says what happened, who was there and what there is to watch', async () => {
  const { body, headers } = await host.client.get(`/recordings/${recording.id}`)
  assert.equal(body.title, 'Algebra')
  assert.equal(body.meetingId, meetingId)
  assert.equal(body.state, 'ready')
  assert.equal(body.progress, 1)
  assert.equal(body.durationMs, 60_000)
  assert.deepEqual(body.startedBy, { kind: 'participant', id: 'somebody' })
  assert.deepEqual(
    body.participants.map(({ name }: { name: string }) => name),
    ['Hanna', 'Ana', 'Guest'],
  )
  const colors = body.participants.map(({ color }: { color: string }) => color)
  assert.equal(new Set(colors).size, 3)
  assert.deepEqual(
    body.outputs[0].files.map(({ kind }: { kind: string }) => kind),
    ['video', 'poster', 'preview', 'preview-index'],
  )
  assert.equal(headers.get('etag'), `"${body.version}"`)
  const byUrl = await fetch(server.url + body.outputs[0].files[0].url, {
    headers: { authorization: host.client.authorization! },
  })
  assert.equal(byUrl.status, 200)
})

test('those who watch get the video and its pictures, and nothing that is for managers', async () => {
  const { client } = attendee
  for (const kind of ['video', 'poster', 'preview', 'preview-index'] as const) {
    const { status } = await client.get(`/recordings/${recording.id}/files/${recording.files[kind]}`)
    assert.equal(status, 200, kind)
  }
  for (const kind of ['track', 'manifest'] as const) {
    const { status } = await client.get(`/recordings/${recording.id}/files/${recording.files[kind]}`)
    assert.equal(status, 404, kind)
  }
  const saved = await client.get(`/recordings/${recording.id}/files/${recording.files.video}?download=1`)
  assert.equal(saved.status, 403)
  assert.equal(saved.body.data.why, 'no-download')
  for (const [method, path, body] of [
    ['GET', '/tracks'],
    ['GET', '/health'],
    ['GET', '/shares'],
    ['POST', '/shares', {}],
    ['POST', '/outputs', {}],
    ['POST', '/stop'],
    ['DELETE', `/outputs/${recording.outputId}`],
    ['PATCH', '', { title: 'Mine' }],
    ['DELETE', ''],
  ] as const) {
    const { status } = await client.call(method, `/recordings/${recording.id}${path}`, body ? { body } : {})
    assert.equal(status, 403, `${method} ${path}`)
    const { status: ofStranger } = await stranger.client.call(
      method,
      `/recordings/${recording.id}${path}`,
      body ? { body } : {},
    )
    assert.equal(ofStranger, 404, `${method} ${path}`)
  }
})

test('a room without a meeting is managed by whose account started it', async () => {
  const own = await keepRecording(server, { startedBy: { kind: 'account', id: stranger.id, name: 'Eve' } })
  assert.equal((await stranger.client.get(`/recordings/${own.id}`)).body.role, 'manager')
  assert.equal((await host.client.get(`/recordings/${own.id}`)).status, 404)
  assert.deepEqual(idsIn(await stranger.client.get('/recordings?roomId=kept')), [own.id])
})

test('a file is found only below the recording that it is of', async () => {
  const other = await keepRecording(server, { startedBy: { kind: 'account', id: stranger.id } })
  for (const [at, file] of [
    [other.id, recording.files.video],
    [recording.id, other.files.video],
  ] as const) {
    assert.equal((await stranger.client.get(`/recordings/${at}/files/${file}`)).status, 404)
    assert.equal((await host.client.get(`/recordings/${at}/files/${file}`)).status, 404)
  }
  for (const name of ['..%2F..%2Fdb', '%2e%2e', 'manifest.json', '..%5c..']) {
    assert.equal((await stranger.client.get(`/recordings/${other.id}/files/${name}`)).status, 404)
  }
  const outputs = await stranger.client.call(
    'DELETE',
    `/recordings/${other.id}/outputs/${recording.outputId}`,
  )
  assert.equal(outputs.status, 404)
  assert.equal((await host.client.get(`/recordings/${recording.id}`)).body.outputs.length, 1)
})

test('a list is filtered, and paged newest first without gaps', async () => {
  const made: string[] = []
  for (let i = 0; i < 5; i++) made.unshift((await keepRecording(server, { room: 'paged' })).id)
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const query = cursor === undefined ? '' : `&cursor=${cursor}`
    const page = await backend.get(`/recordings?roomId=paged&limit=2${query}`)
    seen.push(...idsIn(page))
    cursor = page.body.next
  } while (cursor !== undefined)
  assert.deepEqual(seen, made)
  assert.deepEqual(idsIn(await backend.get('/recordings?roomId=paged&state=failed')), [])
  assert.deepEqual(idsIn(await backend.get(`/recordings?meetingId=${meetingId}`)), [recording.id])
  assert.deepEqual(idsIn(await backend.get('/recordings?roomId=paged&from=2035-01-01T00:00:00Z')), [])
  assert.equal(idsIn(await backend.get('/recordings?roomId=paged&to=2035-01-01T00:00:00Z')).length, 5)
  assert.equal((await backend.get('/recordings?cursor=nonsense')).status, 400)
})

test('managers rename, only what they have seen, and delete; each is in the audit log', async () => {
  const { id, folder } = await keepRecording(server, { startedBy: { kind: 'account', id: stranger.id } })
  const path = `/recordings/${id}`
  const { client } = stranger
  const patch = (body: object, version?: string) =>
    client.call('PATCH', path, { body, headers: version ? { 'if-match': version } : {} })
  const first = await client.get(path)
  const renamed = await patch({ title: '  Geometry ' }, first.headers.get('etag')!)
  assert.equal(renamed.body.title, 'Geometry')
  assert.equal(renamed.body.version, first.body.version + 1)
  assert.equal((await patch({ title: 'Late' }, first.headers.get('etag')!)).status, 412)
  const expiresAt = '2034-05-06T07:08:09.000Z'
  assert.equal((await patch({ expiresAt })).body.expiresAt, expiresAt)
  assert.equal((await patch({ expiresAt: null })).body.expiresAt, undefined)
  assert.equal((await patch({ expiresAt: '2020-01-01T00:00:00Z' })).status, 400)
  assert.equal((await patch({ title: '   ' })).status, 400)

  const { status } = await client.call('DELETE', path)
  assert.equal(status, 204)
  assert.equal((await client.get(path)).status, 404)
  assert.equal(existsSync(folder), false)
  const { body } = await admin.client.get(`/audit?target=${id}`)
  const actions = body.items.map(({ action }: { action: string }) => action)
  assert.equal(actions[0], 'recording.deleted')
  assert.equal(actions.at(-1), 'recording.changed')
  assert.ok(body.items.every(({ actor }: { actor: { id: string } }) => actor.id === stranger.id))
})

test('managers see the tracks as the manifest tells them', async () => {
  const { body } = await host.client.get(`/recordings/${recording.id}/tracks`)
  const [track] = body.items
  assert.equal(body.items.length, 1)
  assert.equal(track.id, 't1')
  assert.equal(track.participant, 'ana')
  assert.equal(track.source, 'camera')
  assert.equal(track.lostPackets, 3)
  assert.equal(track.files[0].id, recording.files.track)
  assert.equal(track.files[0].offsetMs, 12.5)
  assert.match(track.files[0].name, /^Algebra \d{4}-\d\d-\d\d \d\d\.\d\d UTC Ana camera\.webm$/)
  assert.equal(body.manifest.id, recording.files.manifest)
})

test('when the meeting is deleted, who was there still watches', async () => {
  const { body } = await host.client.post('/meetings', {
    title: 'Gone',
    invitees: [{ email: invitee.email }],
  })
  const { id } = await keepRecording(server, {
    room: body.room,
    meetingId: body.id,
    startedBy: { kind: 'account', id: host.id },
    participants: [{ identity: attendee.id, name: 'Ana', accountId: attendee.id }],
  })
  assert.equal((await invitee.client.get(`/recordings/${id}`)).body.role, 'viewer')
  assert.equal((await host.client.call('DELETE', `/meetings/${body.id}`)).status, 204)
  assert.equal((await attendee.client.get(`/recordings/${id}`)).body.role, 'viewer')
  assert.equal((await host.client.get(`/recordings/${id}`)).body.role, 'manager', 'who started it')
  assert.equal((await invitee.client.get(`/recordings/${id}`)).status, 404)
})

test('what attendees may do is the operator’s to say, and ends when a recording is being deleted', () => {
  const caller: AccountCaller = {
    kind: 'account',
    accountId: 'acc_1',
    sessionId: undefined,
    role: 'host',
    email: 'a@example.org',
    name: 'A',
    byCookie: false,
  }
  const none: Ties = { hosts: false, owns: false, attended: false, invited: false }
  for (const tie of ['attended', 'invited'] as const) {
    const ties = { ...none, [tie]: true }
    const rights = (attendees: 'nothing' | 'watch' | 'download', state: 'ready' | 'deleting' = 'ready') =>
      rightsOf(caller, ties, { attendees, state })
    assert.equal(rights('nothing'), undefined)
    assert.deepEqual(rights('watch'), { role: 'viewer', mayDownload: false })
    assert.deepEqual(rights('download'), { role: 'viewer', mayDownload: true })
    assert.equal(rights('download', 'deleting'), undefined)
  }
  assert.equal(rightsOf(caller, none, { attendees: 'download', state: 'ready' }), undefined)
})
