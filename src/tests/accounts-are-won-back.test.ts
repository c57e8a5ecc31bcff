import assert from 'node:assert/strict'
import { goodPassword, keptMails, mailTo, person, tokenIn } from './support/accounts.ts'
import { forEachEngine } from './support/databases.ts'
import { RestClient } from './support/rest-client.ts'
import { startServer, withServer, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

/** Whoever once knew a password or read a mailbox has nothing left of it after the owner has taken the account back. */

const newPassword = 'only the owner knows it'
/** At once: enough for the database to show in which order rows are held. */
const together = 6

forEachEngine('links and requests from before a reset are worth nothing after it', async (where) => {
  await withServer(settingsFor(where), async (server) => {
    const anybody = new RestClient(server.url)
    const logIn = (email: string, password: string) => anybody.post('/auth/login', { email, password })
    const resetToken = async (email: string): Promise<string> => {
      await anybody.post('/auth/forgot', { email })
      return tokenIn(await mailTo(where.dataDir, email, 'reset'))
    }

    // Whoever has the password asks for another address; the owner sets a new password before the link is opened.
    const ana = await person(server)
    const stolen = { email: 'thief@example.org', password: goodPassword }
    assert.equal((await ana.client.post('/account/email', stolen)).status, 202)
    const link = tokenIn(await mailTo(where.dataDir, stolen.email, 'change-email'))
    const reset = { token: await resetToken(ana.email), password: newPassword }
    assert.equal((await anybody.post('/auth/reset', reset)).status, 204)
    assert.equal((await anybody.post('/auth/verify', { token: link })).status, 404)
    assert.equal((await logIn(ana.email, newPassword)).status, 200)

    // Whoever reads the mailbox that was left behind asked for a new password before.
    const ben = await person(server)
    const left = await resetToken(ben.email)
    const moved = { email: 'ben-moved@example.org', password: goodPassword }
    assert.equal((await ben.client.post('/account/email', moved)).status, 202)
    const move = tokenIn(await mailTo(where.dataDir, moved.email, 'change-email'))
    assert.equal((await anybody.post('/auth/verify', { token: move })).status, 200)
    const late = await anybody.post('/auth/reset', { token: left, password: newPassword })
    assert.equal(late.status, 404)

    // Whoever has the password changes it at the very moment in which the owner sets a new one.
    const eve = await person(server)
    const theirs = 'only the thief knows it'
    const token = await resetToken(eve.email)
    const [byOwner, byThief] = await Promise.all([
      anybody.post('/auth/reset', { token, password: newPassword }),
      eve.client.post('/account/password', { current: goodPassword, next: theirs }),
    ])
    // The one who was first ends what the other has: a link, or the knowledge of the password.
    const isOwners = byOwner.status === 204
    assert.deepEqual([byOwner.status, byThief.status], isOwners ? [204, 403] : [404, 204])
    assert.equal((await logIn(eve.email, isOwners ? newPassword : theirs)).status, 200)
  })
})

forEachEngine('who registers an address that waits for its owner gets nothing by that', async (where) => {
  await withServer(settingsFor(where), async (server) => {
    const anybody = new RestClient(server.url)
    const email = 'ana@example.org'
    const register = (password: string, name = 'Ana') =>
      anybody.post('/auth/register', { email, password, name, consent: true })
    const logIn = async (password: string) => (await anybody.post('/auth/login', { email, password })).status
    const theirs = 'only the thief knows it'
    assert.equal((await register(goodPassword)).status, 202)
    const first = tokenIn(await mailTo(where.dataDir, email, 'verify'))
    assert.equal((await register(theirs, 'Thief')).status, 202)
    const second = tokenIn(await mailTo(where.dataDir, email, 'choose-password'))
    assert.equal((await anybody.post('/auth/verify', { token: first })).status, 404)
    assert.equal((await anybody.post('/auth/verify', { token: second })).status, 404)
    assert.deepEqual([await logIn(goodPassword), await logIn(theirs)], [401, 401])

    const chosen = await anybody.post('/auth/reset', { token: second, password: newPassword })
    assert.equal(chosen.status, 204)
    assert.deepEqual([await logIn(theirs), await logIn(newPassword)], [401, 200])
    const { body } = await anybody.post('/auth/login', { email, password: newPassword })
    assert.equal(body.account.name, 'Ana')
  })
})

forEachEngine('log-outs and renewals at the same time end the session, and none fails', async (where) => {
  await withServer(settingsFor(where), async (server) => {
    const { email } = await person(server)
    const anybody = new RestClient(server.url)
    for (const way of ['/auth/logout', '/auth/logout-everywhere']) {
      const { body } = await anybody.post('/auth/login', { email, password: goodPassword })
      const { refreshToken, accessToken } = body
      const ana = new RestClient(server.url)
      ana.authorization = `Bearer ${accessToken}`
      const renew = () => anybody.post('/auth/refresh', { refreshToken })
      const renewals = Array.from({ length: together }, renew)
      const [out, ...renewed] = await Promise.all([ana.post(way), ...renewals])
      assert.equal(out.status, 204, `${way}: ${JSON.stringify(out.body)}`)
      for (const { status, body: given } of renewed) {
        assert.ok(status === 200 || status === 401, `${status}`)
        if (status === 200) ana.authorization = `Bearer ${given.accessToken}`
      }
      assert.equal((await ana.get('/account')).status, 401)
    }
  })
})

forEachEngine('of those who take the same new address at once, one gets it', async (where) => {
  const server = await startServer(settingsFor(where))
  try {
    const wanted = 'wanted@example.org'
    const people = await Promise.all(Array.from({ length: together }, () => person(server)))
    const body = { email: wanted, password: goodPassword }
    await Promise.all(people.map(({ client }) => client.post('/account/email', body)))
    const links = await until('the mails come', () => {
      const mails = keptMails(where.dataDir).filter(({ to }) => to === wanted)
      return mails.length === together && mails.map(tokenIn)
    })
    assert.deepEqual(await statusesOf(server, links), [200, ...links.slice(1).map(() => 409)])
  } finally {
    await server.close()
  }
})

async function statusesOf(server: TestServer, links: readonly string[]): Promise<number[]> {
  const anybody = new RestClient(server.url)
  const answers = await Promise.all(links.map((token) => anybody.post('/auth/verify', { token })))
  return answers.map(({ status }) => status).toSorted()
}

function settingsFor(where: { dataDir: string; url: string | undefined }): Record<string, string> {
  return { SLUICE_DATA_DIR: where.dataDir, ...(where.url ? { DATABASE_URL: where.url } : {}) }
}
