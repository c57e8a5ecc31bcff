import type { Meeting } from '../api/types.ts'
import { dayWords, daysBetween, momentWords, spanWords, zoneOffset, zoneWords, type Place } from './when.ts'

/** When meetings are, of what the server says about them. Values in, values out. */

type Times = Pick<Meeting, 'startsAt' | 'endsAt' | 'nextStart' | 'nextEnd'>

export interface Span {
  readonly from: Date
  readonly to: Date | undefined
}

/** The occurrence that is under way or comes next; without one, the first. Undefined for a meeting with no schedule. */
export function spanOf({ startsAt, endsAt, nextStart, nextEnd }: Times): Span | undefined {
  const [start, end] = nextStart === undefined ? [startsAt, endsAt] : [nextStart, nextEnd]
  if (start === undefined) return undefined
  return { from: new Date(start), to: end === undefined ? undefined : new Date(end) }
}

/** Meetings in order of their start, day by day. */
export function byDay<M extends Times>(
  meetings: readonly M[],
  place: Place & { now: Date },
): { readonly day: string; readonly meetings: readonly M[] }[] {
  const days: { day: string; meetings: M[] }[] = []
  for (const meeting of [...meetings].sort((a, b) => startOf(a) - startOf(b))) {
    const span = spanOf(meeting)
    const day = span ? dayWords(span.from, place) : 'No time set'
    const last = days.at(-1)
    if (last?.day === day) last.meetings.push(meeting)
    else days.push({ day, meetings: [meeting] })
  }
  return days
}

function startOf(meeting: Times): number {
  return spanOf(meeting)?.from.getTime() ?? Infinity
}

/** Whether the next occurrence begins on the day that it is now, or began before. */
export function isToday(meeting: Times, { zone, now }: Place & { now: Date }): boolean {
  const span = spanOf(meeting)
  return span !== undefined && daysBetween(now, span.from, zone) <= 0
}

/** “Tomorrow, 09:00–10:00”. */
export function spanInWords({ from, to }: Span, place: Place & { now: Date }): string {
  return `${dayWords(from, place)}, ${spanWords(from, to, place)}`
}

/** What the clocks of the meeting's own zone show, where they show something else than here. */
export function elsewhereInWords(
  { from, to }: Span,
  meetingZone: string,
  place: Place & { readonly zoneName?: typeof zoneWords },
): string | undefined {
  const { zoneName = zoneWords } = place
  if (zoneOffset(meetingZone, from) === zoneOffset(place.zone, from)) return undefined
  return `${spanWords(from, to, { ...place, zone: meetingZone })} ${zoneName(meetingZone, from, place.language)}`
}

/** What somebody pastes into a message to invite others. */
export function invitationText(
  meeting: Pick<Meeting, 'title' | 'url' | 'code' | 'passcode' | 'timeZone'> & Times,
  { repeats, language }: { repeats: string | undefined; language: string | undefined },
): string {
  const span = spanOf(meeting)
  const zone = meeting.timeZone
  return [
    meeting.title,
    ...(span
      ? [
          `${momentWords(span.from, { zone, language })}${span.to ? ` – ${endWords(span, { zone, language })}` : ''}, ${zoneWords(zone, span.from, language)}`,
        ]
      : []),
    ...(repeats === undefined ? [] : [repeats]),
    '',
    `Join: ${meeting.url}`,
    `Code: ${meeting.code}`,
    ...(meeting.passcode === undefined ? [] : [`Passcode: ${meeting.passcode}`]),
  ].join('\n')
}

function endWords({ from, to }: Span, place: Place): string {
  if (to === undefined) return ''
  return daysBetween(from, to, place.zone) === 0 ? spanWords(to, undefined, place) : momentWords(to, place)
}
