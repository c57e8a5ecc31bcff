import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attendanceRows, peopleIn, secondsSoFar, sessionSeconds } from './attendance.ts'

const ana = {
  identity: 'acc_1',
  accountId: 'acc_1',
  name: 'Ana',
  joinedAt: '2026-11-20T08:00:00.000Z',
  leftAt: '2026-11-20T08:59:30.000Z',
  seconds: 3570,
  visits: 1,
}
const ben = { identity: 'guest_2', name: 'Ben', joinedAt: '2026-11-20T08:01:00.000Z', seconds: 60, visits: 2 }
const sessions = [
  {
    id: 's1',
    startedAt: '2026-11-20T08:00:00.000Z',
    endedAt: '2026-11-20T09:00:00.000Z',
    attendances: [ana],
  },
  { id: 's2', startedAt: '2026-11-27T08:00:00.000Z', attendances: [ben, ana] },
]

test('each visit is a row, with times where the reader is', () => {
  assert.deepEqual(attendanceRows(sessions.slice(0, 1), { zone: 'Europe/Berlin' }), [
    [
      '2026-11-20 09:00:00',
      '2026-11-20 10:00:00',
      'Ana',
      '2026-11-20 09:00:00',
      '2026-11-20 09:59:30',
      59.5,
      1,
      'acc_1',
    ],
  ])
  assert.equal(attendanceRows(sessions, { zone: 'UTC' })[1]?.[4], '')
})

test('who is still there has been so a little longer than when it was asked', () => {
  assert.equal(secondsSoFar(ben, 10_000, 25_000), 75)
  assert.equal(secondsSoFar(ben, 25_000, 10_000), 60)
  assert.equal(secondsSoFar(ana, 10_000, 25_000), 3570)
})

test('people are counted once and sessions measured', () => {
  assert.equal(peopleIn(sessions), 2)
  assert.equal(sessionSeconds(sessions[0]!, 0), 3600)
  assert.equal(sessionSeconds(sessions[1]!, Date.parse('2026-11-27T08:10:00Z')), 600)
})
