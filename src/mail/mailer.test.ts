import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { pino } from 'pino'
import type { Config } from '../../config/schema.ts'
import { SecretBox } from '../auth/secret-box.ts'
import type { Db } from '../db/database.ts'
import { AppError } from '../lib/app-error.ts'
import type { Log } from '../lib/log.ts'
import { forEachDatabase, silent, type EmptyDatabase } from '../tests/support/databases.ts'
import { MailServer, refusal } from '../tests/support/mail-server.ts'
import { until } from '../tests/support/until.ts'
import type { Mail } from './mail.ts'
import { Mailer } from './mailer.ts'

const secret = 'https://meet.example.org/verify?token=very-secret'
const mail: Mail = {
  to: 'ana@example.org',
  kind: 'verify',
  subject: 'Willkommen, Zoë ✓',
  text: `Open ${secret} within a day.`,
}

interface Setting {
  readonly mode?: Config['mode']
  readonly smtpUrl?: string
  readonly log?: Log
}

async function makeMailer(
  t: TestContext,
  { db, where }: { db: Db; where: EmptyDatabase },
  { mode = 'production', smtpUrl = '', log = silent }: Setting,
): Promise<Mailer> {
  const { dataDir } = where
  const box = await SecretBox.create({ dataDir, encryptionKey: '' })
  const from = 'Sluice <sluice@example.org>'
  const mailer = await Mailer.create({ config: { mode, dataDir, mail: { smtpUrl, from } }, db, box, log })
  t.after(() => mailer.close())
  return mailer
}

async function startMailServer(t: TestContext, ...options: Parameters<typeof MailServer.start>) {
  const server = await MailServer.start(...options)
  t.after(() => server.stop())
  return server
}

const rows = (db: Db) => db.selectFrom('outgoing_mails').selectAll().orderBy('created_at').execute()

/** The one mail that is there, when this is true of it. */
function row(db: Db, what: string, is: (row: Awaited<ReturnType<typeof rows>>[number]) => boolean) {
  return until(what, async () => (await rows(db)).find(is), { why: () => rows(db) })
}

/** As if the time until the next try had passed. */
async function tryAgainNow(db: Db, mailer: Mailer): Promise<void> {
  await db
    .updateTable('outgoing_mails')
    .set({ next_attempt_at: new Date(), taken: false })
    .where('next_attempt_at', 'is not', null)
    .execute()
  // Any mail wakes the sender.
  await mailer.send({ ...mail, to: 'waker@example.org', kind: 'waker' })
}

forEachDatabase('a mail is delivered once, and what it said is then forgotten', async (db, t, where) => {
  const server = await startMailServer(t)
  const mailer = await makeMailer(t, { db, where }, { smtpUrl: server.url })
  assert.equal(mailer.available, true)
  const before = Buffer.from(secret)
  await mailer.send({
    ...mail,
    html: `<a href="${secret}">Verify</a>`,
    attachments: [
      {
        filename: 'meeting.ics',
        contentType: 'text/calendar; method=REQUEST',
        content: 'BEGIN:VCALENDAR\r\n',
      },
    ],
  })
  const sent = await row(db, 'the mail is sent', ({ outcome }) => outcome === 'sent')
  assert.equal(sent.content, null)
  assert.equal(sent.attempts, 1)
  assert.ok(sent.finished_at instanceof Date)
  assert.equal(server.received.length, 1)
  const [received] = server.received
  assert.equal(received!.from, 'sluice@example.org')
  assert.deepEqual(received!.to, ['ana@example.org'])
  assert.match(received!.text, /^From: Sluice <sluice@example\.org>\r?$/m)
  assert.match(received!.text, new RegExp(`^Message-ID: <${sent.id}@example\\.org>\\r?$`, 'm'))
  assert.match(received!.text, /^Content-Type: text\/calendar; method=REQUEST/m)
  assert.equal((await where.contents()).includes(before), false, 'no link lies in the database')
})

forEachDatabase('a mail of a transaction leaves when that is kept, and only then', async (db, t, where) => {
  const server = await startMailServer(t)
  const mailer = await makeMailer(t, { db, where }, { smtpUrl: server.url })
  const failing = db.transaction().execute(async (trx) => {
    await mailer.send({ ...mail, to: 'never@example.org' }, trx)
    throw new Error('no')
  })
  await assert.rejects(failing, /no/)
  await db.transaction().execute((trx) => mailer.send(mail, trx))
  await until('the mail is there', () => server.received.length > 0)
  assert.deepEqual(
    server.received.map(({ to }) => to[0]),
    ['ana@example.org'],
  )
})

forEachDatabase('a mail waits for a mail server that is away', async (db, t, where) => {
  const server = await startMailServer(t)
  const { url } = server
  await server.stop()
  const mailer = await makeMailer(t, { db, where }, { smtpUrl: url })
  await mailer.send(mail)
  const waiting = await row(db, 'the first try has failed', ({ last_error }) => last_error !== null)
  assert.match(waiting.last_error!, /^ESOCKET|^ECONNECTION/)
  assert.equal(waiting.outcome, null)
  const pauseMs = waiting.next_attempt_at!.getTime() - Date.now()
  assert.ok(pauseMs > 20_000 && pauseMs <= 30_000, `${pauseMs} ms to the next try`)

  await server.start()
  await tryAgainNow(db, mailer)
  await row(db, 'it is sent', ({ kind, outcome }) => kind === 'verify' && outcome === 'sent')
  assert.equal(server.received.filter(({ to }) => to[0] === mail.to).length, 1)
})

forEachDatabase('a mail that is refused for now comes again as the same mail', async (db, t, where) => {
  const server = await startMailServer(t)
  const ids: (string | undefined)[] = []
  server.decide = ({ text, to }) => {
    if (to[0] !== mail.to) return
    ids.push(/^Message-ID: (.*?)\r?$/m.exec(text)?.[1])
    if (ids.length === 1) throw refusal(451, '4.7.1 Greylisted, ask again')
  }
  const mailer = await makeMailer(t, { db, where }, { smtpUrl: server.url })
  await mailer.send(mail)
  const waiting = await row(db, 'the first try has failed', ({ last_error }) => last_error !== null)
  assert.equal(waiting.last_error, 'EMESSAGE 451 4.7.1 at DATA')
  await tryAgainNow(db, mailer)
  const sent = await row(db, 'it is sent', ({ kind, outcome }) => kind === 'verify' && outcome === 'sent')
  assert.equal(sent.attempts, 2)
  assert.equal(ids.length, 2)
  assert.equal(ids[0], ids[1])
})

forEachDatabase(
  'a mail that is refused for good is not tried again, and the log names nobody',
  async (db, t, where) => {
    const server = await startMailServer(t)
    server.greet = (address) => {
      throw refusal(550, `5.1.1 <${address}> unknown`)
    }
    let lines = ''
    const log = pino({ level: 'trace' }, { write: (line: string) => void (lines += line) })
    const mailer = await makeMailer(t, { db, where }, { smtpUrl: server.url, log })
    await mailer.send(mail)
    const refused = await row(db, 'it is refused', ({ outcome }) => outcome !== null)
    assert.equal(refused.outcome, 'refused')
    assert.equal(refused.content, null)
    assert.equal(refused.last_error, 'EENVELOPE 550 5.1.1 at RCPT TO')
    assert.match(lines, /"kind":"verify".*a mail was refused for good/)
    assert.doesNotMatch(lines, /ana@|very-secret|Willkommen/)
  },
)

forEachDatabase('a wrong password of the mail server is no fault of the mail', async (db, t, where) => {
  const server = await startMailServer(t, {
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: (_auth, _session, done) => done(refusal(535, '5.7.8 wrong')),
  })
  const smtpUrl = `smtp://sluice:wrong@127.0.0.1:${server.port}?ignoreTLS=true`
  const mailer = await makeMailer(t, { db, where }, { smtpUrl })
  await mailer.send(mail)
  const waiting = await row(db, 'the first try has failed', ({ last_error }) => last_error !== null)
  assert.equal(waiting.outcome, null)
  assert.match(waiting.last_error!, /^EAUTH 535/)
})

test('a password is not sent to a mail server without TLS', async (t) => {
  const { SmtpDelivery } = await import('./smtp.ts')
  let asked = false
  const server = await startMailServer(t, {
    allowInsecureAuth: true,
    onAuth: (_auth, _session, done) => {
      asked = true
      done(null, { user: 'sluice' })
    },
  })
  const delivery = new SmtpDelivery({
    smtpUrl: `smtp://sluice:hidden@127.0.0.1:${server.port}`,
    from: 'sluice@example.org',
  })
  const outgoing = { id: 'm1', createdAt: new Date(), mail }
  await assert.rejects(delivery.deliver(outgoing, AbortSignal.timeout(10_000)), /^DeliveryError: ETLS/)
  assert.equal(asked, false)
})

test('a mail goes to one address, whatever is in it', async (t) => {
  const { SmtpDelivery } = await import('./smtp.ts')
  const server = await startMailServer(t)
  const delivery = new SmtpDelivery({ smtpUrl: server.url, from: 'sluice@example.org' })
  const evil = {
    ...mail,
    to: 'ana@example.org, eve@example.org',
    subject: 'Hello\r\nBcc: eve@example.org\r\n\r\nbody',
  }
  await delivery
    .deliver({ id: 'm2', createdAt: new Date(), mail: evil }, AbortSignal.timeout(10_000))
    .catch(() => undefined)
  for (const { to, text } of server.received) {
    assert.ok(to.length <= 1)
    assert.doesNotMatch(text, /^Bcc:/im)
  }
  await delivery.deliver(
    { id: 'm3', createdAt: new Date(), mail: { ...evil, to: mail.to } },
    AbortSignal.timeout(10_000),
  )
  const { to, text } = server.received.at(-1)!
  assert.deepEqual(to, [mail.to])
  assert.doesNotMatch(text, /^Bcc:/im)
})

forEachDatabase(
  'a server that is killed in the middle of a mail sends it after its next start',
  async (db, t, where) => {
    const server = await startMailServer(t)
    // The first one never hears an answer.
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    server.decide = () => {
      begin()
      return new Promise(() => undefined)
    }
    let killed: () => Promise<void>
    if (where.url === undefined) {
      // The embedded database is open here: it is left as a process leaves it that is killed.
      const mailer = await makeMailer(t, { db, where }, { smtpUrl: server.url })
      await mailer.send(mail)
      killed = async () => {
        await mailer.close()
        const [cut] = await rows(db)
        assert.ok(cut!.next_attempt_at!.getTime() <= Date.now(), 'whoever closes leaves it due')
        await db
          .updateTable('outgoing_mails')
          .set({ taken: true, next_attempt_at: new Date(Date.now() + 120_000), last_error: null })
          .execute()
      }
    } else {
      const script = join(import.meta.dirname, '..', 'tests', 'support', 'mail-process.ts')
      const child = spawn(process.execPath, [script, where.dataDir, where.url, server.url], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      t.after(() => child.kill('SIGKILL'))
      await once(child.stdout, 'data')
      const outbox = await makeMailer(t, { db, where }, { smtpUrl: 'smtp://127.0.0.1:1' })
      await outbox.close()
      await outbox.send(mail)
      killed = async () => {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
    }
    await begun
    await killed()
    const [left] = await rows(db)
    assert.equal(left!.outcome, null)
    assert.notEqual(left!.content, null)

    server.decide = () => undefined
    const next = await makeMailer(t, { db, where }, { smtpUrl: server.url })
    if (where.url !== undefined) {
      // Another process might still be at it: nobody touches the mail before its time.
      assert.ok(left!.next_attempt_at!.getTime() > Date.now() + 30_000)
      await tryAgainNow(db, next)
    }
    const sent = await row(db, 'it is sent', ({ kind, outcome }) => kind === 'verify' && outcome === 'sent')
    assert.equal(sent.attempts, 2)
    assert.equal(server.received.filter(({ to }) => to[0] === mail.to).length, 1)
  },
)

forEachDatabase('two servers on one database never send a mail twice', async (db, t, where) => {
  const server = await startMailServer(t)
  const mailers = await Promise.all([1, 2].map(() => makeMailer(t, { db, where }, { smtpUrl: server.url })))
  const people = Array.from({ length: 30 }, (_, index) => `person-${index}@example.org`)
  await Promise.all(people.map((to, index) => mailers[index % 2]!.send({ ...mail, to })))
  await until('all are sent', async () => (await rows(db)).every(({ outcome }) => outcome === 'sent'))
  assert.deepEqual(server.received.map(({ to }) => to[0]).toSorted(), people.toSorted())
})

forEachDatabase(
  'a mail sealed with another key is given up, and the next one leaves',
  async (db, t, where) => {
    const server = await startMailServer(t)
    await db
      .insertInto('outgoing_mails')
      .values({
        id: 'old',
        kind: 'verify',
        content: new Uint8Array(64),
        created_at: new Date(),
        next_attempt_at: new Date(),
      })
      .execute()
    const mailer = await makeMailer(t, { db, where }, { smtpUrl: server.url })
    await mailer.send(mail)
    await row(db, 'the old one is given up', ({ id, outcome }) => id === 'old' && outcome === 'unreadable')
    await until('the new one is there', () => server.received.length === 1)
  },
)

forEachDatabase('in production without a mail server no mail is accepted', async (db, t, where) => {
  const mailer = await makeMailer(t, { db, where }, {})
  assert.equal(mailer.available, false)
  await assert.rejects(
    mailer.send(mail),
    (error) => error instanceof AppError && error.code === 'not-supported',
  )
  assert.deepEqual(await rows(db), [])
})

forEachDatabase(
  'notes of mails are deleted after a month, mails on their way never',
  async (db, t, where) => {
    const mailer = await makeMailer(t, { db, where }, {})
    const at = (text: string) => new Date(text)
    const common = { kind: 'verify', content: null, created_at: at('2026-01-01') }
    await db
      .insertInto('outgoing_mails')
      .values([
        { ...common, id: 'old', next_attempt_at: null, finished_at: at('2026-01-01'), outcome: 'sent' },
        { ...common, id: 'new', next_attempt_at: null, finished_at: at('2026-02-01'), outcome: 'sent' },
        { ...common, id: 'waiting', next_attempt_at: at('2030-01-01') },
      ])
      .execute()
    await mailer.forget(at('2026-02-02'))
    assert.deepEqual((await rows(db)).map(({ id }) => id).toSorted(), ['new', 'waiting'])
  },
)
