import { KeyRound, Repeat2 } from 'lucide-react'
import { path } from '../api/client.ts'
import type { Meeting } from '../api/types.ts'
import { Link } from '../ui/link.tsx'
import { meetingPath } from './codes.ts'
import { spanOf } from './spans.ts'
import { StatusChips } from './status-chip.tsx'
import { usePlace } from './use-place.ts'
import { repeatsOf } from './when-line.tsx'
import { fromNowWords, spanWords } from './when.ts'
import './meetings.css'

interface MeetingRowProps {
  readonly meeting: Meeting
  readonly now: Date
}

/** A meeting in a list of one day: its time, what it is, and how to get in. */
export function MeetingRow({ meeting, now }: MeetingRowProps) {
  const place = usePlace()
  const span = spanOf(meeting)
  const { id, title, status, code, hostName, role } = meeting
  const repeats = repeatsOf(meeting)
  const soon = span !== undefined && span.from.getTime() - now.getTime() < soonMs
  const canJoin = status === 'live' || (status === 'scheduled' && (soon || span === undefined))
  const verb = status !== 'live' && role === 'host' ? 'Start' : 'Join'
  return (
    <li className="meeting-row" data-testid="meeting-row" data-status={status}>
      <div className="meeting-time">
        {span ? (
          <time dateTime={span.from.toISOString()} lang={place.language}>
            {spanWords(span.from, span.to, place)}
          </time>
        ) : (
          <span>Now</span>
        )}
        {status === 'scheduled' && span && soon && (
          <span className="soft">{fromNowWords(span.from, now, 'en')}</span>
        )}
      </div>
      <div className="meeting-what">
        <Link to={path`/meetings/${id}`} className="meeting-title">
          {title}
        </Link>
        <p className="meeting-facts">
          <StatusChips meeting={meeting} />
          <span>{role === 'host' ? 'You host' : `Host: ${hostName}`}</span>
          {repeats !== undefined && (
            <span title={repeats}>
              <Repeat2 size={15} aria-hidden />
              <span className="visually-hidden">{repeats}</span>
              <span aria-hidden>Repeats</span>
            </span>
          )}
          {meeting.hasPasscode && (
            <span>
              <KeyRound size={14} aria-hidden /> Passcode
            </span>
          )}
        </p>
      </div>
      {canJoin && (
        <Link
          to={meetingPath(code)}
          className={status === 'live' ? 'button primary' : 'button'}
          data-testid="meeting-join"
          aria-label={`${verb}: ${title}`}
        >
          {verb}
        </Link>
      )}
    </li>
  )
}

/** Within this time of its start a meeting is opened from the list, in milliseconds. */
const soonMs = 30 * 60_000
