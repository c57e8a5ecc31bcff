import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calendarFile, invitationFile, zonesOf, type CalendarEvent } from './calendar.ts'
import { timeZoneComponent } from './time-zone.ts'

const event: CalendarEvent = {
  id: 'mtg_1',
  sequence: 2,
  title: 'Algebra',
  description: 'Bring books',
  url: 'https://meet.example.org/m/abc-defg-hjk',
  schedule: {
    startsAt: new Date('2026-10-19T07:00:00Z'),
    endsAt: new Date('2026-10-19T08:00:00Z'),
    timeZone: 'Europe/Berlin',
    recurrence: 'FREQ=WEEKLY;COUNT=5',
  },
  isCancelled: false,
  organizer: { name: 'Ana', email: 'ana@example.org' },
  attendee: { name: 'Ben', email: 'ben@example.org', status: 'invited' },
  createdAt: new Date('2026-10-01T00:00:00Z'),
  changedAt: new Date('2026-10-02T00:00:00Z'),
}
/** Lines as they were before they were folded. */
const linesOf = (file: string) => file.replace(/\r\n /g, '').split('\r\n')

test('an invitation says who, when by the clock of its zone, and how often', () => {
  const { method, content } = invitationFile(event)
  assert.equal(method, 'REQUEST')
  const lines = linesOf(content)
  for (const line of [
    'METHOD:REQUEST',
    'UID:mtg_1@sluice',
    'SEQUENCE:2',
    'DTSTART;TZID=Europe/Berlin:20261019T090000',
    'DTEND;TZID=Europe/Berlin:20261019T100000',
    'RRULE:FREQ=WEEKLY;COUNT=5',
    'TZID:Europe/Berlin',
    'ORGANIZER;CN="Ana":mailto:ana@example.org',
    'STATUS:CONFIRMED',
    'TRIGGER:-PT10M',
    'URL;VALUE=URI:https://meet.example.org/m/abc-defg-hjk',
  ]) {
    assert.ok(lines.includes(line), `${line} in\n${content}`)
  }
  assert.match(content, /ATTENDEE;[^:]*PARTSTAT=NEEDS-ACTION[^:]*RSVP=TRUE/)
  assert.ok(content.split('\r\n').every((line) => Buffer.byteLength(line) <= 75))
  const cancelled = invitationFile({ ...event, isCancelled: true })
  assert.equal(cancelled.method, 'CANCEL')
  assert.match(cancelled.content, /METHOD:CANCEL[^]*STATUS:CANCELLED/)
})

test('what does not repeat is a moment in UTC and needs no zone', () => {
  const once = { ...event, schedule: { ...event.schedule, recurrence: undefined } }
  const file = calendarFile([once], 'Meetings')
  assert.match(file, /DTSTART:20261019T070000Z/)
  assert.doesNotMatch(file, /VTIMEZONE|RRULE/)
})

test('what people type stays in its line', () => {
  const evil = 'x\r\nATTENDEE:mailto:eve@example.org\rEND:VEVENT\u2028"'
  const { content } = invitationFile({
    ...event,
    title: evil,
    description: evil,
    organizer: { name: evil, email: 'ana@example.org' },
  })
  const lines = linesOf(content)
  assert.equal(lines.filter((line) => line.startsWith('ATTENDEE')).length, 1)
  assert.equal(lines.filter((line) => line === 'END:VEVENT').length, 1)
  assert.doesNotMatch(content.replaceAll('\r\n', ''), /[\r\n]/)
})

test('a zone is written with the changes of its clocks', () => {
  const span = { from: new Date('2026-10-01'), to: new Date('2028-01-01') }
  const berlin = timeZoneComponent('Europe/Berlin', span)
  assert.match(
    berlin,
    /BEGIN:DAYLIGHT\r\nDTSTART:20260329T020000\r\nRDATE:20270328T020000\r\nTZOFFSETFROM:\+0100\r\nTZOFFSETTO:\+0200/,
  )
  assert.match(berlin, /BEGIN:STANDARD\r\nDTSTART:20261025T030000\r\nRDATE:20271031T030000/)
  assert.match(timeZoneComponent('Asia/Kolkata', span), /BEGIN:STANDARD[^]*TZOFFSETTO:\+0530/)
  assert.doesNotMatch(timeZoneComponent('Asia/Kolkata', span), /DAYLIGHT/)
  assert.match(timeZoneComponent('Etc/UTC', span), /TZOFFSETTO:\+0000/)
})

test('files are made quickly, however long a rule goes on: hundreds of invitees and meetings wait for each other', () => {
  const recurrence = 'FREQ=WEEKLY;COUNT=700'
  const long = { ...event, schedule: { ...event.schedule, timeZone: 'Europe/Berlin', recurrence } }
  const { user: before } = process.cpuUsage()
  assert.match(calendarFile(Array(200).fill(long), 'Meetings'), /BEGIN:VTIMEZONE/)
  const zones = zonesOf([long])
  const files = Array.from({ length: 200 }, () => invitationFile(long, zones).content)
  assert.equal(files[199], invitationFile(long).content)
  // Finding every occurrence for each of them took some 25 s.
  assert.ok(process.cpuUsage().user - before < 6_000_000)
})
