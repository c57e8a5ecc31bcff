import { useEffect, useRef, type FormEvent, type ReactNode } from 'react'
import { useAction } from '../api/use-query.ts'
import { Dialog } from './dialog.tsx'
import { ErrorNote } from './feedback.tsx'
import { SubmitButton } from './fields.tsx'

interface ConfirmDialogProps {
  readonly title: string
  /** What will happen, and whether it can be undone; fields may be among it. */
  readonly children: ReactNode
  /** The verb on the button: "Delete the account". */
  readonly confirm: string
  readonly danger?: boolean
  /** The dialog closes when this is done, and stays with the error when it throws. */
  readonly onConfirm: () => Promise<unknown>
  readonly onClose: () => void
}

/** Asks once more before something that is hard to undo. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, children, confirm, danger = false, onConfirm, onClose } = props
  const { run, busy, error } = useAction(onConfirm)
  const cancel = useRef<HTMLButtonElement>(null)
  const form = useRef<HTMLFormElement>(null)
  // A field comes first; without one, Enter must not do what cannot be undone.
  useEffect(() => {
    const field = form.current?.querySelector<HTMLElement>('input, select, textarea')
    ;(field ?? cancel.current)?.focus()
  }, [])
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (await run()) onClose()
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form ref={form} className="form" onSubmit={(event) => void submit(event)} noValidate>
        {children}
        <ErrorNote error={error} />
        <div className="form-actions end-aligned">
          <button type="button" className="button" ref={cancel} onClick={onClose}>
            Cancel
          </button>
          <SubmitButton busy={busy} className={danger ? 'button danger' : 'button primary'}>
            {confirm}
          </SubmitButton>
        </div>
      </form>
    </Dialog>
  )
}
