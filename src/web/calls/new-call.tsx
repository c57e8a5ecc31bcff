import { PhoneCall } from 'lucide-react'
import { useId, useState, type FormEvent } from 'react'
import { useSession } from '../api/session.ts'
import type { Call, Meeting, Page } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { readAddresses } from '../meetings/invitees.ts'
import { Avatar } from '../ui/avatar.tsx'
import { Segmented } from '../ui/fields.tsx'
import { navigate } from '../ui/router.ts'
import { newCallPath, type Callee } from './call-paths.ts'
import { peopleKnown } from './people-known.ts'
import './calls.css'

const suggested = 5

/** Whom to call: somebody known by name, or anybody with an account by e-mail address. */
export function NewCall() {
  const id = useId()
  const { account } = useSession()
  const calls = useQuery<Page<Call>>('/calls', { query: { when: 'past', limit: 30 } })
  const meetings = useQuery<Page<Meeting>>('/meetings', { query: { when: 'upcoming', limit: 30 } })
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState<string>()
  const [type, setType] = useState<Call['type']>('video')

  const known = peopleKnown(calls.data?.items ?? [], meetings.data?.items ?? [], account)
  const wanted = text.trim().toLowerCase()
  const fitting = known
    .filter(({ to, name }) => `${name} ${to}`.toLowerCase().includes(wanted))
    .slice(0, suggested)
  const call = (callees: readonly Callee[]) => navigate(newCallPath(callees, type))

  const submit = (event: FormEvent) => {
    event.preventDefault()
    const { found, wrong: bad } = readAddresses(text)
    const byName =
      fitting.length === 1 ? fitting : fitting.filter(({ name }) => name.toLowerCase() === wanted)
    if (wanted === '') setWrong('Type a name or an e-mail address.')
    else if (found.length > 0 && bad.length === 0) {
      call(found.map(({ email, name }) => ({ to: email, name: name ?? nameOf(known, email) })))
    } else if (byName.length === 1) call(byName)
    else setWrong('Nobody of this name is known here. Type an e-mail address.')
  }
  return (
    <form className="form" onSubmit={submit} noValidate>
      <div className="field">
        <label htmlFor={id}>Name or e-mail address</label>
        <div className="home-field">
          <input
            id={id}
            className="input"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            placeholder="ana@example.org"
            data-testid="call-whom"
            aria-invalid={wrong !== undefined || undefined}
            aria-describedby={wrong === undefined ? undefined : `${id}-wrong`}
            value={text}
            onChange={(event) => {
              setText(event.target.value)
              setWrong(undefined)
            }}
          />
          <button type="submit" className="button" data-testid="call-start">
            <PhoneCall size={18} aria-hidden />
            Call
          </button>
        </div>
        {wrong !== undefined && (
          <p id={`${id}-wrong`} className="field-error" role="alert">
            {wrong}
          </p>
        )}
      </div>
      <Segmented
        label="Kind of call"
        value={type}
        options={[
          ['video', 'Video'],
          ['audio', 'Audio'],
          ['screen', 'Screen'],
        ]}
        onChange={setType}
      />
      {fitting.length > 0 && (
        <ul className="call-people" aria-label="People you know">
          {fitting.map((person) => (
            <li key={person.to}>
              <button type="button" onClick={() => call([person])}>
                <Avatar name={person.name} id={person.to} size={32} />
                <span>{person.name}</span>
                <PhoneCall size={17} aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
    </form>
  )
}

function nameOf(known: readonly Callee[], email: string): string {
  return known.find(({ to }) => to === email)?.name ?? email
}
