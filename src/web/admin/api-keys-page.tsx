import { KeyRound, Plus } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { api, path } from '../api/client.ts'
import type { ApiKey, NewApiKey, Page } from '../api/types.ts'
import { useAction, useQuery } from '../api/use-query.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { CopyField } from '../ui/copy-field.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Chip, EmptyState, ErrorNote, Note, toast } from '../ui/feedback.tsx'
import { SubmitButton, TextField } from '../ui/fields.tsx'
import { ListState, Table, wholeList, type Column } from '../ui/table.tsx'
import { formatAgo, formatDate, formatDateTime } from '../ui/time.ts'
import { AdminFrame } from './admin-frame.tsx'

export function ApiKeysPage() {
  const keys = useQuery<Page<ApiKey>>('/api-keys')
  const [creating, setCreating] = useState(false)
  const [revoking, setRevoking] = useState<ApiKey>()
  const newKey = (
    <button type="button" className="button primary" onClick={() => setCreating(true)} data-testid="new-key">
      <Plus size={18} aria-hidden />
      New key
    </button>
  )
  const columns: readonly Column<ApiKey>[] = [
    { title: 'Name', kind: 'main', cell: ({ name }) => name },
    { title: 'Id', cell: ({ id }) => <code className="mono small-text">{id}</code> },
    {
      title: 'Last used',
      cell: ({ lastUsedAt }) =>
        lastUsedAt === undefined ? (
          <span className="soft">never</span>
        ) : (
          <time dateTime={lastUsedAt} title={formatDateTime(lastUsedAt)}>
            {formatAgo(lastUsedAt)}
          </time>
        ),
    },
    { title: 'Made', cell: ({ createdAt }) => formatDate(createdAt) },
    {
      title: 'Revoke',
      kind: 'actions',
      cell: (key) =>
        key.revokedAt !== undefined ? (
          <Chip>Revoked {formatDate(key.revokedAt)}</Chip>
        ) : (
          <button
            type="button"
            className="button small"
            aria-label={`Revoke ${key.name}`}
            onClick={() => setRevoking(key)}
          >
            Revoke
          </button>
        ),
    },
  ]
  return (
    <AdminFrame actions={newKey}>
      <p className="soft page-lead">
        What your application’s server calls the REST API with, and signs room tokens with.{' '}
        <a href="/api/docs">What it can call</a>
      </p>
      <ListState
        list={wholeList(keys)}
        empty={
          <EmptyState icon={<KeyRound size={24} aria-hidden />} title="No API keys yet" action={newKey}>
            Make one for each application that uses this server, so that each can be revoked alone.
          </EmptyState>
        }
      >
        <Table
          caption="API keys"
          columns={columns}
          rows={keys.data?.items ?? []}
          rowKey={({ id }) => id}
          isFaint={({ revokedAt }) => revokedAt !== undefined}
        />
      </ListState>
      {creating && <NewKeyDialog onCreated={() => void keys.reload()} onClose={() => setCreating(false)} />}
      {revoking && (
        <ConfirmDialog
          title={`Revoke ${revoking.name}?`}
          confirm="Revoke"
          danger
          onClose={() => setRevoking(undefined)}
          onConfirm={async () => {
            await api.delete(path`/api-keys/${revoking.id}`)
            toast(`${revoking.name} is revoked`)
            await keys.reload()
          }}
        >
          <p>It and every token signed with it are refused from now on. There is no way back.</p>
        </ConfirmDialog>
      )}
    </AdminFrame>
  )
}

function NewKeyDialog({ onCreated, onClose }: { onCreated: () => void; onClose: () => void }) {
  const [made, setMade] = useState<NewApiKey>()
  const [name, setName] = useState('')
  const [missing, setMissing] = useState(false)
  const { run, busy, error } = useAction(async () => {
    setMade(await api.post<NewApiKey>('/api-keys', { name: name.trim() }))
    onCreated()
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setMissing(name.trim() === '')
    if (name.trim() !== '') void run()
  }
  if (made) {
    return (
      <Dialog title={made.name} onClose={onClose}>
        <div className="form" data-testid="key-created">
          <Note kind="warning">Copy the secret now. It is not shown again.</Note>
          <LabelledCopy label="Key id" value={made.id} />
          <LabelledCopy label="Secret" value={made.secret} />
          <div className="form-actions end-aligned">
            <button type="button" className="button primary" onClick={onClose}>
              I have it
            </button>
          </div>
        </div>
      </Dialog>
    )
  }
  return (
    <Dialog title="New API key" onClose={onClose}>
      <form className="form" onSubmit={submit} noValidate>
        <TextField
          label="Name"
          hint="So that you know later what it is for."
          placeholder="Classroom backend"
          autoComplete="off"
          autoFocus
          maxLength={100}
          value={name}
          onChange={setName}
          error={missing ? 'Give it a name.' : undefined}
        />
        <ErrorNote error={error} />
        <div className="form-actions end-aligned">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <SubmitButton busy={busy} testId="create-key">
            Create
          </SubmitButton>
        </div>
      </form>
    </Dialog>
  )
}

function LabelledCopy({ label, value }: { label: string; value: string }) {
  return (
    <div className="field">
      <span className="field-label">{label}</span>
      <CopyField value={value} name={label} mono />
    </div>
  )
}
