import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { person, type Person } from './support/accounts.ts'
import { keepRecording, type KeptRecording } from './support/kept-recording.ts'
import { RestClient } from './support/rest-client.ts'
import { startServer, type TestServer } from './support/server.ts'

let server: TestServer
let ana: Person
let anybody: RestClient
let recording: KeptRecording
before(async () => {
  server = await startServer({}, undefined, { withDatabase: true })
  ana = await person(server, { name: 'Ana' })
  anybody = new RestClient(server.url)
  recording = await keepRecording(server, {
    title: 'Shown',
    startedBy: { kind: 'account', id: ana.id, name: 'Ana' },
    participants: [{ identity: ana.id, name: 'Ana', accountId: ana.id }],
  })
})
after(() => server.close())

async function share(body: object = {}): Promise<{ id: string; token: string }> {
  const answer = await ana.client.post(`/recordings/${recording.id}/shares`, body)
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  const { id, url } = answer.body as { id: string; url: string }
  const [, token] = /^http:\/\/[^/]+\/recordings\/shared\/([\w-]{32})$/.exec(url) ?? []
  assert.ok(token, url)
  return { id, token }
}

test('whoever has the link watches, without an account, and learns no more than there is to see', async () => {
  const { token } = await share()
  const { status, body } = await anybody.get(`/shared-recordings/${token}`)
  assert.equal(status, 200)
  assert.equal(body.title, 'Shown')
  assert.equal(body.mayDownload, false)
  assert.deepEqual(Object.keys(body.participants[0]).toSorted(), ['color', 'name', 'speech'])
  assert.deepEqual(
    body.files.map(({ kind }: { kind: string }) => kind),
    ['video', 'poster', 'preview', 'preview-index'],
  )
  assert.ok(!JSON.stringify(body).includes(recording.id), 'not even its id')
  for (const { url, bytes } of body.files as { url: string; bytes: number }[]) {
    const file = await fetch(server.url + url, { headers: { range: 'bytes=0-' } })
    assert.equal(file.status, 206)
    assert.equal((await file.arrayBuffer()).byteLength, bytes)
  }
  for (const kind of ['track', 'manifest'] as const) {
    const file = await anybody.get(`/shared-recordings/${token}/files/${recording.files[kind]}`)
    assert.equal(file.status, 404, kind)
  }
})

test('saving takes a link that allows it', async () => {
  for (const mayDownload of [false, true]) {
    const { token } = await share({ mayDownload })
    const path = `/shared-recordings/${token}/files/${recording.files.video}?download=1`
    const { status, headers } = await anybody.get(path)
    assert.equal(status, mayDownload ? 200 : 403)
    if (mayDownload) assert.match(headers.get('content-disposition')!, /^attachment; filename="Shown /)
  }
})

test('a link tells its address once, and how often it was opened', async () => {
  const { id, token } = await share()
  await anybody.get(`/shared-recordings/${token}`)
  await anybody.get(`/shared-recordings/${token}`)
  const { body } = await ana.client.get(`/recordings/${recording.id}/shares`)
  const listed = body.items.find((item: { id: string }) => item.id === id)
  assert.equal(listed.views, 2)
  assert.equal(listed.url, undefined)
  assert.deepEqual(listed.createdBy, { kind: 'account', id: ana.id, name: 'Ana' })
  assert.ok(!JSON.stringify(body).includes(token))
  const { db } = await server.app.services()
  const rows = await db.selectFrom('recording_shares').selectAll().execute()
  assert.ok(!JSON.stringify(rows).includes(token), 'the database has a hash')
})

test('unknown, ended and expired links, and those of what was deleted, answer alike', async () => {
  const ended = await share()
  await anybody.get(`/shared-recordings/${ended.token}`)
  const { status } = await ana.client.call('DELETE', `/recordings/${recording.id}/shares/${ended.id}`)
  assert.equal(status, 204)
  const expired = await share()
  const { db } = await server.app.services()
  await db
    .updateTable('recording_shares')
    .set({ expires_at: new Date(Date.now() - 1) })
    .where('id', '=', expired.id)
    .execute()
  const other = await keepRecording(server, { startedBy: { kind: 'account', id: ana.id } })
  const { body: ofDeleted } = await ana.client.post(`/recordings/${other.id}/shares`, {})
  const tokenOfDeleted = /[\w-]{32}$/.exec(ofDeleted.url as string)![0]
  assert.equal((await ana.client.call('DELETE', `/recordings/${other.id}`)).status, 204)

  const answers = new Set<string>()
  for (const token of ['a', 'q83vASNFhT0aBx1LmQ8sKdq83vASNFhT', ended.token, expired.token, tokenOfDeleted]) {
    for (const path of ['', `/files/${recording.files.video}`]) {
      const answer = await anybody.get(`/shared-recordings/${token}${path}`)
      answers.add(JSON.stringify([answer.status, answer.body]))
    }
  }
  assert.equal(answers.size, 1, [...answers].join('\n'))
  assert.match([...answers][0]!, /^\[404,/)
  const { body } = await ana.client.get(`/recordings/${recording.id}/shares`)
  assert.ok(body.items.every(({ id }: { id: string }) => ![ended.id, expired.id].includes(id)))
})

test('a link is ended by those who manage its recording, and by no other way', async () => {
  const { id, token } = await share()
  const ben = await person(server)
  const other = await keepRecording(server, { startedBy: { kind: 'account', id: ben.id } })
  for (const path of [`/recordings/${other.id}/shares/${id}`, `/recordings/${recording.id}/shares/${id}`]) {
    assert.equal((await ben.client.call('DELETE', path)).status, 404)
  }
  assert.equal((await anybody.get(`/shared-recordings/${token}`)).status, 200)
})

test('a recording has so many links and no more; those that are over make room', async () => {
  const { id } = await keepRecording(server, { startedBy: { kind: 'account', id: ana.id } })
  const path = `/recordings/${id}/shares`
  const made = await Promise.all(Array.from({ length: 105 }, () => ana.client.post(path, {})))
  const refused = made.filter(({ status }) => status === 429)
  assert.equal(refused.length, 5)
  assert.deepEqual(refused[0]!.body.data, { limit: 'recordingShares', max: 100 })
  const { db } = await server.app.services()
  const past = new Date(Date.now() - 1)
  await db.updateTable('recording_shares').set({ expires_at: past }).where('recording_id', '=', id).execute()
  assert.equal((await ana.client.post(path, {})).status, 201)
  const { body } = await ana.client.get(path)
  assert.equal(body.items.length, 1)
})

test('the audit log has who shared what for how long, and not the address', async () => {
  const { id, token } = await share({ expiresInSeconds: 60, mayDownload: true })
  await ana.client.call('DELETE', `/recordings/${recording.id}/shares/${id}`)
  const admin = await person(server, { role: 'admin' })
  const { body } = await admin.client.get(`/audit?target=${recording.id}`)
  const [unshared, shared] = body.items
  assert.equal(unshared.action, 'recording.unshared')
  assert.equal(unshared.data.share, id)
  assert.equal(shared.action, 'recording.shared')
  assert.equal(shared.actor.id, ana.id)
  assert.equal(shared.data.mayDownload, true)
  assert.ok(!JSON.stringify(body).includes(token))
})
