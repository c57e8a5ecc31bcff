import { useState, type FormEvent } from 'react'
import { api } from '../api/client.ts'
import { fieldError } from '../api/errors.ts'
import { sessionEnded, useSession } from '../api/session.ts'
import { useAction } from '../api/use-query.ts'
import { ErrorNote, Note } from '../ui/feedback.tsx'
import { PasswordField, SubmitButton, TextField } from '../ui/fields.tsx'
import { Frame } from '../ui/frame.tsx'
import { Link } from '../ui/link.tsx'
import { useAddressQuery } from '../ui/router.ts'
import { looksLikeEmail, passwordProblem } from './checks.ts'
import { KeptMails } from './kept-mails.tsx'
import { isOld } from './verify-page.tsx'

export function ForgotPage() {
  const [email, setEmail] = useState(useAddressQuery().get('email') ?? '')
  const [missing, setMissing] = useState(false)
  const [sent, setSent] = useState(false)
  const { run, busy, error } = useAction(() => api.post('/auth/forgot', { email: email.trim() }))
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setMissing(!looksLikeEmail(email))
    if (looksLikeEmail(email) && (await run())) setSent(true)
  }
  if (sent) {
    return (
      <Frame title="Look into your mail" width="narrow">
        <div className="form">
          <p>
            If <strong>{email.trim()}</strong> has an account here, a link to choose a new password is on its
            way. It works for an hour.
          </p>
          <KeptMails />
          <p className="form-foot">
            <button type="button" className="link-button" onClick={() => setSent(false)}>
              Try another address
            </button>
            <Link to="/login">Log in</Link>
          </p>
        </div>
      </Frame>
    )
  }
  return (
    <Frame title="Forgot the password" width="narrow" lead="We send you a link to choose a new one.">
      <form className="form" onSubmit={(event) => void submit(event)} noValidate>
        <TextField
          label="E-mail"
          type="email"
          autoComplete="username"
          value={email}
          onChange={setEmail}
          error={missing ? 'Enter a whole address, such as ana@example.org.' : undefined}
        />
        <ErrorNote error={error} />
        <SubmitButton busy={busy} busyText="Sending…" className="button primary large">
          Send the link
        </SubmitButton>
        <p className="form-foot">
          <Link to="/login">Log in</Link>
        </p>
      </form>
    </Frame>
  )
}

/** Where the link of that mail leads; also for accounts that an admin made. */
export function ResetPage() {
  const token = useAddressQuery().get('token') ?? ''
  const { server } = useSession()
  const minLength = server?.passwordMinLength ?? 10
  const [password, setPassword] = useState('')
  const [tried, setTried] = useState(false)
  const [done, setDone] = useState(false)
  const { run, busy, error } = useAction(() => api.post('/auth/reset', { token, password }))
  const problem = passwordProblem(password, { minLength })
  const ofServer = fieldError(error, 'password')
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (problem !== undefined || !(await run())) return
    // Every session of the account has ended, this browser's too.
    sessionEnded()
    setDone(true)
  }
  if (done) {
    return (
      <Frame
        title="Your password is set"
        width="narrow"
        lead="Devices that were logged in are logged out now."
      >
        <Link to="/login" className="button primary large" data-testid="go-on">
          Log in
        </Link>
      </Frame>
    )
  }
  if (token === '' || (isOld(error) && ofServer === undefined)) {
    return (
      <Frame
        title="This link does not work"
        width="narrow"
        lead="It was used already, is too old, or a newer one was sent."
      >
        <Link to="/forgot" className="button primary large">
          Get a new link
        </Link>
      </Frame>
    )
  }
  return (
    <Frame title="Choose a password" width="narrow">
      <form className="form" onSubmit={(event) => void submit(event)} noValidate>
        <Note kind="info">Every device that is logged in with the old one is logged out.</Note>
        <PasswordField
          label="New password"
          autoComplete="new-password"
          minLength={minLength}
          maxLength={256}
          value={password}
          onChange={setPassword}
          error={(tried ? problem : undefined) ?? ofServer}
        />
        {ofServer === undefined && <ErrorNote error={error} />}
        <SubmitButton busy={busy} className="button primary large">
          Set the password
        </SubmitButton>
      </form>
    </Frame>
  )
}
