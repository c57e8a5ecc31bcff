import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addDays,
  cityOf,
  dayWords,
  daysBetween,
  durationWords,
  fromNowWords,
  isZone,
  momentWords,
  spanWords,
  toMoment,
  toWallTime,
  zonesByRegion,
  zoneWords,
} from './when.ts'

const berlin = 'Europe/Berlin'
const moment = (date: string, time: string, zone = berlin) => toMoment({ date, time }, zone)?.toISOString()

test('nine in the morning stays nine when the clocks change', () => {
  assert.equal(moment('2026-03-27', '09:00'), '2026-03-27T08:00:00.000Z')
  assert.equal(moment('2026-03-30', '09:00'), '2026-03-30T07:00:00.000Z')
  assert.deepEqual(toWallTime(new Date('2026-03-30T07:00:00Z'), berlin), {
    date: '2026-03-30',
    time: '09:00',
  })
})

test('an hour that is left out is the one later, of an hour that comes twice the first counts', () => {
  assert.equal(moment('2026-03-29', '02:30'), '2026-03-29T01:30:00.000Z') // 03:30 in summer time
  assert.equal(moment('2026-10-25', '02:30'), '2026-10-25T00:30:00.000Z') // still summer time
  assert.equal(moment('2026-10-25', '03:30'), '2026-10-25T02:30:00.000Z')
  assert.equal(moment('2026-03-29', '01:59'), '2026-03-29T00:59:00.000Z')
})

test('every hour of a year is read back as it was written, in zones far apart', () => {
  for (const zone of [
    berlin,
    'America/New_York',
    'Asia/Kolkata',
    'Pacific/Chatham',
    'Australia/Lord_Howe',
    'UTC',
  ]) {
    const start = Date.UTC(2026, 0, 1)
    for (let hour = 0; hour < 8760; hour += 11) {
      const wall = toWallTime(new Date(start + hour * 3_600_000), zone)
      const back = toMoment(wall, zone)
      assert.ok(back)
      assert.deepEqual(toWallTime(back, zone), wall, `${zone} ${wall.date} ${wall.time}`)
    }
  }
})

test('what is no date or no time is no moment', () => {
  for (const [date, time] of [
    ['', '09:00'],
    ['2026-02-30', '09:00'],
    ['2026-13-01', '09:00'],
    ['2026-01-01', ''],
    ['2026-01-01', '24:10'],
    ['1.1.2026', '09:00'],
  ] as const) {
    assert.equal(moment(date, time), undefined, `${date} ${time}`)
  }
  assert.ok(isZone('Asia/Tokyo') && !isZone('Mars/Olympus') && !isZone(''))
})

test('days are counted by the calendar of the zone', () => {
  const late = new Date('2026-11-20T23:30:00Z')
  assert.equal(daysBetween(new Date('2026-11-20T12:00:00Z'), late, 'UTC'), 0)
  assert.equal(daysBetween(new Date('2026-11-20T12:00:00Z'), late, berlin), 1)
  assert.equal(addDays('2026-02-27', 2), '2026-03-01')
  assert.equal(addDays('2026-10-25', 1), '2026-10-26')
})

test('days have words near now, the weekday further away and the year when it differs', () => {
  const now = new Date('2026-11-20T10:00:00Z')
  const words = (text: string, language = 'en-GB') =>
    dayWords(new Date(text), { zone: berlin, language, now })
  assert.equal(words('2026-11-20T20:00:00Z'), 'Today')
  assert.equal(words('2026-11-20T23:00:00Z'), 'Tomorrow')
  assert.equal(words('2026-11-19T08:00:00Z'), 'Yesterday')
  assert.match(words('2026-11-27T08:00:00Z'), /^Friday,? 27 November$/)
  assert.match(words('2027-01-04T08:00:00Z'), /^Monday,? 4 January 2027$/)
  assert.equal(words('2026-11-21T08:00:00Z', 'de'), 'Morgen')
  assert.equal(words('2026-11-27T08:00:00Z', 'de'), 'Freitag, 27. November')
})

test('a span tells its times, and its days when there are two', () => {
  const at = (text: string) => new Date(text)
  const plain = (text: string) => text.replace(/\s/g, ' ')
  const place = { zone: berlin, language: 'en-GB' }
  assert.equal(plain(spanWords(at('2026-11-20T08:00:00Z'), at('2026-11-20T09:30:00Z'), place)), '09:00–10:30')
  assert.match(
    plain(spanWords(at('2026-11-20T22:00:00Z'), at('2026-11-20T23:30:00Z'), place)),
    /20 Nov.*21 Nov/,
  )
  assert.equal(spanWords(at('2026-11-20T08:00:00Z'), undefined, place), '09:00')
  assert.equal(spanWords(at('2026-11-20T08:00:00Z'), at('2026-11-20T08:00:00Z'), place), '09:00')
  assert.equal(plain(momentWords(at('2026-11-20T08:00:00Z'), place)), '20 Nov 2026, 09:00')
})

test('durations are short and never more exact than people want', () => {
  const words = (seconds: number) => durationWords(seconds, 'en')
  assert.equal(words(0), '0 sec')
  assert.equal(words(59.4), '59 sec')
  assert.equal(words(61), '1 min')
  assert.equal(words(3600), '1 hr')
  assert.equal(words(3899), '1 hr 5 min')
  assert.equal(words(7170), '2 hr')
  assert.equal(words(-3), '0 sec')
})

test('near moments are told from now', () => {
  const now = new Date('2026-11-20T10:00:00Z')
  const words = (text: string) => fromNowWords(new Date(text), now, 'en')
  assert.equal(words('2026-11-20T10:05:10Z'), 'in 5 minutes')
  assert.equal(words('2026-11-20T10:00:10Z'), 'this minute')
  assert.equal(words('2026-11-20T07:00:00Z'), '3 hours ago')
  assert.equal(words('2026-11-23T10:00:00Z'), 'in 3 days')
})

test('zones have names, offsets and cities', () => {
  assert.equal(
    zoneWords(berlin, new Date('2026-11-20T10:00:00Z'), 'en'),
    'Central European Standard Time (GMT+1)',
  )
  assert.equal(
    zoneWords(berlin, new Date('2026-07-20T10:00:00Z'), 'en'),
    'Central European Summer Time (GMT+2)',
  )
  assert.equal(cityOf('America/Argentina/Buenos_Aires'), 'Argentina, Buenos Aires')
  assert.equal(cityOf('UTC'), 'UTC')
  const regions = zonesByRegion(['Europe/Berlin', 'No/Where'])
  assert.ok(regions.get('Europe')?.includes('Europe/Berlin') && regions.get('Other')?.includes('UTC'))
  assert.ok(!regions.has('No'))
})
