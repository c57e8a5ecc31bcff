import type { Box, Sighting } from './composite-pictures.ts'
import type { Tone } from './composite-sound.ts'

/** How well what was found in a file agrees with what was sent. Moments are milliseconds since 1970. Pure. */

const soonMs = 300

export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** How much later than it was made something is in the file, in milliseconds. */
export interface Lateness {
  readonly atMs: number
  readonly lateMs: number
}

export interface Placed {
  /** Time 0 of the file. */
  readonly startMs: number
}

/** Of each picture, where it is first shown. */
export function picturesLate(sightings: readonly Sighting[], { startMs }: Placed): Lateness[] {
  const late: Lateness[] = []
  let last: number | undefined
  for (const { timeMs, drawnMs } of sightings) {
    if (drawnMs === undefined || drawnMs === last) continue
    last = drawnMs
    late.push({ atMs: drawnMs, lateMs: startMs + timeMs - drawnMs })
  }
  return late
}

/** Tones that were sent with those that are heard; farther apart than 200 ms they are not the same. */
export function tonesLate(
  heard: readonly Tone[],
  { startMs, sent }: Placed & { sent: readonly number[] },
): { late: Lateness[]; missing: number[]; unexpected: number[] } {
  const middles = heard.map(({ fromMs, toMs }) => startMs + (fromMs + toMs) / 2)
  const isNear = (a: number) => (b: number) => Math.abs(a - b) < 200
  const late = sent.flatMap((atMs) => {
    const middle = middles.find(isNear(atMs))
    return middle === undefined ? [] : { atMs, lateMs: middle - atMs }
  })
  return {
    late,
    missing: sent.filter((at) => !middles.some(isNear(at))),
    unexpected: middles.filter((at) => !sent.some(isNear(at))),
  }
}

/**
 * No picture can be recorded before it was drawn. Where one seems to be, by more than clocks are apart, the browser stamped it
 * too early, as Chromium does for seconds on a machine that is short of time: what it says of sound and pictures is no measure then.
 */
const earlyMs = 25

/** How much later sound is than pictures of about the same moment. */
export function soundBehindPictures(sound: readonly Lateness[], pictures: readonly Lateness[]): number[] {
  return sound.flatMap(({ atMs, lateMs }) => {
    const near = pictures
      .filter((picture) => Math.abs(picture.atMs - atMs) < 500)
      .map((picture) => picture.lateMs)
    return near.length === 0 || median(near) < -earlyMs ? [] : lateMs - median(near)
  })
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** How large a share is farther from 0 than that. */
export function shareBeyond(values: readonly number[], limit: number): number {
  return values.filter((value) => Math.abs(value) > limit).length / values.length
}

/** The one farthest from 0. */
export function worst(values: readonly number[]): number {
  return values.reduce((far, value) => (Math.abs(value) > Math.abs(far) ? value : far), 0)
}

/** Who is where, and how long nothing of that changes. */
export interface Arranged extends Span {
  readonly boxes: Readonly<Record<string, Box>>
}

/** The arrangements of a composite one after another. */
export function arrangements(
  sightings: Readonly<Record<string, readonly Sighting[]>>,
  { startMs }: Placed,
): Arranged[] {
  const byTime = new Map<number, Record<string, Box>>()
  for (const [name, list] of Object.entries(sightings)) {
    for (const { timeMs, box } of list) byTime.set(timeMs, { ...byTime.get(timeMs), [name]: box })
  }
  const found: { fromMs: number; toMs: number; boxes: Record<string, Box> }[] = []
  for (const [timeMs, boxes] of [...byTime].sort(([a], [b]) => a - b)) {
    const at = startMs + timeMs
    const last = found.at(-1)
    if (last && isSame(last.boxes, boxes)) last.toMs = at
    else found.push({ fromMs: at, toMs: at, boxes })
  }
  return found
}

function isSame(a: Record<string, Box>, b: Record<string, Box>): boolean {
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length && names.every((name) => b[name] && isSameBox(a[name]!, b[name]))
  )
}

/** Codecs smear edges by a pixel or two. */
export function isSameBox(a: Box, b: Box): boolean {
  return (['x', 'y', 'width', 'height'] as const).every((side) => Math.abs(a[side] - b[side]) < 0.015)
}

export function isApart(a: Box, b: Box): boolean {
  const slack = 0.005
  return (
    a.x + a.width <= b.x + slack ||
    b.x + b.width <= a.x + slack ||
    a.y + a.height <= b.y + slack ||
    b.y + b.height <= a.y + slack
  )
}

/**
 * In how large a share of the pictures of a time somebody is shown with a clock that can be read, of those that come soon
 * after a picture of `recorded`: a camera that sends nothing for a second counts as off.
 */
export function shareShown(
  sightings: readonly Sighting[],
  options: Placed & { during: Span; everyMs: number; recorded: readonly number[] },
): number {
  const { startMs, during, everyMs, recorded } = options
  const readable = sightings.filter(({ drawnMs }) => drawnMs !== undefined)
  const shown = new Set(readable.map(({ timeMs }) => Math.round(timeMs / everyMs)))
  let [due, found] = [0, 0]
  for (
    let place = Math.ceil((during.fromMs - startMs) / everyMs);
    startMs + place * everyMs < during.toMs;
    place++
  ) {
    const at = startMs + place * everyMs
    if (!recorded.some((moment) => moment <= at - everyMs && moment > at - soonMs)) continue
    due++
    if (shown.has(place)) found++
  }
  return found / due
}

/** What is there for a moment between two arrangements that are the same for somebody. */
export function flickers(arranged: readonly Arranged[], shorterThanMs: number): Arranged[] {
  return arranged.filter(({ fromMs, toMs, boxes }, place) => {
    const [before, next] = [arranged[place - 1]?.boxes, arranged[place + 1]?.boxes]
    if (!before || !next || toMs - fromMs >= shorterThanMs) return false
    return Object.keys(before).some((name) => {
      const [was, is, willBe] = [before[name], boxes[name], next[name]]
      return was && willBe && isSameBox(was, willBe) && !(is && isSameBox(is, was))
    })
  })
}
