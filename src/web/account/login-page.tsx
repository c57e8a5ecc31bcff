import { LogIn } from 'lucide-react'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { api } from '../api/client.ts'
import { isApiError } from '../api/errors.ts'
import { sessionMayStart, sessionStarted, useSession } from '../api/session.ts'
import type { SessionAnswer } from '../api/types.ts'
import { useAction } from '../api/use-query.ts'
import type { PageProps } from '../routes.tsx'
import { ErrorNote, Note } from '../ui/feedback.tsx'
import { PasswordField, SubmitButton, TextField } from '../ui/fields.tsx'
import { Frame } from '../ui/frame.tsx'
import { Link } from '../ui/link.tsx'
import { navigate, safeReturn, useAddressQuery, usePath } from '../ui/router.ts'
import { KeptMails } from './kept-mails.tsx'

interface LoginPageProps extends Partial<PageProps> {
  /** Shown instead of another page: why. That page appears as soon as the log-in is done. */
  readonly why?: 'needed' | 'ended'
}

export function LoginPage({ why }: LoginPageProps) {
  const { server, account } = useSession()
  const path = usePath()
  const query = useAddressQuery()
  const returnTo = path === '/login' ? safeReturn(query.get('returnTo')) : path + location.search
  const external = server?.accounts.external
  const externalError = query.get('externalError')
  // Somebody who is logged in has no business here; also where a log-in leads on.
  useEffect(() => {
    if (account && path === '/login') navigate(returnTo, { replace: true })
  }, [account, path, returnTo])

  return (
    <Frame title="Log in" width="narrow">
      <div className="form">
        {why === 'needed' && <Note kind="info">Log in to see this page.</Note>}
        {why === 'ended' && <Note kind="warning">You were logged out. Log in to go on.</Note>}
        {externalError !== null && (
          <Note kind="error">
            {explainExternal(externalError, external?.name ?? 'the site you logged in at')}
          </Note>
        )}
        {external && (
          <a
            className="button large primary"
            href={`${external.startUrl}?returnTo=${encodeURIComponent(returnTo)}`}
            onClick={sessionMayStart}
          >
            <LogIn size={20} aria-hidden />
            Log in with {external.name}
          </a>
        )}
        {server && !server.accounts.enabled && (
          <Note kind="warning">This server has no accounts. Rooms are open to whoever has their link.</Note>
        )}
        {external && server.accounts.passwords && <p className="or">or with a password</p>}
        {(!server || server.accounts.passwords) && <PasswordLogin />}
        {server?.accounts.passwords && server.accounts.registration !== 'closed' && (
          <p className="form-foot soft">
            New here? <Link to="/register">Create an account</Link>
          </p>
        )}
        {server?.accounts.setUpNeeded && (
          <Note kind="info">
            Nobody runs this server yet. Its first start printed an address that makes you its admin.
          </Note>
        )}
      </div>
    </Frame>
  )
}

/** Why coming back from the issuer did not let somebody in. */
function explainExternal(why: string, name: string): string {
  switch (why) {
    case 'no-email':
      return `${name} does not say your e-mail address, and without one there can be no account.`
    case 'email-not-verified':
      return `${name} has not verified your e-mail address. Do that there, then come back.`
    case 'address-taken':
      return 'Another account of this server has your e-mail address. Ask an admin which one is to stay.'
    case 'external-expired':
      return 'That took too long. Try again.'
    case 'disabled':
      return 'This account is disabled. Ask an admin of the server.'
    default:
      return `The log-in at ${name} did not work. Try again.`
  }
}

/** What was typed is right but for the second factor: it is sent again with the code. */
interface Credentials {
  readonly email: string
  readonly password: string
}

function PasswordLogin() {
  const [waiting, setWaiting] = useState<Credentials>()
  if (waiting) return <SecondFactorForm credentials={waiting} onBack={() => setWaiting(undefined)} />
  return <CredentialsForm onSecondFactor={setWaiting} />
}

function logIn(body: Credentials & { code?: string }): Promise<void> {
  return api.post<SessionAnswer>('/auth/login', { ...body, session: 'cookie' }).then(sessionStarted)
}

function CredentialsForm({ onSecondFactor }: { onSecondFactor: (credentials: Credentials) => void }) {
  const query = useAddressQuery()
  const [email, setEmail] = useState(query.get('email') ?? '')
  const [password, setPassword] = useState('')
  const [missing, setMissing] = useState<'email' | 'password'>()
  const emailField = useRef<HTMLInputElement>(null)
  const passwordField = useRef<HTMLInputElement>(null)
  const { run, busy, error } = useAction(async (credentials: Credentials) => {
    try {
      await logIn(credentials)
    } catch (thrown) {
      if (!isApiError(thrown, 'second-factor-needed')) throw thrown
      onSecondFactor(credentials)
    }
  })
  const [startsWithEmail] = useState(email === '')
  useEffect(() => {
    const first = startsWithEmail ? emailField.current : passwordField.current
    first?.focus({ preventScroll: true })
  }, [startsWithEmail])

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (email.trim() === '') {
      setMissing('email')
      emailField.current?.focus()
    } else if (password === '') {
      setMissing('password')
      passwordField.current?.focus()
    } else {
      setMissing(undefined)
      if (!(await run({ email: email.trim(), password }))) passwordField.current?.select()
    }
  }
  return (
    <form className="form" onSubmit={(event) => void submit(event)} noValidate>
      <TextField
        label="E-mail"
        type="email"
        name="email"
        autoComplete="username"
        inputRef={emailField}
        value={email}
        onChange={setEmail}
        error={missing === 'email' ? 'Enter the address of your account.' : undefined}
      />
      <PasswordField
        label="Password"
        name="password"
        autoComplete="current-password"
        inputRef={passwordField}
        value={password}
        onChange={setPassword}
        error={missing === 'password' ? 'Enter your password.' : undefined}
      />
      {isApiError(error) && error.data['why'] === 'not-verified' ? (
        <NotVerified email={email.trim()} />
      ) : (
        <LoginError error={error} />
      )}
      <SubmitButton busy={busy} busyText="Logging in…" className="button primary large" testId="log-in">
        Log in
      </SubmitButton>
      <p className="form-foot">
        <Link to={`/forgot${email.trim() === '' ? '' : `?email=${encodeURIComponent(email.trim())}`}`}>
          Forgot the password?
        </Link>
      </p>
    </form>
  )
}

function LoginError({ error }: { error: unknown }) {
  const why = isApiError(error) ? error.data['why'] : undefined
  if (why === 'wrong-credentials') return <Note kind="error">The e-mail or the password is wrong.</Note>
  if (why === 'wrong-code')
    return <Note kind="error">This code is wrong or has expired. Enter the one shown now.</Note>
  if (why === 'disabled')
    return <Note kind="error">This account is disabled. Ask an admin of the server.</Note>
  return <ErrorNote error={error} />
}

/** The password was right, so it gives nothing away to say that the mail was not opened yet. */
function NotVerified({ email }: { email: string }) {
  const { run, busy, error } = useAction(() => api.post('/auth/verify/resend', { email }))
  const [sent, setSent] = useState(false)
  if (sent) {
    return (
      <>
        <Note kind="good">Sent. Open the link in the mail, then log in.</Note>
        <KeptMails />
      </>
    )
  }
  return (
    <>
      <Note kind="warning">
        Open the link in the mail we sent to {email} first.{' '}
        <button
          type="button"
          className="link-button"
          aria-disabled={busy}
          onClick={() => void run().then((worked) => worked && setSent(true))}
        >
          Send it again
        </button>
      </Note>
      <KeptMails />
      <ErrorNote error={error} />
    </>
  )
}

function SecondFactorForm({ credentials, onBack }: { credentials: Credentials; onBack: () => void }) {
  const [code, setCode] = useState('')
  const [recovery, setRecovery] = useState(false)
  const [missing, setMissing] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const { run, busy, error, reset } = useAction(() =>
    logIn({ ...credentials, code: code.replace(/\s/g, '') }),
  )
  useEffect(() => field.current?.focus(), [recovery])
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setMissing(code.trim() === '')
    if (code.trim() === '') return field.current?.focus()
    if (!(await run())) field.current?.select()
  }
  return (
    <form className="form" onSubmit={(event) => void submit(event)} noValidate>
      <TextField
        key={String(recovery)}
        label={recovery ? 'Recovery code' : 'Code of your authenticator app'}
        hint={
          recovery ? 'One of those you kept when you set up the second step. Each works once.' : 'Six digits.'
        }
        inputMode={recovery ? 'text' : 'numeric'}
        autoComplete={recovery ? 'off' : 'one-time-code'}
        autoCapitalize="none"
        spellCheck={false}
        maxLength={32}
        mono
        inputRef={field}
        value={code}
        onChange={setCode}
        error={missing ? 'Enter the code.' : undefined}
      />
      <LoginError error={error} />
      <SubmitButton busy={busy} busyText="Logging in…" className="button primary large" testId="log-in">
        Log in
      </SubmitButton>
      <p className="form-foot">
        <button
          type="button"
          className="link-button"
          onClick={() => {
            setRecovery(!recovery)
            setCode('')
            setMissing(false)
            reset()
          }}
        >
          {recovery ? 'Use the authenticator app' : 'Use a recovery code'}
        </button>
        <button type="button" className="link-button" onClick={onBack}>
          Another account
        </button>
      </p>
    </form>
  )
}
