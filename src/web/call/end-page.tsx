import {
  DoorClosed,
  DoorOpen,
  ServerOff,
  UserRoundX,
  UsersRound,
  WifiOff,
  MonitorSmartphone,
  Ban,
  Lock,
  PhoneOff,
} from 'lucide-react'
import { useEffect, useRef } from 'react'
import { Wordmark } from '../ui/mark.tsx'
import { navigate } from '../ui/router.ts'
import { ThemeButton } from '../ui/theme-button.tsx'
import type { EndReason } from './call.ts'

interface Ending {
  readonly title: string
  readonly text: string
  readonly icon: typeof DoorOpen
  /** What the first button says; without it there is no way back in. */
  readonly again: string | undefined
}

export const endings: Record<EndReason, Ending> = {
  left: { title: 'You left', text: 'Camera and microphone are off.', icon: DoorOpen, again: 'Rejoin' },
  replaced: {
    title: 'You joined somewhere else',
    text: 'The same seat in this room was taken from another tab or device. Only the newer one stays.',
    icon: MonitorSmartphone,
    again: 'Use it here',
  },
  denied: {
    title: 'You were not let in',
    text: 'A host of this room said no. If you think that was a mistake, tell them who you are some other way, and ask again.',
    icon: DoorClosed,
    again: 'Ask again',
  },
  removed: {
    title: 'You were removed from the room',
    text: 'A host ended your part in it. Camera and microphone are off.',
    icon: UserRoundX,
    again: 'Ask to rejoin',
  },
  banned: {
    title: 'You cannot come back into this room',
    text: 'A host removed you and closed the door. Only a host can take that back.',
    icon: Ban,
    again: undefined,
  },
  ended: {
    title: 'The host ended the call',
    text: 'It is over for everybody. Camera and microphone are off.',
    icon: PhoneOff,
    again: 'Open the room again',
  },
  'room-locked': {
    title: 'The room is locked',
    text: 'Nobody new is let in just now. Ask somebody inside to unlock it.',
    icon: Lock,
    again: 'Try again',
  },
  'room-closed': {
    title: 'The room was closed',
    text: 'It ended for everybody.',
    icon: DoorClosed,
    again: 'Open it again',
  },
  'room-full': {
    title: 'The room is full',
    text: 'Try again when somebody has left.',
    icon: UsersRound,
    again: 'Try again',
  },
  'join-timeout': {
    title: 'Joining took too long',
    text: 'The server waited for your browser and gave up.',
    icon: WifiOff,
    again: 'Try again',
  },
  'too-many-errors': {
    title: 'The server ended this connection',
    text: 'Your browser sent more than the server accepts. Loading the page anew usually helps.',
    icon: Ban,
    again: 'Rejoin',
  },
  'not-allowed': {
    title: 'The server did not let you in',
    text: 'You may need a new link or a valid token for this room.',
    icon: Ban,
    again: 'Try again',
  },
  unreachable: {
    title: 'The server cannot be reached',
    text: 'It may be restarting, or your network is down.',
    icon: ServerOff,
    again: 'Try again',
  },
  lost: {
    title: 'The connection was lost',
    text: 'Reconnecting took too long. Your network may be down, or the server is gone.',
    icon: WifiOff,
    again: 'Rejoin',
  },
  'server-closing': {
    title: 'The server was stopped',
    text: 'It may be back in a moment.',
    icon: ServerOff,
    again: 'Rejoin',
  },
  unknown: {
    title: 'The call ended',
    text: 'Something unexpected happened.',
    icon: WifiOff,
    again: 'Rejoin',
  },
}

interface EndPageProps {
  readonly room: string
  readonly why: EndReason
  readonly detail?: string | undefined
  readonly onRejoin: () => void
}

export function EndPage({ room, why, detail, onRejoin }: EndPageProps) {
  const { title, text, icon: Icon, again } = endings[why]
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} – Sluice`
    heading.current?.focus()
  }, [title])
  return (
    <div className="page">
      <header className="page-head">
        <Wordmark />
        <ThemeButton />
      </header>
      <main className="end" data-testid="end-screen" data-reason={why}>
        <span className="end-icon">
          <Icon size={34} strokeWidth={1.6} aria-hidden />
        </span>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <p className="lead">
          {text}
          {detail !== undefined && detail !== '' && <span className="end-detail">{detail}</span>}
        </p>
        <div className="end-buttons">
          {again !== undefined && (
            <button type="button" className="button primary large" onClick={onRejoin}>
              {again}
            </button>
          )}
          <button
            type="button"
            className={`button large ${again === undefined ? 'primary' : ''}`}
            onClick={() => navigate('/')}
          >
            Home
          </button>
        </div>
        <p className="eyebrow">
          Room <strong>{room}</strong>
        </p>
      </main>
    </div>
  )
}
