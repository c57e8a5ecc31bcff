import { History, LogIn, Plus, UserPlus } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useSession } from '../api/session.ts'
import { Link } from '../ui/link.tsx'
import { Wordmark } from '../ui/mark.tsx'
import { navigate, roomPath } from '../ui/router.ts'
import { ThemeButton } from '../ui/theme-button.tsx'
import { JoinField } from './join-field.tsx'
import { daysAgo, forgetRooms, recentRooms } from './recent.ts'
import { randomRoomName } from './room-names.ts'
import './home.css'

/** For who is not logged in: a room at once where guests are admitted, a meeting by its code, an account. */
export function Welcome() {
  const { loading, server } = useSession()
  const [recent, setRecent] = useState(recentRooms)
  useEffect(() => {
    document.title = 'Sluice'
  }, [])
  // Until the server has said that guests are refused, nothing that most servers offer is withheld.
  const guests = server?.guests ?? true
  const accounts = server?.accounts?.enabled ?? false
  const canRegister = accounts && server?.accounts.registration === 'open' && server.accounts.passwords
  const setUp = accounts && server?.accounts.setUpNeeded === true

  return (
    <div className="page home">
      <header className="page-head">
        <Wordmark />
        <div className="top-end">
          <ThemeButton />
          {accounts && (
            <Link to="/login" className="button" data-testid="log-in-link">
              <LogIn size={17} aria-hidden />
              Log in
            </Link>
          )}
        </div>
      </header>
      <main className="home-main" aria-busy={loading}>
        <div className="home-copy">
          <h1>Meet on a server of your own.</h1>
          <p className="lead">
            {guests
              ? 'Sluice carries video calls through your own machine. Open a room, share its link, and people join from their browser – no account, nothing to install.'
              : 'Sluice carries video calls through your own machine. Log in to plan a meeting; whom you invite joins from their browser with nothing to install.'}
          </p>
          <div className="home-actions">
            {guests ? (
              <button
                type="button"
                className="button primary large"
                onClick={() => navigate(roomPath(randomRoomName()))}
              >
                <Plus size={20} aria-hidden />
                Start a room
              </button>
            ) : (
              accounts && (
                <Link to="/login" className="button primary large">
                  <LogIn size={20} aria-hidden />
                  Log in
                </Link>
              )
            )}
            {canRegister && (
              <Link to="/register" className="button large" data-testid="register-link">
                <UserPlus size={20} aria-hidden />
                Create an account
              </Link>
            )}
          </div>
          {setUp && (
            <p className="home-setup soft">
              This server has no admin yet. Where it was started, it prints an address that makes you one.
            </p>
          )}
          <JoinField
            large
            rooms={guests}
            label={guests ? 'Have a code, a name or a link already?' : 'Have the code or link of a meeting?'}
            placeholder={guests ? 'calm-river-otter' : 'abc-defg-hjk'}
          />
          {guests && recent.length > 0 && (
            <section className="recent" aria-labelledby="recent-title">
              <div className="recent-head">
                <h2 id="recent-title">Rooms you were in</h2>
                <button
                  type="button"
                  className="link-button"
                  onClick={() => {
                    forgetRooms()
                    setRecent([])
                  }}
                >
                  Forget them
                </button>
              </div>
              <ul>
                {recent.map(({ room, at }) => (
                  <li key={room}>
                    <Link to={roomPath(room)}>
                      <History size={16} aria-hidden />
                      <span>{room}</span>
                      <time dateTime={new Date(at).toISOString()}>{daysAgo(at, Date.now())}</time>
                    </Link>
                  </li>
                ))}
              </ul>
            </section>
          )}
        </div>
        <Picture />
      </main>
      <footer className="home-foot">
        <span>Sluice{server && ` ${server.version}`}</span>
      </footer>
    </div>
  )
}

/** What the server does: one stream comes to the gate and leaves as wide as each who watches can take. */
function Picture() {
  return (
    <svg className="home-picture" viewBox="0 0 480 440" aria-hidden="true" focusable="false">
      <linearGradient id="pic-fade" x1="0" x2="226" gradientUnits="userSpaceOnUse">
        <stop className="pic-fade-0" offset="0" />
        <stop className="pic-fade-1" offset="0.55" />
      </linearGradient>
      <path className="pic-stream s1" d="M232 198c66 0 66-136 116-136v92c-42 0-50 64-116 64z" />
      <path className="pic-stream s2" d="M232 214c66 0 76 36 128 36v34c-52 0-62-50-128-50z" />
      <path className="pic-stream s3" d="M232 230c66 0 70 132 140 132v16c-82 0-82-128-140-128z" />
      <path className="pic-source" d="M0 160C80 136 130 198 233 198v52C130 250 80 306 0 286z" />
      <path className="pic-foam" d="M86 198c28 10 50 22 86 20M104 240c30 0 52-12 84-10" />
      <rect className="pic-post" x="225" y="36" width="16" height="158" rx="8" />
      <rect className="pic-post" x="225" y="254" width="16" height="150" rx="8" />
      <Viewer x={330} y={28} width={150} height={136} skin="a" />
      <Viewer x={344} y={214} width={112} height={100} skin="b" />
      <Viewer x={362} y={340} width={70} height={62} skin="c" />
    </svg>
  )
}

interface ViewerProps {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly skin: 'a' | 'b' | 'c'
}

function Viewer({ x, y, width, height, skin }: ViewerProps) {
  const clip = `viewer-${skin}`
  return (
    <g transform={`translate(${x} ${y})`}>
      <clipPath id={clip}>
        <rect width={width} height={height} rx={height * 0.19} />
      </clipPath>
      <g clipPath={`url(#${clip})`} className={`pic-viewer ${skin}`}>
        <rect className="wall" width={width} height={height} />
        <ellipse className="shirt" cx={width / 2} cy={height * 1.08} rx={width * 0.36} ry={height * 0.42} />
        <circle className="face" cx={width / 2} cy={height * 0.44} r={height * 0.2} />
      </g>
    </g>
  )
}
