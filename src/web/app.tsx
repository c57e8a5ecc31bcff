import { Suspense } from 'react'
import { IncomingCalls } from './calls/incoming-calls.tsx'
import { readRoomName, roomNameRule } from './home/room-names.ts'
import { Guard } from './guard.tsx'
import { RoomPage } from './room-page.tsx'
import { routes } from './routes.tsx'
import { Skeleton, Toasts } from './ui/feedback.tsx'
import { Frame } from './ui/frame.tsx'
import { navigate, matchPath, usePath } from './ui/router.ts'
import { Wordmark } from './ui/mark.tsx'

export function App() {
  return (
    <>
      <Page />
      <IncomingCalls />
      <Toasts />
    </>
  )
}

function Page() {
  const path = usePath()
  if (path.startsWith('/r/')) {
    const room = /^\/r\/[^/]+\/?$/.test(path) ? readRoomName(path) : undefined
    if (room !== undefined) return <RoomPage key={room} room={room} />
    return <Nothing title="No room can have this name" text={`${roomNameRule}.`} />
  }
  for (const { pattern, access, page: Shown } of routes) {
    const params = matchPath(pattern, path)
    if (!params) continue
    return (
      <Suspense key={path} fallback={<Coming />}>
        <Guard access={access}>
          <Shown params={params} />
        </Guard>
      </Suspense>
    )
  }
  return (
    <Nothing title="There is nothing here" text="The address leads nowhere. A link may be old or cut off." />
  )
}

/** While a page's code is on its way. */
function Coming() {
  return (
    <Frame title="" hideTitle>
      <Skeleton />
    </Frame>
  )
}

function Nothing({ title, text }: { title: string; text: string }) {
  return (
    <div className="page">
      <header className="page-head">
        <Wordmark />
      </header>
      <main className="end" data-testid="end-screen">
        <h1>{title}</h1>
        <p className="lead">{text}</p>
        <button type="button" className="button primary large" onClick={() => navigate('/')}>
          Home
        </button>
      </main>
    </div>
  )
}
