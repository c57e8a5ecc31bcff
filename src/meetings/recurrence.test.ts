import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../lib/app-error.ts'
import { checkSchedule, lastEnd, nextOccurrence, occurrences, repetitionText } from './recurrence.ts'

function plan(startsAt: string, recurrence?: string, timeZone = 'Europe/Berlin', minutes = 60) {
  const start = new Date(startsAt)
  return checkSchedule({
    startsAt: start,
    endsAt: new Date(start.getTime() + minutes * 60_000),
    timeZone,
    recurrence,
  })
}
const starts = (schedule: ReturnType<typeof plan>, from: string, limit = 4) =>
  occurrences(schedule, { from: new Date(from), limit }).map(({ start }) => start.toISOString())

test('what begins at nine begins at nine before and after the clocks change', () => {
  const autumn = plan('2026-10-19T07:00:00Z', 'FREQ=WEEKLY')
  assert.deepEqual(starts(autumn, '2026-10-19T00:00:00Z', 3), [
    '2026-10-19T07:00:00.000Z',
    '2026-10-26T08:00:00.000Z',
    '2026-11-02T08:00:00.000Z',
  ])
  const spring = plan('2026-03-06T14:00:00Z', 'FREQ=WEEKLY;BYDAY=FR', 'America/New_York')
  assert.deepEqual(starts(spring, '2026-03-06T00:00:00Z', 3), [
    '2026-03-06T14:00:00.000Z',
    '2026-03-13T13:00:00.000Z',
    '2026-03-20T13:00:00.000Z',
  ])
})

test('a meeting over the night of the change ends by the clock', () => {
  const night = plan('2026-10-17T21:00:00Z', 'FREQ=WEEKLY', 'Europe/Berlin', 360)
  const lengths = occurrences(night, { from: new Date('2026-10-17T00:00:00Z'), limit: 2 }).map(
    ({ start, end }) => (end.getTime() - start.getTime()) / 3_600_000,
  )
  assert.deepEqual(lengths, [6, 7])
})

test('a time that does not exist on one day is left out, and the others stay where they are', () => {
  const schedule = plan('2026-03-28T01:30:00Z', 'FREQ=DAILY')
  assert.deepEqual(starts(schedule, '2026-03-28T00:00:00Z', 2), [
    '2026-03-28T01:30:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ])
})

test('a day as UNTIL is that whole day there', () => {
  const schedule = plan('2026-11-02T22:30:00Z', 'freq=daily;until=20261104')
  assert.equal(schedule.recurrence, 'FREQ=DAILY;UNTIL=20261104T225959Z')
  assert.equal(starts(schedule, '2026-11-01T00:00:00Z', 9).length, 3)
  assert.ok(lastEnd(schedule)! >= new Date('2026-11-04T23:30:00Z'))
})

test('the first start moves to the first day of the rule', () => {
  const schedule = plan('2026-11-20T12:00:00Z', 'RRULE:FREQ=WEEKLY;BYDAY=MO,WE')
  assert.equal(schedule.startsAt.toISOString(), '2026-11-23T12:00:00.000Z')
  assert.equal(schedule.endsAt.toISOString(), '2026-11-23T13:00:00.000Z')
})

test('the next one is found from anywhere, and none after the last', () => {
  const schedule = plan('2026-11-02T08:00:00Z', 'FREQ=WEEKLY;COUNT=3')
  const next = (moment: string, inclusive = false) =>
    nextOccurrence(schedule, new Date(moment), { inclusive })?.start.toISOString()
  assert.equal(next('2020-01-01T00:00:00Z'), '2026-11-02T08:00:00.000Z')
  assert.equal(next('2026-11-09T08:00:00Z'), '2026-11-16T08:00:00.000Z')
  assert.equal(next('2026-11-09T08:00:00Z', true), '2026-11-09T08:00:00.000Z')
  assert.equal(next('2026-11-16T08:00:00Z'), undefined)
  assert.ok(lastEnd(schedule)! >= new Date('2026-11-16T09:00:00Z'))
  const endless = plan('2026-11-02T08:00:00Z', 'FREQ=WEEKLY')
  assert.equal(lastEnd(endless), undefined)
  assert.equal(starts(endless, '2046-01-01T00:00:00Z', 1)[0], '2046-01-01T08:00:00.000Z')
  const once = plan('2026-11-02T08:00:00Z')
  assert.equal(nextOccurrence(once, new Date('2026-11-02T08:00:00Z')), undefined)
  assert.deepEqual(starts(once, '2026-11-02T08:30:00Z'), ['2026-11-02T08:00:00.000Z'], 'under way')
  assert.deepEqual(starts(once, '2026-11-02T09:00:00Z'), [])
})

test('rules of days that are rare are found, of days that never are refused', () => {
  assert.deepEqual(
    starts(plan('2026-11-20T12:00:00Z', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29'), '2027-01-01T00:00:00Z', 1),
    ['2028-02-29T12:00:00.000Z'],
  )
  assert.deepEqual(
    starts(plan('2026-11-20T12:00:00Z', 'FREQ=MONTHLY;BYDAY=-1FR'), '2026-11-20T00:00:00Z', 2),
    ['2026-11-27T12:00:00.000Z', '2026-12-25T12:00:00.000Z'],
  )
  assert.throws(() => plan('2026-11-20T12:00:00Z', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30'), /no occurrence/)
})

test('rules that would cost much, or say nothing, are refused within a moment', () => {
  const wrong = [
    '', 'FREQ', 'FREQ=SECONDLY', 'FREQ=HOURLY', 'INTERVAL=2', 'FREQ=DAILY;FREQ=DAILY', 'FREQ=DAILY;COUNT=731',
    'FREQ=DAILY;COUNT=0', 'FREQ=DAILY;COUNT=2;UNTIL=20270101', 'FREQ=DAILY;INTERVAL=0', 'FREQ=DAILY;INTERVAL=9999',
    'FREQ=DAILY;BYHOUR=1,2', 'FREQ=DAILY;BYSECOND=1', 'FREQ=DAILY;UNTIL=20261399', 'FREQ=DAILY;UNTIL=20270101T000000',
    'FREQ=WEEKLY;BYDAY=XX', 'FREQ=DAILY;RSCALE=CHINESE', 'FREQ=DAILY;X-A=1', 'FREQ=DAILY;', 'FREQ=DAILY\nDTSTART:20260101',
    'FREQ=DAILY;__proto__=1', 'FREQ=DAILY;constructor=1', `FREQ=YEARLY;BYYEARDAY=${Array(61).fill('1').join(',')}`,
    'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366', 'FREQ=DAILY;INTERVAL=999;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=200;BYMONTH=1',
  ] // prettier-ignore
  const startedMs = performance.now()
  for (const rule of wrong) {
    assert.throws(
      () => plan('2026-11-20T12:00:00Z', rule),
      (error: unknown) => {
        assert.ok(error instanceof AppError, `${rule}: ${String(error)}`)
        assert.deepEqual([error.code, error.data], ['bad-request', { path: 'body.recurrence' }], rule)
        return true
      },
    )
  }
  assert.ok(performance.now() - startedMs < 5000)
})

test('a rule is told in words', () => {
  const words = (rule?: string) => repetitionText(plan('2026-11-20T12:00:00Z', rule))
  assert.equal(words('FREQ=WEEKLY;BYDAY=FR'), 'every week on Friday')
  assert.equal(words('FREQ=DAILY;COUNT=10'), 'every day for 10 times')
  assert.equal(words(), undefined)
})
