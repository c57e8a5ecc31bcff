import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextAttempt } from './retry.ts'

test('a mail is tried ten times, soon at first, within about a day', () => {
  const first = new Date('2026-11-20T10:00:00Z')
  const tries = [first]
  for (let at = nextAttempt(1, first); at; at = nextAttempt(tries.length, at)) tries.push(at)
  assert.equal(tries.length, 10)
  assert.equal(tries[1]!.toISOString(), '2026-11-20T10:00:30.000Z')
  const hours = (tries.at(-1)!.getTime() - first.getTime()) / 3_600_000
  assert.ok(hours > 20 && hours < 26, `${hours} h`)
  const pauses = tries.slice(1).map((at, index) => at.getTime() - tries[index]!.getTime())
  assert.deepEqual(
    pauses,
    pauses.toSorted((a, b) => a - b),
  )
})
