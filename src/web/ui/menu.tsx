import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { Link } from './link.tsx'
import { onMenuKey } from './menu-keys.ts'

interface MenuProps {
  readonly label: string
  readonly icon: ReactNode
  readonly className: string
  readonly badge?: ReactNode
  /** Where the list opens; `above` unless told, as in the bar of a call. */
  readonly side?: 'above' | 'below'
  readonly testId?: string
  readonly children: (close: () => void) => ReactNode
}

/** A button that opens a list of buttons and links. Arrow keys move, Escape and a click elsewhere close. */
export function Menu({ label, icon, className, badge, side = 'above', testId, children }: MenuProps) {
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const [above, setAbove] = useState(false)

  // A list that would end below what can be seen opens to the other side.
  useLayoutEffect(() => {
    if (!open || side === 'above') return
    const room = window.innerHeight - (document.querySelector('.nav')?.clientHeight ?? 0)
    const below = list.current?.getBoundingClientRect()
    const top = root.current?.getBoundingClientRect().top ?? 0
    setAbove(below !== undefined && below.top + below.height > room && top > below.height)
    return () => setAbove(false)
  }, [open, side])

  useEffect(() => {
    if (!open) return
    list.current?.querySelector<HTMLElement>('button, a')?.focus()
    const onPointerDown = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false)
    }
    document.addEventListener('pointerdown', onPointerDown)
    return () => document.removeEventListener('pointerdown', onPointerDown)
  }, [open])

  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (open) onMenuKey(event, { list: list.current, close })
  }
  return (
    <div
      className="menu-root"
      ref={root}
      onKeyDown={onKeyDown}
      onBlur={(event) => {
        if (open && event.relatedTarget instanceof Node && !root.current?.contains(event.relatedTarget))
          setOpen(false)
      }}
    >
      <button
        type="button"
        ref={button}
        className={className}
        aria-label={label}
        title={label}
        aria-haspopup="true"
        aria-expanded={open}
        data-testid={testId}
        onClick={() => setOpen(!open)}
      >
        {icon}
        {badge}
      </button>
      {open && (
        <div className={`menu ${above ? 'above' : side}`} ref={list}>
          {children(close)}
        </div>
      )}
    </div>
  )
}

interface MenuLinkProps {
  readonly icon: ReactNode
  readonly children: ReactNode
  readonly to: string
  /** The menu's `close`. */
  readonly onClick: () => void
}

export function MenuLink({ icon, children, to, onClick }: MenuLinkProps) {
  return (
    <Link to={to} className="menu-item" onClick={onClick}>
      {icon}
      <span>{children}</span>
    </Link>
  )
}

interface MenuItemProps {
  readonly icon: ReactNode
  readonly children: ReactNode
  readonly onClick: () => void
  readonly hint?: string
  readonly testId?: string
}

export function MenuItem({ icon, children, onClick, hint, testId }: MenuItemProps) {
  return (
    <button type="button" className="menu-item" data-testid={testId} onClick={onClick}>
      {icon}
      <span>{children}</span>
      {hint !== undefined && <kbd aria-hidden>{hint}</kbd>}
    </button>
  )
}
