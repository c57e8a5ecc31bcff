import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { AppError } from '../lib/app-error.ts'
import { silent } from '../tests/support/databases.ts'
import { until } from '../tests/support/until.ts'
import { assertGoodPassword } from './password-rules.ts'
import { isOutdated, Passwords } from './passwords.ts'

const isUnavailable = (error: unknown): boolean => error instanceof AppError && error.code === 'unavailable'

function isRunning(pid: number): boolean {
  try {
    // A process that has ended and waits for its parent is still listed.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

test('a hash says how it was made and fits its password only', async (t) => {
  const passwords = new Passwords({ log: silent })
  t.after(() => passwords.close())
  const hash = await passwords.hash('Pässwort mit Ümlaut')
  assert.match(hash, /^\$argon2id\$v=19\$m=12288,t=3,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  assert.notEqual(await passwords.hash('Pässwort mit Ümlaut'), hash)
  assert.equal(await passwords.matches('Pässwort mit Ümlaut'.normalize('NFD'), hash), true)
  assert.equal(await passwords.matches('Passwort mit Umlaut', hash), false)
  assert.equal(await passwords.matches('anything', undefined), false)
  assert.equal(isOutdated(hash), false)
})

test('hashes of another cost still fit, and are known to be outdated', async (t) => {
  const passwords = new Passwords({ log: silent })
  t.after(() => passwords.close())
  // Made with another implementation, from "password" and "somesalt" (argon2's own test vector).
  const hash = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
  assert.equal(await passwords.matches('password', hash), true)
  assert.equal(await passwords.matches('passwort', hash), false)
  assert.equal(isOutdated(hash), true)
})

test('every thread of the password process steps back behind the calls', async (t) => {
  const passwords = new Passwords({ log: silent, threads: 3 })
  t.after(() => passwords.close())
  await Promise.all([1, 2, 3, 4].map(() => passwords.hash('something')))
  const tasks = `/proc/${passwords.pid}/task`
  const niceness = readdirSync(tasks).map((thread) => {
    const [, fields = ''] = readFileSync(`${tasks}/${thread}/stat`, 'utf8').split(') ')
    return Number(fields.split(' ')[16])
  })
  assert.ok(niceness.length > 3)
  assert.deepEqual(new Set(niceness), new Set([10]))
})

test('what does not fit into the queue is refused at once', async (t) => {
  const passwords = new Passwords({ log: silent, maxJobs: 2, threads: 1 })
  t.after(() => passwords.close())
  const fitting = [passwords.hash('one'), passwords.hash('two')]
  await assert.rejects(passwords.hash('three'), isUnavailable)
  await Promise.all(fitting)
  await passwords.hash('three')
})

test('a killed password process is told to whoever waits, and the next one starts another', async (t) => {
  const passwords = new Passwords({ log: silent })
  t.after(() => passwords.close())
  await passwords.hash('one')
  const first = passwords.pid!
  const waiting = [passwords.hash('two'), passwords.hash('three')]
  process.kill(first, 'SIGKILL')
  await Promise.all(waiting.map((hash) => assert.rejects(hash, isUnavailable)))
  await passwords.hash('four')
  assert.notEqual(passwords.pid, first)
})

test('a password process that cannot be started is tried again by the next log-in', async (t) => {
  const passwords = new Passwords({ log: silent })
  t.after(() => passwords.close())
  const { execPath } = process
  process.execPath = '/nowhere/node'
  try {
    await assert.rejects(passwords.hash('one'), isUnavailable)
  } finally {
    process.execPath = execPath
  }
  await passwords.hash('two')
})

test('the password process ends when idle and with its owner', async () => {
  const passwords = new Passwords({ log: silent, idleMs: 20 })
  assert.equal(passwords.pid, undefined, 'none is started before it is needed')
  await passwords.hash('one')
  await until('the idle process is gone', () => passwords.pid === undefined)
  await passwords.hash('two')
  const pid = passwords.pid!
  const waiting = passwords.hash('three')
  passwords.close()
  await assert.rejects(waiting, isUnavailable)
  await assert.rejects(passwords.hash('four'), isUnavailable)
  await until('it is gone', () => !isRunning(pid))
})

test('passwords that everybody tries first are refused', () => {
  const whyNot = (password: string): unknown => {
    try {
      assertGoodPassword(password, { minLength: 10, email: 'ana.ruiz@example.org' })
      return undefined
    } catch (error) {
      assert.ok(error instanceof AppError)
      return error.data?.['why']
    }
  }
  assert.equal(whyNot('short'), 'too-short')
  assert.equal(whyNot('x'.repeat(257)), 'too-long')
  const common = ['password123', 'Qwertyuiop!', 'aaaaaaaaaaaa', 'abababababab', '1234567890', '9876543210']
  for (const password of [...common, 'ana.ruiz@example.org', 'Ana.Ruiz2026']) {
    assert.equal(whyNot(password), 'too-common', password)
  }
  for (const password of ['correct horse battery', '8401759263', 'passwords are hard']) {
    assert.equal(whyNot(password), undefined, password)
  }
})
