import { Clapperboard, X } from 'lucide-react'
import { path } from '../api/client.ts'
import { useSession } from '../api/session.ts'
import type { Meeting, Recording, RecordingState } from '../api/types.ts'
import { usePages, useQuery } from '../api/use-query.ts'
import { EmptyState } from '../ui/feedback.tsx'
import { Segmented, SelectField } from '../ui/fields.tsx'
import { Frame } from '../ui/frame.tsx'
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

/** `/recordings`: all that one may see. In the address: `search`, `state`, `meeting`, for admins `of`. */
export function RecordingsPage() {
  const { account } = useSession()
  const address = useAddressQuery()
  const state = states.find(([each]) => each === address.get('state'))?.[0] ?? ''
  const meetingId = address.get('meeting') ?? undefined
  const search = address.get('search') ?? undefined
  const everybodys = account?.role === 'admin' && address.get('of') === 'all'
  const list = usePages<Recording>('/recordings', {
    query: { state, meetingId, search, of: everybodys ? 'all' : undefined },
  })
  const filtered = state !== '' || meetingId !== undefined || search !== undefined
  return (
    <Frame
      title="Recordings"
      width="wide"
      lead="Of the meetings you host, and of those you were in, where their recordings are shown to all."
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
            <EmptyState
              icon={<Clapperboard size={26} aria-hidden />}
              title="No recording like that"
              action={
                <button
                  type="button"
                  className="button"
                  onClick={() => setAddressQuery({ state: undefined, meeting: undefined, search: undefined })}
                >
                  Show all
                </button>
              }
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
