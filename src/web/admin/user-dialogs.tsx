import { KeyRound, LogOut, PenLine, Trash2, UserCheck, UserX } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { api, path } from '../api/client.ts'
import { isApiError } from '../api/errors.ts'
import { accountChanged, currentSession } from '../api/session.ts'
import type { Account } from '../api/types.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { toast } from '../ui/feedback.tsx'
import { SelectField, TextField } from '../ui/fields.tsx'
import { roleMeanings, roleOptions } from './roles.ts'

export type UserAct = 'edit' | 'disable' | 'enable' | 'log-out' | 'remove-second-factor' | 'delete'

/** What an admin can do with this account. Their own they cannot lock themselves out of. */
export function userActions(user: Account, selfId: string | undefined) {
  const isSelf = user.id === selfId
  const actions: { act: UserAct; text: string; icon: ReactNode }[] = [
    { act: 'edit', text: 'Name and role', icon: <PenLine size={18} aria-hidden /> },
    { act: 'log-out', text: 'Log out everywhere', icon: <LogOut size={18} aria-hidden /> },
  ]
  if (user.secondFactor) {
    const icon = <KeyRound size={18} aria-hidden />
    actions.push({ act: 'remove-second-factor', text: 'Remove the second step', icon })
  }
  if (isSelf) return actions
  if (user.disabled)
    actions.push({ act: 'enable', text: 'Enable', icon: <UserCheck size={18} aria-hidden /> })
  else actions.push({ act: 'disable', text: 'Disable', icon: <UserX size={18} aria-hidden /> })
  actions.push({ act: 'delete', text: 'Delete', icon: <Trash2 size={18} aria-hidden /> })
  return actions
}

interface UserDialogProps {
  readonly act: UserAct
  readonly user: Account
  readonly onChanged: (user: Account) => void
  readonly onGone: (id: string) => void
  /** Somebody else changed the account: what is shown is old. */
  readonly onStale: () => void
  readonly onClose: () => void
}

export function UserDialog(props: UserDialogProps) {
  const { act, user, onChanged, onGone, onStale, onClose } = props
  const at = path`/users/${user.id}`
  const patch = async (change: object, done: string) => {
    try {
      const changed = await api.patch<Account>(at, change, { version: user.version })
      onChanged(changed)
      if (changed.id === currentSession().account?.id) accountChanged(changed)
      toast(done)
    } catch (thrown) {
      if (isApiError(thrown, 'precondition-failed')) onStale()
      throw thrown
    }
  }
  switch (act) {
    case 'edit':
      return <Edit user={user} onSave={(change) => patch(change, 'Saved')} onClose={onClose} />
    case 'disable':
      return (
        <ConfirmDialog
          title={`Disable ${user.name}?`}
          confirm="Disable"
          danger
          onClose={onClose}
          onConfirm={() => patch({ disabled: true }, `${user.name} is disabled`)}
        >
          <p>
            They are logged out at once and cannot log in until you enable them again. Nothing is deleted.
          </p>
        </ConfirmDialog>
      )
    case 'enable':
      return (
        <ConfirmDialog
          title={`Enable ${user.name}?`}
          confirm="Enable"
          onClose={onClose}
          onConfirm={() => patch({ disabled: false }, `${user.name} is enabled`)}
        >
          <p>They can log in again with the password they had.</p>
        </ConfirmDialog>
      )
    case 'log-out':
      return (
        <ConfirmDialog
          title={`Log ${user.name} out everywhere?`}
          confirm="Log out"
          onClose={onClose}
          onConfirm={async () => {
            await api.post(path`/users/${user.id}/logout`)
            toast(`${user.name} is logged out`)
          }}
        >
          <p>All their devices have to log in again.</p>
        </ConfirmDialog>
      )
    case 'remove-second-factor':
      return (
        <ConfirmDialog
          title={`Remove the second step of ${user.name}?`}
          confirm="Remove it"
          danger
          onClose={onClose}
          onConfirm={async () => {
            await api.delete(path`/users/${user.id}/second-factor`)
            onChanged({ ...user, secondFactor: false })
            onStale()
            toast('The second step is removed')
          }}
        >
          <p>Do this when they lost their phone, and only when you are sure that it is they who ask.</p>
        </ConfirmDialog>
      )
    case 'delete':
      return (
        <ConfirmDialog
          title={`Delete ${user.name}?`}
          confirm="Delete for good"
          danger
          onClose={onClose}
          onConfirm={async () => {
            await api.delete(at)
            onGone(user.id)
            toast(`${user.name} is deleted`)
          }}
        >
          <p>{user.email} goes, with all meetings of theirs. There is no way back.</p>
        </ConfirmDialog>
      )
  }
}

interface EditProps {
  readonly user: Account
  readonly onSave: (change: object) => Promise<void>
  readonly onClose: () => void
}

function Edit({ user, onSave, onClose }: EditProps) {
  const [name, setName] = useState(user.name)
  const [role, setRole] = useState(user.role)
  return (
    <ConfirmDialog
      title={user.email}
      confirm="Save"
      onClose={onClose}
      onConfirm={() => onSave({ name: name.trim(), role })}
    >
      <TextField label="Name" autoComplete="off" maxLength={60} value={name} onChange={setName} />
      <SelectField
        label="Role"
        hint={roleMeanings[role]}
        value={role}
        onChange={setRole}
        options={roleOptions}
      />
    </ConfirmDialog>
  )
}
