import { Check, Copy, Download } from 'lucide-react'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { api } from '../api/client.ts'
import { accountChanged, loadSession } from '../api/session.ts'
import type { Account, RecoveryCodes, SecondFactorStart } from '../api/types.ts'
import { useAction } from '../api/use-query.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { CopyField, useCopy } from '../ui/copy-field.tsx'
import { Chip, ErrorNote, toast } from '../ui/feedback.tsx'
import { PasswordField, SubmitButton, TextField } from '../ui/fields.tsx'
import { Section } from '../ui/frame.tsx'
import { saveText } from '../ui/save-text.ts'
import { WrongPassword } from './wrong-password.tsx'

/** The second step of logging in: a code from an app on the phone. */
export function SecondFactor({ account }: { account: Account }) {
  const [start, setStart] = useState<SecondFactorStart>()
  const [codes, setCodes] = useState<readonly string[]>()
  const [asking, setAsking] = useState<'disable' | 'codes'>()
  const begin = useAction(async () => setStart(await api.post<SecondFactorStart>('/account/second-factor')))
  return (
    <Section
      title="Second step"
      lead="A code from an app on your phone, besides the password. Whoever learns your password still stays out."
      actions={
        <Chip kind={account.secondFactor ? 'good' : 'plain'}>{account.secondFactor ? 'On' : 'Off'}</Chip>
      }
      testId="second-factor"
    >
      {codes ? (
        <ShownCodes account={account} codes={codes} onDone={() => setCodes(undefined)} />
      ) : start ? (
        <Confirm
          start={start}
          onCancel={() => setStart(undefined)}
          onCodes={(made) => {
            setStart(undefined)
            setCodes(made)
            void loadSession()
          }}
        />
      ) : account.secondFactor ? (
        <div className="form-actions">
          <button type="button" className="button" onClick={() => setAsking('codes')}>
            New recovery codes
          </button>
          <button type="button" className="button" onClick={() => setAsking('disable')}>
            Switch off
          </button>
        </div>
      ) : (
        <>
          <ErrorNote error={begin.error} />
          <div className="form-actions">
            <button
              type="button"
              className="button primary"
              aria-disabled={begin.busy}
              data-testid="set-up-second-factor"
              onClick={() => void begin.run()}
            >
              Set up
            </button>
          </div>
        </>
      )}
      {asking === 'disable' && <Disable account={account} onClose={() => setAsking(undefined)} />}
      {asking === 'codes' && <NewCodes onCodes={setCodes} onClose={() => setAsking(undefined)} />}
    </Section>
  )
}

interface ConfirmProps {
  readonly start: SecondFactorStart
  readonly onCodes: (codes: readonly string[]) => void
  readonly onCancel: () => void
}

function Confirm({ start, onCodes, onCancel }: ConfirmProps) {
  const [code, setCode] = useState('')
  const [missing, setMissing] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const { run, busy, error } = useAction(async () => {
    const { recoveryCodes } = await api.put<RecoveryCodes>('/account/second-factor', {
      code: code.replace(/\s/g, ''),
    })
    onCodes(recoveryCodes)
  })
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setMissing(code.trim() === '')
    if (code.trim() === '') return field.current?.focus()
    if (!(await run())) field.current?.select()
  }
  return (
    <form className="form second-factor" onSubmit={(event) => void submit(event)} noValidate>
      <img
        className="qr"
        alt="QR code for your authenticator app"
        width={200}
        height={200}
        src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(start.qrSvg)}`}
      />
      <div className="form">
        <ol className="steps">
          <li>Install an authenticator app, if you have none.</li>
          <li>Scan the code with it, or type this key:</li>
        </ol>
        <CopyField value={start.secret} name="Key for the authenticator app" mono />
        <TextField
          label="The code the app shows"
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={16}
          mono
          inputRef={field}
          value={code}
          onChange={setCode}
          error={missing ? 'Enter the six digits.' : undefined}
        />
        <WrongPassword error={error} />
        <div className="form-actions">
          <SubmitButton busy={busy} testId="confirm-second-factor">
            Switch on
          </SubmitButton>
          <button type="button" className="button quiet" onClick={onCancel}>
            Cancel
          </button>
        </div>
      </div>
    </form>
  )
}

interface ShownCodesProps {
  readonly account: Account
  readonly codes: readonly string[]
  readonly onDone: () => void
}

function ShownCodes({ account, codes, onDone }: ShownCodesProps) {
  const { state, copy } = useCopy()
  const text = codes.join('\n')
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => list.current?.focus(), [])
  return (
    <div className="form" ref={list} tabIndex={-1} data-testid="recovery-codes">
      <p>
        <strong>Keep these recovery codes.</strong> Each lets you in once when your phone is not at hand. They
        are not shown again.
      </p>
      <ul className="codes mono" aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="form-actions">
        <button type="button" className="button" onClick={() => void copy(text)}>
          {state === 'yes' ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
          {state === 'yes' ? 'Copied' : 'Copy'}
        </button>
        <button
          type="button"
          className="button"
          onClick={() =>
            saveText(
              'sluice-recovery-codes.txt',
              `Recovery codes of ${account.email} at ${location.host}\n\n${text}\n`,
            )
          }
        >
          <Download size={16} aria-hidden />
          Save as a file
        </button>
        <button type="button" className="button primary" onClick={onDone} data-testid="codes-kept">
          I have kept them
        </button>
      </div>
      {state === 'no' && (
        <p className="field-hint">This page may not copy. Select the codes, or save them as a file.</p>
      )}
    </div>
  )
}

function Disable({ account, onClose }: { account: Account; onClose: () => void }) {
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  return (
    <ConfirmDialog
      title="Switch the second step off?"
      confirm="Switch off"
      danger
      onClose={onClose}
      onConfirm={async () => {
        await api.post('/account/second-factor/disable', { password, code: code.replace(/\s/g, '') })
        accountChanged({ ...account, secondFactor: false })
        await loadSession()
        toast('The second step is off')
      }}
    >
      <p>From then on the password alone lets one in.</p>
      <PasswordField
        label="Your password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
      />
      <TextField
        label="Code of the app, or a recovery code"
        autoComplete="one-time-code"
        mono
        value={code}
        onChange={setCode}
      />
    </ConfirmDialog>
  )
}

interface NewCodesProps {
  readonly onCodes: (codes: readonly string[]) => void
  readonly onClose: () => void
}

function NewCodes({ onCodes, onClose }: NewCodesProps) {
  const [password, setPassword] = useState('')
  return (
    <ConfirmDialog
      title="Make new recovery codes?"
      confirm="Make new codes"
      onClose={onClose}
      onConfirm={async () => {
        const { recoveryCodes } = await api.post<RecoveryCodes>('/account/second-factor/recovery-codes', {
          password,
        })
        onCodes(recoveryCodes)
      }}
    >
      <p>The ones you have now stop working.</p>
      <PasswordField
        label="Your password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
      />
    </ConfirmDialog>
  )
}
