import { X } from 'lucide-react'
import { useId, useRef, useState, type ClipboardEvent, type KeyboardEvent } from 'react'
import { readAddresses, type Address } from './invitees.ts'

interface InviteeFieldProps {
  readonly label: string
  readonly hint: string
  readonly value: readonly Address[]
  readonly onChange: (value: readonly Address[]) => void
  /** Offered while one types. */
  readonly known?: readonly Address[]
  readonly error?: string | undefined
  /** Told when something stands in the field that is no address yet. */
  readonly onUnread?: (text: string) => void
}

/** Addresses as chips. Enter, a comma, a space or leaving the field takes what was typed; pasting takes a whole list. */
export function InviteeField(props: InviteeFieldProps) {
  const { label, hint, value, onChange, known = [], error, onUnread } = props
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState<string>()
  const [said, setSaid] = useState('')

  const type = (next: string) => {
    setText(next)
    onUnread?.(next.trim())
  }
  const take = (typed: string): boolean => {
    const { found, wrong: bad } = readAddresses(typed)
    const fresh = found.filter(({ email }) => !value.some((each) => each.email === email))
    if (fresh.length > 0) {
      onChange([...value, ...fresh])
      setSaid(fresh.length === 1 ? `${fresh[0]?.email} added` : `${fresh.length} people added`)
    }
    type(bad.join(', '))
    setWrong(bad.length === 0 ? undefined : describeWrong(bad))
    return bad.length === 0
  }
  const remove = (email: string) => {
    onChange(value.filter((each) => each.email !== email))
    setSaid(`${email} removed`)
    field.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'Backspace' && text === '' && value.length > 0) {
      event.preventDefault()
      remove(value.at(-1)?.email ?? '')
    } else if ((event.key === 'Enter' || event.key === ',' || event.key === ';') && text.trim() !== '') {
      event.preventDefault()
      take(text)
    } else if (event.key === ' ' && readAddresses(text).found.length === 1 && !text.includes('"')) {
      event.preventDefault()
      take(text)
    }
  }
  const onPaste = (event: ClipboardEvent<HTMLInputElement>) => {
    const pasted = event.clipboardData.getData('text')
    if (!/[\s,;<]/.test(pasted.trim())) return
    event.preventDefault()
    take(`${text} ${pasted}`)
  }
  const message = wrong ?? error
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div
        className="chips"
        data-invalid={message !== undefined || undefined}
        onClick={() => field.current?.focus()}
      >
        <ul aria-label={`${label}: chosen`}>
          {value.map(({ email, name }) => (
            <li key={email} className="person-chip" data-testid="invitee-chip">
              <span title={email}>{name ?? email}</span>
              <button type="button" aria-label={`Remove ${name ?? email}`} onClick={() => remove(email)}>
                <X size={15} aria-hidden />
              </button>
            </li>
          ))}
          <li className="chips-input">
            <input
              ref={field}
              id={id}
              data-testid="invitee-input"
              type="text"
              inputMode="email"
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              list={known.length > 0 ? `${id}-known` : undefined}
              placeholder={value.length === 0 ? 'ana@example.org' : ''}
              aria-describedby={[`${id}-hint`, message === undefined ? '' : `${id}-error`]
                .filter(Boolean)
                .join(' ')}
              aria-invalid={message !== undefined || undefined}
              value={text}
              onChange={(event) => {
                const next = event.target.value
                setWrong(undefined)
                // Something of the list was chosen: that comes whole, not letter by letter.
                const chosen = known.find(({ email }) => email === next)
                if (chosen && !text.includes('@')) return void take(labelled(chosen))
                type(next)
              }}
              onKeyDown={onKeyDown}
              onPaste={onPaste}
              onBlur={() => {
                if (text.trim() !== '') take(text)
              }}
            />
          </li>
        </ul>
      </div>
      {known.length > 0 && (
        <datalist id={`${id}-known`}>
          {known
            .filter(({ email }) => !value.some((each) => each.email === email))
            .map(({ email, name }) => (
              <option key={email} value={email}>
                {name}
              </option>
            ))}
        </datalist>
      )}
      <p id={`${id}-hint`} className="field-hint">
        {hint}
      </p>
      {message !== undefined && (
        <p id={`${id}-error`} className="field-error" role="alert">
          {message}
        </p>
      )}
      <span className="visually-hidden" role="status">
        {said}
      </span>
    </div>
  )
}

function labelled({ email, name }: Address): string {
  return name === undefined ? email : `"${name.replaceAll('"', '')}" <${email}>`
}

function describeWrong(wrong: readonly string[]): string {
  const [first = ''] = wrong
  const shown = first.length > 40 ? `${first.slice(0, 40)}…` : first
  if (wrong.length === 1) return `“${shown}” is no e-mail address.`
  return `“${shown}” and ${wrong.length - 1} more are no e-mail addresses.`
}
