import { useState } from 'react'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { TextField } from '../ui/fields.tsx'
import type { Call, Person } from './call.ts'

/** Something a host is asked about once more. */
export type Confirmation =
  { readonly act: 'remove' | 'ban' | 'hand-over'; readonly person: Person } | { readonly act: 'end' }

interface ConfirmActProps {
  readonly call: Call
  readonly confirmation: Confirmation
  readonly onClose: () => void
}

export function ConfirmAct({ call, confirmation, onClose }: ConfirmActProps) {
  const [message, setMessage] = useState('')
  const { host } = call
  // What goes wrong is told on the stage, so the dialog is done either way.
  const ask = (title: string, confirm: string, run: () => void, text: React.ReactNode, danger = true) => (
    <ConfirmDialog
      title={title}
      confirm={confirm}
      danger={danger}
      onConfirm={() => Promise.resolve(run())}
      onClose={onClose}
    >
      {text}
    </ConfirmDialog>
  )
  const goodbye = (
    <TextField
      label="A word to them"
      optional
      maxLength={200}
      value={message}
      onChange={setMessage}
      autoComplete="off"
    />
  )
  if (confirmation.act === 'end') {
    return ask(
      'End the call for everybody?',
      'End for everybody',
      () => host.endForAll(),
      <p className="soft">Everybody is taken out of this room. To go by yourself, leave instead.</p>,
    )
  }
  const { id, name } = confirmation.person
  switch (confirmation.act) {
    case 'remove':
      return ask(
        `Remove ${name}?`,
        'Remove',
        () => host.remove(id, message.trim()),
        <>
          <p className="soft">They leave the call now and can ask to come back.</p>
          {goodbye}
        </>,
      )
    case 'ban':
      return ask(
        `Remove ${name} and keep them out?`,
        'Remove and keep out',
        () => host.ban(id, message.trim()),
        <>
          <p className="soft">
            They leave the call now and cannot come back while this room is open. Host controls list who is
            kept out.
          </p>
          {goodbye}
        </>,
      )
    case 'hand-over':
      return ask(
        `Hand over to ${name}?`,
        'Hand over',
        () => host.handOver(id),
        <p className="soft">They become host, and you are not any more. Only they can give it back.</p>,
        false,
      )
  }
}
