import { X } from 'lucide-react'
import { useEffect, useRef, type ReactNode } from 'react'

interface SidePanelProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
}

/** A column beside the stage, a sheet over it on small screens. Escape closes it. */
export function SidePanel({ title, onClose, children }: SidePanelProps) {
  const element = useRef<HTMLElement>(null)
  useEffect(() => {
    const panel = element.current
    const first = panel?.querySelector<HTMLElement>('[data-first-focus]') ?? panel
    first?.focus({ preventScroll: true })
  }, [title])
  return (
    <aside
      className="panel"
      aria-label={title}
      ref={element}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        onClose()
      }}
    >
      <header className="panel-head">
        <h2>{title}</h2>
        <button
          type="button"
          className="icon-button"
          aria-label={`Close ${title.toLowerCase()}`}
          onClick={onClose}
        >
          <X size={18} aria-hidden />
        </button>
      </header>
      {children}
    </aside>
  )
}
