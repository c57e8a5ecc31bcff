import { Phone, PhoneOff, Video } from 'lucide-react'
import { useEffect, useState } from 'react'
import { api, path } from '../api/client.ts'
import { explain } from '../api/errors.ts'
import { useSession } from '../api/session.ts'
import type { Call, Page } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { Avatar } from '../ui/avatar.tsx'
import { toast } from '../ui/feedback.tsx'
import { navigate, usePath } from '../ui/router.ts'
import { callPath } from './call-paths.ts'
import { callTypeNames } from './call-words.ts'
import { ring } from './ring.ts'
import './calls.css'

const everyMs = 4000
/** While the tab is not looked at, where a call is most easily missed. */
const hiddenEveryMs = 10_000

/** Who calls, over every page but a room, as long as somebody is logged in. */
export function IncomingCalls() {
  const { account } = useSession()
  const here = usePath()
  const inRoom = /^\/(r|m|calls)\//.test(here)
  return account && !inRoom ? <Ringing me={account.id} /> : null
}

function Ringing({ me }: { me: string }) {
  const { data, reload } = useQuery<Page<Call>>('/calls', { query: { status: 'waiting' }, every: everyMs })
  const [dismissed, setDismissed] = useState<ReadonlySet<string>>(new Set())
  const ringing = (data?.items ?? []).filter(
    ({ id, callees }) =>
      !dismissed.has(id) && callees.some((each) => each.id === me && each.status === 'ringing'),
  )
  const first = ringing[0]?.caller.name
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'hidden') void reload()
    }, hiddenEveryMs)
    return () => window.clearInterval(timer)
  }, [reload])
  useEffect(() => {
    if (first === undefined) return
    const before = document.title
    document.title = `${first} is calling`
    const silence = ring()
    return () => {
      silence()
      document.title = before
    }
  }, [first])

  const decline = async (call: Call) => {
    // Gone at once: the answer of the server takes a moment.
    setDismissed((all) => new Set([...all, call.id]))
    try {
      await api.post(path`/calls/${call.id}/decline`)
    } catch (thrown) {
      toast(explain(thrown), { problem: true })
    }
    void reload()
  }
  return (
    <ul className="incoming" aria-label="Incoming calls" aria-live="assertive">
      {ringing.map((call) => (
        <li key={call.id} data-testid="incoming-call">
          <Avatar name={call.caller.name} id={call.caller.id ?? ''} size={44} />
          <div className="incoming-who">
            <strong>{call.caller.name}</strong>
            <span>{callTypeNames[call.type]}</span>
          </div>
          <button
            type="button"
            className="button danger icon"
            aria-label={`Decline the call of ${call.caller.name}`}
            title="Decline"
            data-testid="decline-call"
            onClick={() => void decline(call)}
          >
            <PhoneOff size={20} aria-hidden />
          </button>
          <button
            type="button"
            className="button primary"
            data-testid="accept-call"
            onClick={() => navigate(`${callPath(call.id)}?answer`)}
          >
            {call.type === 'video' ? <Video size={20} aria-hidden /> : <Phone size={20} aria-hidden />}
            Answer
          </button>
        </li>
      ))}
    </ul>
  )
}
