import { useEffect, useRef, useState, type FormEvent } from 'react'
import { api } from '../api/client.ts'
import { ApiError, isApiError } from '../api/errors.ts'
import { loadSession, useSession } from '../api/session.ts'
import { useAction } from '../api/use-query.ts'
import { ErrorNote, Note, Skeleton } from '../ui/feedback.tsx'
import { SubmitButton, TextField } from '../ui/fields.tsx'
import { Frame } from '../ui/frame.tsx'
import { Link } from '../ui/link.tsx'
import { useAddressQuery } from '../ui/router.ts'
import { looksLikeEmail } from './checks.ts'
import { KeptMails } from './kept-mails.tsx'

/** Where the link in a mail leads: confirms the address of a new account, or a changed one. */
export function VerifyPage() {
  const token = useAddressQuery().get('token') ?? ''
  const { account } = useSession()
  const [email, setEmail] = useState<string>()
  const [error, setError] = useState<ApiError>()
  // The token works once, and development mode runs effects twice.
  const asked = useRef('')
  const verify = async () => {
    setError(undefined)
    try {
      const answer = await api.post<{ email: string }>('/auth/verify', { token })
      setEmail(answer.email)
      await loadSession()
    } catch (thrown) {
      setError(thrown instanceof ApiError ? thrown : new ApiError('internal', String(thrown), { status: 0 }))
    }
  }
  useEffect(() => {
    if (token === '' || asked.current === token) return
    asked.current = token
    void verify()
  })

  if (email !== undefined) {
    return (
      <Frame title="Your address is confirmed" width="narrow" lead={email}>
        {account ? (
          <Link to="/" className="button primary large" data-testid="go-on">
            Go on
          </Link>
        ) : (
          <Link
            to={`/login?email=${encodeURIComponent(email)}`}
            className="button primary large"
            data-testid="go-on"
          >
            Log in
          </Link>
        )}
      </Frame>
    )
  }
  if (token === '' || isOld(error)) return <AskAgain />
  return (
    <Frame title="Confirming your address" width="narrow">
      {error ? <ErrorNote error={error} onRetry={() => void verify()} /> : <Skeleton lines={2} />}
    </Frame>
  )
}

/** The link was used, ran out, or is none of this server. */
export function isOld(error: unknown): boolean {
  return (
    isApiError(error, 'unauthorized') || isApiError(error, 'not-found') || isApiError(error, 'bad-request')
  )
}

function AskAgain() {
  const [email, setEmail] = useState('')
  const [sent, setSent] = useState(false)
  const [missing, setMissing] = useState(false)
  const { run, busy, error } = useAction(() => api.post('/auth/verify/resend', { email: email.trim() }))
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setMissing(!looksLikeEmail(email))
    if (looksLikeEmail(email) && (await run())) setSent(true)
  }
  return (
    <Frame
      title="This link does not work"
      width="narrow"
      lead="It was used already, is too old, or a newer one was sent. If your address is confirmed, just log in."
    >
      <form className="form" onSubmit={(event) => void submit(event)} noValidate>
        {sent ? (
          <>
            <Note kind="good">If an account waits for this address, a new link is on its way.</Note>
            <KeptMails />
          </>
        ) : (
          <>
            <TextField
              label="E-mail"
              type="email"
              autoComplete="username"
              value={email}
              onChange={setEmail}
              error={missing ? 'Enter a whole address, such as ana@example.org.' : undefined}
            />
            <ErrorNote error={error} />
            <SubmitButton busy={busy} className="button primary large">
              Send a new link
            </SubmitButton>
          </>
        )}
        <p className="form-foot">
          <Link to="/login">Log in</Link>
        </p>
      </form>
    </Frame>
  )
}
