import { EllipsisVertical } from 'lucide-react'
import { useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { onMenuKey } from '../ui/menu-keys.ts'

interface PopupMenuProps {
  readonly label: string
  readonly testId?: string
  readonly children: (close: () => void) => ReactNode
}

const margin = 8

/** A menu of a row: it opens over everything, so that a list that scrolls does not cut it off. Keys are those of `Menu`. */
export function PopupMenu({ label, testId, children }: PopupMenuProps) {
  const [open, setOpen] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const list = useRef<HTMLDivElement>(null)

  useLayoutEffect(() => {
    const menu = list.current
    const anchor = button.current
    if (!open || !menu || !anchor) return
    menu.showPopover()
    const at = anchor.getBoundingClientRect()
    const { offsetWidth: width, offsetHeight: height } = menu
    const below = at.bottom + 4
    const fits = below + height + margin <= window.innerHeight
    const top = fits
      ? below
      : Math.max(margin, Math.min(at.top - 4 - height, window.innerHeight - height - margin))
    menu.style.top = `${top}px`
    menu.style.left = `${Math.max(margin, Math.min(at.right - width, window.innerWidth - width - margin))}px`
    menu.querySelector('button')?.focus({ preventScroll: true })

    const dismiss = (event: Event) => {
      const inside =
        event.target instanceof Node && (menu.contains(event.target) || anchor.contains(event.target))
      if (!inside) setOpen(false)
    }
    document.addEventListener('pointerdown', dismiss)
    document.addEventListener('scroll', dismiss, true)
    window.addEventListener('resize', dismiss)
    return () => {
      document.removeEventListener('pointerdown', dismiss)
      document.removeEventListener('scroll', dismiss, true)
      window.removeEventListener('resize', dismiss)
    }
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
      className="popup-root"
      onKeyDown={onKeyDown}
      onBlur={(event) => {
        if (open && event.relatedTarget instanceof Node && !event.currentTarget.contains(event.relatedTarget))
          setOpen(false)
      }}
    >
      <button
        type="button"
        ref={button}
        className="icon-button"
        aria-label={label}
        title={label}
        aria-haspopup="true"
        aria-expanded={open}
        data-testid={testId}
        onClick={() => setOpen(!open)}
      >
        <EllipsisVertical size={18} aria-hidden />
      </button>
      {open && (
        <div className="menu popup" popover="manual" ref={list}>
          {children(close)}
        </div>
      )}
    </div>
  )
}
