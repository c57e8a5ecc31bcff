import { Temporal } from 'temporal-polyfill'

/**
 * VTIMEZONE of RFC 5545: what the clocks of a zone do, written out, since calendars may not take a name on trust. Values in,
 * text out.
 */

interface Change {
  /** Seconds east of Greenwich before and after. */
  readonly from: number
  readonly to: number
  readonly isSummer: boolean
  /** Clock time at which it happens, by the clock before. */
  readonly at: Temporal.PlainDateTime
}

/** Changes of the clocks in one zone that a calendar needs at most: a hundred years of them. */
const maxChanges = 200

/** The zone as it is from `from` to `to`. */
export function timeZoneComponent(timeZone: string, { from, to }: { from: Date; to: Date }): string {
  const begin = Temporal.Instant.fromEpochMilliseconds(from.getTime()).toZonedDateTimeISO(timeZone)
  const changes: Change[] = []
  let moment = begin.getTimeZoneTransition('previous')
  const first: Change = moment
    ? changeAt(moment)
    : { ...standing(begin), at: Temporal.PlainDateTime.from('1970-01-01T00:00:00') }
  changes.push(first)
  moment = begin.getTimeZoneTransition('next')
  while (moment && moment.epochMilliseconds < to.getTime() && changes.length < maxChanges) {
    changes.push(changeAt(moment))
    moment = moment.getTimeZoneTransition('next')
  }

  const kinds = Map.groupBy(changes, ({ from, to, isSummer }) => `${isSummer} ${from} ${to}`)
  const lines = ['BEGIN:VTIMEZONE', `TZID:${timeZone}`]
  for (const [{ from: before, to: after, isSummer, at }, ...others] of kinds.values() as Iterable<
    [Change, ...Change[]]
  >) {
    const kind = isSummer ? 'DAYLIGHT' : 'STANDARD'
    lines.push(`BEGIN:${kind}`, `DTSTART:${clock(at)}`)
    // One line each: none gets longer than calendars must take.
    for (const other of others) lines.push(`RDATE:${clock(other.at)}`)
    lines.push(`TZOFFSETFROM:${offset(before)}`, `TZOFFSETTO:${offset(after)}`, `END:${kind}`)
  }
  return [...lines, 'END:VTIMEZONE'].join('\r\n')
}

function changeAt(moment: Temporal.ZonedDateTime): Change {
  const from = secondsOf(moment.subtract({ nanoseconds: 1 }))
  const to = secondsOf(moment)
  const at = moment.toPlainDateTime().add({ seconds: from - to })
  return { from, to, isSummer: isSummerTime(moment), at }
}

/** Of a zone whose clocks were never changed. */
function standing(moment: Temporal.ZonedDateTime): Omit<Change, 'at'> {
  const seconds = secondsOf(moment)
  return { from: seconds, to: seconds, isSummer: false }
}

/** Whether the clocks are ahead of where they are at another time of the same year. */
function isSummerTime(moment: Temporal.ZonedDateTime): boolean {
  const months = [1, 7].map((month) => secondsOf(moment.with({ month, day: 1, hour: 12 })))
  return secondsOf(moment) > Math.min(...months)
}

function secondsOf(moment: Temporal.ZonedDateTime): number {
  return Math.round(moment.offsetNanoseconds / 1e9)
}

function clock(at: Temporal.PlainDateTime): string {
  return at.toString({ smallestUnit: 'second' }).replace(/[-:]/g, '')
}

function offset(seconds: number): string {
  const sign = seconds < 0 ? '-' : '+'
  const rest = Math.abs(seconds)
  const parts = [rest / 3600, (rest % 3600) / 60, rest % 60].map((part) =>
    String(Math.floor(part)).padStart(2, '0'),
  )
  return sign + (rest % 60 === 0 ? parts.slice(0, 2) : parts).join('')
}
