import { PhoneOff, PhoneOutgoing } from 'lucide-react'
import { path } from '../api/client.ts'
import type { Call } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { progressOf } from './call-words.ts'

const everyMs = 3000

/** For the caller: who is being called, who said no or did not answer. Nothing once somebody is there. */
export function CallProgress({ id, me }: { id: string; me: string | undefined }) {
  const { data: call } = useQuery<Call>(path`/calls/${id}`, { every: everyMs })
  const text = call && progressOf(call, me)
  return (
    <div className="call-progress" role="status" data-testid="call-progress">
      {text && (
        <p>
          {text.ringing ? <PhoneOutgoing size={17} aria-hidden /> : <PhoneOff size={17} aria-hidden />}
          <span>{text.text}</span>
        </p>
      )}
    </div>
  )
}
