import { useState, type FormEvent } from 'react'
import { api } from '../api/client.ts'
import { fieldError } from '../api/errors.ts'
import { useSession } from '../api/session.ts'
import type { Account } from '../api/types.ts'
import { useAction } from '../api/use-query.ts'
import { toast } from '../ui/feedback.tsx'
import { PasswordField, SubmitButton } from '../ui/fields.tsx'
import { Section } from '../ui/frame.tsx'
import { AccountFrame } from './account-frame.tsx'
import { passwordProblem } from './checks.ts'
import { SecondFactor } from './second-factor.tsx'
import { Sessions } from './sessions.tsx'
import { WrongPassword } from './wrong-password.tsx'

export function SecurityPage() {
  return (
    <AccountFrame>
      {(account) => (
        <>
          {account.hasPassword ? <Password account={account} /> : <OtherLogin />}
          {account.hasPassword && <SecondFactor account={account} />}
          <Sessions />
        </>
      )}
    </AccountFrame>
  )
}

function OtherLogin() {
  const { server } = useSession()
  const name = server?.accounts.external?.name ?? 'another service'
  return (
    <Section title="Password" lead={`You log in with ${name}; password and second step are kept there.`} />
  )
}

function Password({ account }: { account: Account }) {
  const { server } = useSession()
  const minLength = server?.passwordMinLength ?? 10
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [tried, setTried] = useState(false)
  const { run, busy, error } = useAction(() => api.post('/account/password', { current, next }))
  const problems = {
    current: current === '' ? 'Enter your present password.' : undefined,
    next: passwordProblem(next, { minLength, email: account.email }),
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (problems.current !== undefined || problems.next !== undefined || !(await run())) return
    setCurrent('')
    setNext('')
    setTried(false)
    toast('Password changed. Other devices are logged out.')
  }
  const ofServer = fieldError(error, 'next')
  return (
    <Section title="Password" lead="Changing it logs out all other devices." testId="password">
      <form className="form" onSubmit={(event) => void submit(event)} noValidate>
        {/* Password managers want to know whose it is. */}
        <input
          type="email"
          className="visually-hidden"
          autoComplete="username"
          value={account.email}
          readOnly
          tabIndex={-1}
          aria-hidden
        />
        <div className="form-row">
          <PasswordField
            label="Present password"
            autoComplete="current-password"
            value={current}
            onChange={setCurrent}
            error={tried ? problems.current : undefined}
          />
          <PasswordField
            label="New password"
            autoComplete="new-password"
            minLength={minLength}
            maxLength={256}
            value={next}
            onChange={setNext}
            error={(tried ? problems.next : undefined) ?? ofServer}
          />
        </div>
        <WrongPassword error={ofServer === undefined ? error : undefined} />
        <div className="form-actions">
          <SubmitButton busy={busy} busyText="Changing…" testId="change-password">
            Change the password
          </SubmitButton>
        </div>
      </form>
    </Section>
  )
}
