import { Dices } from 'lucide-react'
import { useRef, useState, type FormEvent } from 'react'
import { isApiError } from '../api/errors.ts'
import { useSession } from '../api/session.ts'
import { useAction } from '../api/use-query.ts'
import { ErrorNote, Note } from '../ui/feedback.tsx'
import { CheckField, SelectField, SubmitButton, TextAreaField, TextField } from '../ui/fields.tsx'
import { Section } from '../ui/frame.tsx'
import { navigate } from '../ui/router.ts'
import { randomPasscode } from './codes.ts'
import { longestDescription, longestTitle, moveStart, problemsOf, type Draft } from './draft.ts'
import { InviteeField } from './invitee-field.tsx'
import { RepeatFields } from './repeat-fields.tsx'
import { TimeFields } from './time-fields.tsx'
import { usePlace } from './use-place.ts'
import { elsewhereInWords } from './spans.ts'
import { toMoment } from './when.ts'
import { ZoneField } from './zone-field.tsx'
import './meetings.css'

interface MeetingFormProps {
  readonly first: Draft
  readonly isNew: boolean
  readonly onSubmit: (draft: Draft) => Promise<unknown>
  /** Where Cancel leads. */
  readonly back: string
  /** Loads what is there now, after somebody else changed it. */
  readonly onReload?: () => void
}

const records = [
  ['never', 'Never'],
  ['hosts', 'When a host starts it'],
  ['always', 'Always, from the first person on'],
] as const
const recordHints: Record<Draft['record'], string> = {
  never: 'Nobody can start a recording, not even you.',
  hosts: 'You press Record in the meeting. Everybody in it is told, whoever comes later as well.',
  always: 'It begins by itself, and everybody who comes is told. Say so in the invitation, too.',
}

export function MeetingForm({ first, isNew, onSubmit, back, onReload }: MeetingFormProps) {
  const place = usePlace()
  const { server } = useSession()
  const [draft, setDraft] = useState(first)
  const [tried, setTried] = useState(false)
  const [unread, setUnread] = useState('')
  const form = useRef<HTMLFormElement>(null)
  const { run, busy, error } = useAction(onSubmit)
  const change = (to: Partial<Draft>) => setDraft((before) => ({ ...before, ...to }))

  const all = problemsOf(draft, new Date(), { isNew })
  // Before the first try only what is plainly contradictory is said.
  const problem = (field: Parameters<typeof all.get>[0]) =>
    tried || field === 'end' || field === 'repeatEnd' ? all.get(field) : undefined
  const start = toMoment(draft.start, draft.zone)
  const end = toMoment(draft.end, draft.zone)
  const here =
    start && end && draft.zone !== place.zone
      ? elsewhereInWords({ from: start, to: end }, place.zone, { ...place, zone: draft.zone })
      : undefined

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    setTried(true)
    if (problemsOf(draft, new Date(), { isNew }).size > 0 || unread !== '') {
      // After the fields were drawn with what is wrong.
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus())
      return
    }
    await run(draft)
  }
  return (
    <form ref={form} className="meeting-form" onSubmit={(event) => void submit(event)} noValidate>
      <Section title="What">
        <div className="form">
          <TextField
            label="Title"
            value={draft.title}
            maxLength={longestTitle}
            placeholder="Weekly planning"
            autoFocus={isNew}
            data-testid="meeting-title"
            error={problem('title')}
            onChange={(title) => change({ title })}
          />
          <TextAreaField
            label="Description"
            optional
            rows={3}
            maxLength={longestDescription}
            placeholder="What people should know or bring"
            value={draft.description}
            onChange={(description) => change({ description })}
          />
        </div>
      </Section>
      <Section title="When">
        <div className="form">
          <div className="form-row">
            <TimeFields
              legend="Starts"
              testId="meeting-start"
              value={draft.start}
              error={problem('start')}
              onChange={(value) => setDraft((before) => moveStart(before, value))}
            />
            <TimeFields
              legend="Ends"
              testId="meeting-end"
              value={draft.end}
              error={problem('end')}
              onChange={(value) => change({ end: value })}
            />
          </div>
          <ZoneField value={draft.zone} at={start ?? new Date()} onChange={(zone) => change({ zone })} />
          {here !== undefined && <p className="soft">That is {here} for you.</p>}
          <RepeatFields
            draft={draft}
            error={problem('repeat')}
            endError={problem('repeatEnd')}
            onChange={(repeat) => change({ repeat })}
          />
        </div>
      </Section>
      <Section title="Who">
        <div className="form">
          <InviteeField
            label="Invite people"
            hint={
              server?.mails === false
                ? 'E-mail addresses; you can paste a whole list. This server sends no mail: hand the invitation on yourself.'
                : 'E-mail addresses; you can paste a whole list. Each person gets a mail with the calendar entry.'
            }
            value={draft.invitees}
            onUnread={setUnread}
            onChange={(invitees) => change({ invitees })}
          />
          <CheckField
            label="Passcode"
            hint="Whoever is not invited needs it besides the code."
            checked={draft.withPasscode}
            onChange={(withPasscode) =>
              change({
                withPasscode,
                passcode: withPasscode && draft.passcode === '' ? randomPasscode() : draft.passcode,
              })
            }
          />
          {draft.withPasscode && (
            <div className="passcode-row">
              <TextField
                label="The passcode"
                mono
                value={draft.passcode}
                maxLength={32}
                autoComplete="off"
                data-testid="meeting-passcode"
                error={problem('passcode')}
                onChange={(passcode) => change({ passcode })}
              />
              <button type="button" className="button" onClick={() => change({ passcode: randomPasscode() })}>
                <Dices size={18} aria-hidden />
                Another one
              </button>
            </div>
          )}
          <CheckField
            label="Waiting room"
            hint="Everybody waits until you let them in."
            checked={draft.lobby}
            onChange={(lobby) => change({ lobby })}
          />
          <CheckField
            label="People may join before you"
            hint="Otherwise they wait until you are there."
            checked={draft.joinBeforeHost}
            onChange={(joinBeforeHost) => change({ joinBeforeHost })}
          />
          <div className="field-short">
            <TextField
              label="Most people at a time"
              optional
              type="number"
              min={2}
              inputMode="numeric"
              value={draft.most}
              error={problem('most')}
              onChange={(most) => change({ most })}
            />
          </div>
        </div>
      </Section>
      <Section title="Recording">
        <SelectField
          label="Record it"
          value={draft.record}
          options={records}
          hint={recordHints[draft.record]}
          onChange={(record) => change({ record })}
        />
      </Section>
      {isApiError(error, 'precondition-failed') && onReload ? (
        <Note kind="error">
          Somebody has changed this meeting meanwhile.{' '}
          <button type="button" className="link-button" onClick={onReload}>
            Show what is there now
          </button>
        </Note>
      ) : (
        <ErrorNote error={error} />
      )}
      <div className="form-actions end-aligned">
        <button type="button" className="button" onClick={() => navigate(back)}>
          Cancel
        </button>
        <SubmitButton busy={busy} testId="meeting-save">
          {isNew ? (draft.invitees.length > 0 ? 'Schedule and invite' : 'Schedule') : 'Save'}
        </SubmitButton>
      </div>
    </form>
  )
}
