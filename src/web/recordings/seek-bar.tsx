import { useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import type { RecordedPerson } from '../api/types.ts'
import { listNames } from '../call/notices.ts'
import { formatClock } from '../ui/time.ts'
import { previewAt, type Preview } from './preview-index.ts'
import { speakersAt, speechPath } from './speech.ts'

export interface Previews {
  readonly url: string
  readonly index: readonly Preview[]
}

interface SeekBarProps {
  readonly time: number
  readonly duration: number
  readonly loaded: number
  readonly people: readonly RecordedPerson[]
  readonly previews: Previews | undefined
  readonly onSeek: (ms: number) => void
}

const steps: Readonly<Record<string, number>> = {
  ArrowLeft: -5000,
  ArrowDown: -5000,
  ArrowRight: 5000,
  ArrowUp: 5000,
  PageDown: -60_000,
  PageUp: 60_000,
}

/** Where it is, where people spoke, and what is to be seen at the place that is pointed at. */
export function SeekBar({ time, duration, loaded, people, previews, onSeek }: SeekBarProps) {
  const bar = useRef<HTMLDivElement>(null)
  /** The moment pointed at, and whether the bar is held. */
  const [pointed, setPointed] = useState<{ readonly at: number; readonly held: boolean }>()
  const shown = pointed?.held ? pointed.at : time
  const outlines = useMemo(
    () => people.map(({ color, speech }) => ({ color, path: speechPath(speech, duration) })),
    [people, duration],
  )

  const momentOf = (event: PointerEvent): number => {
    const { left, width } = bar.current?.getBoundingClientRect() ?? { left: 0, width: 1 }
    return Math.min(1, Math.max(0, (event.clientX - left) / width)) * duration
  }
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return
    bar.current?.setPointerCapture(event.pointerId)
    setPointed({ at: momentOf(event), held: true })
  }
  const onPointerMove = (event: PointerEvent) => {
    if (event.pointerType === 'touch' && !pointed?.held) return
    setPointed({ at: momentOf(event), held: pointed?.held ?? false })
  }
  const onPointerUp = (event: PointerEvent) => {
    if (!pointed?.held) return
    onSeek(momentOf(event))
    setPointed(event.pointerType === 'mouse' ? { at: momentOf(event), held: false } : undefined)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps[event.key]
    if (step !== undefined) onSeek(time + step)
    else if (event.key === 'Home') onSeek(0)
    else if (event.key === 'End') onSeek(duration)
    else return
    event.preventDefault()
  }
  const share = (ms: number) => `${duration > 0 ? Math.min(100, (ms / duration) * 100) : 0}%`
  return (
    <div
      ref={bar}
      className="seek"
      role="slider"
      tabIndex={0}
      aria-label="Place in the recording"
      aria-valuemin={0}
      aria-valuemax={Math.round(duration / 1000)}
      aria-valuenow={Math.round(shown / 1000)}
      aria-valuetext={`${formatClock(shown)} of ${formatClock(duration)}`}
      data-testid="seek"
      data-held={pointed?.held}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={() => setPointed(undefined)}
      onPointerLeave={() => !pointed?.held && setPointed(undefined)}
      onKeyDown={onKeyDown}
    >
      <div className="seek-rail">
        <div className="seek-loaded" style={{ width: share(loaded) }} />
        {pointed && <div className="seek-pointed" style={{ width: share(pointed.at) }} />}
        <div className="seek-played" style={{ width: share(shown) }} />
      </div>
      <div className="seek-thumb" style={{ left: share(shown) }} />
      {duration > 0 && people.some(({ speech }) => speech.length > 0) && (
        <svg className="seek-speech" viewBox={`0 0 ${duration} 1`} preserveAspectRatio="none" aria-hidden>
          {outlines.map(({ color, path }, i) => (
            <path key={i} d={path} fill={color} />
          ))}
        </svg>
      )}
      {pointed && (
        <SeekPreview at={pointed.at} left={share(pointed.at)} people={people} previews={previews} />
      )}
    </div>
  )
}

interface SeekPreviewProps {
  readonly at: number
  readonly left: string
  readonly people: readonly RecordedPerson[]
  readonly previews: Previews | undefined
}

function SeekPreview({ at, left, people, previews }: SeekPreviewProps) {
  const picture = previews && previewAt(previews.index, at)
  const speakers = speakersAt(people, at).map(({ name }) => name)
  return (
    <div
      className="seek-preview"
      // Stays within the player at both ends.
      style={{ left: `clamp(84px, ${left}, calc(100% - 84px))` }}
      data-testid="seek-preview"
      aria-hidden
    >
      {picture && (
        <div
          className="seek-picture"
          style={{
            width: picture.width,
            height: picture.height,
            backgroundImage: `url(${JSON.stringify(previews.url)})`,
            backgroundPosition: `-${picture.x}px -${picture.y}px`,
          }}
        />
      )}
      <span className="seek-time">{formatClock(at)}</span>
      {speakers.length > 0 && <span className="seek-speakers">{listNames(speakers)}</span>}
    </div>
  )
}
