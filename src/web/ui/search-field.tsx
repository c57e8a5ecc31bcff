import { Search } from 'lucide-react'
import { useEffect, useState } from 'react'
import { setAddressQuery, useAddressQuery } from './router.ts'
import './search-field.css'

/** Milliseconds without a key pressed before the server is asked. */
const typingPause = 250

interface SearchFieldProps {
  readonly label: string
  readonly placeholder: string
}

/** What is typed goes into the address as `search`. */
export function SearchField({ label, placeholder }: SearchFieldProps) {
  const search = useAddressQuery().get('search') ?? ''
  const [text, setText] = useState(search)
  const [asked, setAsked] = useState(search)
  // The address changed by something else than typing here.
  if (search !== asked) {
    setAsked(search)
    setText(search)
  }
  useEffect(() => {
    if (text.trim() === asked) return
    const timer = window.setTimeout(() => {
      setAsked(text.trim())
      setAddressQuery({ search: text.trim() })
    }, typingPause)
    return () => window.clearTimeout(timer)
  }, [text, asked])
  return (
    <div className="search">
      <Search size={18} aria-hidden />
      <input
        type="search"
        className="input"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  )
}
