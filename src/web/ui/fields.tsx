import { Eye, EyeOff, Loader } from 'lucide-react'
import { useId, useState, type InputHTMLAttributes, type ReactNode, type Ref } from 'react'
import './forms.css'

/** What a control in a `Field` must take so that label, hint and error belong to it. */
export interface FieldControl {
  readonly id: string
  readonly 'aria-describedby': string | undefined
  readonly 'aria-invalid': boolean | undefined
}

interface FieldProps {
  readonly label: string
  readonly hint?: ReactNode
  /** Says what to do, not only that something is wrong. */
  readonly error?: string | undefined
  readonly optional?: boolean
  readonly children: (control: FieldControl) => ReactNode
}

/** Label, control, and hint or error in its place, tied together for screen readers. */
export function Field({ label, hint, error, optional, children }: FieldProps) {
  const id = useId()
  const describedBy = error ? `${id}-error` : hint ? `${id}-hint` : undefined
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {optional && <span className="field-optional"> (optional)</span>}
      </label>
      {children({
        id,
        'aria-describedby': describedBy,
        'aria-invalid': error ? true : undefined,
      })}
      {hint && !error && (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="field-error" role="alert">
          {error}
        </p>
      )}
    </div>
  )
}

type InputRest = Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'onChange' | 'id' | 'className'>

interface TextFieldProps extends InputRest {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly hint?: ReactNode
  readonly error?: string | undefined
  readonly optional?: boolean
  readonly mono?: boolean
  readonly inputRef?: Ref<HTMLInputElement>
}

export function TextField(props: TextFieldProps) {
  const { label, value, onChange, hint, error, optional = false, mono, inputRef, ...input } = props
  return (
    <Field label={label} hint={hint} error={error} optional={optional}>
      {(control) => (
        <input
          type="text"
          {...input}
          {...control}
          ref={inputRef}
          className={mono ? 'input mono' : 'input'}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

interface PasswordFieldProps extends TextFieldProps {
  /** For a new password: says how many characters are missing, or that it will do. */
  readonly minLength?: number
}

/** A password that can be shown, because mistyping unseen is what makes people choose short ones. */
export function PasswordField(props: PasswordFieldProps) {
  const { label, value, onChange, hint, error, minLength, inputRef, ...input } = props
  const [visible, setVisible] = useState(false)
  return (
    <Field
      label={label}
      hint={hint ?? (minLength === undefined ? undefined : describeLength(value, minLength))}
      error={error}
    >
      {(control) => (
        <div className="password">
          <input
            autoCapitalize="none"
            spellCheck={false}
            {...input}
            {...control}
            ref={inputRef}
            type={visible ? 'text' : 'password'}
            className="input"
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
          <button
            type="button"
            className="icon-button"
            aria-label={visible ? 'Hide the password' : 'Show the password'}
            aria-pressed={visible}
            onClick={() => setVisible(!visible)}
          >
            {visible ? <EyeOff size={18} aria-hidden /> : <Eye size={18} aria-hidden />}
          </button>
        </div>
      )}
    </Field>
  )
}

/** Counted as the server does, in characters as people see them. */
function describeLength(password: string, minLength: number): string {
  const missing = minLength - [...password].length
  if (password === '') return `At least ${minLength} characters. A few words in a row work well.`
  if (missing > 0) return missing === 1 ? 'One more character.' : `${missing} more characters.`
  return 'Long enough.'
}

interface SelectFieldProps<V extends string> {
  readonly label: string
  readonly value: V
  readonly onChange: (value: V) => void
  readonly options: readonly (readonly [V, string])[]
  readonly hint?: ReactNode
  readonly error?: string | undefined
  readonly disabled?: boolean
}

export function SelectField<V extends string>(props: SelectFieldProps<V>) {
  const { label, value, onChange, options, hint, error, disabled } = props
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <select
          {...control}
          className="select"
          value={value}
          disabled={disabled}
          onChange={(event) => onChange(event.target.value as V)}
        >
          {options.map(([each, text]) => (
            <option key={each} value={each}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

interface TextAreaFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly hint?: ReactNode
  readonly error?: string | undefined
  readonly optional?: boolean
  readonly rows?: number
  readonly maxLength?: number
  readonly placeholder?: string
}

export function TextAreaField(props: TextAreaFieldProps) {
  const { label, value, onChange, hint, error, optional = false, rows = 4, ...area } = props
  return (
    <Field label={label} hint={hint} error={error} optional={optional}>
      {(control) => (
        <textarea
          {...area}
          {...control}
          rows={rows}
          className="input area"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

interface CheckFieldProps {
  readonly label: ReactNode
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly hint?: ReactNode
  readonly error?: string | undefined
  readonly disabled?: boolean
}

/** The whole line can be clicked. */
export function CheckField({ label, checked, onChange, hint, error, disabled }: CheckFieldProps) {
  const id = useId()
  const describedBy = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ')
  return (
    <div className="check">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        disabled={disabled}
        aria-describedby={describedBy === '' ? undefined : describedBy}
        aria-invalid={error ? true : undefined}
        onChange={(event) => onChange(event.target.checked)}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p id={`${id}-hint`} className="field-hint">
            {hint}
          </p>
        )}
        {error && (
          <p id={`${id}-error`} className="field-error" role="alert">
            {error}
          </p>
        )}
      </div>
    </div>
  )
}

interface SegmentedProps<V extends string> {
  /** Said to screen readers; the options should speak for themselves. */
  readonly label: string
  readonly value: V
  readonly onChange: (value: V) => void
  readonly options: readonly (readonly [V, string])[]
}

/** One of a few, all in sight. */
export function Segmented<V extends string>({ label, value, onChange, options }: SegmentedProps<V>) {
  const name = useId()
  return (
    <fieldset className="segmented">
      <legend className="visually-hidden">{label}</legend>
      {options.map(([each, text]) => (
        <label key={each}>
          <input type="radio" name={name} checked={each === value} onChange={() => onChange(each)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  )
}

interface SubmitButtonProps {
  readonly busy: boolean
  readonly children: ReactNode
  /** While busy. */
  readonly busyText?: string
  readonly className?: string
  readonly testId?: string
}

/** Keeps its width and the focus while the form is on its way; the form's handler must ignore a second press. */
export function SubmitButton(props: SubmitButtonProps) {
  const { busy, children, busyText, className = 'button primary', testId } = props
  return (
    <button type="submit" className={className} data-testid={testId} aria-disabled={busy}>
      {busy && <Loader className="spin" size={18} aria-hidden />}
      {busy && busyText !== undefined ? busyText : children}
    </button>
  )
}
