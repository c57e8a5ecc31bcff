import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { person, type Person } from './support/accounts.ts'
import { RestClient } from './support/rest-client.ts'
import { startServer, type TestServer } from './support/server.ts'

let server: TestServer
let admin: Person
before(async () => {
  server = await startServer()
  admin = await person(server, { role: 'admin' })
})
after(() => server.close())

function backend({ id, secret }: { id: string; secret: string }): RestClient {
  const client = new RestClient(server.url)
  client.authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
  return client
}

test('a key is shown with its secret once, works as a backend’s, and never again when it is revoked', async () => {
  const made = await admin.client.post('/api-keys', { name: '  Classroom backend ' })
  assert.equal(made.status, 201)
  const { id, name, secret, createdAt } = made.body
  assert.equal(name, 'Classroom backend')

  const listed = await admin.client.get('/api-keys')
  assert.deepEqual(listed.body.items, [{ id, name, createdAt }])
  assert.ok(!JSON.stringify(listed.body).includes(secret))

  const key = backend(made.body)
  assert.equal((await key.get('/users')).status, 200)
  const [used] = (await admin.client.get('/api-keys')).body.items
  assert.ok(Date.parse(used.lastUsedAt) >= Date.parse(createdAt))

  assert.equal((await admin.client.call('DELETE', `/api-keys/${id}`)).status, 204)
  const [revoked] = (await admin.client.get('/api-keys')).body.items
  assert.ok(revoked.revokedAt)
  // Revoking again changes nothing.
  assert.equal((await admin.client.call('DELETE', `/api-keys/${id}`)).status, 204)
  assert.deepEqual((await admin.client.get('/api-keys')).body.items, [revoked])
  const refused = await key.get('/users')
  assert.deepEqual([refused.status, refused.body.data], [401, { why: 'unknown-key' }])
})

test('a wrong secret, a wrong id and no key at all are told apart from nothing', async () => {
  const { body } = await admin.client.post('/api-keys', { name: 'another' })
  const answers = await Promise.all(
    [
      backend({ id: body.id, secret: `${body.secret}x` }),
      backend({ id: 'key_0000000000000000', secret: body.secret }),
      backend({ id: body.id, secret: '' }),
    ].map((client) => client.get('/users')),
  )
  const [first] = answers
  assert.equal(first!.status, 401)
  for (const answer of answers) assert.deepEqual(answer.body, first!.body)
  for (const authorization of [
    'Basic',
    'Basic !!!',
    'Basic bm9jb2xvbg==',
    `Basic ${btoa('a\0:b')}`,
    'Digest x',
    'x',
  ]) {
    const client = new RestClient(server.url)
    client.authorization = authorization
    const { status, body: problem } = await client.get('/users')
    assert.deepEqual([status, problem.code], [401, 'unauthorized'], authorization)
  }
})

test('only admins see and make keys, and keys make none', async () => {
  const { body } = await admin.client.post('/api-keys', { name: 'ambitious' })
  const host = await person(server, { role: 'host' })
  for (const client of [backend(body), host.client]) {
    assert.equal((await client.get('/api-keys')).status, 403)
    assert.equal((await client.post('/api-keys', { name: 'x' })).status, 403)
    assert.equal((await client.call('DELETE', `/api-keys/${body.id}`)).status, 403)
  }
  assert.equal((await admin.client.call('DELETE', '/api-keys/key_none')).status, 404)
  for (const name of ['', '   ', 'x'.repeat(1025)]) {
    assert.equal((await admin.client.post('/api-keys', { name })).status, 400, name.slice(0, 10))
  }
  const long = await admin.client.post('/api-keys', { name: 'x'.repeat(200) })
  assert.deepEqual([long.status, long.body.data], [429, { limit: 'nameLength', max: 128 }])
})

test('the audit log tells admins who made and revoked keys, and that it was read', async () => {
  const { body } = await admin.client.post('/api-keys', { name: 'audited' })
  await admin.client.call('DELETE', `/api-keys/${body.id}`)
  const find = async (query: string) => (await admin.client.get(`/audit?${query}`)).body.items
  const acts = await find(`target=${body.id}`)
  assert.deepEqual(
    acts.map((entry: { action: string; actor: object; data?: object }) => [
      entry.action,
      entry.actor,
      entry.data,
    ]),
    [
      ['api-key.revoked', { kind: 'account', id: admin.id }, undefined],
      ['api-key.created', { kind: 'account', id: admin.id }, { name: 'audited' }],
    ],
  )
  assert.ok(!JSON.stringify(acts).includes(body.secret))
  const [read] = await find('action=audit.read&limit=1')
  assert.equal(read.actor.id, admin.id)
  assert.equal(read.address, '127.0.0.1')
  assert.deepEqual(await find('to=2020-01-01T00:00:00Z'), [])
  for (const query of ['action=account.forgotten', 'from=yesterday', 'cursor=x', 'limit=101']) {
    assert.equal((await admin.client.get(`/audit?${query}`)).status, 400, query)
  }
  const host = await person(server, { role: 'host' })
  assert.equal((await host.client.get('/audit')).status, 403)
  assert.equal(
    (await backend(await (await admin.client.post('/api-keys', { name: 'x' })).body).get('/audit')).status,
    403,
  )
})
