import type { MeetingsConfig } from '../../config/schema.ts'
import { nextOccurrence, occurrences, type Occurrence, type Schedule } from './recurrence.ts'

/**
 * What state a meeting is in and what comes next. Values and the time in, values out.
 *
 * scheduled → live: the first participant joins, or a host starts it. live → ended: a host ends it, or it ends by itself; a
 * meeting with another occurrence ahead goes back to scheduled instead. scheduled → ended: nobody came to the last
 * occurrence. Anything that is not over can be cancelled; ended and cancelled are final.
 */

export const meetingStatuses = ['scheduled', 'live', 'ended', 'cancelled'] as const
export type MeetingStatus = (typeof meetingStatuses)[number]

/** Why a session of a meeting ended. */
export const endReasons = {
  ended: 'A host, a moderator or the application ended it.',
  'everybody-left': 'Everybody had left.',
  'nobody-came': 'Nobody came.',
  'too-long': 'It had run for as long as meetings may (`meetings.maxHours`).',
  cancelled: 'The meeting was cancelled.',
  declined: 'A call: all declined.',
  unanswered: 'A call: nobody answered in time.',
  failed: 'A call: its media worker ended.',
} as const
export type EndReason = keyof typeof endReasons

export interface Ending {
  readonly at: Date
  readonly reason: EndReason
}

/** A session that is under way. */
export interface Running {
  readonly startedAt: Date
  /** Whether anybody ever came. */
  readonly joined: boolean
  /** Undefined while somebody is there. */
  readonly emptySince: Date | undefined
  /** Of the occurrence it belongs to, if it belongs to one. */
  readonly occurrenceEnd: Date | undefined
}

export type MeetingRules = Pick<MeetingsConfig, 'endAfterEmptyMinutes' | 'endUnattendedMinutes' | 'maxHours'>

/**
 * When a session will end by itself if nobody comes or goes. People come back after a break: a scheduled one does not end
 * before its time because everybody is away.
 */
export function endingOf(session: Running, rules: MeetingRules): Ending {
  const { startedAt, joined, emptySince, occurrenceEnd } = session
  const tooLong: Ending = { at: tooLongAt(startedAt, rules), reason: 'too-long' }
  if (emptySince === undefined) return tooLong
  const empty: Ending = joined
    ? {
        at: latest(later(emptySince, rules.endAfterEmptyMinutes), occurrenceEnd),
        reason: 'everybody-left',
      }
    : { at: later(latest(startedAt, occurrenceEnd), rules.endUnattendedMinutes), reason: 'nobody-came' }
  return empty.at < tooLong.at ? empty : tooLong
}

export function tooLongAt(startedAt: Date, { maxHours }: Pick<MeetingRules, 'maxHours'>): Date {
  return later(startedAt, maxHours * 60)
}

/** When an occurrence that nobody came to is given up. */
export function missedAt(occurrence: Occurrence, rules: MeetingRules): Date {
  return later(occurrence.end, rules.endUnattendedMinutes)
}

/** When participants may enter without a host having started the meeting. */
export function opensAt(start: Date, { openMinutesBefore }: Pick<MeetingsConfig, 'openMinutesBefore'>): Date {
  return later(start, -openMinutesBefore)
}

/** The occurrence that a session started now belongs to: the next one, unless that is still far ahead. */
export function occurrenceAt(
  next: Occurrence | undefined,
  { now, openMinutesBefore }: { now: Date; openMinutesBefore: number },
): Occurrence | undefined {
  return next && now >= opensAt(next.start, { openMinutesBefore }) ? next : undefined
}

/** What follows when an occurrence is over, early or late: the next one that is not over too. */
export function occurrenceAfter(schedule: Schedule, over: Date, now: Date): Occurrence | undefined {
  const following = nextOccurrence(schedule, over)
  if (!following || following.end > now) return following
  return occurrences(schedule, { from: now, limit: 1 })[0]
}

function later(date: Date, minutes: number): Date {
  return new Date(date.getTime() + minutes * 60_000)
}

function latest(date: Date, other: Date | undefined): Date {
  return other && other > date ? other : date
}
