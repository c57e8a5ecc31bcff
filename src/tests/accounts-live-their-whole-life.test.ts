import assert from 'node:assert/strict'
import { Secret, TOTP } from 'otpauth'
import { goodPassword, keptMails, mailTo, tokenIn } from './support/accounts.ts'
import { forEachEngine } from './support/databases.ts'
import { RestClient } from './support/rest-client.ts'
import { withServer } from './support/server.ts'
import { until } from './support/until.ts'

/** An account from its first mail to its end, over HTTP as a browser or a program sees it, on both databases. */

const email = 'ana@example.org'
const nextPassword = 'a second good password'

forEachEngine('an account is registered, verified, used, secured, recovered and deleted', async (where) => {
  const settings = { SLUICE_DATA_DIR: where.dataDir, ...(where.url ? { DATABASE_URL: where.url } : {}) }
  await withServer(settings, async (server) => {
    const { dataDir } = where
    const ana = new RestClient(server.url)
    const logIn = (more: object = {}) => ana.post('/auth/login', { email, password: goodPassword, ...more })

    // Registered with consent; until the address is confirmed, nobody gets in.
    const form = { email: 'Ana@Example.org', password: goodPassword, name: ' Ana ', consent: true }
    assert.equal((await ana.post('/auth/register', { ...form, consent: false })).status, 400)
    const registered = await ana.post('/auth/register', form)
    assert.deepEqual([registered.status, registered.body], [202, {}])
    const early = await logIn()
    assert.deepEqual([early.status, early.body.data], [401, { why: 'not-verified' }])
    const verification = await mailTo(dataDir, email, 'verify')
    assert.match(verification.text, new RegExp(`http://localhost:${server.port}/verify\\?token=`))

    // A link that was replaced by a newer one is worth nothing, and the newer one works once.
    assert.equal((await ana.post('/auth/verify/resend', { email })).status, 202)
    const newer = await until('a second mail comes', () => {
      const tokens = keptMails(dataDir).map(tokenIn)
      return tokens.find((token) => token !== tokenIn(verification))
    })
    const stale = await ana.post('/auth/verify', { token: tokenIn(verification) })
    assert.equal(stale.body.code, 'not-found')
    assert.deepEqual((await ana.post('/auth/verify', { token: newer })).body, { email })
    assert.equal((await ana.post('/auth/verify', { token: newer })).status, 404)

    // Logged in, she is herself.
    const first = await logIn()
    assert.equal(first.status, 200)
    const { accessToken, refreshToken, account } = first.body
    const { id, version, createdAt: _createdAt, consentAt, ...rest } = account
    assert.ok(consentAt)
    assert.deepEqual(rest, {
      email,
      emailVerified: true,
      name: 'Ana',
      role: 'host',
      secondFactor: false,
      hasPassword: true,
      disabled: false,
      settings: {},
    })
    assert.equal((await ana.get('/account')).status, 401)
    ana.authorization = `Bearer ${accessToken}`
    const me = await ana.get('/account')
    assert.deepEqual([me.body.id, me.headers.get('etag')], [id, `"${version}"`])

    // Changes know which version they change.
    const change = { body: { name: 'Ana Ruiz', settings: { timeZone: 'Europe/Madrid' } } }
    const changed = await ana.call('PATCH', '/account', {
      ...change,
      headers: { 'if-match': `"${version}"` },
    })
    assert.deepEqual([changed.body.name, changed.body.settings], ['Ana Ruiz', { timeZone: 'Europe/Madrid' }])
    const late = await ana.call('PATCH', '/account', { ...change, headers: { 'if-match': `"${version}"` } })
    assert.deepEqual([late.status, late.body.data.version], [412, changed.body.version])
    const merged = await ana.call('PATCH', '/account', { body: { settings: { language: 'es' } } })
    assert.deepEqual(merged.body.settings, { timeZone: 'Europe/Madrid', language: 'es' })
    const nowhere = await ana.call('PATCH', '/account', { body: { settings: { timeZone: 'Mars/Olympus' } } })
    assert.equal(nowhere.body.data.path, 'body.settings.timeZone')

    // Each refresh gives new tokens.
    ana.authorization = undefined
    const renewed = await ana.post('/auth/refresh', { refreshToken })
    assert.equal(renewed.status, 200)
    assert.notEqual(renewed.body.refreshToken, refreshToken)
    const sibling = await ana.post('/auth/refresh', { refreshToken })
    assert.equal(sibling.status, 200, 'a second tab, at the same moment')
    ana.authorization = `Bearer ${renewed.body.accessToken}`

    // A second factor: codes of an app, each once, and recovery codes.
    const { secret, uri, qrSvg } = (await ana.post('/account/second-factor')).body
    assert.match(uri, /^otpauth:\/\/totp\/Sluice:ana%40example\.org\?/)
    assert.match(qrSvg, /^<svg /)
    const code = (steps: number) =>
      TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: Date.now() + steps * 30_000 })
    const wrong = await ana.call('PUT', '/account/second-factor', { body: { code: '000000' } })
    assert.deepEqual([wrong.status, wrong.body.data], [403, { why: 'wrong-code' }])
    const confirmed = await ana.call('PUT', '/account/second-factor', { body: { code: code(-1) } })
    const { recoveryCodes } = confirmed.body
    assert.equal(new Set(recoveryCodes).size, 10)
    assert.equal((await ana.get('/account')).body.secondFactor, true)
    assert.equal((await logIn()).body.code, 'second-factor-needed')
    const now = code(0)
    assert.equal((await logIn({ code: now })).status, 200)
    assert.deepEqual((await logIn({ code: now })).body.data, { why: 'wrong-code' }, 'a code is good for once')
    assert.equal((await logIn({ code: recoveryCodes[0].toUpperCase() })).status, 200)
    assert.equal((await logIn({ code: recoveryCodes[0] })).status, 401, 'so is a recovery code')

    // Sessions are listed and ended one by one.
    const { items } = (await ana.get('/account/sessions')).body
    assert.equal(items.length, 3)
    const others = items.filter((session: { current: boolean }) => !session.current)
    assert.equal(others.length, 2)
    assert.equal((await ana.call('DELETE', `/account/sessions/${others[0].id}`)).status, 204)
    assert.equal((await ana.call('DELETE', `/account/sessions/${others[0].id}`)).status, 404)

    const off = { password: goodPassword, code: recoveryCodes[1] }
    const wrongPassword = await ana.post('/account/second-factor/disable', { ...off, password: 'wrong one' })
    assert.deepEqual([wrongPassword.status, wrongPassword.body.data], [403, { why: 'wrong-password' }])
    assert.equal((await ana.post('/account/second-factor/disable', off)).status, 204)
    assert.equal((await ana.get('/account')).body.secondFactor, false)

    // A new address counts when its link was opened; the old one hears of it.
    const moved = 'ana@example.net'
    assert.equal((await ana.post('/account/email', { email: moved, password: goodPassword })).status, 202)
    const move = tokenIn(await mailTo(dataDir, moved, 'change-email'))
    assert.equal((await ana.get('/account')).body.email, email)
    assert.deepEqual((await ana.post('/auth/verify', { token: move })).body, { email: moved })
    await mailTo(dataDir, email, 'email-changed')
    assert.equal((await ana.get('/account')).body.email, moved)

    // A forgotten password: by mail, and everybody else is out.
    assert.equal((await ana.post('/auth/forgot', { email: moved })).status, 202)
    const reset = tokenIn(await mailTo(dataDir, moved, 'reset'))
    const bad = await ana.post('/auth/reset', { token: reset, password: 'password123' })
    assert.deepEqual(bad.body.data, { path: 'body.password', why: 'too-common' })
    assert.equal((await ana.post('/auth/reset', { token: reset, password: nextPassword })).status, 204)
    assert.deepEqual((await ana.get('/account')).body.data, { why: 'session-ended' })
    ana.authorization = undefined
    assert.equal((await ana.post('/auth/reset', { token: reset, password: nextPassword })).status, 404)

    // Changing it keeps this session and ends the others.
    const again = await ana.post('/auth/login', { email: moved, password: nextPassword })
    const elsewhere = await ana.post('/auth/login', { email: moved, password: nextPassword })
    ana.authorization = `Bearer ${again.body.accessToken}`
    const passwords = { current: nextPassword, next: goodPassword }
    assert.equal((await ana.post('/account/password', { ...passwords, current: 'no' })).status, 403)
    assert.equal((await ana.post('/account/password', passwords)).status, 204)
    assert.equal((await ana.get('/account')).status, 200)
    const out = new RestClient(server.url)
    assert.equal((await out.post('/auth/refresh', { refreshToken: elsewhere.body.refreshToken })).status, 401)

    // A copy of everything, then the end.
    const copy = (await ana.get('/account/export')).body
    assert.equal(copy.account.email, moved)
    assert.ok(copy.sessions.length > 0)
    assert.ok(copy.acts.some((act: { action: string }) => act.action === 'account.second-factor-enabled'))
    assert.equal((await ana.post('/account/delete', { password: 'not it' })).status, 403)
    assert.equal((await ana.post('/account/delete', { password: goodPassword })).status, 204)
    assert.equal((await ana.get('/account')).status, 401)
    ana.authorization = undefined
    const gone = await ana.post('/auth/login', { email: moved, password: goodPassword })
    assert.deepEqual(gone.body.data, { why: 'wrong-credentials' })

    const { db } = await server.app.services()
    for (const table of ['accounts', 'account_sessions', 'refresh_tokens', 'mail_tokens'] as const) {
      assert.deepEqual(await db.selectFrom(table).selectAll().execute(), [], table)
    }
    assert.ok(keptMails(dataDir).every((mail) => !mail.text.includes(goodPassword)))
  })
})
