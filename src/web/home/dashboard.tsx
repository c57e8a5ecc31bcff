import { CalendarDays, CalendarPlus, Coffee, Loader, Video } from 'lucide-react'
import { useState } from 'react'
import { api, path } from '../api/client.ts'
import { explain } from '../api/errors.ts'
import { useSession } from '../api/session.ts'
import type { Account, Call, Meeting, Page } from '../api/types.ts'
import { useAction, usePages, useQuery } from '../api/use-query.ts'
import { CallRow } from '../calls/call-row.tsx'
import { NewCall } from '../calls/new-call.tsx'
import { meetingPath } from '../meetings/codes.ts'
import { MeetingRow } from '../meetings/meeting-row.tsx'
import { byDay, isToday } from '../meetings/spans.ts'
import { usePlace } from '../meetings/use-place.ts'
import { momentWords, toWallTime } from '../meetings/when.ts'
import { EmptyState, toast } from '../ui/feedback.tsx'
import { Frame, Section } from '../ui/frame.tsx'
import { Link } from '../ui/link.tsx'
import { navigate } from '../ui/router.ts'
import { ListState } from '../ui/table.tsx'
import { useNow } from '../ui/use-now.ts'
import { greeting } from './greeting.ts'
import { JoinField } from './join-field.tsx'
import '../meetings/meetings.css'
import './home.css'

/** How often is looked for what others changed, in milliseconds. */
const every = 15_000
/** So many of the meetings after today are shown at first. */
const upcomingAtFirst = 8

/** Home of who is logged in: what goes on now, today, next; starting, joining, calling. */
export function Dashboard({ account }: { account: Account }) {
  const place = usePlace()
  const now = useNow()
  const mayHost = account.role !== 'member'
  const live = usePages<Meeting>('/meetings', { query: { when: 'live' }, every })
  // Looking again begins at the first page; not while somebody reads the ones after it.
  const [reading, setReading] = useState(false)
  const planned = usePages<Meeting>('/meetings', {
    query: { when: 'upcoming' },
    ...(reading ? {} : { every }),
  })
  const liveIds = new Set(live.items?.map(({ id }) => id))
  const upcoming = planned.items?.filter(({ id }) => !liveIds.has(id)) ?? []
  const today = upcoming.filter((meeting) => isToday(meeting, { ...place, now }))
  const later = upcoming.filter((meeting) => !isToday(meeting, { ...place, now }))
  const date = new Intl.DateTimeFormat(place.language, { timeZone: place.zone, dateStyle: 'full' }).format(
    now,
  )

  return (
    <Frame
      title={greeting(account.name, Number(toWallTime(now, place.zone).time.slice(0, 2)))}
      width="wide"
      lead={<time lang={place.language}>{date}</time>}
      actions={mayHost && <HostActions />}
    >
      <div className="dashboard">
        <div className="dashboard-main">
          {live.items && live.items.length > 0 && (
            <Section title="Live now" testId="live-now">
              <ul className="meetings">
                {live.items.map((meeting) => (
                  <MeetingRow key={meeting.id} meeting={meeting} now={now} />
                ))}
              </ul>
            </Section>
          )}
          <Section title="Today" testId="today">
            <ListState
              list={{ ...planned, items: planned.items && today, hasMore: false }}
              lines={3}
              empty={
                <EmptyState icon={<Coffee size={26} aria-hidden />} title="Nothing more today">
                  {later.length > 0 ? 'What comes next is below.' : 'Nothing is planned after that, either.'}
                </EmptyState>
              }
            >
              <ul className="meetings">
                {today.map((meeting) => (
                  <MeetingRow key={meeting.id} meeting={meeting} now={now} />
                ))}
              </ul>
            </ListState>
          </Section>
          {later.length > 0 && (
            <Upcoming meetings={later} now={now} list={planned} onMore={() => setReading(true)} />
          )}
        </div>
        <div className="dashboard-side">
          <Section title="Join">
            <JoinAnything />
          </Section>
          {mayHost && (
            <Section title="Call somebody">
              <NewCall />
            </Section>
          )}
          <Recent me={account.id} />
        </div>
      </div>
    </Frame>
  )
}

function HostActions() {
  const start = useAction(async () => {
    try {
      const meeting = await api.post<Meeting>('/meetings', {})
      navigate(meetingPath(meeting.code))
    } catch (thrown) {
      toast(explain(thrown), { problem: true })
    }
  })
  return (
    <div className="page-actions">
      <Link to="/meetings/new" className="button" data-testid="schedule">
        <CalendarPlus size={18} aria-hidden />
        Schedule
      </Link>
      <button
        type="button"
        className="button primary"
        data-testid="start-now"
        aria-disabled={start.busy}
        onClick={() => void start.run()}
      >
        {start.busy ? <Loader className="spin" size={18} aria-hidden /> : <Video size={18} aria-hidden />}
        Start now
      </button>
    </div>
  )
}

function JoinAnything() {
  const { server } = useSession()
  const rooms = server?.guests ?? false
  return (
    <JoinField
      rooms={rooms}
      label={rooms ? 'Code, link or name of a room' : 'Code or link'}
      placeholder="abc-defg-hjk"
    />
  )
}

interface UpcomingProps {
  readonly meetings: readonly Meeting[]
  readonly now: Date
  readonly list: {
    readonly hasMore: boolean
    readonly loadingMore: boolean
    readonly more: () => Promise<void>
  }
  readonly onMore: () => void
}

function Upcoming({ meetings, now, list, onMore }: UpcomingProps) {
  const place = usePlace()
  const [shown, setShown] = useState(upcomingAtFirst)
  const more = () => {
    setShown(Infinity)
    if (shown < Infinity) return
    onMore()
    void list.more()
  }
  return (
    <Section title="Upcoming" testId="upcoming">
      {byDay(meetings.slice(0, shown), { ...place, now }).map(({ day, meetings: those }) => (
        <div key={day} className="day">
          <h3 lang={place.language}>
            <CalendarDays size={15} aria-hidden />
            {day}
          </h3>
          <ul className="meetings">
            {those.map((meeting) => (
              <MeetingRow key={meeting.id} meeting={meeting} now={now} />
            ))}
          </ul>
        </div>
      ))}
      {(meetings.length > shown || list.hasMore) && (
        <div className="more">
          <button type="button" className="button" aria-disabled={list.loadingMore} onClick={more}>
            Show more
          </button>
        </div>
      )}
    </Section>
  )
}

const recentShown = 3

function Recent({ me }: { me: string }) {
  const query = { when: 'past', limit: recentShown }
  const calls = useQuery<Page<Call>>('/calls', { query })
  const meetings = useQuery<Page<Meeting>>('/meetings', { query })
  const [past, called] = [meetings.data?.items ?? [], calls.data?.items ?? []]
  if (past.length === 0 && called.length === 0) return null
  return (
    <Section
      title="Recent"
      actions={
        <Link to="/history" className="plain-link">
          All
        </Link>
      }
    >
      <ul className="history">
        {past.map((meeting) => (
          <PastMeetingLink key={meeting.id} meeting={meeting} />
        ))}
        {called.map((call) => (
          <CallRow key={call.id} call={call} me={me} />
        ))}
      </ul>
    </Section>
  )
}

function PastMeetingLink({ meeting: { id, title, pastAt, createdAt } }: { meeting: Meeting }) {
  const place = usePlace()
  const at = new Date(pastAt ?? createdAt)
  return (
    <li className="history-row">
      <span className="call-icon">
        <CalendarDays size={18} aria-hidden />
      </span>
      <div className="meeting-what">
        <Link to={path`/meetings/${id}`} className="meeting-title">
          {title}
        </Link>
        <p className="meeting-facts">
          <time dateTime={at.toISOString()} lang={place.language}>
            {momentWords(at, place)}
          </time>
        </p>
      </div>
    </li>
  )
}
