import { MailCheck } from 'lucide-react'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { api } from '../api/client.ts'
import { fieldError, isApiError } from '../api/errors.ts'
import { loadSession, sessionStarted, useSession } from '../api/session.ts'
import type { SessionAnswer } from '../api/types.ts'
import { useAction } from '../api/use-query.ts'
import { ErrorNote, Note, Skeleton } from '../ui/feedback.tsx'
import { CheckField, PasswordField, SubmitButton, TextField } from '../ui/fields.tsx'
import { Frame } from '../ui/frame.tsx'
import { Link } from '../ui/link.tsx'
import { navigate, useAddressQuery } from '../ui/router.ts'
import { changeSettings } from '../ui/settings.ts'
import { looksLikeEmail, passwordProblem } from './checks.ts'
import { KeptMails } from './kept-mails.tsx'
import { WhatIsKept } from './what-is-kept.tsx'

/** A new account. With the set-up code of a server that has no admin yet, it is the admin's. */
export function RegisterPage() {
  const { server, loading, error } = useSession()
  const setUpCode = useAddressQuery().get('setUpCode') ?? undefined
  const [email, setEmail] = useState<string>()
  if (email !== undefined) return <CheckYourMail email={email} onBack={() => setEmail(undefined)} />

  const title = setUpCode !== undefined ? 'Become the admin' : 'Create an account'
  if (!server) {
    return (
      <Frame title={title} width="narrow">
        {loading ? <Skeleton /> : <ErrorNote error={error} onRetry={() => location.reload()} />}
      </Frame>
    )
  }
  const { registration, passwords, external, setUpNeeded } = server.accounts
  if (setUpCode !== undefined && !setUpNeeded) {
    return (
      <Closed
        title="This server has an admin already"
        text="The set-up code works once. Log in, or ask the admin for an account."
      />
    )
  }
  if (setUpCode === undefined && (registration === 'closed' || !passwords)) {
    const text =
      external !== undefined
        ? `People of this server log in with ${external.name}.`
        : 'Accounts of this server are made by its admins. Ask one of them.'
    return <Closed title="No registration here" text={text} />
  }
  const lead =
    setUpCode !== undefined
      ? 'The first account of this server looks after all others.'
      : registration === 'invited' && 'This server is for people whose address was invited to a meeting.'
  return (
    <Frame title={title} width="narrow" lead={lead}>
      <RegisterForm
        setUpCode={setUpCode}
        minLength={server.passwordMinLength}
        usableAtOnce={setUpCode !== undefined || server.accounts.verifyEmail === false}
        onMail={setEmail}
      />
      <p className="form-foot soft">
        You have one? <Link to="/login">Log in</Link>
      </p>
    </Frame>
  )
}

function Closed({ title, text }: { title: string; text: string }) {
  return (
    <Frame title={title} width="narrow" lead={text}>
      <Link to="/login" className="button primary large">
        Log in
      </Link>
    </Frame>
  )
}

interface RegisterFormProps {
  readonly setUpCode: string | undefined
  readonly minLength: number
  /** No mail has to be opened first. */
  readonly usableAtOnce: boolean
  /** The account waits for a mail to this address to be opened. */
  readonly onMail: (email: string) => void
}

function RegisterForm({ setUpCode, minLength, usableAtOnce, onMail }: RegisterFormProps) {
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [consent, setConsent] = useState(false)
  const [tried, setTried] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const { run, busy, error } = useAction(async () => {
    const credentials = { email: email.trim(), password }
    await api.post('/auth/register', {
      ...credentials,
      name: name.trim(),
      consent: true,
      ...(setUpCode === undefined ? {} : { setUpCode }),
    })
    changeSettings({ name: name.trim() })
    if (usableAtOnce && (await enter(credentials))) navigate('/')
    else onMail(credentials.email)
  })
  const problems = {
    name: name.trim() === '' ? 'Enter the name that others should see.' : undefined,
    email: looksLikeEmail(email) ? undefined : 'Enter a whole address, such as ana@example.org.',
    password: passwordProblem(password, { minLength, email }),
    consent: consent ? undefined : 'Without this there can be no account.',
  }
  const shown: Partial<typeof problems> = tried ? problems : {}
  const ofServer = {
    name: fieldError(error, 'name'),
    email: fieldError(error, 'email'),
    password: fieldError(error, 'password'),
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (Object.values(problems).some((problem) => problem !== undefined)) {
      // The first one that is wrong, once React has marked it.
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus())
      return
    }
    await run()
  }
  return (
    <form ref={form} className="form" onSubmit={(event) => void submit(event)} noValidate>
      <TextField
        label="Name"
        hint="As others see it in a call."
        autoComplete="name"
        maxLength={60}
        value={name}
        onChange={setName}
        error={shown.name ?? ofServer.name}
      />
      <TextField
        label="E-mail"
        type="email"
        autoComplete="username"
        maxLength={254}
        value={email}
        onChange={setEmail}
        error={shown.email ?? ofServer.email}
      />
      <PasswordField
        label="Password"
        autoComplete="new-password"
        minLength={minLength}
        maxLength={256}
        value={password}
        onChange={setPassword}
        error={shown.password ?? ofServer.password}
      />
      <div>
        <CheckField
          label="I agree that this server keeps what it needs for my account."
          checked={consent}
          onChange={setConsent}
          error={shown.consent}
        />
        <WhatIsKept />
      </div>
      <RegisterError error={Object.values(ofServer).some(Boolean) ? undefined : error} />
      <SubmitButton busy={busy} busyText="Creating…" className="button primary large" testId="create-account">
        Create the account
      </SubmitButton>
    </form>
  )
}

/** Logs in with the new account. False when that takes a mail after all, such as for an address that had an account before. */
async function enter(credentials: { email: string; password: string }): Promise<boolean> {
  try {
    sessionStarted(await api.post<SessionAnswer>('/auth/login', { ...credentials, session: 'cookie' }))
    await loadSession()
    return true
  } catch (thrown) {
    if (isApiError(thrown, 'unauthorized')) return false
    throw thrown
  }
}

function RegisterError({ error }: { error: unknown }) {
  if (isApiError(error, 'not-supported')) {
    return (
      <Note kind="error">This server sends no mail yet, so it cannot check addresses. Ask its admin.</Note>
    )
  }
  if (isApiError(error, 'forbidden')) return <Note kind="error">{error.message}</Note>
  return <ErrorNote error={error} />
}

function CheckYourMail({ email, onBack }: { email: string; onBack: () => void }) {
  const { run, busy, error } = useAction(() => api.post('/auth/verify/resend', { email }))
  const [again, setAgain] = useState(false)
  const heading = useRef<HTMLDivElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <Frame title="Look into your mail" width="narrow">
      <div className="form" ref={heading} tabIndex={-1} data-testid="check-mail">
        <p className="lead-line">
          <MailCheck size={22} aria-hidden />
          <span>
            We sent a link to <strong>{email}</strong>. Open it to confirm that the address is yours, then log
            in.
          </span>
        </p>
        <KeptMails />
        {again && <Note kind="good">Sent again. Only the newest link works.</Note>}
        <ErrorNote error={error} />
        <p className="soft">
          Nothing there? Look among the spam too, or{' '}
          <button
            type="button"
            className="link-button"
            aria-disabled={busy}
            onClick={() => void run().then((worked) => setAgain(worked))}
          >
            send it again
          </button>
          . Or was it{' '}
          <button type="button" className="link-button" onClick={onBack}>
            another address
          </button>
          ?
        </p>
        <Link to="/login" className="button large">
          Log in
        </Link>
      </div>
    </Frame>
  )
}
