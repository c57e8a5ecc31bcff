import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import type { Browser, Page } from 'playwright-core'
import { goodPassword, person } from './support/accounts.ts'
import { openPage, startBrowser } from './support/browser.ts'
import { Caller } from './support/caller.ts'
import { clientId, clientSecret, startIssuer } from './support/issuer.ts'
import { RestClient } from './support/rest-client.ts'
import { startServer, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

/** An account in the web app as people have it: from the mail to the second step and out again; and what admins do. */

const password = 'river otter at dawn'
const stepMs = 30_000

let server: TestServer
let browser: Browser
/** The address of links in mails, so that cookies go with them. */
let url: string
before(async () => {
  server = await startServer({}, undefined, { withDatabase: true })
  url = server.url.replace('127.0.0.1', 'localhost')
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await server?.close()
})

async function fillRegistration(page: Page, { name, email }: { name: string; email: string }): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('E-mail', { exact: true }).fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('checkbox').check()
  await page.getByTestId('create-account').click()
}

async function logIn(page: Page, { email, password }: { email: string; password: string }): Promise<void> {
  await page.getByLabel('E-mail', { exact: true }).fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByTestId('log-in').click()
}

async function logOut(page: Page): Promise<void> {
  await page.getByTestId('account-menu').click()
  await page.getByTestId('log-out').click()
  await page.getByTestId('account-menu').waitFor({ state: 'detached' })
}

/** Opens the newest kept mail to somebody in the browser and follows its link that begins with `path`. */
async function followMail(page: Page, email: string, path: string): Promise<void> {
  await until(`a mail to ${email} is kept`, async () => {
    await page.goto(`${url}/mails`)
    return (await page.getByText(email).count()) > 0
  })
  await page.locator('.mails a').filter({ hasText: email }).first().click()
  await page.locator(`pre a[href*="${path}"]`).first().click()
}

test('somebody registers, opens the mail, logs in, sets up a second step, changes the password and leaves', async () => {
  const email = 'ben@example.org'
  const { page, context, complaints } = await openPage(browser, `${url}/register`)
  await fillRegistration(page, { name: 'Ben Okoye', email })
  await page.getByTestId('check-mail').getByText(email).waitFor()

  // Before the mail is opened, the right password says what is missing.
  await page.getByRole('link', { name: 'Log in' }).last().click()
  await logIn(page, { email, password })
  await page.getByTestId('note-warning').getByText('Open the link').waitFor()
  complaints.length = 0

  await followMail(page, email, '/verify')
  await page.getByTestId('go-on').click()
  assert.equal(await page.getByLabel('E-mail', { exact: true }).inputValue(), email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByTestId('log-in').click()
  await page.getByTestId('account-menu').waitFor()

  // The second step: the key typed into an authenticator, its code back, recovery codes once.
  await page.goto(`${url}/account/security`)
  await page.getByTestId('set-up-second-factor').click()
  const secret = await page.getByLabel('Key for the authenticator app').inputValue()
  await page.locator('img.qr').evaluate('(image) => image.decode()')
  const app = new TOTP({ secret: Secret.fromBase32(secret) })
  await page.getByLabel('The code the app shows').fill(app.generate())
  await page.getByTestId('confirm-second-factor').click()
  const listed = page.getByTestId('recovery-codes').locator('.codes li')
  await listed.first().waitFor()
  const codes = await listed.allTextContents()
  assert.equal(codes.length, 10)
  await page.getByTestId('codes-kept').click()
  await page.getByTestId('second-factor').getByText('On', { exact: true }).waitFor()
  assert.deepEqual(complaints, [])

  // From now on the password is not enough, and a log-in leads back to where it was asked for.
  await logOut(page)
  await page.goto(`${url}/account/security`)
  await logIn(page, { email, password })
  await page.getByLabel('Code of your authenticator app').fill('000000')
  await page.getByTestId('log-in').click()
  await page.getByTestId('note-error').getByText('code').waitFor()
  // The code of now was used above, and each works once.
  await page
    .getByLabel('Code of your authenticator app')
    .fill(app.generate({ timestamp: Date.now() + stepMs }))
  await page.getByTestId('log-in').click()
  await page.getByTestId('sessions').getByText('This one').waitFor()
  assert.equal(new URL(page.url()).pathname, '/account/security')

  // Somebody else's device is logged in too; a new password ends that.
  const elsewhere = new RestClient(server.url)
  const other = await elsewhere.post('/auth/login', { email, password, code: codes[0] })
  assert.equal(other.status, 200)
  elsewhere.authorization = `Bearer ${other.body.accessToken}`
  await page.reload()
  await page
    .getByTestId('sessions')
    .getByRole('button', { name: /^Log out / })
    .nth(1)
    .waitFor()
  const next = 'otter river at dusk'
  await page.getByLabel('Present password').fill('not this one')
  await page.getByLabel('New password').fill(next)
  await page.getByTestId('change-password').click()
  await page.getByTestId('password').getByTestId('note-error').waitFor()
  await page.getByLabel('Present password').fill(password)
  await page.getByTestId('change-password').click()
  await page.getByTestId('toasts').getByText('Password changed').waitFor()
  assert.equal((await elsewhere.get('/account')).status, 401)
  await page.reload()
  await page.getByTestId('sessions').getByText('This one').waitFor()
  assert.equal(await page.getByTestId('sessions').getByRole('row').count(), 2, 'a head and this device')

  // The name on the account is the name in rooms.
  await page.goto(`${url}/account`)
  await page.getByLabel('Name', { exact: true }).fill('Ben O.')
  await page.getByTestId('save-profile').click()
  await page.getByTestId('toasts').getByText('Saved').waitFor()
  await logOut(page)
  await page.goto(`${url}/account`)
  await page.getByText('Log in to see this page').waitFor()
  await context.close()
})

test('a session that is ended elsewhere asks to log in again and goes on at the same page; another tab follows', async () => {
  const email = 'eve@example.org'
  const { accounts } = await server.app.services()
  const by = { caller: { kind: 'server' }, actor: { kind: 'server' }, now: new Date() } as const
  const { account } = await accounts.users.add({ email, name: 'Eve', role: 'host' }, by)

  // The link that an admin's new user gets is the one for a forgotten password, too.
  const { page, context } = await openPage(browser, `${url}/forgot`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('button', { name: 'Send the link' }).click()
  await page.getByText('is on its way').waitFor()
  await followMail(page, email, '/reset')
  await page.getByLabel('New password').fill('short')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.getByText(/at least 10 characters/i).waitFor()
  await page.getByLabel('New password').fill(password)
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.getByTestId('go-on').click()
  await logIn(page, { email, password })
  await page.getByTestId('account-menu').waitFor()

  await page.goto(`${url}/account/security`)
  await page.getByTestId('sessions').getByText('This one').waitFor()
  const tab = await context.newPage()
  await tab.goto(`${url}/account`)
  await tab.getByTestId('save-profile').waitFor()

  await accounts.sessions.endAll(account.id)
  await tab.getByTestId('save-profile').click()
  await tab.getByText('You were logged out').waitFor()
  await page.getByText('You were logged out').waitFor()
  await logIn(page, { email, password })
  await page.getByTestId('sessions').getByText('This one').waitFor()
  await tab.getByTestId('save-profile').waitFor()
  await context.close()
})

test('a session that ran out is renewed once for all tabs', async () => {
  const { email } = await person(server)
  const { page, context } = await openPage(browser, `${url}/login`)
  await logIn(page, { email, password: goodPassword })
  await page.getByTestId('account-menu').waitFor()
  const tab = await context.newPage()
  const pages = [page, tab]
  for (const each of pages) await each.goto(`${url}/account/security`)
  for (const each of pages) await each.getByTestId('sessions').getByText('This one').waitFor()

  // As after a night with the lid closed: the access cookie is over, and the page knows it.
  await context.clearCookies({ name: 'sluice_access' })
  await page.evaluate(() => {
    const { refreshUntil } = JSON.parse(localStorage.getItem('sluice:session')!)
    localStorage.setItem('sluice:session', JSON.stringify({ accessUntil: 1, refreshUntil }))
  })
  let renewals = 0
  context.on('request', (request) => {
    if (request.url().endsWith('/auth/refresh')) renewals++
  })
  await Promise.all(pages.map((each) => each.reload()))
  for (const each of pages) await each.getByTestId('sessions').getByText('This one').waitFor()
  assert.equal(renewals, 1)

  // A cookie that is gone although the page believes in it is noticed by the first refusal.
  await context.clearCookies({ name: 'sluice_access' })
  await page.reload()
  await page.getByTestId('sessions').getByText('This one').waitFor()
  assert.equal(renewals, 2)
  await context.close()
})

test('somebody takes a copy of their data, subscribes to a calendar and deletes the account', async () => {
  const { email, client } = await person(server)
  const { page, context } = await openPage(browser, `${url}/login?returnTo=/account/data`)
  await logIn(page, { email, password: goodPassword })

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Get the copy' }).click(),
  ])
  const copy = JSON.parse(await readFile(await download.path(), 'utf8')) as { account: { email: string } }
  assert.equal(copy.account.email, email)

  await page.getByRole('button', { name: 'Make an address' }).click()
  const feed = new URL(await page.getByLabel('Address of your calendar').inputValue())
  const calendar = await fetch(server.url + feed.pathname)
  assert.match(await calendar.text(), /BEGIN:VCALENDAR/)

  await page.getByRole('button', { name: 'Delete my account' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Your password').fill('not this one')
  await dialog.getByRole('button', { name: 'Delete it for good' }).click()
  await dialog.getByText('password is wrong').waitFor()
  await dialog.getByLabel('Your password').fill(goodPassword)
  await dialog.getByRole('button', { name: 'Delete it for good' }).click()
  await page.getByTestId('account-menu').waitFor({ state: 'detached' })
  assert.equal((await client.get('/account')).status, 401)
  assert.equal((await fetch(server.url + feed.pathname)).status, 404)
  await context.close()
})

test('the first admin makes an API key and a user, looks into a live room, mutes and removes, and finds it all in the audit log', async () => {
  const code = server.app.setUpCode.reveal()
  const { page, context, complaints } = await openPage(browser, `${url}/register?setUpCode=${code}`)
  await fillRegistration(page, { name: 'Mara Lindqvist', email: 'mara@example.org' })
  await page.getByTestId('account-menu').waitFor()

  await page.goto(`${url}/admin/api-keys`)
  await page.getByTestId('new-key').first().click()
  await page.getByLabel('Name', { exact: true }).fill('Classroom backend')
  await page.getByTestId('create-key').click()
  const id = await page.getByTestId('key-created').getByLabel('Key id').inputValue()
  const secret = await page.getByTestId('key-created').getByLabel('Secret').inputValue()
  const backend = new RestClient(server.url)
  backend.authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
  assert.equal((await backend.get('/rooms')).status, 200)
  await page.getByRole('button', { name: 'I have it' }).click()
  await page.getByRole('row').filter({ hasText: 'Classroom backend' }).waitFor()

  await page.goto(`${url}/admin/users`)
  await page.getByTestId('new-user').click()
  await page.getByLabel('Name', { exact: true }).fill('Chloé Laurent')
  await page.getByLabel('E-mail', { exact: true }).fill('chloe@example.org')
  await page.getByLabel('Role', { exact: true }).selectOption('member')
  await page.getByTestId('create-user').click()
  const link = await page.getByTestId('user-created').getByLabel('Link to choose a password').inputValue()
  assert.match(link, /\/reset\?token=/)
  await page.getByRole('button', { name: 'Done' }).click()
  const row = page.getByRole('row').filter({ hasText: 'chloe@example.org' })
  await row.getByRole('button', { name: 'Actions for Chloé Laurent' }).click()
  await row.getByRole('button', { name: 'Disable' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
  await row.getByText('Disabled').waitFor()
  await page.getByLabel('Search by name or e-mail').fill('mara@')
  await row.waitFor({ state: 'detached' })
  await page.getByRole('row').filter({ hasText: 'mara@example.org' }).waitFor()

  const guest = await Caller.join(browser, { url: server.url, room: 'algebra-7b', name: 'Dan' })
  await page.goto(`${url}/admin/rooms`)
  const room = page.getByTestId('live-room').filter({ hasText: 'algebra-7b' })
  await room.getByText('Dan').waitFor()
  await room.getByRole('button', { name: 'Mute Dan' }).click()
  await room.getByRole('img', { name: 'Microphone off' }).waitFor()
  await room.getByRole('button', { name: 'Remove Dan' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await guest.page.getByTestId('end-screen').waitFor()
  await guest.page.context().close()

  await page.goto(`${url}/admin/audit`)
  const log = page.getByTestId('audit')
  await log.getByText('Mara Lindqvist made an account for Chloé Laurent').waitFor()
  await log.getByText('Mara Lindqvist made the API key Classroom backend').waitFor()
  await log.getByText(/Mara Lindqvist removed .+ from algebra-7b/).waitFor()
  await page.getByLabel('What').selectOption('api-key.created')
  await log.getByText('Chloé').waitFor({ state: 'detached' })
  await log.getByText('Mara Lindqvist made the API key Classroom backend').waitFor()
  assert.equal(await log.getByRole('listitem').count(), 1)
  // The room of the removed guest may close between two looks at it, and browsers complain of that by themselves.
  const serious = complaints.filter((complaint) => !complaint.includes('404 (Not Found)'))
  assert.deepEqual(serious, [])
  await context.close()
})

test('who is not an admin is told so, and a link after a log-in leads nowhere else', async () => {
  const { email } = await person(server, { role: 'member' })
  const { page, context } = await openPage(browser, `${url}/login?returnTo=//example.com/x`)
  await logIn(page, { email, password: goodPassword })
  await page.getByTestId('account-menu').waitFor()
  await until('the log-in leads home', () => page.url() === `${url}/`, { why: () => page.url() })
  await page.goto(`${url}/admin/users`)
  await page.getByRole('heading', { name: 'This is for admins' }).waitFor()
  await context.close()
})

test('people log in at an issuer and land where they wanted to go; that it refused is told', async () => {
  const port = await freePort()
  const here = `http://localhost:${port}`
  const issuer = await startIssuer({ redirectUri: `${here}/api/v1/auth/external/callback` })
  const settings = {
    SLUICE_HTTP_PORT: String(port),
    SLUICE_ACCOUNTS_ISSUER: issuer.url,
    SLUICE_ACCOUNTS_ISSUER_NAME: 'Example',
    SLUICE_ACCOUNTS_CLIENT_ID: clientId,
    SLUICE_ACCOUNTS_CLIENT_SECRET: clientSecret,
  }
  const other = await startServer(settings, undefined, { withDatabase: true })
  try {
    const { page, context } = await openPage(browser, `${here}/account/security`)
    await page.getByRole('link', { name: 'Log in with Example' }).click()
    await page.getByTestId('note-error').getByText('did not work').waitFor()
    assert.equal(await page.getByTestId('log-in').count(), 0, 'no passwords here')

    issuer.person = { sub: 'u-1', email: 'gil@example.org', email_verified: true, name: 'Gil' }
    await page.goto(`${here}/account/security`)
    await page.getByRole('link', { name: 'Log in with Example' }).click()
    await page.getByTestId('sessions').getByText('This one').waitFor()
    assert.equal(page.url(), `${here}/account/security`)
    await page.getByText('You log in with Example').waitFor()
    await context.close()
  } finally {
    await other.close()
    await issuer.close()
  }
})

/** A port that was free a moment ago: the issuer has to know the address of the server before there is one. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
