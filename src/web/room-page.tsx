import {
  lazy,
  Suspense,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
  type ComponentProps,
  type ReactNode,
} from 'react'
import type { Call, EndReason } from './call/call.ts'
import { EndPage } from './call/end-page.tsx'
import { WaitingPage } from './call/waiting-page.tsx'
import { rememberRoom } from './home/recent.ts'
import { endingOf, explainJoinError } from './join/join-errors.ts'
import { JoinPage, type JoinError, type JoinExtras } from './join/join-page.tsx'
import { useLocalMedia } from './join/use-local-media.ts'
import { roomLink } from './ui/router.ts'
import { settings } from './ui/settings.ts'

// The SDK's media part and the call page come while people look at themselves in the preview.
const loadSdk = () => import('./call/sdk-call.ts')
const loadCallPage = () => import('./call/call-page.tsx')
const CallPage = lazy(() => loadCallPage().then((module) => ({ default: module.CallPage })))

/** A room that is open to everybody who knows its name. `key` it by room. */
export function RoomPage({ room }: { room: string }) {
  return (
    <RoomFlow
      title={room}
      link={roomLink(room)}
      enter={(name) => Promise.resolve({ room, name })}
      onEntered={() => rememberRoom(room)}
      end={(ending) => <EndPage room={room} {...ending} />}
    />
  )
}

/** What the server has to be told to let somebody in. */
export interface Entry {
  readonly room: string
  readonly name: string
  /** A room token; asked for anew when the connection has to be made again. */
  readonly token?: (() => Promise<string>) | undefined
  /** As host of a meeting, whose grants say all that its settings allow. */
  readonly isMeetingHost?: boolean
}

export interface Ending {
  readonly why: EndReason
  readonly detail?: string | undefined
  /** Whether there is a recording of what one was in. */
  readonly wasRecorded?: boolean
  readonly onRejoin: () => void
}

interface RoomFlowProps {
  /** What people call it. */
  readonly title: string
  /** The address that leads others here; left out where nobody can be invited. */
  readonly link?: string
  /** Asked when Join is clicked. What it throws is shown as `explain` says. */
  readonly enter: (name: string) => Promise<Entry>
  readonly onEntered?: (call: Call) => void
  /** Goes in without a look at oneself first, as when a call is answered. */
  readonly direct?: boolean
  /** False begins with the camera off, whatever was chosen last. */
  readonly withCamera?: boolean
  /** Undefined: nothing has to be said beyond what the page shows already. */
  readonly explain?: (thrown: unknown) => JoinError | undefined
  readonly extras?: JoinExtras
  readonly end: (ending: Ending) => ReactNode
}

/** The join page, then the call, then how it ended: rooms, meetings and calls alike. */
export function RoomFlow(props: RoomFlowProps) {
  const [call, setCall] = useState<Call>()
  if (!call) return <Entrance {...props} onCall={setCall} />
  return <Inside {...props} call={call} onAgain={() => setCall(undefined)} />
}

type WaitingFor = ComponentProps<typeof WaitingPage>['why']

interface EntranceProps extends RoomFlowProps {
  readonly onCall: (call: Call) => void
}

function Entrance(props: EntranceProps) {
  const { title, enter, onEntered, explain = explainJoinError, extras, onCall } = props
  const { direct = false, withCamera = true, end } = props
  /** The server said no for good: how it ended before it began. */
  const [refusal, setRefusal] = useState<Omit<Ending, 'onRejoin'>>()
  const media = useLocalMedia(refusal === undefined, { withCamera })
  const [joining, setJoining] = useState(false)
  const [error, setError] = useState<JoinError>()
  /** At the door: under which name, and what for. */
  const [waiting, setWaiting] = useState<{ name: string; why: WaitingFor }>()
  const attempt = useRef<AbortController>(undefined)
  const gone = useRef(false)
  useEffect(() => {
    gone.current = false
    document.title = `${title} – Sluice`
    // Should this fail, joining tries again and says so.
    Promise.all([loadSdk(), loadCallPage()]).catch(() => undefined)
    return () => {
      gone.current = true
    }
  }, [title])
  useEffect(() => () => attempt.current?.abort(), [])

  const join = async (name: string) => {
    setJoining(true)
    setError(undefined)
    const { signal } = (attempt.current = new AbortController())
    try {
      const [entry, { enterRoom }] = await Promise.all([enter(name), loadSdk(), loadCallPage()])
      if (gone.current) return
      const call = await enterRoom({
        ...entry,
        signal,
        takeTracks: media.take,
        onWaiting: (why) => setWaiting({ name: entry.name, why }),
      })
      if (gone.current) return call.leave()
      onEntered?.(call)
      onCall(call)
    } catch (thrown) {
      setWaiting(undefined)
      setJoining(false)
      if (signal.aborted) return
      const ending = endingOf(thrown)
      if (ending) setRefusal(ending)
      else setError(explain(thrown))
    }
  }
  // Deferred, because development mode runs effects twice.
  const joinNow = useRef(() => join(extras?.name ?? settings().name))
  useEffect(() => {
    if (!direct) return
    const timer = window.setTimeout(() => void joinNow.current())
    return () => window.clearTimeout(timer)
  }, [direct])
  if (refusal) return end({ ...refusal, onRejoin: () => setRefusal(undefined) })
  if (waiting) {
    const leave = () => attempt.current?.abort()
    return <WaitingPage title={title} media={media} {...waiting} onLeave={leave} />
  }
  return (
    <JoinPage
      title={title}
      media={media}
      joining={joining}
      error={error}
      extras={extras}
      onJoin={(name) => void join(name)}
    />
  )
}

interface InsideProps extends RoomFlowProps {
  readonly call: Call
  readonly onAgain: () => void
}

function Inside({ call, title, link, end, onAgain }: InsideProps) {
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
  if (phase.at === 'ended') {
    const { wasRecorded } = call.state()
    return end({ why: phase.why, detail: phase.detail, wasRecorded, onRejoin: onAgain })
  }
  return (
    <Suspense fallback={null}>
      <CallPage call={call} room={title} link={link} />
    </Suspense>
  )
}
