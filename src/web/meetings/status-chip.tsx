import type { Meeting } from '../api/types.ts'
import { Chip } from '../ui/feedback.tsx'

type Shown = Pick<Meeting, 'status' | 'active'> & Partial<Pick<Meeting, 'recording'>>

/** What is worth saying of a meeting's state in a list: nothing for one that is just planned. */
export function StatusChips({ meeting: { status, active, recording = false } }: { meeting: Shown }) {
  return (
    <>
      {status === 'live' && (
        <Chip kind="live">
          {active > 0 ? `Live, ${active} ${active === 1 ? 'person' : 'people'}` : 'Live'}
        </Chip>
      )}
      {recording && <Chip kind="bad">Recording</Chip>}
      {status === 'cancelled' && <Chip kind="bad">Cancelled</Chip>}
      {status === 'ended' && <Chip>Ended</Chip>}
    </>
  )
}
