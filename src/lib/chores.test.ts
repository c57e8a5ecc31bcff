import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { until } from '../tests/support/until.ts'
import { Chores } from './chores.ts'

test('chores are done at the start and again, also after one that failed, and never after closing', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let lines = ''
  const log = pino({ level: 'warn' }, { write: (line: string) => void (lines += line) })
  const done: string[] = []
  const chores = new Chores({
    everyMs: 1000,
    log,
    chores: {
      failing: async () => {
        done.push('failing')
        throw new Error('no database')
      },
      cleaning: async () => void done.push('cleaning'),
    },
  })
  await until('both were done at the start', () => done.length >= 2)
  t.mock.timers.tick(1000)
  await until('both were done again', () => done.length >= 4)
  assert.deepEqual(done.slice(0, 4), ['failing', 'cleaning', 'failing', 'cleaning'])
  assert.match(lines, /"chore":"failing".*a chore could not be done/)
  await chores.close()
  t.mock.timers.tick(10_000)
  await new Promise(setImmediate)
  assert.equal(done.length, 4)
})

test('closing waits for the chore under way', async () => {
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  const chores = new Chores({
    everyMs: 1000,
    log: pino({ level: 'silent' }),
    chores: { slow: () => finished },
  })
  let isClosed = false
  const closing = chores.close().then(() => (isClosed = true))
  await Promise.resolve()
  assert.equal(isClosed, false)
  finish()
  await closing
})
