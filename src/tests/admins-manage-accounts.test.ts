import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { goodPassword, mailTo, person, tokenIn, type Person } from './support/accounts.ts'
import { RestClient } from './support/rest-client.ts'
import { startServer, type TestServer } from './support/server.ts'

/** From the first admin to the last: who may do what to the accounts of others. */

let server: TestServer
let admin: Person

before(async () => {
  server = await startServer({ SLUICE_HTTP_TRUST_PROXY: 'true' }, undefined, { withDatabase: true })
})
after(() => server?.close())

const logIn = (email: string, password = goodPassword) =>
  new RestClient(server.url).post('/auth/login', { email, password })

test('the code that the start prints makes the first admin, once', async () => {
  const nobody = new RestClient(server.url)
  const setUpNeeded = async () => (await nobody.get('/server')).body.accounts.setUpNeeded as boolean
  assert.equal(await setUpNeeded(), true)
  const form = { email: 'admin@example.org', password: goodPassword, name: 'Admin', consent: true }
  const wrong = await nobody.post('/auth/register', { ...form, setUpCode: 'AAAA-AAAA' })
  assert.deepEqual([wrong.status, wrong.body.data], [403, { why: 'wrong-set-up-code' }])

  const setUpCode = server.app.setUpCode.reveal()
  assert.match(setUpCode, /^[A-Z2-9]{4}-[A-Z2-9]{4}$/)
  const both = await Promise.all(
    ['admin@example.org', 'second@example.org'].map((email) =>
      nobody.post('/auth/register', { ...form, email, setUpCode: setUpCode.toLowerCase() }),
    ),
  )
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [202, 403], 'of two at once, one is first')
  const email = both[0]!.status === 202 ? 'admin@example.org' : 'second@example.org'
  const { body } = await logIn(email)
  assert.equal(body.account.role, 'admin')
  admin = { id: body.account.id, email, client: new RestClient(server.url) }
  admin.client.authorization = `Bearer ${body.accessToken}`
  assert.equal(await setUpNeeded(), false)
  const late = await nobody.post('/auth/register', { ...form, email: 'c@example.org', setUpCode })
  assert.equal(late.body.data.why, 'wrong-set-up-code')
})

test('the last admin stays one, until there is another', async () => {
  const { client, id } = admin
  const lastAdmin = { status: 409, why: 'last-admin' }
  const refusal = async (method: string, path: string, body?: object) => {
    const { status, body: answer } = await client.call(method, path, body ? { body } : {})
    return { status, why: answer?.data?.why }
  }
  assert.deepEqual(await refusal('PATCH', `/users/${id}`, { role: 'host' }), lastAdmin)
  assert.deepEqual(await refusal('PATCH', `/users/${id}`, { disabled: true }), lastAdmin)
  assert.deepEqual(await refusal('DELETE', `/users/${id}`), lastAdmin)
  assert.deepEqual(await refusal('POST', '/account/delete', { password: goodPassword }), lastAdmin)

  const second = await person(server, { role: 'admin' })
  // Both go at the same moment: one of them stays.
  const going = await Promise.all([
    client.post('/account/delete', { password: goodPassword }),
    second.client.call('PATCH', `/users/${second.id}`, { body: { role: 'host' } }),
  ])
  assert.deepEqual(going.map(({ status }) => status).filter((status) => status === 409).length, 1)
  admin = going[0]!.status === 409 ? admin : second
  assert.equal((await admin.client.get('/account')).body.role, 'admin')
})

test('an account that an admin makes is opened by the link in its mail', async () => {
  const made = await admin.client.post('/users', { email: 'New@example.org', name: 'New', role: 'member' })
  assert.equal(made.status, 201)
  assert.equal(made.body.account.hasPassword, false)
  const mail = await mailTo(server.dataDir, 'new@example.org', 'set-password')
  assert.ok(mail.text.includes(made.body.setPasswordUrl))
  const again = await admin.client.post('/users', { email: 'new@example.org', name: 'New', role: 'member' })
  assert.equal(again.status, 409)

  const nobody = new RestClient(server.url)
  const reset = { token: tokenIn(mail), password: goodPassword }
  assert.equal((await nobody.post('/auth/reset', reset)).status, 204)
  assert.equal((await logIn('new@example.org')).body.account.role, 'member')
})

test('admins find, change, log out and delete people, and what they change is checked for its version', async () => {
  const ben = await person(server, { email: 'ben@example.org', name: '100% Ben_' })
  const { client } = admin
  const found = await client.get(`/users?search=${encodeURIComponent('0% ben_')}`)
  assert.deepEqual(
    found.body.items.map(({ id }: { id: string }) => id),
    [ben.id],
  )
  assert.deepEqual((await client.get('/users?search=%25')).body.items.length, 1, '% is no wildcard')
  const emails: string[] = []
  for (let path = '/users?limit=2'; ;) {
    const { body } = await client.get(path)
    emails.push(...body.items.map(({ email }: { email: string }) => email))
    if (!body.next) break
    path = `/users?limit=2&cursor=${body.next}`
  }
  assert.deepEqual(emails, [...new Set(emails)].toSorted())
  assert.ok(emails.includes('ben@example.org'))

  const { version } = (await client.get(`/users/${ben.id}`)).body
  const change = (body: object, etag: number) =>
    client.call('PATCH', `/users/${ben.id}`, { body, headers: { 'if-match': `"${etag}"` } })
  const changed = await change({ role: 'member', name: 'Ben' }, version)
  assert.deepEqual([changed.body.role, changed.body.name], ['member', 'Ben'])
  assert.equal((await change({ role: 'host' }, version)).status, 412)
  assert.equal((await ben.client.get('/account')).body.role, 'member', 'at once, in the same session')

  assert.equal((await client.post(`/users/${ben.id}/logout`)).status, 204)
  assert.equal((await ben.client.get('/account')).status, 401)
  assert.equal((await change({ disabled: true }, changed.body.version)).body.disabled, true)
  assert.deepEqual((await logIn('ben@example.org')).body.data, { why: 'disabled' })
  assert.equal((await client.call('DELETE', `/users/${ben.id}`)).status, 204)
  assert.equal((await client.call('DELETE', `/users/${ben.id}`)).status, 204)
  assert.equal((await client.get(`/users/${ben.id}`)).status, 404)
})

test('backends manage people, but neither make admins nor touch them', async () => {
  const { id, secret } = await (await server.app.apiKeys()).add({ name: 'backend', now: new Date() })
  const backend = new RestClient(server.url)
  backend.authorization = `Basic ${Buffer.from(`${id}:${secret.reveal()}`).toString('base64')}`
  const made = await backend.post('/users', { email: 'cy@example.org', name: 'Cy', role: 'host' })
  assert.equal(made.status, 201)
  const cy = `/users/${made.body.account.id}`
  assert.equal((await backend.call('PATCH', cy, { body: { disabled: true } })).status, 200)

  const refused: [string, string, object?][] = [
    ['POST', '/users', { email: 'dora@example.org', name: 'Dora', role: 'admin' }],
    ['PATCH', cy, { role: 'admin' }],
    ['PATCH', `/users/${admin.id}`, { name: 'Mallory' }],
    ['PATCH', `/users/${admin.id}`, { role: 'member' }],
    ['DELETE', `/users/${admin.id}`],
    ['POST', `/users/${admin.id}/logout`],
    ['DELETE', `/users/${admin.id}/second-factor`],
    ['GET', '/account'],
  ]
  for (const [method, path, body] of refused) {
    const { status } = await backend.call(method, path, body ? { body } : {})
    assert.equal(status, 403, `${method} ${path}`)
  }
  assert.equal((await admin.client.get('/account')).status, 200)
})

test('hosts and members see nobody else', async () => {
  for (const role of ['host', 'member'] as const) {
    const { client } = await person(server, { role })
    for (const path of ['/users', `/users/${admin.id}`, '/audit', '/api-keys']) {
      assert.equal((await client.get(path)).status, 403, `${role} ${path}`)
    }
  }
})

test('a browser’s session is in cookies of its own, which other sites cannot use', async () => {
  const ana = await person(server, { email: 'ana@example.org' })
  const browser = new RestClient(server.url, { origin: server.url })
  const credentials = { email: ana.email, password: goodPassword, session: 'cookie' }
  const elsewhere = new RestClient(server.url, { origin: 'https://evil.example' })
  assert.equal((await elsewhere.post('/auth/login', credentials)).body.data.why, 'cross-site')

  const { body } = await browser.post('/auth/login', credentials)
  assert.deepEqual([body.accessToken, body.refreshToken], [undefined, undefined])
  const { attributes: access } = browser.cookies.get('sluice_access')!
  assert.match(access, /; Path=\/;/)
  assert.match(access, /; HttpOnly/)
  assert.match(access, /; SameSite=Lax/)
  const { attributes: refresh } = browser.cookies.get('sluice_refresh')!
  assert.match(refresh, /; Path=\/api\/v1\/auth;/)
  assert.match(refresh, /; SameSite=Strict/)
  assert.equal((await browser.get('/account')).body.id, ana.id)

  // The same browser, on a page of somebody else.
  browser.origin = 'https://evil.example'
  for (const path of ['/auth/refresh', '/auth/logout', '/auth/logout-everywhere']) {
    const { status } = await browser.post(path, path === '/auth/refresh' ? {} : undefined)
    assert.equal(status, 403, path)
  }
  const change = { body: { name: 'Mallory' } }
  assert.equal((await browser.call('PATCH', '/account', change)).status, 403)
  browser.origin = server.url
  assert.notEqual((await browser.get('/account')).body.name, 'Mallory')

  const before = browser.cookies.get('sluice_access')!.value
  assert.equal((await browser.post('/auth/refresh', {})).status, 200)
  assert.notEqual(browser.cookies.get('sluice_access')!.value, before)
  // The access cookie ran out; logging out still ends the session.
  browser.cookies.delete('sluice_access')
  assert.equal((await browser.post('/auth/logout')).status, 204)
  assert.equal(browser.cookies.size, 0)
  assert.equal((await browser.post('/auth/refresh', {})).status, 401)
  const { items } = (await ana.client.get('/account/sessions')).body
  assert.equal(items.length, 1)
})

test('behind HTTPS cookies are for HTTPS only', async () => {
  const { email } = await person(server)
  const browser = new RestClient(server.url, { origin: server.url })
  const body = { email, password: goodPassword, session: 'cookie' }
  await browser.call('POST', '/auth/login', { body, headers: { 'x-forwarded-proto': 'https' } })
  for (const { attributes } of browser.cookies.values()) assert.match(attributes, /; Secure/)
})

test('what happens to accounts is in the audit log', async () => {
  const { body } = await admin.client.get('/audit?limit=100')
  const actions = new Set(body.items.map(({ action }: { action: string }) => action))
  for (const action of [
    'account.became-admin',
    'account.logged-in',
    'account.logged-out',
    'account.password-reset',
    'user.created',
    'user.changed',
    'user.deleted',
    'user.logged-out',
  ]) {
    assert.ok(actions.has(action), action)
  }
})

test('the published keys check access tokens, and may be kept for a while', async () => {
  const { headers, body } = await new RestClient(server.url).get('/.well-known/jwks.json')
  assert.equal(headers.get('cache-control'), 'public, max-age=600')
  assert.deepEqual(
    body.keys.map(({ alg, use, d }: Record<string, unknown>) => ({ alg, use, d })),
    [{ alg: 'ES256', use: 'sig', d: undefined }],
  )
})
