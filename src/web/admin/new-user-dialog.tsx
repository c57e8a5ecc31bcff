import { useState, type FormEvent } from 'react'
import { looksLikeEmail } from '../account/checks.ts'
import { KeptMails } from '../account/kept-mails.tsx'
import { api } from '../api/client.ts'
import { fieldError } from '../api/errors.ts'
import type { NewUser, Role } from '../api/types.ts'
import { useAction } from '../api/use-query.ts'
import { CopyField } from '../ui/copy-field.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { ErrorNote } from '../ui/feedback.tsx'
import { SelectField, SubmitButton, TextField } from '../ui/fields.tsx'
import { roleMeanings, roleOptions } from './roles.ts'

/** Makes an account for somebody, who then chooses a password by a link. */
export function NewUserDialog({ onCreated, onClose }: { onCreated: () => void; onClose: () => void }) {
  const [created, setCreated] = useState<NewUser>()
  return (
    <Dialog title={created ? `${created.account.name} has an account` : 'New user'} onClose={onClose}>
      {created ? (
        <Created created={created} onClose={onClose} />
      ) : (
        <NewUserForm
          onClose={onClose}
          onCreated={(user) => {
            setCreated(user)
            onCreated()
          }}
        />
      )}
    </Dialog>
  )
}

interface NewUserFormProps {
  readonly onCreated: (user: NewUser) => void
  readonly onClose: () => void
}

function NewUserForm({ onCreated, onClose }: NewUserFormProps) {
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('host')
  const [tried, setTried] = useState(false)
  const { run, busy, error } = useAction(async () => {
    onCreated(await api.post<NewUser>('/users', { name: name.trim(), email: email.trim(), role }))
  })
  const problems = {
    name: name.trim() === '' ? 'Enter their name.' : undefined,
    email: looksLikeEmail(email) ? undefined : 'Enter a whole address, such as ana@example.org.',
  }
  const ofServer = { name: fieldError(error, 'name'), email: fieldError(error, 'email') }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (problems.name === undefined && problems.email === undefined) void run()
  }
  return (
    <form className="form" onSubmit={submit} noValidate>
      <TextField
        label="Name"
        autoComplete="off"
        autoFocus
        maxLength={60}
        value={name}
        onChange={setName}
        error={(tried ? problems.name : undefined) ?? ofServer.name}
      />
      <TextField
        label="E-mail"
        type="email"
        autoComplete="off"
        maxLength={254}
        value={email}
        onChange={setEmail}
        error={(tried ? problems.email : undefined) ?? ofServer.email}
      />
      <SelectField
        label="Role"
        hint={roleMeanings[role]}
        value={role}
        onChange={setRole}
        options={roleOptions}
      />
      <ErrorNote error={ofServer.name === undefined && ofServer.email === undefined ? error : undefined} />
      <div className="form-actions end-aligned">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <SubmitButton busy={busy} busyText="Creating…" testId="create-user">
          Create
        </SubmitButton>
      </div>
    </form>
  )
}

function Created({ created, onClose }: { created: NewUser; onClose: () => void }) {
  return (
    <div className="form" data-testid="user-created">
      <p>
        A mail to {created.account.email} has a link to choose a password.
        {created.setPasswordUrl !== undefined && ' You can also hand it over yourself:'}
      </p>
      {created.setPasswordUrl !== undefined && (
        <CopyField value={created.setPasswordUrl} name="Link to choose a password" label="Copy" />
      )}
      <KeptMails />
      <div className="form-actions end-aligned">
        <button type="button" className="button primary" onClick={onClose}>
          Done
        </button>
      </div>
    </div>
  )
}
