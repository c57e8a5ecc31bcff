import { useState } from 'react'
import { path } from '../api/client.ts'
import type { Recording } from '../api/types.ts'
import { useQuery, type Query } from '../api/use-query.ts'
import { nextDelay, type PollDelay } from './poll-delay.ts'

/** A recording, asked for again while something happens to it. Undefined asks nothing. */
export function useRecording(id: string | undefined): Query<Recording> {
  const [delay, setDelay] = useState<PollDelay>({ of: undefined, ms: undefined })
  const query = useQuery<Recording>(
    id === undefined ? undefined : path`/recordings/${id}`,
    delay.ms === undefined ? {} : { every: delay.ms },
  )
  if (query.data !== delay.of) setDelay(nextDelay(delay, query.data))
  return query
}
