import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstVisit, secondsThere, visitAgain } from './attendance.ts'
import { overAs, stepOfCall, type CallState } from './call-status.ts'
import { randomCode, readCode } from './codes.ts'
import { endingOf, occurrenceAfter, occurrenceAt, type Running } from './status.ts'

const start = new Date('2026-11-20T12:00:00Z')
const at = (minutes: number) => new Date(start.getTime() + minutes * 60_000)
const rules = { endAfterEmptyMinutes: 10, endUnattendedMinutes: 60, maxHours: 24 }

test('a session ends when everybody is away, after its time, or when it is too long', () => {
  const running: Running = { startedAt: start, joined: true, emptySince: undefined, occurrenceEnd: undefined }
  const cases: [string, Partial<Running>, number, string][] = [
    ['somebody is there', {}, 24 * 60, 'too-long'],
    ['everybody left', { emptySince: at(30) }, 40, 'everybody-left'],
    ['everybody left before its end', { emptySince: at(30), occurrenceEnd: at(60) }, 60, 'everybody-left'],
    ['everybody left after its end', { emptySince: at(70), occurrenceEnd: at(60) }, 80, 'everybody-left'],
    ['nobody came, no schedule', { joined: false, emptySince: start }, 60, 'nobody-came'],
    ['nobody came', { joined: false, emptySince: start, occurrenceEnd: at(45) }, 105, 'nobody-came'],
    ['its end is too far', { emptySince: at(5), occurrenceEnd: at(48 * 60) }, 24 * 60, 'too-long'],
  ]
  for (const [name, change, minutes, reason] of cases) {
    assert.deepEqual(endingOf({ ...running, ...change }, rules), { at: at(minutes), reason }, name)
  }
})

test('a session belongs to the occurrence that it begins shortly before, and uses it up', () => {
  const next = { start: at(60), end: at(120) }
  assert.equal(occurrenceAt(next, { now: at(44), openMinutesBefore: 15 }), undefined)
  assert.equal(occurrenceAt(next, { now: at(45), openMinutesBefore: 15 }), next)
  assert.equal(occurrenceAt(undefined, { now: start, openMinutesBefore: 15 }), undefined)

  const day = 24 * 60
  const daily = { startsAt: at(60), endsAt: at(120), timeZone: 'UTC', recurrence: 'FREQ=DAILY;COUNT=4' }
  assert.deepEqual(occurrenceAfter(daily, at(60), at(50))?.start, at(60 + day), 'ended early')
  assert.deepEqual(occurrenceAfter(daily, at(60), at(90))?.start, at(60 + day))
  assert.deepEqual(
    occurrenceAfter(daily, at(60), at(150 + 2 * day))?.start,
    at(60 + 3 * day),
    'those over are left out',
  )
  assert.equal(occurrenceAfter(daily, at(60 + 3 * day), at(0)), undefined)
})

test('visits add up; whoever is back within a minute never left', () => {
  const first = firstVisit(start)
  assert.equal(secondsThere(first, at(5)), 300)
  const left = { ...first, leftAt: at(10), seenAt: at(10) }
  const reconnected = visitAgain(left, at(11))
  assert.deepEqual(
    [reconnected.visits, reconnected.visitStart, secondsThere(reconnected, at(20))],
    [1, start, 1200],
  )
  const back = visitAgain(left, at(12))
  assert.deepEqual([back.visits, secondsThere(back, at(20))], [2, 600 + 480])
  assert.equal(secondsThere({ ...back, leftAt: at(15) }, at(60)), 600 + 180)
  const crashed = { ...first, seenAt: at(7) }
  assert.deepEqual(secondsThere(visitAgain(crashed, at(30)), at(31)), 420 + 60)
  assert.equal(visitAgain(crashed, at(7.5)).visits, 1)
})

test('a call is answered, declined, missed or given up', () => {
  const waiting: CallState = {
    status: 'waiting',
    ringsUntil: at(1),
    callees: ['ringing', 'ringing'],
    present: 1,
    aloneSince: undefined,
  }
  const step = (change: Partial<CallState>, now = start, hungUp = false) => {
    const { status, callees, ending } = stepOfCall({ ...waiting, ...change }, { now, hungUp })
    return [status, callees.join(), ending]
  }
  assert.deepEqual(step({}), ['waiting', 'ringing,ringing', undefined])
  assert.deepEqual(step({}, at(1)), ['waiting', 'missed,missed', 'unanswered'])
  assert.deepEqual(step({ callees: ['declined', 'ringing'] }, at(1)), [
    'waiting',
    'declined,missed',
    'unanswered',
  ])
  assert.deepEqual(step({ callees: ['declined', 'declined'] }), ['waiting', 'declined,declined', 'declined'])
  assert.deepEqual(step({ present: 0 }, start, true), ['waiting', 'ringing,ringing', 'cancelled'])
  assert.deepEqual(step({ present: 0 }), ['waiting', 'ringing,ringing', undefined], 'the caller reconnects')
  assert.deepEqual(step({ callees: ['joined', 'ringing'], present: 2 }), [
    'active',
    'joined,ringing',
    undefined,
  ])

  const active: Partial<CallState> = { status: 'active', callees: ['joined', 'missed'], present: 2 }
  assert.deepEqual(step(active, at(5)), ['active', 'joined,missed', undefined])
  assert.deepEqual(step({ ...active, present: 1 }, at(5), true), [
    'active',
    'joined,missed',
    'everybody-left',
  ])
  assert.deepEqual(step({ ...active, present: 1 }, at(5)), ['active', 'joined,missed', undefined])
  assert.deepEqual(step({ ...active, present: 1, aloneSince: at(5) }, at(6))[2], 'everybody-left')
  assert.deepEqual(step({ ...active, present: 1, callees: ['joined', 'ringing'] }, start, true)[2], undefined)

  assert.deepEqual(
    (['unanswered', 'declined', 'failed', 'cancelled', 'ended'] as const).map((reason) =>
      overAs('waiting', reason),
    ),
    ['failed', 'failed', 'failed', 'cancelled', 'cancelled'],
  )
  assert.equal(overAs('active', 'everybody-left'), 'ended')
  assert.equal(overAs('active', 'failed'), 'failed')
})

test('codes are read however they are typed', () => {
  const code = randomCode()
  assert.match(code, /^[a-z]{3}-[a-z]{4}-[a-z]{3}$/)
  assert.doesNotMatch(code, /[ilouw]/)
  assert.equal(readCode(` ${code.toUpperCase().replaceAll('-', '')} `), code)
  for (const wrong of ['', 'abc-defg-hj', 'abc-defg-hjkm', 'abc-defg-hji', '💥bc-defg-hjk']) {
    assert.equal(readCode(wrong), undefined, wrong)
  }
  assert.equal(new Set(Array.from({ length: 1000 }, randomCode)).size, 1000)
})
