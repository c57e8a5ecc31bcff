import { Check, Copy } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'

/** Copies text; where the clipboard is not offered (plain HTTP), selects the field so that one can copy by hand. */
export function CopyLink({ link, label = 'Copy link' }: { link: string; label?: string }) {
  const [copied, setCopied] = useState<'yes' | 'no' | undefined>()
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (copied === undefined) return
    const timer = window.setTimeout(() => setCopied(undefined), 2500)
    return () => window.clearTimeout(timer)
  }, [copied])
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link)
      setCopied('yes')
    } catch {
      field.current?.focus()
      field.current?.select()
      setCopied('no')
    }
  }
  return (
    <div className="copy-link">
      <input
        ref={field}
        readOnly
        value={link}
        aria-label="Link to this room"
        onFocus={(e) => e.target.select()}
      />
      <button type="button" className="button primary" onClick={() => void copy()}>
        {copied === 'yes' ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
        {copied === 'yes' ? 'Copied' : label}
      </button>
      <span className="visually-hidden" role="status">
        {copied === 'yes' && 'Link copied'}
        {copied === 'no' && 'The link is selected; copy it with your keyboard'}
      </span>
    </div>
  )
}

/** A link with the name that every computer calls itself by helps nobody else. */
export function LinkNote({ link }: { link: string }) {
  if (!/^(localhost|.+\.localhost|127\..+|\[::1\])$/.test(new URL(link).hostname)) return null
  return (
    <p className="soft link-note">
      This one works on this computer only. To meet others, start the server with{' '}
      <code>npm start -- --lan</code> or under an address of its own.
    </p>
  )
}
