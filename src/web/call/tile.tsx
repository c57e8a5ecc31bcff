import {
  Crown,
  Grid2x2,
  Hand,
  MicOff,
  Minus,
  MonitorUp,
  Move,
  PictureInPicture2,
  Pin,
  PinOff,
  Sparkles,
} from 'lucide-react'
import { memo, useEffect, useRef, useState, type MouseEvent, type PointerEvent } from 'react'
import { hueOf, initials } from '../ui/initials.ts'
import type { Person, PictureSource } from './call.ts'
import { QualityBars, qualityTexts } from './quality-bars.tsx'
import type { Rect } from './stage-layout.ts'

export interface TileProps {
  readonly person: Person
  readonly source: PictureSource
  readonly rect: Rect
  readonly speaking: boolean
  readonly pinned: boolean
  /** In the spotlight for everybody. */
  readonly spotlit: boolean
  readonly large: boolean
  readonly floating: boolean
  readonly onPin: (key: string | undefined) => void
  /** Of hosts only. */
  readonly onMute?: ((id: string) => void) | undefined
  readonly onSelf: (place: 'grid' | 'float' | 'hidden') => void
  /** Of a floating tile only. */
  readonly onDrop?: ((x: number, y: number) => void) | undefined
  readonly onNextCorner?: (() => void) | undefined
}

export function tileKey(personId: string, source: PictureSource): string {
  return `${personId}:${source}`
}

function TileView(props: TileProps) {
  const { person, source, rect, speaking, pinned, floating } = props
  const picture = source === 'screen' ? person.screen : person.camera
  const drag = useDrag(rect, props.onDrop)
  const touched = useTouched()
  const small = rect.width < 170 || rect.height < 110
  const key = tileKey(person.id, source)
  const who = person.local ? 'You' : person.name
  const title = source === 'screen' ? (person.local ? 'Your screen' : `${person.name}’s screen`) : who
  const muted = source === 'camera' && person.microphone !== 'on'
  const about = [
    title,
    source === 'camera' && !picture && 'camera off',
    muted && (person.microphone === 'muted' ? 'muted' : 'no microphone'),
    person.quality !== 'unknown' && qualityTexts[person.quality].toLowerCase(),
    source === 'camera' && person.isHost && 'host',
    source === 'camera' && person.hand !== undefined && `hand raised, number ${person.hand}`,
    props.spotlit && 'in the spotlight',
    pinned && 'pinned',
  ]
  return (
    <div
      className="tile"
      role="group"
      aria-label={about.filter(Boolean).join(', ')}
      data-testid="tile"
      data-peer-id={person.id}
      data-source={source}
      data-local={person.local}
      data-speaking={speaking}
      data-floating={floating}
      data-small={small}
      data-large={props.large}
      data-dragging={drag.dragging}
      data-touched={touched.is}
      onClick={touched.onClick}
      style={{
        width: rect.width,
        height: rect.height,
        transform: `translate(${rect.x + drag.x}px, ${rect.y + drag.y}px)`,
        '--hue': hueOf(person.name),
        '--avatar': `${Math.round(Math.min(120, Math.max(36, Math.min(rect.width, rect.height) * 0.38)))}px`,
      }}
      {...drag.handlers}
    >
      {picture ? (
        <Video key={picture.id} person={person} source={source} rect={rect} />
      ) : (
        <span className="avatar" aria-hidden>
          {initials(person.name)}
        </span>
      )}
      <div className="tile-label">
        {source === 'screen' && <MonitorUp size={14} aria-hidden />}
        {muted && <MicOff size={14} className="muted" aria-hidden />}
        {props.spotlit && <Sparkles size={14} className="spotlit" aria-hidden />}
        <span className="tile-name">{title}</span>
        {source === 'camera' && person.isHost && <Crown size={14} className="crown" aria-hidden />}
        {!person.local && <QualityBars quality={person.quality} />}
      </div>
      {source === 'camera' && person.hand !== undefined && (
        <span className="hand-mark" aria-hidden>
          <Hand size={small ? 14 : 17} />
          {person.hand}
        </span>
      )}
      <div className="tile-actions">
        {props.onMute && source === 'camera' && person.microphone === 'on' && !person.local && (
          <TileButton label={`Mute ${person.name}`} onClick={() => props.onMute?.(person.id)}>
            <MicOff size={16} aria-hidden />
          </TileButton>
        )}
        {props.onNextCorner && (
          <TileButton label="Move your picture to the next corner" onClick={props.onNextCorner}>
            <Move size={16} aria-hidden />
          </TileButton>
        )}
        {person.local && source === 'camera' && (
          <>
            <TileButton
              label={floating ? 'Put your picture into the grid' : 'Let your picture float'}
              onClick={() => props.onSelf(floating ? 'grid' : 'float')}
            >
              {floating ? <Grid2x2 size={16} aria-hidden /> : <PictureInPicture2 size={16} aria-hidden />}
            </TileButton>
            <TileButton label="Hide your picture from yourself" onClick={() => props.onSelf('hidden')}>
              <Minus size={16} aria-hidden />
            </TileButton>
          </>
        )}
        {!floating && (
          <TileButton
            label={pinned ? `Unpin ${title}` : `Pin ${title}`}
            onClick={() => props.onPin(pinned ? undefined : key)}
          >
            {pinned ? <PinOff size={16} aria-hidden /> : <Pin size={16} aria-hidden />}
          </TileButton>
        )}
      </div>
    </div>
  )
}

/** Forty-nine tiles, and somebody speaks every second: only those concerned render. */
export const Tile = memo(TileView, (before, after) =>
  (Object.keys(after) as (keyof TileProps)[]).every((name) =>
    name === 'rect' ? sameRect(before.rect, after.rect) : before[name] === after[name],
  ),
)

function sameRect(a: Rect, b: Rect): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height
}

function TileButton({
  label,
  onClick,
  children,
}: {
  label: string
  onClick: () => void
  children: React.ReactNode
}) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onPointerDown={(event) => event.stopPropagation()}
      onClick={onClick}
    >
      {children}
    </button>
  )
}

/** A tap shows the buttons of a tile for a while; what only can tap has no hovering. */
function useTouched() {
  const [is, setIs] = useState(false)
  useEffect(() => {
    if (!is) return
    const timer = window.setTimeout(() => setIs(false), 4000)
    return () => window.clearTimeout(timer)
  }, [is])
  const onClick = (event: MouseEvent<HTMLElement>) => {
    const native = event.nativeEvent
    if (native instanceof window.PointerEvent && native.pointerType === 'touch') setIs(!is)
  }
  return { is, onClick }
}

let firstFrameMarked = false

function Video({ person, source, rect }: { person: Person; source: PictureSource; rect: Rect }) {
  const element = useRef<HTMLVideoElement>(null)
  const [ratio, setRatio] = useState(16 / 9)
  const picture = source === 'screen' ? person.screen : person.camera
  useEffect(() => {
    const video = element.current
    if (!video || !picture) return
    return picture.attach(video)
  }, [picture])
  useEffect(() => {
    const video = element.current
    if (!video || person.local || firstFrameMarked || !('requestVideoFrameCallback' in video)) return
    const handle = video.requestVideoFrameCallback(() => {
      if (firstFrameMarked) return
      firstFrameMarked = true
      performance.mark('sluice:first-remote-frame')
    })
    return () => video.cancelVideoFrameCallback(handle)
  }, [person.local])
  const follow = () => {
    const video = element.current
    if (video && video.videoWidth > 0 && video.videoHeight > 0) setRatio(video.videoWidth / video.videoHeight)
  }
  // Filling crops; where that would cut away most of the picture (a phone held upright on a wide tile) it is shown whole.
  const mismatch = rect.width / Math.max(1, rect.height) / ratio
  const whole = source === 'screen' || mismatch > 2.4 || mismatch < 1 / 2.4
  return (
    <video
      ref={element}
      className={`${picture?.mirrored ? 'mirrored' : ''} ${whole ? 'whole' : ''}`}
      muted
      playsInline
      autoPlay
      aria-hidden
      onLoadedMetadata={follow}
      onResize={follow}
    />
  )
}

function useDrag(rect: Rect, onDrop: ((x: number, y: number) => void) | undefined) {
  const enabled = onDrop !== undefined
  const [offset, setOffset] = useState<{ x: number; y: number } | undefined>()
  const start = useRef({ x: 0, y: 0 })
  const end = () => {
    if (offset) onDrop?.(rect.x + offset.x + rect.width / 2, rect.y + offset.y + rect.height / 2)
    setOffset(undefined)
  }
  const handlers = {
    onPointerDown(event: PointerEvent<HTMLElement>) {
      if (event.button !== 0) return
      start.current = { x: event.clientX, y: event.clientY }
      event.currentTarget.setPointerCapture(event.pointerId)
      setOffset({ x: 0, y: 0 })
    },
    onPointerMove(event: PointerEvent<HTMLElement>) {
      if (offset) setOffset({ x: event.clientX - start.current.x, y: event.clientY - start.current.y })
    },
    onPointerUp: end,
    onPointerCancel: () => setOffset(undefined),
  }
  return {
    x: (enabled && offset?.x) || 0,
    y: (enabled && offset?.y) || 0,
    dragging: enabled && offset !== undefined,
    handlers: enabled ? handlers : {},
  }
}
