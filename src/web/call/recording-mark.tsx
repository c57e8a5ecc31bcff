import { formatClock } from '../ui/time.ts'
import { useNow } from '../ui/use-now.ts'
import type { CallRecording } from './call.ts'
import { describeMark } from './recording-words.ts'

interface RecordingMarkProps {
  readonly recording: CallRecording
  /** Shows what there is to know, and to decide. */
  readonly onClick: () => void
}

/** In everybody's sight as long as the call is recorded. */
export function RecordingMark({ recording, onClick }: RecordingMarkProps) {
  const now = useNow(1000).getTime()
  const { state, since, asksConsent, agreed } = recording
  const without = asksConsent && agreed !== true
  return (
    <button
      type="button"
      className="recording-mark"
      data-testid="recording-mark"
      data-state={state}
      data-without={without}
      aria-haspopup="dialog"
      title={describeMark(recording)}
      onClick={onClick}
    >
      <span className="recording-dot" aria-hidden />
      <span className="visually-hidden">{describeMark(recording)}. Details. </span>
      <span>
        REC{' '}
        {state === 'recording' ? (
          <time className="recording-time">{formatClock(now - since)}</time>
        ) : state === 'starting' ? (
          'starting…'
        ) : (
          'ending…'
        )}
        {without && state === 'recording' && ' · not you'}
      </span>
    </button>
  )
}
