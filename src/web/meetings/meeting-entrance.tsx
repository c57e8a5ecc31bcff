import { CalendarX2, CircleSlash, SearchX } from 'lucide-react'
import { useRef, useState, type ReactNode } from 'react'
import { api, path } from '../api/client.ts'
import { isApiError } from '../api/errors.ts'
import { loadSession, useSession } from '../api/session.ts'
import type { MeetingByCode, MeetingJoin } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { RoomFlow } from '../room-page.tsx'
import { ErrorNote, Skeleton } from '../ui/feedback.tsx'
import { TextField } from '../ui/fields.tsx'
import { Frame } from '../ui/frame.tsx'
import { Link } from '../ui/link.tsx'
import { loginPath } from '../ui/router.ts'
import { useNow } from '../ui/use-now.ts'
import { meetingPath, readCode } from './codes.ts'
import { guestToken, keepGuestToken } from './guest-tokens.ts'
import { asksForPasscode, explainMeetingError } from './join-problems.ts'
import { MeetingEnd } from './meeting-end.tsx'
import { renewedToken } from './renewed-token.ts'
import { StatusChips } from './status-chip.tsx'
import { usePlace } from './use-place.ts'
import { fromNowWords, timeWords } from './when.ts'
import { WhenLines } from './when-line.tsx'
import './meetings.css'

/** `/m/<code>`: what the meeting is, the look at oneself, the meeting, and its end. For guests and people with an account. */
export function MeetingEntrancePage({ params }: { params: Readonly<Record<string, string>> }) {
  const typed = params['code'] ?? ''
  const code = readCode(typed)
  if (code === undefined) return <NoMeeting text={`“${typed}” is no code of a meeting.`} />
  return <Entrance key={code} code={code} />
}

function Entrance({ code }: { code: string }) {
  const { loading, error: sessionError } = useSession()
  const query = useQuery<MeetingByCode>(path`/meetings/by-code/${code}`, { every: 15_000 })
  const [inside, setInside] = useState(false)
  const { data: meeting, error, reload } = query
  if (isApiError(error, 'not-found') && !inside) {
    return <NoMeeting text="The link may be old, or the meeting was deleted. Ask whoever invited you." />
  }
  if (meeting === undefined || (loading && !sessionError)) {
    return (
      <Frame title="Meeting" hideTitle width="narrow">
        {error ? <ErrorNote error={error} onRetry={() => void reload()} /> : <Skeleton lines={6} />}
      </Frame>
    )
  }
  // Who is in stays in, whatever the next look at the meeting says; the room itself tells when it ends.
  if (meeting.status === 'cancelled' && !inside) {
    return (
      <NotNow
        meeting={meeting}
        title="This meeting was cancelled"
        icon={<CalendarX2 size={34} aria-hidden />}
      >
        {meeting.hostName} called it off.
      </NotNow>
    )
  }
  if (meeting.status === 'ended' && !inside) {
    return (
      <NotNow meeting={meeting} title="This meeting has ended" icon={<CircleSlash size={34} aria-hidden />}>
        Ask {meeting.hostName} if it should go on.
      </NotNow>
    )
  }
  return (
    <Meeting
      meeting={meeting}
      onInside={setInside}
      onLook={() => {
        setInside(false)
        void reload()
      }}
    />
  )
}

interface MeetingProps {
  readonly meeting: MeetingByCode
  readonly onInside: (inside: boolean) => void
  /** Whether it goes on has to be asked again. */
  readonly onLook: () => void
}

function Meeting({ meeting, onInside, onLook }: MeetingProps) {
  const { account, server, error: sessionError } = useSession()
  const { code, title } = meeting
  const [passcode, setPasscode] = useState('')
  const [wrong, setWrong] = useState<string>()
  // A host needs none; so who is logged in is asked for it only when the server does.
  const [asked, setAsked] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const withPasscode = meeting.hasPasscode && (account === undefined || asked)

  const join = async (name: string) => {
    const body = {
      ...(account ? {} : { name, guestToken: guestToken(code, name) }),
      ...(passcode === '' ? {} : { passcode: passcode.trim() }),
    }
    const answer = await api.post<MeetingJoin>(path`/meetings/by-code/${code}/join`, body)
    if (answer.guestToken !== undefined) keepGuestToken({ code, name, token: answer.guestToken })
    return answer
  }
  const enter = async (name: string) => {
    try {
      const answer = await join(name)
      return {
        room: answer.room,
        name: answer.name,
        token: renewedToken(answer, () => join(name)),
        isMeetingHost: answer.role === 'host',
      }
    } catch (thrown) {
      if (asksForPasscode(thrown)) {
        setAsked(true)
        setWrong(explainMeetingError(thrown).title)
        requestAnimationFrame(() => field.current?.focus())
      }
      if (isApiError(thrown, 'conflict')) onLook()
      throw thrown
    }
  }
  return (
    <RoomFlow
      title={title}
      link={location.origin + meetingPath(code)}
      enter={enter}
      // A passcode is spoken of at its field.
      explain={(thrown) => (asksForPasscode(thrown) ? undefined : explainMeetingError(thrown))}
      onEntered={() => onInside(true)}
      end={(ending) => (
        <MeetingEnd
          {...ending}
          title={title}
          onRejoin={() => {
            onLook()
            ending.onRejoin()
          }}
        />
      )}
      extras={{
        eyebrow: meeting.status === 'live' ? 'You are about to join' : 'Your meeting',
        details: <Details meeting={meeting} />,
        name: account?.name,
        check: () => {
          if (!withPasscode || passcode.trim() !== '') return true
          setWrong('Type the passcode of the invitation.')
          field.current?.focus()
          return false
        },
        fields: (
          <>
            {withPasscode && (
              <TextField
                label="Passcode"
                value={passcode}
                inputRef={field}
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                data-testid="passcode"
                error={wrong}
                onChange={(text) => {
                  setPasscode(text)
                  setWrong(undefined)
                }}
              />
            )}
            {!account && !sessionError && server?.accounts.enabled && (
              <p className="soft">
                Have an account? <Link to={loginPath(meetingPath(code))}>Log in</Link> to come as yourself.
              </p>
            )}
            {sessionError && (
              <p className="soft">
                Whether you are logged in could not be asked.{' '}
                <button type="button" className="link-button" onClick={() => void loadSession()}>
                  Try again
                </button>
              </p>
            )}
          </>
        ),
      }}
    />
  )
}

function Details({ meeting }: { meeting: MeetingByCode }) {
  const now = useNow()
  const place = usePlace()
  const { status, startsAt, opensAt, lobby, joinBeforeHost, record, hostName } = meeting
  const start = startsAt === undefined ? undefined : new Date(startsAt)
  return (
    <div className="join-details">
      <p className="meeting-facts">
        <StatusChips meeting={meeting} />
        <span>Host: {hostName}</span>
        {status === 'scheduled' && start && start > now && (
          <span>Starts {fromNowWords(start, now, 'en')}</span>
        )}
      </p>
      <WhenLines meeting={meeting} short />
      {status === 'scheduled' && !joinBeforeHost && (
        <p className="soft">Unless you are the host, you wait until {hostName} is there.</p>
      )}
      {opensAt !== undefined && (
        <p className="soft">
          It opens {fromNowWords(new Date(opensAt), now, 'en')}, at {timeWords(new Date(opensAt), place)}; for
          the host at any time.
        </p>
      )}
      {lobby && <p className="soft">There is a waiting room: the host lets people in.</p>}
      {record === 'always' && (
        <p className="soft" data-testid="always-recorded">
          It is recorded, from the first person on.
        </p>
      )}
    </div>
  )
}

interface NotNowProps {
  readonly meeting: MeetingByCode
  readonly title: string
  readonly icon: ReactNode
  readonly children: ReactNode
}

function NotNow({ meeting, title, icon, children }: NotNowProps) {
  const { account } = useSession()
  return (
    <Frame title={title} hideTitle width="narrow">
      <div className="end" data-testid="meeting-closed" data-status={meeting.status}>
        <span className="end-icon">{icon}</span>
        <p className="end-title" aria-hidden>
          {title}
        </p>
        <p className="lead">
          <strong>{meeting.title}</strong>
          <span className="end-detail">{children}</span>
        </p>
        <WhenLines meeting={meeting} />
        <div className="end-buttons">
          <Link to="/" className="button primary large">
            {account ? 'Your meetings' : 'Home'}
          </Link>
        </div>
      </div>
    </Frame>
  )
}

function NoMeeting({ text }: { text: string }) {
  return (
    <Frame title="No meeting with this code" hideTitle width="narrow">
      <div className="end" data-testid="meeting-closed" data-status="not-found">
        <span className="end-icon">
          <SearchX size={34} strokeWidth={1.6} aria-hidden />
        </span>
        <p className="end-title" aria-hidden>
          No meeting with this code
        </p>
        <p className="lead">{text}</p>
        <div className="end-buttons">
          <Link to="/" className="button primary large">
            Home
          </Link>
        </div>
      </div>
    </Frame>
  )
}
