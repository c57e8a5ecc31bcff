import { Clapperboard, X } from 'lucide-react'
import { path, type RequestOptions } from '../api/client.ts'
import { useSession } from '../api/session.ts'
import type { Meeting, Page, Recording, RecordingState } from '../api/types.ts'
import { usePages, useQuery, type Pages } from '../api/use-query.ts'
import { EmptyState } from '../ui/feedback.tsx'
import { Segmented, SelectField } from '../ui/fields.tsx'
import { Frame } from '../ui/frame.tsx'
import { NoMatch } from '../ui/no-match.tsx'
import { setAddressQuery, useAddressQuery } from '../ui/router.ts'
import { SearchField } from '../ui/search-field.tsx'
import { ListState } from '../ui/table.tsx'
import { RecordingRow } from './recording-row.tsx'
import './recordings.css'

type Shown = RecordingState | ''

const states: readonly (readonly [Shown, string])[] = [
  ['', 'All'],
  ['ready', 'To watch'],
  ['processing', 'Being processed'],
  ['recording', 'Recording now'],
  ['failed', 'Failed'],
]

/** So many that begin between two looks are shown. */
const atOnce = 10
/** When it is looked for what has begun, in milliseconds. */
const lookAgainAfter = 15_000

/** `/recordings`: all that one may see. In the address: `search`, `state`, `meeting`, for admins `of`. */
export function RecordingsPage() {
  const { account } = useSession()
  const address = useAddressQuery()
  const state = states.find(([each]) => each === address.get('state'))?.[0] ?? ''
  const meetingId = address.get('meeting') ?? undefined
  const search = address.get('search') ?? undefined
  const everybodys = account?.role === 'admin' && address.get('of') === 'all'
  const list = useRecordings({ state, meetingId, search, of: everybodys ? 'all' : undefined })
  const filtered = state !== '' || meetingId !== undefined || search !== undefined
  return (
    <Frame
      title="Recordings"
      width="wide"
      lead="Of the meetings you host, and of those you were in, where people may watch what was recorded."
    >
      <div className="recording-filters">
        {account?.role === 'admin' && (
          <Segmented
            label="Whose"
            value={everybodys ? 'all' : 'me'}
            options={[
              ['me', 'Yours'],
              ['all', 'Everybody’s'],
            ]}
            onChange={(of) => setAddressQuery({ of: of === 'all' ? of : undefined })}
          />
        )}
        <SearchField label="Search by title" placeholder="Title" />
        <SelectField
          label="Show"
          value={state}
          options={states}
          onChange={(next) => setAddressQuery({ state: next })}
        />
        {meetingId !== undefined && <MeetingFilter meetingId={meetingId} />}
      </div>
      <ListState
        list={list}
        empty={
          filtered ? (
            <NoMatch
              title="No recording like that"
              showAll="Show all"
              filters={['state', 'meeting', 'search']}
            />
          ) : (
            <EmptyState icon={<Clapperboard size={26} aria-hidden />} title="No recordings yet">
              As host of a meeting, press Record in its bar. When it has ended, the video appears here.
            </EmptyState>
          )
        }
      >
        <ul className="recordings" data-testid="recordings">
          {list.items?.map((recording) => (
            <RecordingRow key={recording.id} recording={recording} />
          ))}
        </ul>
      </ListState>
    </Frame>
  )
}

/** The list, with what began since it was asked for on top. */
function useRecordings(query: RequestOptions['query']): Pages<Recording> {
  const list = usePages<Recording>('/recordings', { query })
  const newest = useQuery<Page<Recording>>('/recordings', {
    query: { ...query, limit: atOnce },
    every: lookAgainAfter,
  })
  const { items } = list
  const known = new Set(items?.map(({ id }) => id))
  // What was there already comes further down, and is on a later page.
  const before = items?.[0]?.startedAt ?? ''
  const begun = newest.data?.items.filter(({ id, startedAt }) => !known.has(id) && startedAt >= before) ?? []
  return { ...list, items: items && [...begun, ...items] }
}

function MeetingFilter({ meetingId }: { meetingId: string }) {
  const { data } = useQuery<Meeting>(path`/meetings/${meetingId}`)
  return (
    <button
      type="button"
      className="button small recording-filter"
      onClick={() => setAddressQuery({ meeting: undefined })}
    >
      <span>Of {data ? `“${data.title}”` : 'one meeting'}</span>
      <X size={16} aria-hidden />
      <span className="visually-hidden">: show those of all meetings</span>
    </button>
  )
}
