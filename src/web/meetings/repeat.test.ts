import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nthOf, readRule, repeatWords, weekdayOf, writeRule, type Repeat } from './repeat.ts'

const start = { date: '2026-11-20', zone: 'Europe/Berlin' } // a Friday
const never = { kind: 'never' } as const
const words = (rule: string) => repeatWords(rule, start)

test('rules are told in words', () => {
  assert.equal(words('FREQ=DAILY'), 'Every day')
  assert.equal(words('FREQ=DAILY;INTERVAL=3;COUNT=5'), 'Every 3 days, 5 times')
  assert.equal(words('FREQ=WEEKLY'), 'Every week on Friday')
  assert.equal(words('FREQ=WEEKLY;BYDAY=TH,MO'), 'Every week on Monday and Thursday')
  assert.equal(words('FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR'), 'Every weekday, Monday to Friday')
  assert.equal(words('FREQ=WEEKLY;INTERVAL=2;BYDAY=FR'), 'Every 2 weeks on Friday')
  assert.equal(words('FREQ=MONTHLY'), 'Every month on day 20')
  assert.equal(words('FREQ=MONTHLY;BYDAY=3FR'), 'Every month on the third Friday')
  assert.equal(words('FREQ=MONTHLY;BYDAY=-1FR'), 'Every month on the last Friday')
  assert.equal(words('RRULE:FREQ=YEARLY'), 'Every year on 20 November')
  assert.equal(words('FREQ=DAILY;UNTIL=20261218T225959Z'), 'Every day, until 18 December 2026')
})

test('a rule that says more than the form can is not misread', () => {
  for (const rule of [
    'FREQ=HOURLY',
    'FREQ=WEEKLY;BYDAY=MO;BYHOUR=9',
    'FREQ=MONTHLY;BYDAY=MO,TU',
    'FREQ=MONTHLY;BYMONTHDAY=-1',
    'FREQ=MONTHLY;BYMONTHDAY=3',
    'FREQ=WEEKLY;BYDAY=1MO',
    'FREQ=DAILY;COUNT=2;UNTIL=20261218T225959Z',
    'FREQ=DAILY;INTERVAL=0',
    'FREQ=WEEKLY;WKST=SU;INTERVAL=2',
    'nonsense',
    '',
  ]) {
    assert.equal(readRule(rule, start), undefined, rule)
    assert.equal(words(rule), 'Repeats by a rule of its own')
  }
})

test('what the form says comes back from its rule', () => {
  const repeats: Repeat[] = [
    { frequency: 'DAILY', every: 1, on: [], nth: undefined, end: never },
    { frequency: 'WEEKLY', every: 2, on: ['MO', 'FR'], nth: undefined, end: { kind: 'count', count: 12 } },
    { frequency: 'MONTHLY', every: 1, on: [], nth: { which: -1, weekday: 'FR' }, end: never },
    { frequency: 'MONTHLY', every: 3, on: [], nth: undefined, end: { kind: 'until', date: '2027-06-30' } },
    { frequency: 'YEARLY', every: 1, on: [], nth: undefined, end: never },
  ]
  for (const repeat of repeats) assert.deepEqual(readRule(writeRule(repeat, start), start), repeat)
})

test('the end of a series is the last second of its day where the meeting is', () => {
  const repeat: Repeat = { frequency: 'DAILY', every: 1, on: [], end: { kind: 'until', date: '2026-12-18' } }
  assert.equal(writeRule(repeat, start), 'FREQ=DAILY;UNTIL=20261218T225959Z')
  const far = { ...start, zone: 'Pacific/Auckland' }
  assert.equal(writeRule(repeat, far), 'FREQ=DAILY;UNTIL=20261218T105959Z')
  assert.deepEqual(readRule('FREQ=DAILY;UNTIL=20261218T105959Z', far)?.end, {
    kind: 'until',
    date: '2026-12-18',
  })
})

test('days of the week and of the month are known', () => {
  assert.equal(weekdayOf('2026-11-20'), 'FR')
  assert.equal(weekdayOf('2026-11-22'), 'SU')
  assert.deepEqual(nthOf('2026-11-20'), { which: 3, weekday: 'FR' })
  assert.deepEqual(nthOf('2026-11-30'), { which: -1, weekday: 'MO' })
})
