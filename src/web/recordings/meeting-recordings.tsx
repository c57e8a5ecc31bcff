import type { Meeting, Recording } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { ErrorNote, Skeleton } from '../ui/feedback.tsx'
import { Section } from '../ui/frame.tsx'
import { Link } from '../ui/link.tsx'
import { RecordingRow } from './recording-row.tsx'
import './recordings.css'

interface Answer {
  readonly items: readonly Recording[]
  readonly next?: string
}

/** More than these are on the page of all recordings. */
const shown = 5
/** While the meeting is live, one may begin at any time; milliseconds. */
const lookWhileLive = 15_000

/** The recordings of one meeting; nothing where there are none and none can come. */
export function MeetingRecordings({ meeting }: { meeting: Meeting }) {
  const { id, role, record, status } = meeting
  const list = useQuery<Answer>('/recordings', {
    query: { meetingId: id, limit: shown },
    ...(status === 'live' ? { every: lookWhileLive } : {}),
  })
  const { data, error, reload } = list
  const isEmpty = data !== undefined && data.items.length === 0
  if (isEmpty && (role !== 'host' || record === 'never' || status === 'cancelled')) return null
  if (data === undefined && role !== 'host') return null
  return (
    <Section
      title="Recordings"
      testId="meeting-recordings"
      actions={
        data?.next !== undefined && (
          <Link to={`/recordings?meeting=${encodeURIComponent(id)}`} className="button small">
            All of this meeting
          </Link>
        )
      }
    >
      {error && data === undefined && <ErrorNote error={error} onRetry={() => void reload()} />}
      {data === undefined && !error && <Skeleton lines={3} />}
      {isEmpty && (
        <p className="soft">
          {record === 'always'
            ? 'It is recorded by itself as soon as somebody is there.'
            : 'None yet. During the meeting, press Record in the bar.'}
        </p>
      )}
      {data !== undefined && !isEmpty && (
        <ul className="recordings">
          {data.items.map((recording) => (
            <RecordingRow key={recording.id} recording={recording} />
          ))}
        </ul>
      )}
    </Section>
  )
}
