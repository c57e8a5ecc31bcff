import { lazy, type ReactNode } from 'react'
import { loadSession, useSession } from './api/session.ts'
import type { PageAccess } from './routes.tsx'
import { ErrorNote, Skeleton } from './ui/feedback.tsx'
import { Frame } from './ui/frame.tsx'
import { Link } from './ui/link.tsx'

const LoginPage = lazy(async () => ({ default: (await import('./account/pages.ts')).LoginPage }))

interface GuardProps {
  readonly access: PageAccess
  readonly children: ReactNode
}

/** The page for those who may see it; the others are asked to log in right here, or told who may. */
export function Guard({ access, children }: GuardProps) {
  const { loading, account, error, ended } = useSession()
  if (access === 'anyone') return children
  if (loading) {
    return (
      <Frame title="" hideTitle>
        <Skeleton />
      </Frame>
    )
  }
  if (!account && error) {
    return (
      <Frame title="No answer from the server" width="narrow">
        <ErrorNote error={error} onRetry={() => void loadSession()} />
      </Frame>
    )
  }
  if (!account) return <LoginPage params={{}} why={ended ? 'ended' : 'needed'} />
  if (access === 'admin' && account.role !== 'admin') {
    return (
      <Frame
        title="This is for admins"
        width="narrow"
        lead={`You are logged in as ${account.email}. Ask an admin of this server if you need what is here.`}
      >
        <Link to="/" className="button">
          Home
        </Link>
      </Frame>
    )
  }
  return children
}
