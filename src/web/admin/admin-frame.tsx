import type { ReactNode } from 'react'
import { Frame, Tabs } from '../ui/frame.tsx'

const tabs = [
  { to: '/admin/users', text: 'Users' },
  { to: '/admin/rooms', text: 'Live rooms' },
  { to: '/admin/api-keys', text: 'API keys' },
  { to: '/admin/audit', text: 'Audit log' },
]

/** The pages for those who look after the server. `title` is what the browser's tab says. */
export function AdminFrame({ actions, children }: { actions?: ReactNode; children: ReactNode }) {
  return (
    <Frame title="Admin" width="wide" actions={actions} tabs={<Tabs label="Admin" items={tabs} />}>
      {children}
    </Frame>
  )
}
