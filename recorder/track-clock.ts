import type { SenderReport } from './rtp.ts'

/**
 * Where a track's ticks lie in time. Its publisher's clock runs a little faster or slower than ours: over an hour, 50 parts
 * per million are 180 ms. mediasoup's sender reports say when what a timestamp stands for was captured, on the worker's
 * clock, the same for all tracks of a publisher; until there is one, the packet that came soonest says it.
 */
export interface ClockLine {
  /** Milliseconds since 1970 at tick 0. */
  readonly wallMsAtZero: number
  /** How much slower the track's clock is than ours, in parts per million: time passes `1 + driftPpm / 1e6` times as fast. */
  readonly driftPpm: number
  readonly from: 'sender-reports' | 'arrival'
}

interface Sample {
  readonly mediaMs: number
  /** Wall clock minus media time. */
  readonly offsetMs: number
}

/** The first reports of a publisher are made before mediasoup knows its clock, and say when packets came instead. */
const unsureReports = 5
/** Drift shows only over a longer time than reports are unsure by; a minute at 10 ms is 170 ppm. */
const driftNeedsMs = 120_000
/** No clock of a working machine is further off. */
const greatestDriftPpm = 300
const mostSamples = 2000
/** A worker's clock that differs by more than loopback takes was set at another time than ours. */
const clockStepMs = 50

export class TrackClock {
  readonly #ticksPerMs: number
  #samples: Sample[] = []
  #skipped = 0
  #every = 1
  #reports = 0
  #soonestOffsetMs = Number.POSITIVE_INFINITY
  /** The same, but forgetting as fast as a clock may drift, so that hours do not add up to lateness. */
  #recentOffsetMs = Number.POSITIVE_INFINITY
  #lastArrivedMs = 0
  #soonestReportMs = Number.POSITIVE_INFINITY
  /** What `line` found, until something changes it. */
  #line: ClockLine | undefined

  constructor(clockRate: number) {
    this.#ticksPerMs = clockRate / 1000
  }

  /** How much later than the soonest one a frame came, in milliseconds; below 0 for one that is the soonest itself. */
  lateness(ticks: number, arrivedMs: number): number {
    return arrivedMs - ticks / this.#ticksPerMs - this.#recentOffsetMs
  }

  frame(ticks: number, arrivedMs: number): void {
    const offsetMs = arrivedMs - ticks / this.#ticksPerMs
    const mayHaveDriftedMs = Math.max(0, arrivedMs - this.#lastArrivedMs) * (greatestDriftPpm / 1e6)
    this.#lastArrivedMs = arrivedMs
    if (offsetMs < this.#soonestOffsetMs) {
      this.#soonestOffsetMs = offsetMs
      if (this.#samples.length === 0) this.#line = undefined
    }
    this.#recentOffsetMs = Math.min(this.#recentOffsetMs + mayHaveDriftedMs, offsetMs)
  }

  report({ ntpMs }: SenderReport, ticks: number, arrivedMs: number): void {
    this.#soonestReportMs = Math.min(this.#soonestReportMs, arrivedMs - ntpMs)
    this.#line = undefined
    this.#reports++
    if (++this.#skipped < this.#every) return
    this.#skipped = 0
    const mediaMs = ticks / this.#ticksPerMs
    this.#samples.push({ mediaMs, offsetMs: ntpMs - mediaMs })
    if (this.#samples.length < mostSamples) return
    this.#samples = this.#samples.filter((_, place) => place % 2 === 0)
    this.#every *= 2
  }

  line(): ClockLine {
    this.#line ??= this.#findLine()
    return this.#line
  }

  #findLine(): ClockLine {
    if (this.#samples.length === 0)
      return { wallMsAtZero: this.#soonestOffsetMs, driftPpm: 0, from: 'arrival' }
    const samples = this.#reports >= 2 * unsureReports ? this.#samples.slice(unsureReports) : this.#samples
    const step = Math.abs(this.#soonestReportMs) > clockStepMs ? this.#soonestReportMs : 0
    const drift = driftOf(samples)
    return {
      wallMsAtZero: median(samples.map(({ mediaMs, offsetMs }) => offsetMs - drift * mediaMs)) + step,
      driftPpm: drift * 1e6,
      from: 'sender-reports',
    }
  }
}

/** Wall clock at a tick. */
export function wallMsAt(line: ClockLine, mediaMs: number): number {
  return line.wallMsAtZero + mediaMs * (1 + line.driftPpm / 1e6)
}

/** Slope between the middles of the first and the last third, which single bad reports do not move. */
function driftOf(samples: readonly Sample[]): number {
  const third = Math.floor(samples.length / 3)
  const [first, last] = [samples.slice(0, third), samples.slice(-third)]
  if (third < 5 || last[0]!.mediaMs - first[0]!.mediaMs < driftNeedsMs) return 0
  const middle = (part: readonly Sample[], of: (sample: Sample) => number) => median(part.map(of))
  const rise = middle(last, (sample) => sample.offsetMs) - middle(first, (sample) => sample.offsetMs)
  const run = middle(last, (sample) => sample.mediaMs) - middle(first, (sample) => sample.mediaMs)
  const greatest = greatestDriftPpm / 1e6
  return Math.min(Math.max(rise / run, -greatest), greatest)
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
