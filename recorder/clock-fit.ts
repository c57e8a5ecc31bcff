/** A line through what reports say of a clock, most of which are a little late and some of which are wrong. Pure. */

export interface ClockSample {
  readonly mediaMs: number
  /** Wall clock minus media time. */
  readonly offsetMs: number
}

export interface FittedLine {
  /** Offset at media time 0. */
  readonly offsetMs: number
  /** By how much the offset grows per millisecond. */
  readonly drift: number
}

/** Drift shows only over a longer time than reports are unsure by; a minute at 10 ms is 170 ppm. */
const driftNeedsMs = 120_000
/** Crystals are off by less than 100 ppm; sound that a busy machine makes itself was seen to be off by 280. */
const greatestDrift = 1000e-6
/** Reports of a steady way differ by less from the line. */
const closeMs = 10
/** Further away than any way takes: made while a publisher's wall clock was being set. */
export const absurdMs = 1500
/** So much of the reports must have come by the short way for the line to be drawn there. */
const shortWayShare = 0.1
const mostPoints = 120
const pairs = 240

/**
 * The way from a publisher makes reports late, never early, and it may become longer for good: so the line is drawn where the
 * most reports lie close together at the lower edge. Where lateness was taken out before, they are early as often as late,
 * and it goes through their middle. Needs one sample at least.
 */
export function fitClock(samples: readonly ClockSample[], edge: 'lower' | 'middle' = 'lower'): FittedLine {
  const share = edge === 'lower' ? shortWayShare : 0.5
  const middle = quantile(samples.map(({ offsetMs }) => offsetMs).sort(ascending), 0.5)
  const points = thinned(
    samples.filter(
      ({ offsetMs, mediaMs }) =>
        Math.abs(offsetMs - middle) <=
        absurdMs + greatestDrift * Math.abs(mediaMs - samples[Math.floor(samples.length / 2)]!.mediaMs),
    ),
  )
  let best = atDrift(points, 0, share)
  const spanMs = points.at(-1)!.mediaMs - points[0]!.mediaMs
  if (points.length >= 10 && spanMs >= driftNeedsMs) {
    for (const drift of slopesOf(points, spanMs)) {
      const candidate = atDrift(points, drift, share)
      if (candidate.close.length > best.close.length) best = candidate
    }
    // What lies close to a line that is nearly right says what is right.
    for (let round = 0; round < 3; round++) {
      const refined = atDrift(points, clamped(slopeOf(best.close)), share)
      if (refined.close.length < best.close.length) break
      best = refined
    }
  }
  return { offsetMs: best.offsetMs, drift: best.drift }
}

interface Candidate {
  readonly drift: number
  readonly offsetMs: number
  /** The points near it. */
  readonly close: readonly ClockSample[]
}

function atDrift(points: readonly ClockSample[], drift: number, share: number): Candidate {
  const rest = ({ offsetMs, mediaMs }: ClockSample) => offsetMs - drift * mediaMs
  const level = quantile(points.map(rest).sort(ascending), share)
  const close = points.filter((point) => Math.abs(rest(point) - level) <= closeMs)
  return { drift, offsetMs: quantile(close.map(rest).sort(ascending), 0.5), close }
}

/** Slopes between points that are well apart, always the same ones for the same points. */
function slopesOf(points: readonly ClockSample[], spanMs: number): number[] {
  const slopes: number[] = []
  let random = 1
  const next = (): ClockSample => {
    random = (random * 1_103_515_245 + 12_345) % 2 ** 31
    return points[Math.floor((random / 2 ** 31) * points.length)]!
  }
  for (let pair = 0; pair < pairs; pair++) {
    const [one, other] = [next(), next()]
    if (Math.abs(other.mediaMs - one.mediaMs) < spanMs / 6) continue
    slopes.push(clamped((other.offsetMs - one.offsetMs) / (other.mediaMs - one.mediaMs)))
  }
  return slopes
}

/** By least squares; 0 for a single point. */
function slopeOf(points: readonly ClockSample[]): number {
  const mean = (of: (point: ClockSample) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [mediaMs, offsetMs] = [mean((point) => point.mediaMs), mean((point) => point.offsetMs)]
  let [both, square] = [0, 0]
  for (const point of points) {
    both += (point.mediaMs - mediaMs) * (point.offsetMs - offsetMs)
    square += (point.mediaMs - mediaMs) ** 2
  }
  return square === 0 ? 0 : both / square
}

function clamped(drift: number): number {
  return Math.min(Math.max(drift, -greatestDrift), greatestDrift)
}

/** Of neighbours, the one that came soonest. */
function thinned(samples: readonly ClockSample[]): ClockSample[] {
  const size = Math.ceil(samples.length / mostPoints)
  const points: ClockSample[] = []
  for (let from = 0; from < samples.length; from += size) {
    const group = samples.slice(from, from + size)
    points.push(group.reduce((soonest, sample) => (sample.offsetMs < soonest.offsetMs ? sample : soonest)))
  }
  return points
}

/** Of values in ascending order. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}

export function ascending(one: number, other: number): number {
  return one - other
}

/** How far samples lie from a line: the middle half of them. */
export function spreadMs(samples: readonly ClockSample[], line: FittedLine): number {
  const rest = samples.map(({ offsetMs, mediaMs }) => offsetMs - line.offsetMs - line.drift * mediaMs)
  rest.sort(ascending)
  return quantile(rest, 0.75) - quantile(rest, 0.25)
}
