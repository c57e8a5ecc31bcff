import {
  CircleAlert,
  Keyboard,
  Link2,
  Loader,
  Maximize,
  Minimize,
  Pause,
  PictureInPicture2,
  Play,
  RotateCcw,
  Volume2,
  VolumeX,
} from 'lucide-react'
import { useEffect, useRef, useState, type RefObject } from 'react'
import type { RecordedPerson, RecordingFile } from '../api/types.ts'
import { toast } from '../ui/feedback.tsx'
import { initials } from '../ui/initials.ts'
import { ShortcutDialog } from '../ui/shortcut-dialog.tsx'
import { formatClock } from '../ui/time.ts'
import { mainFile } from './media.ts'
import { linkToPlace } from './places.ts'
import { playerShortcuts, usePlayerKeys } from './player-keys.ts'
import { SeekBar } from './seek-bar.tsx'
import { speakersAt } from './speech.ts'
import { useFullScreen, useSmallWindow } from './use-full-screen.ts'
import { rates, type Playback, type PlaybackActs } from './use-playback.ts'
import { usePreviews } from './use-previews.ts'
import './player.css'

interface PlayerProps {
  readonly title: string
  /** What is played, by `element`, and its pictures. */
  readonly files: readonly RecordingFile[]
  readonly people: readonly RecordedPerson[]
  readonly element: RefObject<HTMLVideoElement | null>
  readonly playback: Playback
  readonly acts: PlaybackActs
  /** Where it goes on, when somebody had watched it until there. */
  readonly wentOnAt: number | undefined
}

/** In full screen the bar goes when nothing was touched for so long, in milliseconds. */
const restAfter = 2500

export function Player({ title, files, people, element, playback, acts, wentOnAt }: PlayerProps) {
  const frame = useRef<HTMLDivElement>(null)
  const fullScreen = useFullScreen(frame, element)
  const resting = useResting(frame, fullScreen.on && playback.playing)
  const smallWindow = useSmallWindow(element)
  const previews = usePreviews(files)
  const [asksKeys, setAsksKeys] = useState(false)
  const poster = files.find(({ kind }) => kind === 'poster')?.url
  const isSound = mainFile(files)?.kind === 'audio'
  const { time, duration, playing, failed } = playback
  const help = () => setAsksKeys(true)
  usePlayerKeys(frame, {
    ...acts,
    toggleFullScreen: fullScreen.toggle,
    help,
    seekToShare: (share) => acts.seek(share * duration),
  })
  const goesOn = wentOnAt !== undefined && !playing && Math.abs(time - wentOnAt) < 500
  return (
    <section
      ref={frame}
      className="player"
      aria-label="Player"
      data-testid="player"
      data-full={fullScreen.on || undefined}
      data-resting={resting || undefined}
    >
      <div className="player-picture" data-sound={isSound || undefined}>
        <video
          ref={element}
          poster={poster}
          preload="metadata"
          playsInline
          aria-label={title}
          data-testid="video"
          onClick={acts.toggle}
          onDoubleClick={fullScreen.toggle}
        />
        {isSound && <Speakers people={people} time={time} />}
        <Over playback={playback} acts={acts} onDoubleClick={fullScreen.toggle} />
        {goesOn && !failed && (
          <button type="button" className="player-anew" data-testid="anew" onClick={() => acts.seek(0)}>
            <RotateCcw size={16} aria-hidden />
            From the beginning
          </button>
        )}
      </div>
      <div className="player-bar">
        <SeekBar
          time={time}
          duration={duration}
          loaded={playback.loaded}
          people={people}
          previews={previews}
          onSeek={acts.seek}
        />
        <Buttons
          playback={playback}
          acts={acts}
          fullScreen={fullScreen}
          smallWindow={isSound ? undefined : smallWindow}
          onHelp={help}
        />
      </div>
      {asksKeys && <ShortcutDialog shortcuts={playerShortcuts} onClose={() => setAsksKeys(false)} />}
    </section>
  )
}

interface ControlProps {
  readonly playback: Playback
  readonly acts: PlaybackActs
}

/** Over the picture while it does not play: why, or the button to begin. */
function Over({ playback, acts, onDoubleClick }: ControlProps & { readonly onDoubleClick: () => void }) {
  const { playing, waiting, failed } = playback
  if (failed) {
    return (
      <div className="player-over failed" role="alert">
        <CircleAlert size={26} aria-hidden />
        <p>It cannot be played here now.</p>
        <button type="button" className="button small" onClick={acts.retry}>
          Try again
        </button>
      </div>
    )
  }
  if (waiting) {
    return (
      <div className="player-over" role="status" aria-label="Loading">
        <Loader className="spin" size={34} aria-hidden />
      </div>
    )
  }
  if (playing) return null
  return (
    <button
      type="button"
      className="player-start"
      tabIndex={-1}
      aria-hidden
      onClick={acts.toggle}
      onDoubleClick={onDoubleClick}
    >
      <PlayIcon playback={playback} size={34} />
    </button>
  )
}

function PlayIcon({ playback, size }: { readonly playback: Playback; readonly size: number }) {
  const { playing, ended } = playback
  const Icon = playing ? Pause : ended ? RotateCcw : Play
  return <Icon size={size} fill={ended ? 'none' : 'currentColor'} aria-hidden />
}

interface ButtonsProps extends ControlProps {
  readonly fullScreen: ReturnType<typeof useFullScreen>
  /** Undefined where there is nothing to see. */
  readonly smallWindow: ReturnType<typeof useSmallWindow> | undefined
  readonly onHelp: () => void
}

function Buttons({ playback, acts, fullScreen, smallWindow, onHelp }: ButtonsProps) {
  const { time, duration, playing, ended, muted, volume, rate } = playback
  const playLabel = playing ? 'Pause' : ended ? 'Play again' : 'Play'
  return (
    <div className="player-buttons">
      <button
        type="button"
        aria-label={playLabel}
        title={`${playLabel} (Space)`}
        data-testid="play"
        onClick={acts.toggle}
      >
        <PlayIcon playback={playback} size={20} />
      </button>
      <span className="player-time" data-testid="player-time">
        {formatClock(time)} <span>/ {formatClock(duration)}</span>
      </span>
      <span className="player-gap" />
      <button
        type="button"
        className="player-mute"
        aria-label={muted ? 'Sound on' : 'Sound off'}
        title={`${muted ? 'Sound on' : 'Sound off'} (M)`}
        onClick={acts.toggleMute}
      >
        {muted ? <VolumeX size={20} aria-hidden /> : <Volume2 size={20} aria-hidden />}
      </button>
      <input
        type="range"
        className="player-volume"
        aria-label="Volume"
        min={0}
        max={1}
        step={0.05}
        value={muted ? 0 : volume}
        onChange={(event) => acts.setVolume(Number(event.target.value))}
      />
      <button
        type="button"
        className="player-keys"
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts (?)"
        onClick={onHelp}
      >
        <Keyboard size={20} aria-hidden />
      </button>
      <button
        type="button"
        aria-label={`Copy a link to ${formatClock(time)}`}
        title="Copy a link to this moment"
        data-testid="link-to-place"
        onClick={() => void copyLink(time)}
      >
        <Link2 size={20} aria-hidden />
      </button>
      {smallWindow?.possible && (
        <button
          type="button"
          className="player-small"
          aria-label="Small window"
          aria-pressed={smallWindow.on}
          title="Small window above all others"
          onClick={smallWindow.toggle}
        >
          <PictureInPicture2 size={20} aria-hidden />
        </button>
      )}
      <select
        className="player-rate"
        aria-label="Speed"
        title="Speed"
        value={rate}
        data-testid="rate"
        onChange={(event) => acts.setRate(Number(event.target.value))}
      >
        {rates.map((each) => (
          <option key={each} value={each}>
            {each}×
          </option>
        ))}
      </select>
      {fullScreen.possible && (
        <button
          type="button"
          aria-label={fullScreen.on ? 'Leave full screen' : 'Full screen'}
          title={`${fullScreen.on ? 'Leave full screen' : 'Full screen'} (F)`}
          onClick={fullScreen.toggle}
        >
          {fullScreen.on ? <Minimize size={20} aria-hidden /> : <Maximize size={20} aria-hidden />}
        </button>
      )}
    </div>
  )
}

async function copyLink(ms: number): Promise<void> {
  const link = linkToPlace(location.href, ms)
  try {
    await navigator.clipboard.writeText(link)
    toast(`Copied: a link to ${formatClock(ms)}.`)
  } catch {
    // Without HTTPS there is no clipboard: the address bar has it then.
    history.replaceState(null, '', link)
    toast(`The address of this page leads to ${formatClock(ms)} now: copy it from there.`)
  }
}

/** More than these do not fit; the list below the player has them all. */
const mostSpeakers = 12

/** Where there is no picture: who is there, and who speaks now. */
function Speakers({ people, time }: { people: readonly RecordedPerson[]; time: number }) {
  const now = new Set(speakersAt(people, time))
  return (
    <ul className="player-speakers" aria-hidden>
      {people.slice(0, mostSpeakers).map((person, i) => (
        <li key={i} data-speaking={now.has(person)} style={{ '--color': person.color }}>
          <span>{initials(person.name)}</span>
          {person.name}
        </li>
      ))}
    </ul>
  )
}

/** Whether nobody has moved or pressed anything for a while. */
function useResting(frame: RefObject<HTMLElement | null>, watched: boolean): boolean {
  const [resting, setResting] = useState(false)
  useEffect(() => {
    const element = frame.current
    if (!watched || !element) return
    let timer = 0
    const wake = () => {
      setResting(false)
      window.clearTimeout(timer)
      timer = window.setTimeout(() => setResting(true), restAfter)
    }
    wake()
    const signs = ['pointermove', 'pointerdown', 'keydown', 'focusin']
    for (const sign of signs) element.addEventListener(sign, wake)
    return () => {
      window.clearTimeout(timer)
      for (const sign of signs) element.removeEventListener(sign, wake)
    }
  }, [frame, watched])
  return watched && resting
}
