import { useState } from 'react'
import { api, path } from '../api/client.ts'
import { explain } from '../api/errors.ts'
import { logOut } from '../api/session.ts'
import type { AccountSession, Page } from '../api/types.ts'
import { useAction, useQuery } from '../api/use-query.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { Chip, EmptyState, toast } from '../ui/feedback.tsx'
import { Section } from '../ui/frame.tsx'
import { navigate } from '../ui/router.ts'
import { ListState, Table, wholeList, type Column } from '../ui/table.tsx'
import { formatAgo, formatDateTime } from '../ui/time.ts'
import { describeUserAgent } from './user-agent.ts'

/** Where the account is logged in. */
export function Sessions() {
  const sessions = useQuery<Page<AccountSession>>('/account/sessions')
  const [leaving, setLeaving] = useState(false)
  const { run: end, busy } = useAction(async ({ id, userAgent }: AccountSession) => {
    try {
      await api.delete(path`/account/sessions/${id}`)
      toast(`${describeUserAgent(userAgent)} is logged out`)
    } catch (thrown) {
      toast(explain(thrown), { problem: true })
    }
    await sessions.reload()
  })
  const columns: readonly Column<AccountSession>[] = [
    { title: 'Device', kind: 'main', cell: (session) => describeUserAgent(session.userAgent) },
    { title: 'Address', cell: (session) => session.address },
    {
      title: 'Last used',
      cell: (session) => (
        <time dateTime={session.lastSeenAt} title={formatDateTime(session.lastSeenAt)}>
          {formatAgo(session.lastSeenAt)}
        </time>
      ),
    },
    {
      title: 'Logged in',
      wideOnly: true,
      cell: (session) => formatDateTime(session.createdAt),
    },
    {
      title: 'Log out',
      kind: 'actions',
      cell: (session) =>
        session.current ? (
          <Chip kind="good">This one</Chip>
        ) : (
          <button
            type="button"
            className="button small"
            aria-disabled={busy}
            aria-label={`Log out ${describeUserAgent(session.userAgent)}, ${session.address}`}
            onClick={() => void end(session)}
          >
            Log out
          </button>
        ),
    },
  ]
  return (
    <Section
      title="Where you are logged in"
      lead="Log out what you do not know, then change your password."
      actions={
        <button type="button" className="button" onClick={() => setLeaving(true)}>
          Log out everywhere
        </button>
      }
      testId="sessions"
    >
      <div>
        <ListState list={wholeList(sessions)} lines={3} empty={<EmptyState title="Nowhere" />}>
          <Table
            caption="Where you are logged in"
            columns={columns}
            rows={sessions.data?.items ?? []}
            rowKey={({ id }) => id}
          />
        </ListState>
      </div>
      {leaving && (
        <ConfirmDialog
          title="Log out everywhere?"
          confirm="Log out everywhere"
          onClose={() => setLeaving(false)}
          onConfirm={async () => {
            await logOut({ everywhere: true })
            navigate('/login')
          }}
        >
          <p>This browser is logged out, too.</p>
        </ConfirmDialog>
      )}
    </Section>
  )
}
