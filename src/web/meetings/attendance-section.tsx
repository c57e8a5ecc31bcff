import { Download, Users } from 'lucide-react'
import { useState } from 'react'
import { path } from '../api/client.ts'
import type { Attendance, AttendanceSession, Meeting } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { Avatar } from '../ui/avatar.tsx'
import { Chip, EmptyState, ErrorNote, Skeleton } from '../ui/feedback.tsx'
import { Table, type Column } from '../ui/table.tsx'
import { useNow } from '../ui/use-now.ts'
import { attendanceHeads, attendanceRows, peopleIn, secondsSoFar, sessionSeconds } from './attendance.ts'
import { downloadCsv, toCsv } from './csv.ts'
import { usePlace } from './use-place.ts'
import { dayWords, durationWords, spanWords, timeWords } from './when.ts'
import './meetings.css'

interface AttendanceListProps {
  readonly meeting: Pick<Meeting, 'id' | 'title' | 'status'>
}

interface Answer {
  readonly sessions: readonly AttendanceSession[]
}

/** Who was there, session by session, the newest first; with what is going on now while the meeting is live. */
export function AttendanceList({ meeting: { id, title, status } }: AttendanceListProps) {
  const every = status === 'live' ? { every: 10_000 } : {}
  const { data, error, reload } = useQuery<Answer>(path`/meetings/${id}/attendance`, every)
  const place = usePlace()
  const [fetched, setFetched] = useState({ data, at: Date.now() })
  if (fetched.data !== data) setFetched({ data, at: Date.now() })
  if (data === undefined) {
    return error ? <ErrorNote error={error} onRetry={() => void reload()} /> : <Skeleton lines={3} />
  }
  const sessions = [...data.sessions].sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))
  if (sessions.length === 0) {
    return (
      <EmptyState icon={<Users size={26} aria-hidden />} title="Nobody was here yet">
        Once somebody joins, you see here who came, when, and for how long.
      </EmptyState>
    )
  }
  const download = () => {
    const rows = [attendanceHeads, ...attendanceRows(data.sessions, place)]
    downloadCsv(`${fileName(title)}-attendance.csv`, toCsv(rows))
  }
  const people = peopleIn(sessions)
  return (
    <div className="attendance" data-testid="attendance">
      <div className="attendance-head">
        <p className="soft">
          {people} {people === 1 ? 'person' : 'people'}
          {sessions.length > 1 && ` in ${sessions.length} sessions`}
        </p>
        <button type="button" className="button small" onClick={download} data-testid="attendance-csv">
          <Download size={16} aria-hidden />
          Download as CSV
        </button>
      </div>
      {sessions.map((session, i) => (
        <SessionDetails key={session.id} session={session} fetchedAt={fetched.at} open={i === 0} />
      ))}
    </div>
  )
}

function fileName(title: string): string {
  return (
    title
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 60) || 'meeting'
  )
}

interface SessionDetailsProps {
  readonly session: AttendanceSession
  readonly fetchedAt: number
  readonly open: boolean
}

function SessionDetails({ session, fetchedAt, open }: SessionDetailsProps) {
  const place = usePlace()
  const now = useNow(session.endedAt === undefined ? 5000 : 600_000)
  const from = new Date(session.startedAt)
  const to = session.endedAt === undefined ? undefined : new Date(session.endedAt)
  const { attendances } = session
  const columns: readonly Column<Attendance>[] = [
    {
      title: 'Name',
      kind: 'main',
      cell: ({ name, identity, accountId }) => (
        <span className="person">
          <Avatar name={name} id={identity} size={32} />
          <span>{name}</span>
          {accountId === undefined && <Chip>Guest</Chip>}
        </span>
      ),
    },
    { title: 'Joined', cell: ({ joinedAt }) => timeWords(new Date(joinedAt), place) },
    {
      title: 'Left',
      cell: ({ leftAt }) =>
        leftAt === undefined ? <Chip kind="good">Here now</Chip> : timeWords(new Date(leftAt), place),
    },
    {
      title: 'Time there',
      cell: (each) =>
        durationWords(secondsSoFar(each, fetchedAt, now.getTime()), place.language) +
        (each.visits > 1 ? `, ${each.visits} visits` : ''),
    },
  ]
  return (
    <details className="session" open={open}>
      <summary>
        <span className="session-when">
          {dayWords(from, { ...place, now })}, {spanWords(from, to, place)}
        </span>
        <span className="soft">
          {durationWords(sessionSeconds(session, now.getTime()), place.language)} · {attendances.length}{' '}
          {attendances.length === 1 ? 'person' : 'people'}
        </span>
      </summary>
      {attendances.length === 0 ? (
        <p className="soft">Nobody came.</p>
      ) : (
        <Table
          caption={`Who was there, ${dayWords(from, { ...place, now })}`}
          columns={columns}
          rows={attendances}
          rowKey={({ identity }) => identity}
        />
      )}
    </details>
  )
}
