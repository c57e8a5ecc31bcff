import { Monitor, Phone, PhoneMissed, Video } from 'lucide-react'
import type { Call } from '../api/types.ts'
import { Link } from '../ui/link.tsx'
import { usePlace } from '../meetings/use-place.ts'
import { durationWords, momentWords } from '../meetings/when.ts'
import { callAgainPath } from './call-paths.ts'
import { callTypeNames, howItWent, withWhom } from './call-words.ts'
import './calls.css'

const icons = { audio: Phone, video: Video, screen: Monitor }

/** A call in a list: with whom, how it went, when, how long; and the same again. */
export function CallRow({ call, me }: { call: Call; me: string | undefined }) {
  const place = usePlace()
  const { text, missed } = howItWent(call, me)
  const Icon = missed ? PhoneMissed : icons[call.type]
  const who = withWhom(call, me)
  return (
    <li className="history-row call-row" data-testid="call-row">
      <span className={missed ? 'call-icon missed' : 'call-icon'}>
        <Icon size={18} aria-hidden />
      </span>
      <div className="meeting-what">
        <span className="meeting-title">{who}</span>
        <p className="meeting-facts">
          <span className={missed ? 'missed' : undefined}>{text}</span>
          <span>{callTypeNames[call.type]}</span>
          <time dateTime={call.startedAt} lang={place.language}>
            {momentWords(new Date(call.startedAt), place)}
          </time>
          {call.seconds !== undefined && call.answeredAt !== undefined && (
            <span>{durationWords(call.seconds, place.language)}</span>
          )}
        </p>
      </div>
      <Link to={callAgainPath(call, me)} className="button small" aria-label={`Call again: ${who}`}>
        <Phone size={16} aria-hidden />
        <span>Call again</span>
      </Link>
    </li>
  )
}
