import type { ReactNode } from 'react'
import { useSession } from '../api/session.ts'
import type { Account } from '../api/types.ts'
import { Frame, Tabs } from '../ui/frame.tsx'

const tabs = [
  { to: '/account', text: 'Profile' },
  { to: '/account/security', text: 'Security' },
  { to: '/account/data', text: 'Data' },
]

/** The pages about the own account, which the guard has seen to be there. */
export function AccountFrame({ children }: { children: (account: Account) => ReactNode }) {
  const { account } = useSession()
  return (
    <Frame title="Your account" tabs={<Tabs label="Your account" items={tabs} />}>
      {account && children(account)}
    </Frame>
  )
}
