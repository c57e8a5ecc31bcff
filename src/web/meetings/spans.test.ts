import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byDay, elsewhereInWords, invitationText, isToday, spanInWords, spanOf } from './spans.ts'

const place = { zone: 'Europe/Berlin', language: 'en-GB', now: new Date('2026-11-20T10:00:00Z') }
const series = {
  startsAt: '2026-10-02T07:00:00.000Z',
  endsAt: '2026-10-02T08:30:00.000Z',
  nextStart: '2026-11-27T08:00:00.000Z',
  nextEnd: '2026-11-27T09:30:00.000Z',
}
const plain = (text: string | undefined) => text?.replace(/\s/g, ' ')

test('what counts is the next occurrence of a series, without one the first', () => {
  const span = spanOf(series)
  assert.deepEqual(
    [span?.from.toISOString(), span?.to?.toISOString()],
    ['2026-11-27T08:00:00.000Z', '2026-11-27T09:30:00.000Z'],
  )
  assert.equal(spanOf({ startsAt: series.startsAt, endsAt: series.endsAt })?.to?.toISOString(), series.endsAt)
  assert.equal(spanOf({}), undefined)
  assert.equal(spanOf({ startsAt: series.startsAt })?.to, undefined)
})

test('meetings are grouped by the days of the person, those without a time come last', () => {
  const at = (nextStart: string) => ({ nextStart, startsAt: nextStart })
  const days = byDay(
    [{}, at('2026-11-20T23:30:00Z'), at('2026-11-20T15:00:00Z'), at('2026-11-21T08:00:00Z')],
    place,
  )
  assert.deepEqual(
    days.map(({ day, meetings }) => [day, meetings.length]),
    [
      ['Today', 1],
      ['Tomorrow', 2],
      ['No time set', 1],
    ],
  )
})

test('what began yesterday and is not over counts for today', () => {
  assert.ok(isToday({ startsAt: '2026-11-19T22:00:00Z' }, place))
  assert.ok(!isToday({ startsAt: '2026-11-20T23:30:00Z' }, place))
  assert.ok(!isToday({}, place))
})

test('times are told here, and where the meeting is when its clocks show others', () => {
  const span = spanOf(series)!
  assert.match(plain(spanInWords(span, place)) ?? '', /^Friday,? 27 November, 09:00–10:30$/)
  assert.equal(elsewhereInWords(span, 'Europe/Paris', place), undefined)
  assert.equal(
    plain(elsewhereInWords(span, 'Europe/Kyiv', place)),
    '10:00–11:30 Eastern European Standard Time (GMT+2)',
  )
})

test('an invitation says what, when with the zone, how often, where and with which passcode', () => {
  const text = invitationText(
    {
      ...series,
      title: 'Weekly',
      url: 'https://meet.example.org/m/abc-defg-hjk',
      code: 'abc-defg-hjk',
      passcode: '482910',
      timeZone: 'Europe/Berlin',
    },
    { repeats: 'Every week on Friday', language: 'en-GB' },
  )
  assert.equal(
    plain(text.replaceAll('\n', '|')),
    'Weekly|27 Nov 2026, 09:00 – 10:30, Central European Standard Time (GMT+1)|Every week on Friday||' +
      'Join: https://meet.example.org/m/abc-defg-hjk|Code: abc-defg-hjk|Passcode: 482910',
  )
})
