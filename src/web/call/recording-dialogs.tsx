import { CircleAlert, CircleCheck } from 'lucide-react'
import { useState } from 'react'
import { Dialog } from '../ui/dialog.tsx'
import { Note } from '../ui/feedback.tsx'
import { formatClock } from '../ui/time.ts'
import { useNow } from '../ui/use-now.ts'
import type { Call, CallRecording, CallState } from './call.ts'
import { listNames } from './notices.ts'
import { describeHealth, describeMark } from './recording-words.ts'

/** Something that is asked of the server from a dialog: it closes when that worked, and says why when not. */
function useAsking(ask: () => Promise<string | undefined>, onDone: () => void) {
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<string>()
  const run = async () => {
    if (busy) return
    setBusy(true)
    setRefusal(undefined)
    const why = await ask()
    setBusy(false)
    if (why === undefined) onDone()
    else setRefusal(why)
  }
  return { busy, refusal, run: () => void run() }
}

interface StartRecordingDialogProps {
  readonly call: Call
  readonly onClose: () => void
}

export function StartRecordingDialog({ call, onClose }: StartRecordingDialogProps) {
  const { busy, refusal, run } = useAsking(() => call.startRecording(), onClose)
  return (
    <Dialog title="Record this call?" onClose={onClose}>
      <p>
        Everybody is told at once, and whoever comes later as well. Where this server asks people first, only
        those who agree are in it. By starting it you agree to be recorded yourself.
      </p>
      <p className="soft">
        When it has ended, a video is made of it. Those who may watch it find it under Recordings.
      </p>
      {refusal !== undefined && <Note kind="error">{refusal}</Note>}
      <div className="form-actions end-aligned">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="button primary"
          data-testid="record-start"
          aria-disabled={busy}
          onClick={run}
        >
          {busy ? 'Starting…' : 'Start recording'}
        </button>
      </div>
    </Dialog>
  )
}

interface RecordingDialogProps {
  readonly call: Call
  readonly state: CallState
  readonly recording: CallRecording
  readonly onClose: () => void
}

/** What there is to know of the recording that goes on, the own consent, and for hosts how it goes and its end. */
export function RecordingDialog({ call, state, recording, onClose }: RecordingDialogProps) {
  const now = useNow(1000).getTime()
  const { busy, refusal, run } = useAsking(() => call.stopRecording(), onClose)
  const { by, isOwn, since, notice, asksConsent } = recording
  const starter = isOwn ? 'you' : by
  const title = describeMark(recording)
  return (
    <Dialog title={title} onClose={onClose}>
      <dl className="recording-facts">
        <div>
          <dt>So far</dt>
          <dd className="recording-time">{formatClock(now - since)}</dd>
        </div>
        {starter !== undefined && (
          <div>
            <dt>Started by</dt>
            <dd>{starter}</dd>
          </div>
        )}
      </dl>
      {notice.replace(/\.$/, '') !== title && <p className="recording-says">{notice}</p>}
      {asksConsent && <Consent call={call} recording={recording} />}
      {state.mayRecord && <Health state={state} asksConsent={asksConsent} />}
      {refusal !== undefined && <Note kind="error">{refusal}</Note>}
      {state.mayRecord && (
        <div className="form-actions end-aligned">
          <button type="button" className="button" onClick={onClose}>
            Go on recording
          </button>
          <button
            type="button"
            className="button danger"
            data-testid="record-stop"
            aria-disabled={busy || recording.state === 'stopping'}
            onClick={run}
          >
            {busy || recording.state === 'stopping' ? 'Ending…' : 'Stop recording'}
          </button>
        </div>
      )}
    </Dialog>
  )
}

function Consent({ call, recording }: { call: Call; recording: CallRecording }) {
  const agreed = recording.agreed === true
  return (
    <section className="recording-part" aria-labelledby="recording-consent">
      <h3 id="recording-consent">You</h3>
      <p>
        {agreed
          ? 'You agreed to be recorded. If you take that back, nothing more of you is recorded; what was recorded until then stays.'
          : 'You are not recorded, because you have not agreed.'}
      </p>
      <button
        type="button"
        className="button"
        data-testid="recording-consent"
        onClick={() => call.consentToRecording(!agreed)}
      >
        {agreed ? 'Do not record me any more' : 'I agree to be recorded'}
      </button>
    </section>
  )
}

function Health({ state, asksConsent }: { state: CallState; asksConsent: boolean }) {
  const { recordingHealth: health, people } = state
  const namesOf = (ids: readonly string[] = []): string[] =>
    ids.flatMap((id) => {
      const person = people.find((each) => each.id === id)
      return person ? [person.local ? 'you' : person.name] : []
    })
  const names = namesOf(health?.waitingForConsent)
  const untold = namesOf(health?.untold)
  return (
    <section className="recording-part" aria-labelledby="recording-health">
      <h3 id="recording-health">How it goes</h3>
      {health === undefined ? (
        <p className="soft">Known a few seconds after it began.</p>
      ) : (
        <ul className="recording-health">
          {describeHealth(health).map(({ text, bad }) => (
            <li key={text} data-bad={bad}>
              {bad ? <CircleAlert size={17} aria-hidden /> : <CircleCheck size={17} aria-hidden />}
              <span>{text}</span>
            </li>
          ))}
          {asksConsent && names.length > 0 && (
            <li data-bad="true" data-testid="recording-without">
              <CircleAlert size={17} aria-hidden />
              <span>Not recorded, because they have not agreed: {listNames(names)}.</span>
            </li>
          )}
          {untold.length > 0 && (
            <li data-bad="true" data-testid="recording-untold">
              <CircleAlert size={17} aria-hidden />
              <span>Not recorded, because their app cannot tell them of it: {listNames(untold)}.</span>
            </li>
          )}
        </ul>
      )}
    </section>
  )
}
