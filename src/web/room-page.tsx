import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { Call } from './call/call.ts'
import { EndPage } from './call/end-page.tsx'
import { rememberRoom } from './home/recent.ts'
import { explainJoinError } from './join/join-errors.ts'
import { JoinPage, type JoinError } from './join/join-page.tsx'
import { useLocalMedia } from './join/use-local-media.ts'

// The SDK's media part and the call page come while people look at themselves in the preview.
const loadSdk = () => import('./call/sdk-call.ts')
const loadCallPage = () => import('./call/call-page.tsx')
const CallPage = lazy(() => loadCallPage().then((module) => ({ default: module.CallPage })))

/** One room: the join page, then the call, then how it ended. `key` it by room. */
export function RoomPage({ room }: { room: string }) {
  const [call, setCall] = useState<Call>()
  if (!call) return <Entrance room={room} onCall={setCall} />
  return <Inside call={call} room={room} onAgain={() => setCall(undefined)} />
}

function Entrance({ room, onCall }: { room: string; onCall: (call: Call) => void }) {
  const media = useLocalMedia(true)
  const [joining, setJoining] = useState(false)
  const [error, setError] = useState<JoinError>()
  const gone = useRef(false)
  useEffect(() => {
    gone.current = false
    document.title = `${room} – Sluice`
    // Should this fail, joining tries again and says so.
    Promise.all([loadSdk(), loadCallPage()]).catch(() => undefined)
    return () => {
      gone.current = true
    }
  }, [room])

  const join = async (name: string) => {
    setJoining(true)
    setError(undefined)
    try {
      const [{ enterRoom }] = await Promise.all([loadSdk(), loadCallPage()])
      const call = await enterRoom({ room, name, takeTracks: media.take })
      if (gone.current) return call.leave()
      rememberRoom(room)
      onCall(call)
    } catch (thrown) {
      setError(explainJoinError(thrown))
      setJoining(false)
    }
  }
  return (
    <JoinPage room={room} media={media} joining={joining} error={error} onJoin={(name) => void join(name)} />
  )
}

function Inside({ call, room, onAgain }: { call: Call; room: string; onAgain: () => void }) {
  const phase = useSyncExternalStore(
    (listener) => call.subscribe(listener),
    () => call.state().phase,
  )
  // Going elsewhere in the app leaves the room. Deferred, because development mode runs effects twice.
  const leaving = useRef(0)
  useEffect(() => {
    window.clearTimeout(leaving.current)
    return () => {
      leaving.current = window.setTimeout(() => call.leave())
    }
  }, [call])
  if (phase.at === 'ended')
    return <EndPage room={room} why={phase.why} detail={phase.detail} onRejoin={onAgain} />
  return (
    <Suspense fallback={null}>
      <CallPage call={call} room={room} />
    </Suspense>
  )
}
