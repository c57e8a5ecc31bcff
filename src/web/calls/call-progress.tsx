import { PhoneOff, PhoneOutgoing } from 'lucide-react'
import { path } from '../api/client.ts'
import type { Call } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { namesInWords } from './call-words.ts'

const everyMs = 3000

/** While one waits for the others: who is being called, and who said no. Nothing once somebody is there. */
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

export function progressOf(
  { caller, callees, status }: Pick<Call, 'caller' | 'callees' | 'status'>,
  me: string | undefined,
): { text: string; ringing: boolean } | undefined {
  if (caller.id !== me || (status !== 'waiting' && status !== 'active')) return undefined
  const names = (wanted: Call['callees'][number]['status']) =>
    callees.filter((each) => each.status === wanted).map(({ name }) => name)
  const [ringing, declined, missed] = [names('ringing'), names('declined'), names('missed')]
  if (ringing.length > 0) return { text: `Calling ${namesInWords(ringing)}…`, ringing: true }
  if (callees.some((each) => each.status === 'joined')) return undefined
  if (declined.length > 0) return { text: `${namesInWords(declined)} declined`, ringing: false }
  return missed.length > 0 ? { text: `${namesInWords(missed)} did not answer`, ringing: false } : undefined
}
