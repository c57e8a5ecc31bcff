import { CalendarClock, ChevronDown, PhoneCall } from 'lucide-react'
import { useId, useState } from 'react'
import { path } from '../api/client.ts'
import type { Call, Meeting } from '../api/types.ts'
import { useSession } from '../api/session.ts'
import { usePages } from '../api/use-query.ts'
import { CallRow } from '../calls/call-row.tsx'
import { EmptyState } from '../ui/feedback.tsx'
import { Segmented } from '../ui/fields.tsx'
import { Frame } from '../ui/frame.tsx'
import { Link } from '../ui/link.tsx'
import { setAddressQuery, useAddressQuery } from '../ui/router.ts'
import { ListState } from '../ui/table.tsx'
import { useNow } from '../ui/use-now.ts'
import { AttendanceList } from './attendance-section.tsx'
import { spanInWords, spanOf } from './spans.ts'
import { StatusChips } from './status-chip.tsx'
import { usePlace } from './use-place.ts'
import { repeatsOf } from './when-line.tsx'
import { momentWords } from './when.ts'
import './meetings.css'

export function HistoryPage() {
  const shown = useAddressQuery().get('show') === 'calls' ? 'calls' : 'meetings'
  return (
    <Frame title="History" lead="What has been, who was there, and for how long.">
      <div className="history-switch">
        <Segmented
          label="Show"
          value={shown}
          options={[
            ['meetings', 'Meetings'],
            ['calls', 'Calls'],
          ]}
          onChange={(next) => setAddressQuery({ show: next === 'calls' ? next : undefined })}
        />
      </div>
      {shown === 'meetings' ? <PastMeetings /> : <PastCalls />}
    </Frame>
  )
}

function PastMeetings() {
  const list = usePages<Meeting>('/meetings', { query: { when: 'past' } })
  return (
    <ListState
      list={list}
      empty={
        <EmptyState icon={<CalendarClock size={26} aria-hidden />} title="No meetings yet">
          Those that are over stand here.
        </EmptyState>
      }
    >
      <ul className="history" data-testid="past-meetings">
        {list.items?.map((meeting) => (
          <PastMeeting key={meeting.id} meeting={meeting} />
        ))}
      </ul>
    </ListState>
  )
}

function PastMeeting({ meeting }: { meeting: Meeting }) {
  const place = usePlace()
  const now = useNow(600_000)
  const [open, setOpen] = useState(false)
  const id = useId()
  // Of one that repeats, what comes next is no history.
  const span = meeting.recurrence === undefined ? spanOf(meeting) : undefined
  const last = span?.from ?? new Date(meeting.pastAt ?? meeting.createdAt)
  const repeats = repeatsOf(meeting)
  return (
    <li data-testid="past-meeting">
      <div className="history-row">
        <div className="meeting-what">
          <Link to={path`/meetings/${meeting.id}`} className="meeting-title">
            {meeting.title}
          </Link>
          <p className="meeting-facts">
            <time dateTime={last.toISOString()} lang={place.language}>
              {span ? spanInWords(span, { ...place, now }) : momentWords(last, place)}
            </time>
            {repeats !== undefined && <span>{repeats}</span>}
            {meeting.role !== 'host' && <span>Host: {meeting.hostName}</span>}
            {meeting.status === 'cancelled' && <StatusChips meeting={meeting} />}
          </p>
        </div>
        {meeting.role === 'host' && (
          <button
            type="button"
            className="button small"
            aria-expanded={open}
            aria-controls={id}
            onClick={() => setOpen(!open)}
          >
            Who was there
            <ChevronDown size={16} aria-hidden className={open ? 'turned' : undefined} />
          </button>
        )}
      </div>
      <div id={id} hidden={!open}>
        {open && <AttendanceList meeting={meeting} />}
      </div>
    </li>
  )
}

function PastCalls() {
  const { account } = useSession()
  const list = usePages<Call>('/calls', { query: { when: 'past' } })
  return (
    <ListState
      list={list}
      empty={
        <EmptyState icon={<PhoneCall size={26} aria-hidden />} title="No calls yet">
          Call somebody from the home page.
        </EmptyState>
      }
    >
      <ul className="history" data-testid="past-calls">
        {list.items?.map((call) => (
          <CallRow key={call.id} call={call} me={account?.id} />
        ))}
      </ul>
    </ListState>
  )
}
