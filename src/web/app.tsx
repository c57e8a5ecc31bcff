import { HomePage } from './home/home-page.tsx'
import { readRoomName, roomNameRule } from './home/room-names.ts'
import { RoomPage } from './room-page.tsx'
import { navigate, usePath } from './ui/router.ts'
import { Wordmark } from './ui/mark.tsx'

export function App() {
  const path = usePath()
  if (path === '/') return <HomePage />
  const room = /^\/r\/[^/]+\/?$/.test(path) ? readRoomName(path) : undefined
  if (room !== undefined) return <RoomPage key={room} room={room} />
  return (
    <div className="page">
      <header className="page-head">
        <Wordmark />
      </header>
      <main className="end" data-testid="end-screen">
        <h1>{path.startsWith('/r/') ? 'No room can have this name' : 'There is nothing here'}</h1>
        <p className="lead">
          {path.startsWith('/r/') ? `${roomNameRule}.` : 'This address is neither the home page nor a room.'}
        </p>
        <button type="button" className="button primary large" onClick={() => navigate('/')}>
          Home
        </button>
      </main>
    </div>
  )
}
