import {
  CircleAlert,
  Loader,
  Maximize,
  Minimize,
  Pause,
  Play,
  RotateCcw,
  Volume2,
  VolumeX,
} from 'lucide-react'
import { useEffect, useEffectEvent, useRef, useState, type RefObject } from 'react'
import type { RecordedPerson, RecordingFile } from '../api/types.ts'
import { initials } from '../ui/initials.ts'
import { useSettings } from '../ui/settings.ts'
import { formatClock } from '../ui/time.ts'
import { mainFile } from './media.ts'
import { SeekBar } from './seek-bar.tsx'
import { speakersAt } from './speech.ts'
import type { Playback, PlaybackActs } from './use-playback.ts'
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
}

const rates = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 3]
/** In full screen the bar goes when nothing was touched for so long, in milliseconds. */
const restAfter = 2500

export function Player({ title, files, people, element, playback, acts }: PlayerProps) {
  const frame = useRef<HTMLDivElement>(null)
  const fullScreen = useFullScreen(frame, element)
  const resting = useResting(frame, fullScreen.on && playback.playing)
  const previews = usePreviews(files)
  useKeys(frame, acts, fullScreen.toggle)
  const poster = files.find(({ kind }) => kind === 'poster')?.url
  const isSound = mainFile(files)?.kind === 'audio'
  const { time, duration, playing, ended, waiting, failed, muted, volume, rate } = playback
  const playLabel = playing ? 'Pause' : ended ? 'Play again' : 'Play'
  const PlayIcon = playing ? Pause : ended ? RotateCcw : Play
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
        {failed ? (
          <div className="player-over failed" role="alert">
            <CircleAlert size={26} aria-hidden />
            <p>It cannot be played here now.</p>
            <button type="button" className="button small" onClick={acts.retry}>
              Try again
            </button>
          </div>
        ) : waiting ? (
          <div className="player-over" role="status" aria-label="Loading">
            <Loader className="spin" size={34} aria-hidden />
          </div>
        ) : (
          !playing && (
            <button
              type="button"
              className="player-start"
              tabIndex={-1}
              aria-hidden
              onClick={acts.toggle}
              onDoubleClick={fullScreen.toggle}
            >
              <PlayIcon size={34} fill={ended ? 'none' : 'currentColor'} aria-hidden />
            </button>
          )
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
        <div className="player-buttons">
          <button
            type="button"
            aria-label={playLabel}
            title={`${playLabel} (Space)`}
            data-testid="play"
            onClick={acts.toggle}
          >
            <PlayIcon size={20} fill={ended ? 'none' : 'currentColor'} aria-hidden />
          </button>
          <span className="player-time" data-testid="player-time">
            {formatClock(time)} <span>/ {formatClock(duration)}</span>
          </span>
          <span className="player-gap" />
          <button
            type="button"
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
      </div>
    </section>
  )
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

/** Phones of one maker show only the video itself in full, with bars of their own. */
interface WithOwnFullScreen extends HTMLVideoElement {
  readonly webkitEnterFullscreen?: () => void
}

function useFullScreen(frame: RefObject<HTMLElement | null>, element: RefObject<HTMLVideoElement | null>) {
  const [on, setOn] = useState(false)
  useEffect(() => {
    const look = () => setOn(document.fullscreenElement === frame.current)
    document.addEventListener('fullscreenchange', look)
    return () => document.removeEventListener('fullscreenchange', look)
  }, [frame])
  const possible = document.fullscreenEnabled || 'webkitEnterFullscreen' in HTMLVideoElement.prototype
  const toggle = () => {
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined)
    else if (document.fullscreenEnabled) void frame.current?.requestFullscreen().catch(() => undefined)
    else (element.current as WithOwnFullScreen | null)?.webkitEnterFullscreen?.()
  }
  return { on, possible, toggle }
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

/** Keys of the whole page; those of one letter only within the player where the person switched them off. */
function useKeys(frame: RefObject<HTMLElement | null>, acts: PlaybackActs, onFullScreen: () => void): void {
  const { shortcuts } = useSettings()
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    const target = event.target instanceof Element ? event.target : undefined
    if (target?.closest('input, textarea, select, dialog, [contenteditable]')) return
    const inside = target !== undefined && frame.current?.contains(target) === true
    if (!shortcuts && !inside) return
    // A button that has the focus is what the space bar presses, and arrows move in menus.
    const isPressable = Boolean(target?.closest('button, a, summary, [role=menu], .menu'))
    const act = actOf(event.key, acts, onFullScreen)
    if (!act || (isPressable && (event.key === ' ' || event.key.startsWith('Arrow')))) return
    event.preventDefault()
    if (event.repeat && !event.key.startsWith('Arrow')) return
    act()
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event)
    document.addEventListener('keydown', listener)
    return () => document.removeEventListener('keydown', listener)
  }, [])
}

function actOf(key: string, acts: PlaybackActs, onFullScreen: () => void): (() => void) | undefined {
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case ' ':
    case 'k':
      return acts.toggle
    case 'ArrowLeft':
      return () => acts.skip(-5000)
    case 'ArrowRight':
      return () => acts.skip(5000)
    case 'j':
      return () => acts.skip(-10_000)
    case 'l':
      return () => acts.skip(10_000)
    case 'm':
      return acts.toggleMute
    case 'f':
      return onFullScreen
    default:
      return undefined
  }
}
