import { ArrowRight } from 'lucide-react'
import { useId, useState, type FormEvent } from 'react'
import { navigate } from '../ui/router.ts'
import { destinationOf } from './destination.ts'

interface JoinFieldProps {
  readonly label: string
  readonly placeholder: string
  /** Whether names of rooms lead anywhere here. */
  readonly rooms: boolean
  readonly large?: boolean
}

/** Takes what people have: a code, the name of a room, a link. */
export function JoinField({ label, placeholder, rooms, large = false }: JoinFieldProps) {
  const id = useId()
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState<string>()
  const enter = (event: FormEvent) => {
    event.preventDefault()
    const to = destinationOf(text, { here: location.host, rooms })
    if ('path' in to) navigate(to.path)
    else setWrong(to.wrong)
  }
  const size = large ? 'large' : ''
  return (
    <form className="home-enter" onSubmit={enter} noValidate>
      <label htmlFor={id}>{label}</label>
      <div className="home-field">
        <input
          id={id}
          className={`input ${size}`}
          data-testid="join-what"
          value={text}
          placeholder={placeholder}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          aria-invalid={wrong !== undefined}
          aria-describedby={wrong !== undefined ? `${id}-wrong` : undefined}
          onChange={(event) => {
            setText(event.target.value)
            setWrong(undefined)
          }}
        />
        <button type="submit" className={`button ${size}`}>
          {large ? 'Enter' : 'Join'}
          <ArrowRight size={18} aria-hidden />
        </button>
      </div>
      {wrong !== undefined && (
        <p id={`${id}-wrong`} className="field-error" role="alert">
          {wrong}
        </p>
      )}
    </form>
  )
}
