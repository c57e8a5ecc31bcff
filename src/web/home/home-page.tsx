import { lazy, Suspense } from 'react'
import { useSession } from '../api/session.ts'
import { readSessionTimes } from '../api/session-times.ts'
import { Skeleton } from '../ui/feedback.tsx'
import { Frame } from '../ui/frame.tsx'
import { Welcome } from './welcome.tsx'

// Whoever only comes to open a room does not wait for it.
const Dashboard = lazy(() => import('./dashboard.tsx').then((module) => ({ default: module.Dashboard })))

const coming = (
  <Frame title="Home" hideTitle width="wide">
    <Skeleton lines={8} />
  </Frame>
)

/** `/`: one's meetings for who is logged in, and the way in for everybody else. */
export function HomePage() {
  const { loading, account } = useSession()
  if (loading && readSessionTimes()) return coming
  if (!account) return <Welcome />
  return (
    <Suspense fallback={coming}>
      <Dashboard account={account} />
    </Suspense>
  )
}
