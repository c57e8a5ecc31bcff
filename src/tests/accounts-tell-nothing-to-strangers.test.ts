import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { goodPassword, keptMails, mailTo, person } from './support/accounts.ts'
import { RestClient, type Answer } from './support/rest-client.ts'
import { startServer, type TestServer } from './support/server.ts'

/** Nobody learns from this server whether an address has an account, or guesses their way in. */

const known = 'known@example.org'
const unknown = 'unknown@example.org'

let server: TestServer
before(async () => {
  server = await startServer({ SLUICE_HTTP_TRUST_PROXY: 'true' }, undefined, { withDatabase: true })
  await person(server, { email: known })
})
after(() => server?.close())

let strangers = 0
/** Somebody from an address of their own. */
const stranger = () => new RestClient(server.url, { address: `192.0.2.${++strangers}` })

/** What a stranger can see of an answer. */
const visible = ({ status, headers, body }: Answer) => {
  const { date: _date, ...others } = Object.fromEntries(headers)
  return { status, headers: others, body }
}

const asks: Record<string, (email: string, client: RestClient) => Promise<Answer>> = {
  'a log-in with a wrong password': (email, client) =>
    client.post('/auth/login', { email, password: 'not the password' }),
  'a forgotten password': (email, client) => client.post('/auth/forgot', { email }),
  'a mail to verify': (email, client) => client.post('/auth/verify/resend', { email }),
  registering: (email, client) =>
    client.post('/auth/register', { email, password: goodPassword, name: 'Somebody', consent: true }),
}

for (const [what, ask] of Object.entries(asks)) {
  test(`${what} is answered alike whether or not there is an account`, async () => {
    const there = await ask(known, stranger())
    const notThere = await ask(unknown, stranger())
    assert.deepEqual(visible(there), visible(notThere))
  })
}

test('the owner of an address hears by mail that somebody wanted to register with it', async () => {
  const mail = await mailTo(server.dataDir, known, 'address-in-use')
  assert.match(mail.text, /\/forgot/)
  await mailTo(server.dataDir, unknown, 'verify')
  assert.ok(!keptMails(server.dataDir).some((kept) => kept.to === unknown && kept.kind === 'reset'))
})

test('an address without an account costs as much hashing as one with, and mails take the same time', async () => {
  const { accounts } = await server.app.services()
  const hashTicks = () => {
    const [, fields = ''] = readFileSync(`/proc/${accounts.passwords.pid}/stat`, 'utf8').split(') ')
    return Number(fields.split(' ')[11]) + Number(fields.split(' ')[12])
  }
  const costOf = async (email: string) => {
    const before = hashTicks()
    for (let i = 0; i < 9; i++) await stranger().post('/auth/login', { email, password: `wrong ${i}` })
    return hashTicks() - before
  }
  await person(server, { email: 'known-2@example.org' })
  const [there, notThere] = [await costOf('known-2@example.org'), await costOf(unknown)]
  assert.ok(there > 5 && notThere > there / 3 && notThere < there * 3, `${there} and ${notThere} ticks`)

  for (const email of ['known-2@example.org', 'unknown-2@example.org']) {
    const startMs = performance.now()
    await stranger().post('/auth/forgot', { email })
    assert.ok(performance.now() - startMs >= 249, email)
  }
})

test('guessing is limited per e-mail address, with or without an account, wherever it comes from', async () => {
  for (const email of ['known-3@example.org', 'unknown-3@example.org']) {
    if (email.startsWith('known')) await person(server, { email })
    const statuses: number[] = []
    for (let i = 0; i < 11; i++) {
      const { status } = await stranger().post('/auth/login', { email: email.toUpperCase(), password: 'x' })
      statuses.push(status)
    }
    assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 401), 429], email)
    const right = await stranger().post('/auth/login', { email, password: goodPassword })
    assert.deepEqual([right.status, right.body.code], [429, 'rate-limited'])
    assert.ok(Number(right.headers.get('retry-after')) > 0)
  }
})

test('nobody gets more than three mails in a quarter of an hour', async () => {
  const statuses: number[] = []
  for (let i = 0; i < 4; i++) statuses.push((await stranger().post('/auth/forgot', { email: known })).status)
  assert.equal(statuses.at(-1), 429)
})

test('what is special about an account is told only with its password', async () => {
  const { id } = await person(server, { email: 'gone@example.org' })
  const { accounts } = await server.app.services()
  const by = { caller: { kind: 'server' }, actor: { kind: 'server' }, now: new Date() } as const
  await accounts.users.change(id, { disabled: true }, by)
  const logIn = async (password: string) =>
    (await stranger().post('/auth/login', { email: 'gone@example.org', password })).body.data
  assert.deepEqual(await logIn('a wrong one'), { why: 'wrong-credentials' })
  assert.deepEqual(await logIn(goodPassword), { why: 'disabled' })
})

test('links in mails lead to the configured address, whatever Host a request names', async () => {
  const client = stranger()
  const { port } = server
  await person(server, { email: 'host@example.org' })
  await client.call('POST', '/auth/forgot', {
    body: { email: 'host@example.org' },
    headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
  })
  const mail = await mailTo(server.dataDir, 'host@example.org', 'reset')
  assert.match(mail.text, new RegExp(`http://localhost:${port}/reset\\?token=`))
  assert.ok(!(mail.text + mail.html).includes('evil'))
})
