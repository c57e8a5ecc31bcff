import { useEffect, useRef, useState } from 'react'
import type { CallRecording } from './call.ts'
import { describeStart } from './recording-words.ts'

/** Whether a recording that is already there when the page opens began before one came. */
interface Told extends CallRecording {
  readonly began: 'now' | 'before'
}

/**
 * The recording that the own person has to be told of: each once, until they answered. Who started it is told in a line, as they
 * know.
 */
export function useRecordingNotice(recording: CallRecording | undefined, tell: (text: string) => void) {
  const [first] = useState(recording?.id)
  const [done, setDone] = useState<string>()
  const id = recording?.id
  const isOwn = recording?.isOwn === true
  const said = useRef<string>(undefined)
  useEffect(() => {
    if (!isOwn || said.current === id) return
    said.current = id
    tell('The recording has begun. Everybody is told.')
  }, [id, isOwn, tell])
  const due =
    recording !== undefined &&
    recording.id !== done &&
    recording.state !== 'stopping' &&
    (recording.asksConsent ? recording.agreed === undefined : !isOwn)
  const shown: Told | undefined = due
    ? { ...recording, began: recording.id === first ? 'before' : 'now' }
    : undefined
  return { shown, done: () => setDone(id) }
}

interface RecordingNoticeProps {
  readonly recording: Told
  readonly onAnswer: (agrees: boolean) => void
  readonly onLeave: () => void
  readonly onDone: () => void
}

/** Over the stage, so that nobody misses it; the call goes on behind it. */
export function RecordingNotice({ recording, onAnswer, onLeave, onDone }: RecordingNoticeProps) {
  const { by, began, notice, asksConsent } = recording
  const heading = describeStart({ by, since: began })
  // The usual notice says what the heading says.
  const says = notice.replace(/\.$/, '') === heading ? undefined : notice
  const answer = (agrees: boolean) => () => {
    onAnswer(agrees)
    onDone()
  }
  return (
    <section className="recording-notice" data-testid="recording-notice" aria-label="Recording">
      <div role="alert">
        <h2>
          <span className="recording-dot" aria-hidden />
          {heading}
        </h2>
        {says !== undefined && <p className="recording-says">{says}</p>}
        <p className="soft">
          {asksConsent
            ? 'You are not recorded unless you agree: neither your voice, nor your picture, nor your screen. You can change your mind at any time.'
            : 'That includes your voice, your picture and what you share. If you do not want that, turn them off or leave.'}
        </p>
      </div>
      <div className="form-actions">
        {asksConsent ? (
          <>
            <button
              type="button"
              className="button primary"
              data-testid="recording-agree"
              onClick={answer(true)}
            >
              I agree
            </button>
            <button type="button" className="button" data-testid="recording-decline" onClick={answer(false)}>
              I do not agree
            </button>
          </>
        ) : (
          <>
            <button type="button" className="button primary" data-testid="recording-ok" onClick={onDone}>
              Got it
            </button>
            <button type="button" className="button quiet" onClick={onLeave}>
              Leave the call
            </button>
          </>
        )}
      </div>
    </section>
  )
}
