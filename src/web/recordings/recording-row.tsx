import { AudioLines, CircleAlert, Clapperboard, Disc, Loader } from 'lucide-react'
import { isApiError } from '../api/errors.ts'
import type { Recording } from '../api/types.ts'
import { path } from '../api/client.ts'
import { listNames } from '../call/notices.ts'
import { Chip } from '../ui/feedback.tsx'
import { Link } from '../ui/link.tsx'
import { formatBytes, formatClock, formatDateTime } from '../ui/time.ts'
import { useNow } from '../ui/use-now.ts'
import { posterOf, watchable } from './media.ts'
import { isInFlux } from './poll-delay.ts'
import { useRecording } from './use-recording.ts'
import { failureWords, stateChip } from './words.ts'
import '../meetings/meetings.css'
import './recordings.css'

/** One in a list. While something happens to it, it follows that by itself. */
export function RecordingRow({ recording: listed }: { recording: Recording }) {
  const { data, error } = useRecording(isInFlux(listed) ? listed.id : undefined)
  const recording = data ?? listed
  if (isApiError(error, 'not-found')) return null
  const { id, title, startedAt, state, participants, participantCount, bytes } = recording
  const chip = stateChip(recording)
  return (
    <li className="recording-row" data-testid="recording-row" data-state={state}>
      <Link
        to={path`/recordings/${id}`}
        className="recording-poster"
        tabIndex={-1}
        aria-hidden
        data-state={state}
      >
        <Poster recording={recording} />
        <Length recording={recording} />
      </Link>
      <div className="recording-what">
        <Link to={path`/recordings/${id}`} className="meeting-title">
          {title}
        </Link>
        <p className="meeting-facts">
          {chip && <Chip kind={chip.kind}>{chip.text}</Chip>}
          <time dateTime={startedAt}>{formatDateTime(startedAt)}</time>
          {bytes > 0 && <span>{formatBytes(bytes)}</span>}
        </p>
        {participants.length > 0 && (
          <p className="recording-people">
            {listNames(
              participants.map(({ name }) => name),
              participantCount,
            )}
          </p>
        )}
        {state === 'failed' && <p className="recording-why">{failureWords(recording)}</p>}
        {state === 'processing' && (
          <progress value={recording.progress} max={1} aria-label={`Processing ${title}`} />
        )}
      </div>
    </li>
  )
}

function Poster({ recording }: { recording: Recording }) {
  const { state } = recording
  const poster = posterOf(recording)
  if (poster !== undefined) return <img src={poster} alt="" loading="lazy" decoding="async" />
  if (state === 'recording') return <Disc size={26} aria-hidden />
  if (state === 'failed') return <CircleAlert size={26} aria-hidden />
  if (state === 'processing' || state === 'deleting') return <Loader className="spin" size={24} aria-hidden />
  return watchable(recording).length > 0 ? (
    <AudioLines size={26} aria-hidden />
  ) : (
    <Clapperboard size={26} aria-hidden />
  )
}

function Length({ recording: { state, startedAt, durationMs } }: { recording: Recording }) {
  const goesOn = state === 'recording'
  const now = useNow(goesOn ? 1000 : 600_000).getTime()
  return (
    <span className="recording-length">{formatClock(goesOn ? now - Date.parse(startedAt) : durationMs)}</span>
  )
}
