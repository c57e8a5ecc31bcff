import { arrange, placesFor, type PictureSize, type Tile } from './composite-layout.ts'
import type { Person } from './people.ts'
import { contains, mergeSpans, type Span } from './spans.ts'
import { turnsOf, type Turn } from './speakers.ts'
import type { Strip } from './strips.ts'

/** What is on one tile of a scene. */
export type SceneTile =
  | { readonly kind: 'person'; readonly person: Person; readonly tile: Tile }
  | { readonly kind: 'screen'; readonly strip: Strip; readonly person: Person; readonly tile: Tile }
  /** Those for whom there is no place. */
  | { readonly kind: 'more'; readonly count: number; readonly tile: Tile }

/** A time in which everything keeps its place. */
export interface Scene extends Span {
  readonly tiles: readonly SceneTile[]
}

export type LayoutName = 'grid' | 'speaker' | 'screen'

export const framesPerSecond = 25
const frameMs = 1000 / framesPerSecond
/** What begins or ends within this time after something else does so together with it: tracks of one person come one by one. */
const togetherMs = 400
/** A screen that is away for less keeps its place: its size changed, or its publisher began anew. */
const screenAwayMs = 3000

export interface SceneOptions {
  readonly people: readonly Person[]
  readonly strips: readonly Strip[]
  readonly durationMs: number
  readonly layout: LayoutName
  readonly size: PictureSize
  readonly names: boolean
}

/** Who is where and when: scenes without holes from 0 to the end, on the times of frames. Pure. */
export function scenesOf(options: SceneOptions): Scene[] {
  const { people, durationMs } = options
  const screens = options.strips
    .filter(({ kind }) => kind === 'screen')
    .map((strip) => ({ strip, spans: mergeSpans(strip.spans, screenAwayMs) }))
  // Without a word about who spoke, everybody is alike.
  const isSpeaker = options.layout === 'speaker' && people.some(({ speech }) => speech.length > 0)
  const turns = isSpeaker ? turnsOf(people, durationMs) : []

  const scenes: Scene[] = []
  for (const span of momentsOf(
    [people.flatMap(({ presence }) => presence), screens.flatMap(({ spans }) => spans), turns].flat(),
    durationMs,
  )) {
    const atMs = (span.fromMs + span.toMs) / 2
    const tiles = tilesOf({
      there: people.filter(({ presence }) => contains(presence, atMs)),
      screens: screens.filter(({ spans }) => contains(spans, atMs)).map(({ strip }) => strip),
      turn: turns.find(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs),
      options,
    })
    const last = scenes.at(-1)
    if (last && keyOf(last.tiles) === keyOf(tiles)) scenes[scenes.length - 1] = { ...last, toMs: span.toMs }
    else scenes.push({ ...span, tiles })
  }
  return scenes
}

/** What two scenes have in common that look alike without pictures. */
export function keyOf(tiles: readonly SceneTile[]): string {
  return JSON.stringify(
    tiles.map((shown) => {
      const { x, y, width, height } = shown.tile
      const who = shown.kind === 'more' ? shown.count : shown.person.position
      const files = shown.kind === 'screen' ? shown.strip.files.map(({ name }) => name) : []
      return [shown.kind, who, ...files, x, y, width, height]
    }),
  )
}

/** The spans between all beginnings and ends, on the times of frames, none too short to be seen. */
function momentsOf(spans: readonly Span[], durationMs: number): Span[] {
  const endMs = Math.max(frameMs, Math.ceil(durationMs / frameMs) * frameMs)
  const edges = spans
    .flatMap(({ fromMs, toMs }) => [fromMs, toMs])
    .map((atMs) => Math.round(atMs / frameMs) * frameMs)
    .filter((atMs) => atMs > 0 && endMs - atMs >= togetherMs)
    .sort((a, b) => a - b)
  const moments = [0]
  for (const atMs of edges) if (atMs - moments.at(-1)! >= togetherMs) moments.push(atMs)
  return moments.map((fromMs, place) => ({ fromMs, toMs: moments[place + 1] ?? endMs }))
}

function tilesOf(given: {
  there: readonly Person[]
  screens: readonly Strip[]
  turn: Turn | undefined
  options: SceneOptions
}): SceneTile[] {
  const { screens, turn, options } = given
  const { size, names: captions, people } = options
  const there = options.layout === 'screen' && screens.length > 0 ? [] : given.there
  const main = screens.length > 0 ? undefined : there.find((one) => one.participantId === turn?.participantId)
  const rest = there.filter((one) => one !== main)

  const places = placesFor({ isBeside: screens.length > 0 || main !== undefined, size, captions })
  const shown = rest.length <= places ? rest : mostHeard(rest, places - 1)
  const hidden = rest.length - shown.length
  const others = shown.length + (hidden > 0 ? 1 : 0)
  const arranged = arrange({ others, screens: screens.length, hasMain: main !== undefined, size, captions })
  return [
    ...screens.flatMap((strip, place): SceneTile[] => {
      const person = people.find((one) => one.participantId === strip.participantId)
      return person ? [{ kind: 'screen', strip, person, tile: arranged.screens[place]! }] : []
    }),
    ...(main && arranged.main ? [{ kind: 'person' as const, person: main, tile: arranged.main }] : []),
    ...shown.map((person, place) => ({ kind: 'person' as const, person, tile: arranged.others[place]! })),
    ...(hidden > 0 ? [{ kind: 'more' as const, count: hidden, tile: arranged.others.at(-1)! }] : []),
  ]
}

/** Those who spoke most in all, so that nobody comes and goes with each word; in the order of their places. */
function mostHeard(people: readonly Person[], count: number): Person[] {
  return [...people]
    .sort((a, b) => b.spokeMs - a.spokeMs || a.position - b.position)
    .slice(0, count)
    .sort((a, b) => a.position - b.position)
}
