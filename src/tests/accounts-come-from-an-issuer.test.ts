import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { goodPassword } from './support/accounts.ts'
import { clientId, clientSecret, startIssuer, type TestIssuer } from './support/issuer.ts'
import { RestClient, type Answer } from './support/rest-client.ts'
import { startServer, type TestServer } from './support/server.ts'

/** People log in at a real OpenID Connect issuer, and REST takes its tokens. */

const publicUrl = 'https://meet.example.org'
const callback = '/api/v1/auth/external/callback'
const ana = { sub: 'u-1', email: 'Ana@example.org', email_verified: true, name: 'Ana', groups: ['staff'] }

let issuer: TestIssuer
let server: TestServer
before(async () => {
  issuer = await startIssuer({ redirectUri: publicUrl + callback })
  const settings = {
    SLUICE_HTTP_PUBLIC_URL: publicUrl,
    SLUICE_ACCOUNTS_ISSUER: issuer.url,
    SLUICE_ACCOUNTS_ISSUER_NAME: 'Example',
    SLUICE_ACCOUNTS_CLIENT_ID: clientId,
    SLUICE_ACCOUNTS_CLIENT_SECRET: clientSecret,
    SLUICE_ACCOUNTS_ADMIN_CLAIM: 'groups=sluice-admins',
  }
  server = await startServer(settings, undefined, { withDatabase: true })
})
after(async () => {
  await server?.close()
  await issuer?.close()
})

/** The way of a browser: to the issuer, through it, and back. */
async function logIn(
  person: TestIssuer['person'],
  { returnTo = '/meetings', change = (_query: URLSearchParams): void => undefined } = {},
): Promise<{ browser: RestClient; landed: string | null }> {
  issuer.person = person
  const browser = new RestClient(server.url)
  const start = await browser.get(`/auth/external/start?returnTo=${encodeURIComponent(returnTo)}`)
  assert.equal(start.status, 302)
  const back = await issuer.visit(start.headers.get('location')!)
  assert.equal(back.origin + back.pathname, publicUrl + callback)
  change(back.searchParams)
  const done = await browser.get(`/auth/external/callback${back.search}`)
  return { browser, landed: done.headers.get('location') }
}

const account = (client: RestClient): Promise<Answer> => client.get('/account')

test('whoever the issuer vouches for has an account, and comes back to the page they wanted', async () => {
  const { browser, landed } = await logIn(ana)
  assert.equal(landed, '/meetings')
  const { body } = await account(browser)
  assert.deepEqual(
    [body.email, body.emailVerified, body.name, body.role, body.hasPassword],
    ['ana@example.org', true, 'Ana', 'host', false],
  )
  for (const { attributes } of browser.cookies.values()) assert.match(attributes, /HttpOnly; Secure/)

  const { browser: again } = await logIn({ ...ana, name: 'Ana Ruiz', email: 'ana.ruiz@example.org' })
  const { body: changed } = await account(again)
  assert.deepEqual([changed.id, changed.name, changed.email], [body.id, 'Ana Ruiz', 'ana.ruiz@example.org'])
})

test('a claim of the issuer makes admins, and takes that away', async () => {
  const ben = { sub: 'u-2', email: 'ben@example.org', email_verified: true, name: 'Ben' }
  const roleOf = async (groups: string[]) =>
    (await account((await logIn({ ...ben, groups })).browser)).body.role as string
  assert.equal(await roleOf(['sluice-admins']), 'admin')
  assert.equal(await roleOf(['others']), 'host')
})

test('an address that the issuer has not verified takes nobody’s account', async () => {
  await logIn({ sub: 'u-3', email: 'cy@example.org', email_verified: true, name: 'Cy' })
  const { browser, landed } = await logIn({ sub: 'u-4', email: 'cy@example.org', name: 'Not Cy' })
  assert.equal(landed, '/login?externalError=address-taken')
  assert.equal((await account(browser)).status, 401)
  const claimed = await logIn({ sub: 'u-5', email: 'invited@example.org', name: 'Not invited' })
  assert.equal(claimed.landed, '/login?externalError=email-not-verified')
  assert.equal((await account(claimed.browser)).status, 401)
})

test('a log-in that was cancelled, began elsewhere or was changed is none, and the page says so', async () => {
  assert.equal((await logIn(undefined)).landed, '/login?externalError=external')
  const swapped = await logIn(ana, { change: (query) => query.set('state', 'another') })
  assert.equal(swapped.landed, '/login?externalError=external')
  const forged = await logIn(ana, { change: (query) => query.set('code', 'made-up') })
  assert.equal(forged.landed, '/login?externalError=external')

  issuer.person = ana
  const victim = new RestClient(server.url)
  const start = await victim.get('/auth/external/start')
  const back = await issuer.visit(start.headers.get('location')!)
  const other = new RestClient(server.url)
  const done = await other.get(`/auth/external/callback${back.search}`)
  assert.equal(done.headers.get('location'), '/login?externalError=external-expired')
  assert.equal(other.cookies.size, 0)
})

test('nobody is sent to another site after the log-in', async () => {
  const away = ['https://evil.example', '//evil.example', '/\\evil.example', '/\t/evil.example', 'evil']
  for (const returnTo of away) assert.equal((await logIn(ana, { returnTo })).landed, '/', returnTo)
  assert.equal((await logIn(ana, { returnTo: '/r/a b?c=d#e' })).landed, '/r/a%20b?c=d#e')
})

test('tokens of the issuer are taken over REST, and no others that say they are its', async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const now = Math.floor(Date.now() / 1000)
  const claims = { sub: 'u-1', iss: issuer.url, aud: clientId, exp: now + 60, email_verified: true }
  const ask = async (token: string) => {
    const client = new RestClient(server.url)
    client.authorization = `Bearer ${token}`
    const { status, body } = await account(client)
    return status === 200 ? 200 : [status, body.data.why]
  }
  const own = await issuer.tokenFor(ana)
  assert.equal(await ask(own), 200)

  const { kid } = JSON.parse(Buffer.from(own.split('.')[0]!, 'base64url').toString()) as { kid: string }
  const sign = (more: object, header: object = {}) =>
    new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: 'RS256', kid, ...header }).sign(privateKey)
  assert.deepEqual(await ask(await sign({})), [401, 'bad-signature'])
  const jwk = await exportJWK(publicKey)
  assert.deepEqual(await ask(await sign({}, { kid: 'other', jwk })), [401, 'unknown-key'])
  const secret = Buffer.from(clientSecret)
  const symmetric = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid }).sign(secret)
  assert.deepEqual(await ask(await symmetric), [401, 'wrong-algorithm'])
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  assert.deepEqual(await ask(`${part({ alg: 'none' })}.${part(claims)}.`), [401, 'wrong-algorithm'])
  assert.deepEqual(await ask(await issuer.tokenFor(ana, { aud: 'somebody-else' })), [401, 'wrong-audience'])
  assert.deepEqual(await ask(await issuer.tokenFor(ana, { exp: now - 60 })), [401, 'expired'])
  assert.deepEqual(await ask(await issuer.tokenFor({ sub: 'nobody-yet' })), [401, 'no-email'])
  assert.deepEqual(await ask(await sign({ iss: 'https://elsewhere.example' })), [401, 'wrong-audience'])
})

test('with an issuer there are no passwords here, and the server says so', async () => {
  const client = new RestClient(server.url)
  const { accounts } = (await client.get('/server')).body
  const { enabled, registration, passwords, external } = accounts
  assert.deepEqual([enabled, registration, passwords], [true, 'closed', false])
  assert.deepEqual(external, { name: 'Example', startUrl: '/api/v1/auth/external/start' })
  const email = 'dora@example.org'
  assert.equal(
    (await client.post('/auth/login', { email, password: goodPassword })).body.code,
    'not-supported',
  )
  const form = { email, password: goodPassword, name: 'Dora', consent: true }
  assert.equal((await client.post('/auth/register', form)).body.code, 'not-supported')
})

test('whoever logged in through the issuer deletes their account without a password', async () => {
  const { browser } = await logIn({ sub: 'u-9', email: 'eve@example.org', email_verified: true, name: 'Eve' })
  browser.origin = publicUrl
  assert.equal((await browser.post('/account/delete', {})).status, 204)
  assert.equal((await account(browser)).status, 401)
})
