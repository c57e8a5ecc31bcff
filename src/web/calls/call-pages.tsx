import { useState } from 'react'
import { api, path } from '../api/client.ts'
import { explain, isApiError } from '../api/errors.ts'
import { useSession } from '../api/session.ts'
import type { Call } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import type { EndReason } from '../call/call.ts'
import { explainJoinError, type JoinProblem } from '../join/join-errors.ts'
import { MeetingEnd } from '../meetings/meeting-end.tsx'
import { renewedToken } from '../meetings/renewed-token.ts'
import { RoomFlow } from '../room-page.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../ui/feedback.tsx'
import { Frame } from '../ui/frame.tsx'
import { Link } from '../ui/link.tsx'
import { navigate, useAddressQuery } from '../ui/router.ts'
import { callAgainPath, readNewCall } from './call-paths.ts'
import { CallProgress } from './call-progress.tsx'
import { callTypeNames, namesInWords, withWhom } from './call-words.ts'
import './calls.css'

interface CallJoin {
  readonly call: Call
  readonly token: string
  readonly expiresAt: string
}

function explainCallError(thrown: unknown): JoinProblem {
  if (!isApiError(thrown)) return explainJoinError(thrown)
  return { title: 'The call could not be made.', text: explain(thrown) }
}

/** `/calls/new?to=…`: the look at oneself, then it rings. */
export function NewCallPage() {
  const { account } = useSession()
  const { callees, type } = readNewCall(useAddressQuery())
  const [call, setCall] = useState<Call>()
  const who = namesInWords(callees.map(({ name }) => name))
  if (callees.length === 0) {
    return (
      <Frame title="Call somebody">
        <EmptyState
          title="Nobody to call was chosen"
          action={
            <Link to="/" className="button primary">
              Home
            </Link>
          }
        />
      </Frame>
    )
  }
  /** Coming back to a call that still goes on is no second call. */
  const ringOrJoin = async () => {
    if (!call) return api.post<CallJoin>('/calls', { type, callees: callees.map(({ to }) => to) })
    try {
      return await api.post<CallJoin>(path`/calls/${call.id}/join`)
    } catch (thrown) {
      // It ended meanwhile; the next try is a new one.
      if (isApiError(thrown, 'conflict')) setCall(undefined)
      throw thrown
    }
  }
  const enter = async () => {
    const joined = await ringOrJoin()
    setCall(joined.call)
    return entryOf(joined, account?.name ?? '')
  }
  return (
    <>
      <RoomFlow
        title={who}
        enter={enter}
        explain={explainCallError}
        withCamera={type === 'video'}
        onEntered={(entered) => {
          if (type === 'screen') entered.setScreen(true)
        }}
        extras={{ eyebrow: `${callTypeNames[type]} with`, name: account?.name, button: 'Call' }}
        end={(ending) => {
          const over = isOver(ending.why, callees.length)
          const callAgain = () => {
            setCall(undefined)
            ending.onRejoin()
          }
          const again = over ? { text: 'Call again', act: callAgain } : undefined
          return <MeetingEnd {...ending} kind="call" title={who} again={again} />
        }}
      />
      {call && <CallProgress id={call.id} me={account?.id} />}
    </>
  )
}

/** Who leaves a call of two ends it; there is nothing to come back to then. */
function isOver(why: EndReason, callees: number): boolean {
  return why === 'ended' || why === 'room-closed' || (why === 'left' && callees === 1)
}

function entryOf({ call, token, expiresAt }: CallJoin, name: string) {
  const again = () => api.post<CallJoin>(path`/calls/${call.id}/join`)
  return { room: call.room, name, token: renewedToken({ token, expiresAt }, again) }
}

/** `/calls/<id>`: answers a call, or comes back to it. */
export function CallPage({ params }: { params: Readonly<Record<string, string>> }) {
  const { account } = useSession()
  const id = params['callId'] ?? ''
  const query = useQuery<Call>(path`/calls/${id}`)
  const direct = useAddressQuery().has('answer')
  const { data: call, error, reload } = query
  if (call === undefined) {
    return (
      <Frame title="Call" hideTitle>
        {isApiError(error, 'not-found') ? (
          <Over title="There is no such call" />
        ) : error ? (
          <ErrorNote error={error} onRetry={() => void reload()} />
        ) : (
          <Skeleton />
        )}
      </Frame>
    )
  }
  const who = withWhom(call, account?.id)
  if (call.status !== 'waiting' && call.status !== 'active') {
    const again = callAgainPath(call, account?.id)
    return (
      <Frame title="Call" hideTitle>
        <Over title={`The call with ${who} is over`} again={again} />
      </Frame>
    )
  }
  const enter = async () => entryOf(await api.post<CallJoin>(path`/calls/${id}/join`), account?.name ?? '')
  return (
    <>
      <RoomFlow
        title={who}
        enter={enter}
        explain={explainCallError}
        direct={direct}
        withCamera={call.type === 'video'}
        extras={{ eyebrow: `${callTypeNames[call.type]} with`, name: account?.name }}
        end={(ending) => {
          const over = isOver(ending.why, call.callees.length)
          const act = () => navigate(callAgainPath(call, account?.id))
          const again = over ? { text: 'Call again', act } : undefined
          return <MeetingEnd {...ending} kind="call" title={who} again={again} />
        }}
      />
      <CallProgress id={id} me={account?.id} />
    </>
  )
}

function Over({ title, again }: { title: string; again?: string }) {
  return (
    <EmptyState
      title={title}
      action={
        <span className="form-actions">
          {again !== undefined && (
            <Link to={again} className="button primary">
              Call again
            </Link>
          )}
          <Link to="/" className="button">
            Home
          </Link>
        </span>
      }
    />
  )
}
