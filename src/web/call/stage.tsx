import { ChevronLeft, ChevronRight, Eye } from 'lucide-react'
import { useState } from 'react'
import { changeSettings, useSettings, type Settings } from '../ui/settings.ts'
import { useSize } from '../ui/use-media.ts'
import { CopyLink, LinkNote } from '../ui/copy-link.tsx'
import type { CallState, Person } from './call.ts'
import { bringForward } from './grid.ts'
import { arrangeStage, firstPageSize, floatingRect, nearestCorner } from './stage-layout.ts'
import { Tile, tileKey } from './tile.tsx'

interface StageProps {
  readonly state: CallState
  readonly compact: boolean
  readonly link: string | undefined
  /** What is to be large; undefined is the grid. */
  readonly focus: string | undefined
  readonly pinned: string | undefined
  /** Of hosts only. */
  readonly onMute: ((id: string) => void) | undefined
  readonly onPin: (key: string | undefined) => void
  readonly onShowPeople: () => void
}

/** All tiles of the call. They stay the same elements in every layout and only move, so that no video restarts. */
export function Stage(props: StageProps) {
  const { state, compact, link, focus, pinned, onMute, onPin, onShowPeople } = props
  const [ref, { width, height }] = useSize<HTMLDivElement>()
  const { self, corner } = useSettings()
  const [page, setPage] = useState(0)
  const wide = focus?.endsWith(':screen') ?? false
  const size = { width, height, compact, wide }

  const me = state.people.find((person) => person.local)
  const others = state.people.filter((person) => !person.local)
  const alone = others.length === 0 && me?.screen === undefined
  const [met, setMet] = useState(others.length > 0)
  if (!met && others.length > 0) setMet(true)
  const place = self === 'auto' ? (others.length <= 1 ? 'float' : 'grid') : self
  const inGrid = place === 'grid' || alone
  const selfKey = me && tileKey(me.id, 'camera')

  const shares = state.people.filter((person) => person.screen).map((person) => tileKey(person.id, 'screen'))
  const strip = focus !== undefined
  const selfCount = inGrid ? 1 : 0
  const visible = firstPageSize(size, others.length + shares.length + selfCount, strip)
  // In a strip the large tile is on top of the visible ones.
  const places = Math.max(1, visible - shares.length - selfCount + (strip ? 1 : 0))
  const order = useStableOrder(others, places, state.lastSpoke)
  const cameras = order.map((id) => tileKey(id, 'camera'))
  if (focus !== undefined && cameras.includes(focus)) {
    cameras.splice(cameras.indexOf(focus), 1)
    cameras.unshift(focus)
  }
  // Oneself last, but never out of sight.
  if (inGrid && selfKey) cameras.splice(Math.min(places, cameras.length), 0, selfKey)
  const tiles = [...shares, ...cameras]
  const ready = width > 0 && height > 0
  const layout = arrangeStage({ ...size, tiles, focus, page })
  const floating = ready && !inGrid && place === 'float' && focus !== selfKey
  const selfRect = floating ? floatingRect(width, height, compact, corner) : undefined

  const tile = (person: Person, source: 'camera' | 'screen') => {
    const key = tileKey(person.id, source)
    const floats = key === selfKey && selfRect !== undefined
    const rect = floats ? selfRect : layout.rects.get(key)
    if (!rect || (source === 'screen' && !person.screen)) return null
    return (
      <Tile
        key={key}
        person={person}
        source={source}
        rect={rect}
        floating={floats}
        large={key === focus}
        speaking={source === 'camera' && state.speaking.has(person.id)}
        pinned={key === pinned}
        spotlit={person.id === state.spotlight && source === (person.screen ? 'screen' : 'camera')}
        onMute={onMute}
        onPin={onPin}
        onSelf={placeSelf}
        onDrop={floats ? (x, y) => changeSettings({ corner: nearestCorner(x, y, width, height) }) : undefined}
        onNextCorner={floats ? () => changeSettings({ corner: nextCorner[corner] }) : undefined}
      />
    )
  }

  return (
    <div className="stage" ref={ref} data-alone={alone}>
      {ready && state.people.flatMap((person) => [tile(person, 'screen'), tile(person, 'camera')])}
      {alone && (
        <div className="alone">
          <div className="alone-card">
            <h2>
              {met
                ? 'Nobody else is here now'
                : link === undefined
                  ? 'Nobody else is here yet'
                  : 'You’re the first one here'}
            </h2>
            {link !== undefined && (
              <>
                <p>Share this link; whoever opens it lands in this room.</p>
                <LinkNote link={link} />
                <CopyLink link={link} />
              </>
            )}
          </div>
        </div>
      )}
      {layout.more && (
        <button
          type="button"
          className="more-tile"
          style={{
            width: layout.more.rect.width,
            height: layout.more.rect.height,
            transform: `translate(${layout.more.rect.x}px, ${layout.more.rect.y}px)`,
          }}
          aria-label={`${layout.more.count} more people, show the list`}
          onClick={onShowPeople}
        >
          +{layout.more.count}
        </button>
      )}
      {layout.pages > 1 && (
        <nav className="pager" aria-label="Pages of people">
          <button
            type="button"
            className="icon-button"
            aria-label="Previous page"
            disabled={layout.page === 0}
            onClick={() => setPage(layout.page - 1)}
          >
            <ChevronLeft size={18} aria-hidden />
          </button>
          <span aria-live="polite">
            <span className="visually-hidden">Page </span>
            {layout.page + 1} / {layout.pages}
          </span>
          <button
            type="button"
            className="icon-button"
            aria-label="Next page"
            disabled={layout.page === layout.pages - 1}
            onClick={() => setPage(layout.page + 1)}
          >
            <ChevronRight size={18} aria-hidden />
          </button>
        </nav>
      )}
      {me && !inGrid && place === 'hidden' && (
        <button
          type="button"
          className="show-self"
          data-corner={corner}
          onClick={() => changeSettings({ self: 'auto' })}
        >
          <Eye size={16} aria-hidden />
          Show yourself
        </button>
      )}
    </div>
  )
}

function placeSelf(self: Settings['self']): void {
  changeSettings({ self })
}

const nextCorner = { 0: 1, 1: 3, 3: 2, 2: 0 } as const

/** The ids of the others, in an order that only changes when somebody comes, goes, or speaks on a later page. */
function useStableOrder(
  others: readonly Person[],
  firstPage: number,
  lastSpoke: ReadonlyMap<string, number>,
): readonly string[] {
  const [order, setOrder] = useState<readonly string[]>([])
  const ids = others.map((person) => person.id)
  const present = new Set(ids)
  const known = new Set(order)
  const kept = [...order.filter((id) => present.has(id)), ...ids.filter((id) => !known.has(id))]
  const next = bringForward(kept, firstPage, lastSpoke)
  if (next.length !== order.length || next.some((id, i) => id !== order[i])) setOrder(next)
  return next
}
