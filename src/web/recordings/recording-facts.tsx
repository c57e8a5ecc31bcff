import { useState } from 'react'
import { api, path } from '../api/client.ts'
import { ApiError } from '../api/errors.ts'
import type { Recording } from '../api/types.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { toast } from '../ui/feedback.tsx'
import { CheckField, TextField } from '../ui/fields.tsx'
import { Section } from '../ui/frame.tsx'
import { formatBytes, formatDate, formatDateTime } from '../ui/time.ts'
import { uploadWords } from './words.ts'

interface RecordingFactsProps {
  readonly recording: Recording
  readonly onChange: (recording: Recording) => void
}

/** For who manages it: where the files are, and how long they stay. */
export function RecordingFacts({ recording, onChange }: RecordingFactsProps) {
  const [asking, setAsking] = useState(false)
  const { startedBy, endedAt, bytes, upload, expiresAt, state } = recording
  return (
    <Section title="Keeping" testId="recording-facts">
      <dl className="facts">
        <div>
          <dt>Started by</dt>
          <dd>{startedBy.name ?? (startedBy.kind === 'server' ? 'The meeting’s settings' : 'A backend')}</dd>
        </div>
        {endedAt !== undefined && (
          <div>
            <dt>Ended</dt>
            <dd>{formatDateTime(endedAt)}</dd>
          </div>
        )}
        {bytes > 0 && (
          <div>
            <dt>Size</dt>
            <dd>{formatBytes(bytes)} with all versions and tracks</dd>
          </div>
        )}
        <div>
          <dt>Files</dt>
          <dd data-testid="upload" data-state={upload.state}>
            {uploadWords(upload)}
            {upload.state === 'uploading' && (
              <progress value={upload.bytes} max={Math.max(1, upload.totalBytes)} aria-label="Upload" />
            )}
            {upload.state === 'waiting' && upload.nextTryAt !== undefined && (
              <span className="soft"> Next try: {formatDateTime(upload.nextTryAt)}.</span>
            )}
          </dd>
        </div>
        <div>
          <dt>Kept</dt>
          <dd>
            {expiresAt === undefined
              ? 'Until somebody deletes it'
              : `Until ${formatDate(expiresAt)}, then it is deleted by itself`}{' '}
            {state !== 'deleting' && (
              <button
                type="button"
                className="link-button"
                data-testid="expiry"
                onClick={() => setAsking(true)}
              >
                Change
              </button>
            )}
          </dd>
        </div>
      </dl>
      {asking && <ExpiryDialog recording={recording} onChange={onChange} onClose={() => setAsking(false)} />}
    </Section>
  )
}

const day = 86_400_000

function dayOf(moment: number): string {
  const at = new Date(moment)
  return new Date(moment - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 10)
}

function ExpiryDialog({ recording, onChange, onClose }: RecordingFactsProps & { onClose: () => void }) {
  const { id, version, expiresAt } = recording
  const [expires, setExpires] = useState(expiresAt !== undefined)
  const [date, setDate] = useState(() =>
    dayOf(expiresAt === undefined ? Date.now() + 30 * day : Date.parse(expiresAt)),
  )
  const change = async () => {
    // To the end of that day, here.
    const until = new Date(`${date}T23:59:59`)
    if (expires && !(until.getTime() > Date.now())) {
      throw new ApiError('bad-request', 'Choose today or a day to come.', { status: 0 })
    }
    const body = { expiresAt: expires ? until.toISOString() : null }
    onChange(await api.patch<Recording>(path`/recordings/${id}`, body, { version }))
    toast('Saved.')
  }
  return (
    <ConfirmDialog title="How long is it kept?" confirm="Save" onConfirm={change} onClose={onClose}>
      <CheckField
        label="Delete it by itself"
        hint="With all its versions, tracks and links."
        checked={expires}
        onChange={setExpires}
      />
      {expires && (
        <TextField label="Last day" type="date" value={date} min={dayOf(Date.now())} onChange={setDate} />
      )}
    </ConfirmDialog>
  )
}
