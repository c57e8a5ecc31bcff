import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goodPassword, mailTo, person, tokenIn } from './support/accounts.ts'
import { startPostgres } from './support/postgres.ts'
import { RestClient } from './support/rest-client.ts'
import { startServer, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

/** Who may register, as the operator chose. */

const form = { password: goodPassword, name: 'Somebody', consent: true }
const register = (server: TestServer, email: string, more: object = {}) =>
  new RestClient(server.url).post('/auth/register', { ...form, email, ...more })
const logIn = (server: TestServer, email: string) =>
  new RestClient(server.url).post('/auth/login', { email, password: goodPassword })

async function withServer(
  settings: Record<string, string>,
  act: (server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await startServer(settings, undefined, { withDatabase: true })
  try {
    await act(server)
  } finally {
    await server.close()
  }
}

test('in production without a mail server only admins make accounts, the first by the printed code', async () => {
  await withServer({ SLUICE_MODE: 'production', SLUICE_HTTP_HOST: '127.0.0.1' }, async (server) => {
    const about = (await new RestClient(server.url).get('/server')).body
    assert.deepEqual([about.accounts.registration, about.guests], ['invited', false])
    assert.equal((await register(server, 'ana@example.org')).body.code, 'not-supported')
    const setUpCode = server.app.setUpCode.reveal()
    assert.equal((await register(server, 'ana@example.org', { setUpCode })).status, 202)
    const ana = await logIn(server, 'ana@example.org')
    const admin = new RestClient(server.url)
    admin.authorization = `Bearer ${ana.body.accessToken}`
    const made = await admin.post('/users', { email: 'ben@example.org', name: 'Ben', role: 'host' })
    const token = new URL(made.body.setPasswordUrl).searchParams.get('token')
    const reset = await new RestClient(server.url).post('/auth/reset', { token, password: goodPassword })
    assert.equal(reset.status, 204)
    assert.equal((await logIn(server, 'ben@example.org')).status, 200)
    assert.equal(
      (await new RestClient(server.url).post('/auth/forgot', { email: 'x@y.org' })).body.code,
      'not-supported',
    )
  })
})

test('who is invited may register and becomes a member; others hear by mail that they are not', async () => {
  await withServer({ SLUICE_ACCOUNTS_REGISTRATION: 'invited' }, async (server) => {
    const { accounts } = await server.app.services()
    accounts.hooks.invited.push(async (email) => email === 'guest@example.org')
    const [guest, stranger] = [
      await register(server, 'guest@example.org'),
      await register(server, 'stranger@example.org'),
    ]
    assert.deepEqual([guest.status, guest.body], [stranger.status, stranger.body])
    await mailTo(server.dataDir, 'stranger@example.org', 'not-invited')
    assert.equal((await logIn(server, 'stranger@example.org')).body.data.why, 'wrong-credentials')
    const mail = await mailTo(server.dataDir, 'guest@example.org', 'verify')
    await new RestClient(server.url).post('/auth/verify', { token: tokenIn(mail) })
    assert.equal((await logIn(server, 'guest@example.org')).body.account.role, 'member')
  })
})

test('where registration is closed the answer says so', async () => {
  await withServer({ SLUICE_ACCOUNTS_REGISTRATION: 'closed' }, async (server) => {
    assert.deepEqual((await register(server, 'ana@example.org')).body.data, { why: 'registration-closed' })
  })
})

test('without verification an account is there at once, and nobody takes over one that is', async () => {
  await withServer({ SLUICE_ACCOUNTS_VERIFY_EMAIL: 'false' }, async (server) => {
    assert.equal((await register(server, 'ana@example.org')).status, 202)
    assert.equal((await logIn(server, 'ana@example.org')).status, 200)
    const again = { password: 'another good password' }
    assert.equal((await register(server, 'ana@example.org', again)).status, 202)
    assert.equal((await logIn(server, 'ana@example.org')).status, 200)
  })
})

test('a lost database makes log-ins unavailable and the server not ready, until it is back', async (t) => {
  const postgres = await startPostgres()
  t.after(() => postgres.close())
  await withServer({ DATABASE_URL: await postgres.createDatabase() }, async (server) => {
    const { email } = await person(server)
    const ready = async () => (await fetch(`${server.url}/readyz`)).status
    assert.equal(await ready(), 200)
    await postgres.kill()
    assert.equal(await ready(), 503)
    assert.equal((await logIn(server, email)).body.code, 'unavailable')
    await postgres.start()
    await until('the server is ready again', async () => (await ready()) === 200)
    assert.equal((await logIn(server, email)).status, 200)
  })
})
