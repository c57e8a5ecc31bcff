import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Meeting } from '../api/types.ts'
import {
  draftOf,
  emptyDraft,
  inputOf,
  moveStart,
  presetOf,
  problemsOf,
  repeatBy,
  type Draft,
} from './draft.ts'

const now = new Date('2026-11-20T10:12:00Z') // a Friday
const zone = 'Europe/Berlin'
const good: Draft = { ...emptyDraft(now, zone), title: 'Weekly' }

test('a new meeting begins at the next half hour where the person is and takes an hour', () => {
  assert.deepEqual(good.start, { date: '2026-11-20', time: '11:30' })
  assert.deepEqual(good.end, { date: '2026-11-20', time: '12:30' })
  const late = emptyDraft(new Date('2026-11-20T22:40:00Z'), zone)
  assert.deepEqual([late.start.time, late.end], ['00:00', { date: '2026-11-21', time: '01:00' }])
})

test('moving the start moves the end and what was only on that day', () => {
  const weekly = { ...good, repeat: repeatBy('weekly', good) }
  const moved = moveStart(weekly, { date: '2026-11-24', time: '23:30' })
  assert.deepEqual(moved.end, { date: '2026-11-25', time: '00:30' })
  assert.equal(presetOf(moved.repeat, '2026-11-24'), 'weekly')
  assert.equal(inputOf(moved, { isNew: true })['recurrence'], 'FREQ=WEEKLY;BYDAY=TU')
  const weekdays = { ...good, repeat: repeatBy('weekdays', good) }
  assert.equal(
    presetOf(moveStart(weekdays, { date: '2026-11-24', time: '09:00' }).repeat, '2026-11-24'),
    'weekdays',
  )
  // While a date is being typed there is none; what was there before must not be lost.
  const typing = moveStart(weekly, { date: '', time: '11:30' })
  assert.deepEqual(typing.end, weekly.end)
})

test('every preset is recognised again', () => {
  for (const preset of ['none', 'daily', 'weekdays', 'weekly', 'monthly'] as const) {
    assert.equal(presetOf(repeatBy(preset, good), good.start.date), preset)
  }
  assert.equal(presetOf({ rule: 'FREQ=DAILY;BYHOUR=9' }, good.start.date), 'custom')
})

test('what is wrong is said where it is wrong', () => {
  const fields = (change: Partial<Draft>, isNew = true) => [
    ...problemsOf({ ...good, ...change }, now, { isNew }).keys(),
  ]
  const never = { kind: 'never' } as const
  assert.deepEqual(fields({}), [])
  assert.deepEqual(fields({ title: '  ' }), ['title'])
  assert.deepEqual(fields({ start: { date: '2026-11-19', time: '09:00' } }), ['start', 'end'])
  assert.deepEqual(fields({ start: { date: '2026-11-20', time: '11:00' } }), ['start'])
  assert.deepEqual(fields({ start: { date: '2026-11-20', time: '11:00' } }, false), [])
  assert.deepEqual(fields({ start: { date: '', time: '11:00' } }), ['start'])
  assert.deepEqual(fields({ end: good.start }), ['end'])
  assert.deepEqual(fields({ repeat: { frequency: 'WEEKLY', every: 1, on: [], end: never } }), ['repeat'])
  const until = { kind: 'until', date: '2026-11-19' } as const
  assert.deepEqual(fields({ repeat: { frequency: 'DAILY', every: 1, on: [], end: until } }), ['repeatEnd'])
  const count = { kind: 'count', count: 0 } as const
  assert.deepEqual(fields({ repeat: { frequency: 'DAILY', every: 0, on: [], end: count } }), [
    'repeat',
    'repeatEnd',
  ])
  assert.deepEqual(fields({ withPasscode: true, passcode: '1 2' }), ['passcode'])
  assert.deepEqual(fields({ withPasscode: false, passcode: '1' }), [])
  for (const most of ['1', 'x', '2.5', '0']) assert.deepEqual(fields({ most }), ['most'], most)
  assert.deepEqual(fields({ most: '12' }), [])
})

test('a meeting comes back from the form as it went in, and what it loses is said', () => {
  const meeting: Meeting = {
    id: 'mtg_1',
    code: 'abc-defg-hjk',
    url: 'https://meet.example.org/m/abc-defg-hjk',
    title: 'Weekly',
    description: 'All of us.',
    hostName: 'Ana',
    startsAt: '2026-11-23T08:00:00.000Z',
    endsAt: '2026-11-23T09:00:00.000Z',
    timeZone: 'Europe/Berlin',
    recurrence: 'FREQ=WEEKLY;BYDAY=MO,TH;UNTIL=20261231T225959Z',
    hasPasscode: true,
    passcode: '482910',
    lobby: true,
    joinBeforeHost: false,
    maxParticipants: 12,
    invitees: [{ email: 'ben@example.org', name: 'Ben', status: 'invited' }],
    status: 'scheduled',
    active: 0,
    recording: false,
    record: 'never',
    room: 'meeting:mtg_1',
    createdAt: '2026-11-20T10:00:00.000Z',
    role: 'host',
    version: 3,
  }
  const draft = draftOf(meeting, now)
  assert.deepEqual(draft.start, { date: '2026-11-23', time: '09:00' })
  assert.deepEqual(inputOf(draft, { isNew: false }), {
    title: 'Weekly',
    description: 'All of us.',
    startsAt: meeting.startsAt,
    endsAt: meeting.endsAt,
    timeZone: 'Europe/Berlin',
    lobby: true,
    joinBeforeHost: false,
    record: 'never',
    invitees: [{ email: 'ben@example.org', name: 'Ben' }],
    recurrence: meeting.recurrence,
    passcode: '482910',
    maxParticipants: 12,
  })
  const less = inputOf({ ...draft, withPasscode: false, most: '', repeat: undefined }, { isNew: false })
  assert.deepEqual([less['passcode'], less['maxParticipants'], less['recurrence']], [null, null, null])
  assert.ok(!('passcode' in inputOf({ ...draft, withPasscode: false }, { isNew: true })))
})
