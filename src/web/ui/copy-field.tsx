import { Check, Copy } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'

/** How long a button says that it copied, in milliseconds. */
const shown = 2500

/** Copies text and says for a moment whether that worked. */
export function useCopy(): { state: 'yes' | 'no' | undefined; copy: (text: string) => Promise<boolean> } {
  const [state, setState] = useState<'yes' | 'no'>()
  useEffect(() => {
    if (state === undefined) return
    const timer = window.setTimeout(() => setState(undefined), shown)
    return () => window.clearTimeout(timer)
  }, [state])
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text)
      setState('yes')
      return true
    } catch {
      setState('no')
      return false
    }
  }
  return { state, copy }
}

interface CopyFieldProps {
  readonly value: string
  /** What the value is: "Link to this room". */
  readonly name: string
  readonly label?: string
  /** For secrets and codes: letters that cannot be taken for others. */
  readonly mono?: boolean
}

/** Copies text; where the clipboard is not offered (plain HTTP), selects the field so that one can copy by hand. */
export function CopyField({ value, name, label = 'Copy', mono = false }: CopyFieldProps) {
  const { state, copy } = useCopy()
  const field = useRef<HTMLInputElement>(null)
  const onCopy = async () => {
    if (await copy(value)) return
    field.current?.focus()
    field.current?.select()
  }
  return (
    <div className="copy-link">
      <input
        ref={field}
        readOnly
        value={value}
        className={mono ? 'mono' : undefined}
        aria-label={name}
        onFocus={(e) => e.target.select()}
      />
      <button type="button" className="button primary" onClick={() => void onCopy()}>
        {state === 'yes' ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
        {state === 'yes' ? 'Copied' : label}
      </button>
      <span className="visually-hidden" role="status">
        {state === 'yes' && `${name}: copied`}
        {state === 'no' && `${name} is selected; copy it with your keyboard`}
      </span>
    </div>
  )
}
