import { CalendarClock, Globe, Repeat2 } from 'lucide-react'
import type { Meeting } from '../api/types.ts'
import { useNow } from '../ui/use-now.ts'
import { repeatWords } from './repeat.ts'
import { elsewhereInWords, spanInWords, spanOf } from './spans.ts'
import { usePlace } from './use-place.ts'
import { toWallTime, zoneOffset, zoneWords } from './when.ts'

type Timed = Pick<Meeting, 'startsAt' | 'endsAt' | 'timeZone'> &
  Partial<Pick<Meeting, 'nextStart' | 'nextEnd' | 'recurrence'>>

/** What a rule says, in words; undefined for a meeting that does not repeat. */
export function repeatsOf({ recurrence, startsAt, timeZone: zone }: Timed): string | undefined {
  if (recurrence === undefined) return undefined
  const { date } = toWallTime(startsAt === undefined ? new Date() : new Date(startsAt), zone)
  return repeatWords(recurrence, { date, zone })
}

interface WhenLinesProps {
  readonly meeting: Timed
  /** For the join page: zones by their offset, and only this time of those it repeats. */
  readonly short?: boolean
}

/** When a meeting is, for the person who reads it, with the zone; and in the meeting's own zone where that differs. */
export function WhenLines({ meeting, short = false }: WhenLinesProps) {
  const place = usePlace()
  const now = useNow()
  const span = spanOf(meeting)
  const repeats = short ? undefined : repeatsOf(meeting)
  if (!span) return null
  const zoneName = short ? zoneOffset : zoneWords
  const elsewhere = elsewhereInWords(span, meeting.timeZone, { ...place, zoneName })
  return (
    <ul className="when-lines">
      <li>
        <CalendarClock size={18} aria-hidden />
        <span>
          <time dateTime={span.from.toISOString()} lang={place.language}>
            {spanInWords(span, { ...place, now })}
          </time>
          <span className="soft"> {zoneName(place.zone, span.from, place.language)}</span>
        </span>
      </li>
      {elsewhere !== undefined && (
        <li className="soft">
          <Globe size={18} aria-hidden />
          <span>In its own time zone: {elsewhere}</span>
        </li>
      )}
      {repeats !== undefined && (
        <li>
          <Repeat2 size={18} aria-hidden />
          <span>{repeats}</span>
        </li>
      )}
    </ul>
  )
}
