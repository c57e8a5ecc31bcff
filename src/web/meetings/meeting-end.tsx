import { endings } from '../call/end-page.tsx'
import type { Ending } from '../room-page.tsx'
import { useSession } from '../api/session.ts'
import { Frame } from '../ui/frame.tsx'
import { Link } from '../ui/link.tsx'

interface MeetingEndProps extends Ending {
  /** Of the meeting or call. */
  readonly title: string
  readonly kind?: 'meeting' | 'call'
  /** What the first button says and does, when coming back is something else than joining again. */
  readonly again?: { readonly text: string; readonly act: () => void } | undefined
}

/** What the room says, in the words of a meeting. What is left out is said as for any room. */
function wordsOf(why: Ending['why'], kind: 'meeting' | 'call'): { title: string; text: string } | undefined {
  switch (why) {
    case 'left':
      return { title: `You left the ${kind}`, text: 'Camera and microphone are off.' }
    case 'ended':
    case 'room-closed':
      return {
        title: `The ${kind} has ended`,
        text: 'It is over for everybody. Camera and microphone are off.',
      }
    case 'removed':
      return {
        title: `You were removed from the ${kind}`,
        text: 'A host ended your part in it. Camera and microphone are off.',
      }
    case 'denied':
      return {
        title: 'You were not let in',
        text: 'A host said no. If you think that was a mistake, tell them who you are some other way, and ask again.',
      }
    case 'banned':
      return {
        title: `You cannot come back into this ${kind}`,
        text: 'A host removed you and closed the door. Only a host can take that back.',
      }
    case 'room-locked':
      return {
        title: `The ${kind} is locked`,
        text: 'Nobody new is let in just now. Ask somebody inside to unlock it.',
      }
    case 'room-full':
      return { title: `The ${kind} is full`, text: 'Try again when somebody has left.' }
    default:
      return undefined
  }
}

export function MeetingEnd(props: MeetingEndProps) {
  const { why, detail, wasRecorded, onRejoin, title, kind = 'meeting' } = props
  const { account } = useSession()
  const { icon: Icon, again: rejoin, ...general } = endings[why]
  const over = why === 'ended' || why === 'room-closed'
  const again = props.again ?? (over || rejoin === undefined ? undefined : { text: rejoin, act: onRejoin })
  const { title: heading, text } = wordsOf(why, kind) ?? general
  return (
    <Frame title={heading} hideTitle width="narrow">
      <div className="end" data-testid="end-screen" data-reason={why}>
        <span className="end-icon">
          <Icon size={34} strokeWidth={1.6} aria-hidden />
        </span>
        <p className="end-title" aria-hidden>
          {heading}
        </p>
        <p className="lead">
          {text}
          {detail !== undefined && detail !== '' && <span className="end-detail">{detail}</span>}
        </p>
        <div className="end-buttons">
          {again && (
            <button type="button" className="button primary large" onClick={again.act} data-testid="rejoin">
              {again.text}
            </button>
          )}
          <Link to="/" className={again ? 'button large' : 'button primary large'}>
            {account ? 'Your meetings' : 'Home'}
          </Link>
          {account && wasRecorded && (
            <Link to="/recordings" className="button large">
              Recordings
            </Link>
          )}
        </div>
        <p className="eyebrow">
          <strong>{title}</strong>
        </p>
      </div>
    </Frame>
  )
}
