import type { Attendance, AttendanceSession } from '../api/types.ts'
import type { Place } from './when.ts'

/** Who was in a meeting, as rows for a table in a spreadsheet. */

export const attendanceHeads = [
  'Session start',
  'Session end',
  'Name',
  'Joined',
  'Left',
  'Minutes',
  'Visits',
  'Identity',
]

export function attendanceRows(sessions: readonly AttendanceSession[], place: Place): (string | number)[][] {
  const at = (moment: string | undefined) => (moment === undefined ? '' : sheetTime(moment, place.zone))
  return sessions.flatMap(({ startedAt, endedAt, attendances }) =>
    attendances.map((each) => [
      at(startedAt),
      at(endedAt),
      each.name,
      at(each.joinedAt),
      at(each.leftAt),
      Math.round(each.seconds / 6) / 10,
      each.visits,
      each.identity,
    ]),
  )
}

/** `2026-11-20 09:00:00` in the zone: what every spreadsheet takes for a time. */
function sheetTime(moment: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  return format.format(new Date(moment))
}

/** How long somebody who is still there has been so by now, in seconds. */
export function secondsSoFar({ seconds, leftAt }: Attendance, fetchedAt: number, now: number): number {
  return leftAt === undefined ? seconds + Math.max(0, (now - fetchedAt) / 1000) : seconds
}

/** Each person once, however often they came. */
export function peopleIn(sessions: readonly AttendanceSession[]): number {
  return new Set(sessions.flatMap(({ attendances }) => attendances.map(({ identity }) => identity))).size
}

/** How long a session lasted, in seconds; until now when it lasts. */
export function sessionSeconds({ startedAt, endedAt }: AttendanceSession, now: number): number {
  return Math.max(0, ((endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(startedAt)) / 1000)
}
