import { EllipsisVertical, UserPlus, Users } from 'lucide-react'
import { useState } from 'react'
import { useSession } from '../api/session.ts'
import type { Account, Role } from '../api/types.ts'
import { usePages } from '../api/use-query.ts'
import { Avatar } from '../ui/avatar.tsx'
import { Chip, EmptyState } from '../ui/feedback.tsx'
import { Segmented } from '../ui/fields.tsx'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { NoMatch } from '../ui/no-match.tsx'
import { setAddressQuery, useAddressQuery } from '../ui/router.ts'
import { SearchField } from '../ui/search-field.tsx'
import { ListState, Table, type Column } from '../ui/table.tsx'
import { formatDate } from '../ui/time.ts'
import { AdminFrame } from './admin-frame.tsx'
import { userActions, UserDialog, type UserAct } from './user-dialogs.tsx'
import { NewUserDialog } from './new-user-dialog.tsx'
import { roleNames } from './roles.ts'

export function UsersPage() {
  const { account: self } = useSession()
  const address = useAddressQuery()
  const search = address.get('search') ?? ''
  const role = address.get('role') ?? ''
  const users = usePages<Account>('/users', {
    query: { search: search === '' ? undefined : search, role: role === '' ? undefined : role },
  })
  const [creating, setCreating] = useState(false)
  const [act, setAct] = useState<{ act: UserAct; user: Account }>()
  const filtered = search !== '' || role !== ''

  const columns: readonly Column<Account>[] = [
    {
      title: 'Name',
      kind: 'main',
      cell: (user) => (
        <div className="person-cell">
          <Avatar name={user.name} id={user.id} />
          <div>
            <span>{user.name}</span>
            <span className="soft">{user.email}</span>
          </div>
        </div>
      ),
    },
    {
      title: 'Role',
      cell: ({ role }) => <Chip kind={role === 'admin' ? 'good' : 'plain'}>{roleNames[role]}</Chip>,
    },
    {
      title: 'State',
      cell: (user) => (
        <div className="chips">
          {user.disabled && <Chip kind="bad">Disabled</Chip>}
          {!user.emailVerified && <Chip kind="warning">Not confirmed</Chip>}
          {user.secondFactor && <Chip>Second step</Chip>}
          {!user.disabled && user.emailVerified && !user.secondFactor && <span className="soft">–</span>}
        </div>
      ),
    },
    { title: 'Since', cell: ({ createdAt }) => formatDate(createdAt) },
    {
      title: 'Actions',
      kind: 'actions',
      cell: (user) => (
        <Menu
          label={`Actions for ${user.name}`}
          className="icon-button"
          icon={<EllipsisVertical size={18} aria-hidden />}
          side="below"
        >
          {(close) =>
            userActions(user, self?.id).map(({ act, text, icon }) => (
              <MenuItem
                key={act}
                icon={icon}
                onClick={() => {
                  close()
                  setAct({ act, user })
                }}
              >
                {text}
              </MenuItem>
            ))
          }
        </Menu>
      ),
    },
  ]
  return (
    <AdminFrame
      actions={
        <button
          type="button"
          className="button primary"
          onClick={() => setCreating(true)}
          data-testid="new-user"
        >
          <UserPlus size={18} aria-hidden />
          New user
        </button>
      }
    >
      <div className="filters">
        <SearchField label="Search by name or e-mail" placeholder="Name or e-mail" />
        <Segmented
          label="Role"
          value={role as Role | ''}
          onChange={(value) => setAddressQuery({ role: value })}
          options={[
            ['', 'All'],
            ['admin', 'Admins'],
            ['host', 'Hosts'],
            ['member', 'Members'],
          ]}
        />
      </div>
      <ListState
        list={users}
        empty={
          filtered ? (
            <NoMatch title="Nobody like that" showAll="Show everybody" filters={['search', 'role']} />
          ) : (
            <EmptyState icon={<Users size={24} aria-hidden />} title="Nobody has an account yet" />
          )
        }
      >
        <Table
          caption="Users"
          columns={columns}
          rows={users.items ?? []}
          rowKey={({ id }) => id}
          isFaint={({ disabled }) => disabled}
        />
      </ListState>
      {creating && <NewUserDialog onCreated={() => void users.reload()} onClose={() => setCreating(false)} />}
      {act && (
        <UserDialog
          {...act}
          onChanged={(user) =>
            users.change((items) => items.map((each) => (each.id === user.id ? user : each)))
          }
          onGone={(id) => users.change((items) => items.filter((each) => each.id !== id))}
          onStale={() => void users.reload()}
          onClose={() => setAct(undefined)}
        />
      )}
    </AdminFrame>
  )
}
