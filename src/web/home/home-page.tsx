import { ArrowRight, History, Plus } from 'lucide-react'
import { useEffect, useState, type FormEvent } from 'react'
import { Wordmark } from '../ui/mark.tsx'
import { navigate, roomPath } from '../ui/router.ts'
import { ThemeButton } from '../ui/theme-button.tsx'
import { daysAgo, forgetRooms, recentRooms } from './recent.ts'
import { randomRoomName, readRoomName } from './room-names.ts'
import './home.css'

export function HomePage() {
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState(false)
  const [recent, setRecent] = useState(recentRooms)
  const version = useServerVersion()
  useEffect(() => {
    document.title = 'Sluice'
  }, [])

  const enter = (event: FormEvent) => {
    event.preventDefault()
    const room = readRoomName(text)
    if (room === undefined) setWrong(true)
    else navigate(roomPath(room))
  }

  return (
    <div className="page home">
      <header className="page-head">
        <Wordmark />
        <ThemeButton />
      </header>
      <main className="home-main">
        <div className="home-copy">
          <h1>Meet on a server of your own.</h1>
          <p className="lead">
            Sluice carries video calls through your own machine. Open a room, share its link, and people join
            from their browser – no account, nothing to install.
          </p>
          <button
            type="button"
            className="button primary large"
            onClick={() => navigate(roomPath(randomRoomName()))}
          >
            <Plus size={20} aria-hidden />
            Start a room
          </button>
          <form className="home-enter" onSubmit={enter} noValidate>
            <label htmlFor="room">Have a name or a link already?</label>
            <div className="home-field">
              <input
                id="room"
                className="input large"
                value={text}
                placeholder="calm-river-otter"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                aria-invalid={wrong}
                aria-describedby={wrong ? 'room-wrong' : undefined}
                onChange={(event) => {
                  setText(event.target.value)
                  setWrong(false)
                }}
              />
              <button type="submit" className="button large" aria-label="Enter the room">
                Enter
                <ArrowRight size={18} aria-hidden />
              </button>
            </div>
            {wrong && (
              <p id="room-wrong" className="field-error" role="alert">
                A room’s name has letters, digits and dashes, up to 64 of them.
              </p>
            )}
          </form>
          {recent.length > 0 && (
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
                    <a
                      href={roomPath(room)}
                      onClick={(event) => {
                        if (event.metaKey || event.ctrlKey || event.shiftKey) return
                        event.preventDefault()
                        navigate(roomPath(room))
                      }}
                    >
                      <History size={16} aria-hidden />
                      <span>{room}</span>
                      <time dateTime={new Date(at).toISOString()}>{daysAgo(at, Date.now())}</time>
                    </a>
                  </li>
                ))}
              </ul>
            </section>
          )}
        </div>
        <Picture />
      </main>
      <footer className="home-foot">
        <span>Sluice{version && ` ${version}`}</span>
        <a href="/api/docs">API</a>
      </footer>
    </div>
  )
}

function useServerVersion(): string | undefined {
  const [version, setVersion] = useState<string>()
  useEffect(() => {
    const stop = new AbortController()
    fetch('/healthz', { signal: stop.signal })
      .then((response) => response.json())
      .then((body: { version?: unknown }) => {
        if (typeof body.version === 'string') setVersion(body.version)
      })
      .catch(() => undefined)
    return () => stop.abort()
  }, [])
  return version
}

const lanes = [
  { y: 92, gate: 150, hue: 186 },
  { y: 196, gate: 96, hue: 28 },
  { y: 300, gate: 182, hue: 228 },
]

/** Many streams come to the gate, each leaves as wide as the one who watches can take. */
function Picture() {
  return (
    <svg className="home-picture" viewBox="0 0 460 400" aria-hidden="true" focusable="false">
      <defs>
        <clipPath id="frame">
          <rect width="460" height="400" rx="32" />
        </clipPath>
      </defs>
      <g clipPath="url(#frame)">
        <rect className="pic-ground" width="460" height="400" />
        <path className="pic-water deep" d="M0 250c60-26 110-26 170 0s110 26 170 0 90-22 120-8v158H0z" />
        <path className="pic-water mid" d="M0 292c50-20 100-20 150 0s100 20 150 0 110-20 160 0v108H0z" />
        <path className="pic-water near" d="M0 338c60-18 100-18 160 0s110 18 160 0 90-16 140-2v64H0z" />
        {lanes.map(({ gate, hue }, i) => (
          <g key={hue} transform={`translate(${70 + i * 118} 0)`}>
            <rect className="pic-post" x="-8" width="8" height="400" />
            <rect className="pic-post" x="84" width="8" height="400" />
            <rect className="pic-gate" x="4" y="-30" width="76" height={gate + 60} rx="10" />
            <circle className={`pic-person p${i}`} cx="42" cy={gate - 24} r="25" />
            <path
              className={`pic-person p${i} body`}
              d={`M4 ${gate + 30}v-4c4-22 20-30 38-30s34 8 38 30v4z`}
            />
          </g>
        ))}
      </g>
    </svg>
  )
}
