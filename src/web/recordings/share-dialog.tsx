import { Link2, Trash2 } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { api, path } from '../api/client.ts'
import type { RecordingShare } from '../api/types.ts'
import { useAction, useQuery } from '../api/use-query.ts'
import { CopyField } from '../ui/copy-field.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { ErrorNote, Skeleton } from '../ui/feedback.tsx'
import { CheckField, SelectField, SubmitButton } from '../ui/fields.tsx'
import { formatDateTime } from '../ui/time.ts'

interface ShareDialogProps {
  readonly recordingId: string
  readonly onClose: () => void
}

const day = 86_400
const lives = [
  [String(day), 'A day'],
  [String(7 * day), 'A week'],
  [String(30 * day), '30 days'],
  [String(365 * day), 'A year'],
] as const

/** Makes links that show the recording to whoever has them, and takes them back. */
export function ShareDialog({ recordingId, onClose }: ShareDialogProps) {
  const here = path`/recordings/${recordingId}/shares`
  const shares = useQuery<{ items: readonly RecordingShare[] }>(here)
  const [life, setLife] = useState<(typeof lives)[number][0]>(lives[1][0])
  const [mayDownload, setMayDownload] = useState(false)
  const [made, setMade] = useState<RecordingShare>()
  const make = useAction(async () => {
    setMade(await api.post<RecordingShare>(here, { expiresInSeconds: Number(life), mayDownload }))
    await shares.reload()
  })
  const revoke = useAction(async (id: string) => {
    await api.delete(`${here}${path`/${id}`}`)
    if (made?.id === id) setMade(undefined)
    await shares.reload()
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void make.run()
  }
  const items = shares.data?.items
  return (
    <Dialog title="Share the recording" onClose={onClose}>
      {made?.url === undefined ? (
        <form className="form" onSubmit={submit}>
          <p className="soft">Whoever has the link can watch it, without an account.</p>
          <SelectField label="It opens for" value={life} options={lives} onChange={setLife} />
          <CheckField
            label="They may download it"
            hint="What was downloaded cannot be taken back."
            checked={mayDownload}
            onChange={setMayDownload}
          />
          <ErrorNote error={make.error} />
          <div className="form-actions end-aligned">
            <SubmitButton busy={make.busy} testId="make-share">
              Make a link
            </SubmitButton>
          </div>
        </form>
      ) : (
        <div className="form" data-testid="share-made">
          <p>Copy it now: it is not shown again.</p>
          <CopyField value={made.url} name="Link to the recording" label="Copy link" />
          <button type="button" className="button" onClick={() => setMade(undefined)}>
            <Link2 size={18} aria-hidden />
            Make another link
          </button>
        </div>
      )}
      {(items === undefined || items.length > 0) && (
        <section className="shares" aria-labelledby="shares">
          <h3 id="shares">Links that open now</h3>
          <ErrorNote error={shares.error ?? revoke.error} onRetry={() => void shares.reload()} />
          {items === undefined && !shares.error && <Skeleton lines={2} />}
          <ul>
            {items?.map((share) => (
              <li key={share.id} data-testid="share-row">
                <span>
                  <span className="share-until">Until {formatDateTime(share.expiresAt)}</span>
                  <span className="soft">
                    {share.mayDownload ? 'With download' : 'Watching only'} · {openedWords(share.views)}
                  </span>
                </span>
                <button
                  type="button"
                  className="icon-button"
                  title="Take this link back"
                  aria-label={`Take back the link that opens until ${formatDateTime(share.expiresAt)}`}
                  data-testid="revoke"
                  aria-disabled={revoke.busy}
                  onClick={() => void revoke.run(share.id)}
                >
                  <Trash2 size={18} aria-hidden />
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </Dialog>
  )
}

function openedWords(views: number): string {
  if (views === 0) return 'not opened yet'
  return views === 1 ? 'opened once' : `opened ${views} times`
}
