import { CircleAlert, CircleCheck, Info, X } from 'lucide-react'
import { useSyncExternalStore, type ReactNode } from 'react'
import { explain } from '../api/errors.ts'
import './feedback.css'

/** What went wrong, where the person looks. Nothing when there is no error. */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  if (error === undefined) return null
  return (
    <Note kind="error">
      {explain(error)}
      {onRetry && (
        <>
          {' '}
          <button type="button" className="link-button" onClick={onRetry}>
            Try again
          </button>
        </>
      )}
    </Note>
  )
}

const noteIcons = { error: CircleAlert, warning: CircleAlert, good: CircleCheck, info: Info }

interface NoteProps {
  readonly kind: 'error' | 'warning' | 'good' | 'info'
  readonly children: ReactNode
}

/** A line about this page or form. Errors are read out at once. */
export function Note({ kind, children }: NoteProps) {
  const Icon = noteIcons[kind]
  return (
    <div
      className={`note ${kind}`}
      role={kind === 'error' ? 'alert' : undefined}
      data-testid={`note-${kind}`}
    >
      <Icon size={18} aria-hidden />
      <p>{children}</p>
    </div>
  )
}

interface EmptyStateProps {
  readonly icon?: ReactNode
  readonly title: string
  readonly children?: ReactNode
  /** A button that ends the emptiness. */
  readonly action?: ReactNode
}

/** A list with nothing in it: why, and what to do. */
export function EmptyState({ icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="empty" data-testid="empty">
      {icon && <span className="empty-icon">{icon}</span>}
      <p className="empty-title">{title}</p>
      {children && <p className="soft">{children}</p>}
      {action}
    </div>
  )
}

/** Grey lines where something will be, so that nothing jumps when it comes. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} />
      ))}
    </div>
  )
}

interface ChipProps {
  readonly kind?: 'plain' | 'good' | 'warning' | 'bad' | 'live'
  readonly children: ReactNode
}

/** A state in a word or two. */
export function Chip({ kind = 'plain', children }: ChipProps) {
  return <span className={`chip ${kind}`}>{children}</span>
}

interface Toast {
  readonly id: number
  readonly text: string
  readonly problem: boolean
}

/** Milliseconds that a message stays. */
const stay = { note: 4500, problem: 9000 }
let toasts: readonly Toast[] = []
let nextToast = 0
const listeners = new Set<() => void>()

function changeToasts(to: readonly Toast[]): void {
  toasts = to
  for (const listener of listeners) listener()
}

/** Says for a moment that something was done, or (`problem`) was not. The page must not depend on it being read. */
export function toast(text: string, { problem = false } = {}): void {
  const id = nextToast++
  changeToasts([...toasts.filter((each) => each.text !== text).slice(-2), { id, text, problem }])
  window.setTimeout(() => dismiss(id), problem ? stay.problem : stay.note)
}

function dismiss(id: number): void {
  if (toasts.some((each) => each.id === id)) changeToasts(toasts.filter((each) => each.id !== id))
}

/** Once on the page, for `toast`. */
export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => toasts,
  )
  return (
    <div className="toasts" role="status" data-testid="toasts">
      {shown.map(({ id, text, problem }) => (
        <div key={id} className={problem ? 'toast problem' : 'toast'}>
          {problem ? <CircleAlert size={18} aria-hidden /> : <CircleCheck size={18} aria-hidden />}
          <span>{text}</span>
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <X size={16} aria-hidden />
          </button>
        </div>
      ))}
    </div>
  )
}
