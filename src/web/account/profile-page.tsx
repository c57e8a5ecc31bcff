import { useState, type FormEvent } from 'react'
import { api } from '../api/client.ts'
import { fieldError, isApiError } from '../api/errors.ts'
import { accountChanged, loadSession, useSession } from '../api/session.ts'
import type { Account } from '../api/types.ts'
import { useAction } from '../api/use-query.ts'
import { Chip, ErrorNote, Note, toast } from '../ui/feedback.tsx'
import { CheckField, PasswordField, SelectField, SubmitButton, TextField } from '../ui/fields.tsx'
import { Section } from '../ui/frame.tsx'
import { changeSettings } from '../ui/settings.ts'
import { AccountFrame } from './account-frame.tsx'
import { looksLikeEmail } from './checks.ts'
import { KeptMails } from './kept-mails.tsx'
import { WrongPassword } from './wrong-password.tsx'

export function ProfilePage() {
  return (
    <AccountFrame>
      {(account) => (
        <>
          <Profile key={account.version} account={account} />
          <Email account={account} />
        </>
      )}
    </AccountFrame>
  )
}

const roleNames = { admin: 'Admin', host: 'Host', member: 'Member' }
const roleMeanings = {
  admin: 'You look after this server, its people and keys.',
  host: 'You can schedule and start meetings.',
  member: 'You can take part in what you are invited to.',
}

function Profile({ account }: { account: Account }) {
  const [name, setName] = useState(account.name)
  const [timeZone, setTimeZone] = useState(account.settings.timeZone ?? '')
  const [mailInvitations, setMailInvitations] = useState(account.settings.mailInvitations ?? true)
  const nameProblem = name.trim() === '' ? 'Enter the name that others should see.' : undefined
  const { run, busy, error } = useAction(async () => {
    try {
      const settings = { ...account.settings, mailInvitations, ...(timeZone === '' ? {} : { timeZone }) }
      const changed = await api.patch<Account>(
        '/account',
        { name: name.trim(), settings },
        { version: account.version },
      )
      // The next room asks for a name, too.
      changeSettings({ name: changed.name })
      accountChanged(changed)
      toast('Saved')
    } catch (thrown) {
      if (isApiError(thrown, 'precondition-failed')) await loadSession()
      throw thrown
    }
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (nameProblem === undefined) void run()
  }
  return (
    <Section
      title="Profile"
      lead={roleMeanings[account.role]}
      actions={<Chip kind={account.role === 'admin' ? 'good' : 'plain'}>{roleNames[account.role]}</Chip>}
      testId="profile"
    >
      <form className="form" onSubmit={submit} noValidate>
        <div className="form-row">
          <TextField
            label="Name"
            autoComplete="name"
            maxLength={60}
            value={name}
            onChange={setName}
            error={nameProblem ?? fieldError(error, 'name')}
          />
          <SelectField
            label="Time zone"
            hint="For the times in mails. Pages show those of your device."
            value={timeZone}
            onChange={setTimeZone}
            options={timeZones(account.settings.timeZone)}
          />
        </div>
        <CheckField
          label="Mail me when I am invited to a meeting"
          checked={mailInvitations}
          onChange={setMailInvitations}
        />
        <ErrorNote error={fieldError(error, 'name') === undefined ? error : undefined} />
        <div className="form-actions">
          <SubmitButton busy={busy} busyText="Saving…" testId="save-profile">
            Save
          </SubmitButton>
        </div>
      </form>
    </Section>
  )
}

/** Empty: not chosen yet. One that this browser does not know stays choosable. */
function timeZones(chosen: string | undefined): readonly (readonly [string, string])[] {
  const known = Intl.supportedValuesOf('timeZone')
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone
  const all = [...new Set([...(chosen === undefined ? [] : [chosen]), here, 'UTC', ...known])]
  const named = all.map((zone) => [zone, zone.replaceAll('_', ' ')] as const)
  return chosen === undefined ? [['', 'Not chosen'], ...named] : named
}

function Email({ account }: { account: Account }) {
  const { server } = useSession()
  const [open, setOpen] = useState(false)
  const [sentTo, setSentTo] = useState<string>()
  if (!account.hasPassword) {
    const from = server?.accounts.external?.name ?? 'where you log in'
    return <Section title="E-mail" lead={`${account.email}. It comes from ${from} and is changed there.`} />
  }
  return (
    <Section
      title="E-mail"
      lead={account.email}
      actions={
        !open && (
          <button type="button" className="button" onClick={() => setOpen(true)} data-testid="change-email">
            Change
          </button>
        )
      }
      testId="email"
    >
      {sentTo !== undefined && (
        <>
          <Note kind="good">We sent a link to {sentTo}. Your address changes when you open it.</Note>
          <KeptMails />
        </>
      )}
      {open && (
        <ChangeEmail
          onDone={(email) => {
            setOpen(false)
            setSentTo(email)
          }}
          onCancel={() => setOpen(false)}
        />
      )}
    </Section>
  )
}

function ChangeEmail({ onDone, onCancel }: { onDone: (email: string) => void; onCancel: () => void }) {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [tried, setTried] = useState(false)
  const { run, busy, error } = useAction(() => api.post('/account/email', { email: email.trim(), password }))
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (looksLikeEmail(email) && password !== '' && (await run())) onDone(email.trim())
  }
  return (
    <form className="form" onSubmit={(event) => void submit(event)} noValidate>
      <div className="form-row">
        <TextField
          label="New e-mail"
          type="email"
          autoComplete="email"
          autoFocus
          value={email}
          onChange={setEmail}
          error={
            (tried && !looksLikeEmail(email)
              ? 'Enter a whole address, such as ana@example.org.'
              : undefined) ?? fieldError(error, 'email')
          }
        />
        <PasswordField
          label="Your password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
          error={tried && password === '' ? 'Enter your password.' : undefined}
        />
      </div>
      <WrongPassword error={fieldError(error, 'email') === undefined ? error : undefined} />
      <div className="form-actions">
        <SubmitButton busy={busy}>Send the link</SubmitButton>
        <button type="button" className="button quiet" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  )
}
