import {
  absurdMs,
  ascending,
  fitClock,
  quantile,
  spreadMs,
  type ClockSample,
  type FittedLine,
} from './clock-fit.ts'
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

/** The first reports of a publisher are made before mediasoup knows its clock, and say when packets came instead. */
const unsureReports = 5
/** No clock of a working machine drifts more. */
const greatestDriftPpm = 1000
const mostSamples = 2000
/** A worker's clock that differs by more than loopback takes was set at another time than ours. */
const clockStepMs = 20
/** A line is found again when there are so many times more reports than before: it changes less and less. */
const worthwhileGrowth = 1.1
/** Reports of two tracks that are so near each other were made with the same idea of the publisher's clock. */
const sameTimeMs = 8000
/** Clocks of a publisher that are kept to compare others with: those of tracks that have ended, too. */
const mostClocks = 50
/**
 * A clock that counts is put right when it is off by more, in milliseconds. Lower follows what reports are unsure by, and makes holes in
 * the sound for nothing; sound and pictures are apart by so much before anything is done.
 */
const countedWrongMs = 15
/** Of so many reports in a row the middle one says how far it is off; they come every 1.3 s. */
const countedReports = 5
/**
 * mediasoup knows when what it reports was captured only from its publisher's reports, which come every 5 s: the first ones and those
 * after a pause say when packets came instead. So many are not compared.
 */
const uncomparedReports = 8
const pauseMs = 3000
/** After so long it is known how fast the sound card runs: that is no loss. */
const driftKnownMs = 150_000
/** No sound card drifts more from the clock of its machine. */
const greatestCardDrift = 300e-6
/** Set back so gently that packets of sound keep their order: by a part of the time that passes. */
const setBackShare = 1 / 4

/**
 * The clocks of one publisher. What mediasoup believes of its wall clock changes with the way (a way that becomes longer looks
 * like a clock that is late), for all its tracks alike: so one track shows that, and the others are placed by it. Otherwise a
 * camera that is on only while the way is long would be late against the microphone.
 */
export class PublisherClocks {
  #clocks: TrackClock[] = []

  add(clock: TrackClock): void {
    this.#clocks.push(clock)
    if (this.#clocks.length <= mostClocks) return
    const shortest = this.#clocks.reduce((least, one) => (one.coveredMs < least.coveredMs ? one : least))
    this.#clocks = this.#clocks.filter((one) => one !== shortest)
  }

  /** One of pictures, which are stamped by the clock of the machine, that was reported about then: the same one while it is. */
  steady(atMs: number, before: TrackClock | undefined): TrackClock | undefined {
    const isSteady = (clock: TrackClock) => !clock.countsSamples && clock.isComparableAt(atMs)
    return before && isSteady(before) ? before : this.#clocks.findLast(isSteady)
  }

  /** The one that covers the longest time. */
  get reference(): TrackClock | undefined {
    let longest: TrackClock | undefined
    for (const clock of this.#clocks) if (clock.coveredMs > (longest?.coveredMs ?? 0)) longest = clock
    return longest
  }
}

interface Report {
  readonly ntpMs: number
  /** Wall clock minus media time. */
  readonly offsetMs: number
}

/** Of a clock that counts samples with one of pictures, since a time. */
interface Comparison {
  readonly clock: TrackClock
  readonly sinceMs: number
  /** How far they were apart in the last reports. */
  readonly lately: number[]
  /** The same over all the time, until something was lost; how much of that the line was made of; and the line. */
  learned: ClockSample[]
  fittedMs: number
  line: FittedLine | undefined
}

/**
 * Sound is stamped by counting its samples, and a machine that is short of time loses some: from then on the ticks are late. Where
 * pictures of the same publisher come, too, that shows, and what was lost is left out in `mediaMs`.
 */
export class TrackClock {
  readonly countsSamples: boolean
  readonly #ticksPerMs: number
  readonly #publisher: PublisherClocks | undefined
  #samples: ClockSample[] = []
  #skipped = 0
  #every = 1
  #reports = 0
  /** What came soonest in each stretch of time, for want of reports. */
  #arrivals: ClockSample[] = []
  #arrivalEveryMs = 2000
  #stretchBeganMs = Number.NEGATIVE_INFINITY
  /** The same, but forgetting as fast as a clock may drift, so that hours do not add up to lateness. */
  #recentOffsetMs = Number.POSITIVE_INFINITY
  #lastArrivedMs = 0
  #soonestReportMs = Number.POSITIVE_INFINITY
  /** What was found last, from how many reports, by which line of another track. */
  #found: { line: ClockLine; reports: number; by: ClockLine | undefined } | undefined
  #own: { line: FittedLine; reports: number } | undefined
  /** The last one, before anything was put right. */
  #last: Report | undefined
  /** How many came without a pause. */
  #inARow = 0
  #compared: Comparison | undefined
  /** By how much the sound card is slower than the clock of the machine; what differs from that was lost. */
  #cardDrift: number | undefined
  #hasLost = false
  /** What was found to be lost in all, and how much of that is in `mediaMs`. */
  #lostMs = 0
  #leftOutMs = 0
  #lastTicks: number | undefined

  constructor(
    clockRate: number,
    {
      publisher,
      countsSamples = false,
    }: { publisher?: PublisherClocks | undefined; countsSamples?: boolean } = {},
  ) {
    this.countsSamples = countsSamples
    this.#ticksPerMs = clockRate / 1000
    this.#publisher = publisher
    publisher?.add(this)
  }

  /** How much later than the soonest one a frame came, in milliseconds; below 0 for one that is the soonest itself. */
  lateness(ticks: number, arrivedMs: number): number {
    return arrivedMs - ticks / this.#ticksPerMs - this.#recentOffsetMs
  }

  /** Where a tick lies in media time, of which `line` tells the wall clock. For the newest frame and those that follow. */
  mediaMs(ticks: number): number {
    return ticks / this.#ticksPerMs + this.#leftOutMs
  }

  frame(ticks: number, arrivedMs: number): void {
    const passedMs = Math.max(0, ticks - (this.#lastTicks ?? ticks)) / this.#ticksPerMs
    this.#lastTicks = ticks
    this.#leftOutMs = Math.max(this.#lostMs, this.#leftOutMs - passedMs * setBackShare)
    const offsetMs = arrivedMs - ticks / this.#ticksPerMs
    const mayHaveDriftedMs = Math.max(0, arrivedMs - this.#lastArrivedMs) * (greatestDriftPpm / 1e6)
    this.#lastArrivedMs = arrivedMs
    if (this.#samples.length === 0) this.#arrived({ mediaMs: ticks / this.#ticksPerMs, offsetMs }, arrivedMs)
    this.#recentOffsetMs = Math.min(this.#recentOffsetMs + mayHaveDriftedMs, offsetMs)
  }

  #arrived(sample: ClockSample, arrivedMs: number): void {
    if (arrivedMs - this.#stretchBeganMs >= this.#arrivalEveryMs) {
      this.#stretchBeganMs = arrivedMs
      this.#arrivals.push(sample)
      this.#found = undefined
    } else if (sample.offsetMs < this.#arrivals.at(-1)!.offsetMs) {
      this.#arrivals[this.#arrivals.length - 1] = sample
      this.#found = undefined
    }
    if (this.#arrivals.length < mostSamples) return
    this.#arrivals = this.#arrivals.filter((_, place) => place % 2 === 0)
    this.#arrivalEveryMs *= 2
  }

  report({ ntpMs }: SenderReport, ticks: number, arrivedMs: number): void {
    this.#soonestReportMs = Math.min(this.#soonestReportMs, arrivedMs - ntpMs)
    this.#reports++
    const hasPaused = this.#last && ntpMs - this.#last.ntpMs > pauseMs
    this.#inARow = hasPaused ? 1 : this.#inARow + 1
    this.#last = { ntpMs, offsetMs: ntpMs - ticks / this.#ticksPerMs }
    if (this.countsSamples) this.#compare(this.#last)
    if (++this.#skipped < this.#every) return
    this.#skipped = 0
    const mediaMs = this.mediaMs(ticks)
    this.#samples.push({ mediaMs, offsetMs: ntpMs - mediaMs })
    this.#arrivals = []
    if (this.#samples.length < mostSamples) return
    this.#samples = this.#samples.filter((_, place) => place % 2 === 0)
    this.#every *= 2
  }

  /** Whether a report came about then, and enough before it without a pause. */
  isComparableAt(ntpMs: number): boolean {
    return this.#inARow > uncomparedReports && Math.abs(this.#last!.ntpMs - ntpMs) <= pauseMs
  }

  #compare({ ntpMs, offsetMs }: Report): void {
    const clock = this.#publisher?.steady(ntpMs, this.#compared?.clock)
    if (!clock || !this.isComparableAt(ntpMs)) return
    if (clock !== this.#compared?.clock) this.#compared = undefined
    const begun = { clock, sinceMs: ntpMs, lately: [], learned: [], fittedMs: 0, line: undefined }
    const compared: Comparison = (this.#compared ??= begun)
    compared.lately.push(offsetMs - clock.#last!.offsetMs)
    if (compared.lately.length < countedReports) return
    const apart = {
      mediaMs: ntpMs - compared.sinceMs,
      offsetMs: quantile(compared.lately.toSorted(ascending), 0.5),
    }
    compared.lately.shift()
    compared.line ??= { offsetMs: apart.offsetMs - this.#lostMs, drift: this.#cardDrift ?? 0 }
    if (!this.#hasLost) this.#learn(compared, apart)
    const { line } = compared
    const wrongMs = apart.offsetMs - line.offsetMs - line.drift * apart.mediaMs - this.#lostMs
    const mayHaveDriftedMs = this.#cardDrift === undefined ? greatestCardDrift * apart.mediaMs : 0
    if (Math.abs(wrongMs) <= countedWrongMs + mayHaveDriftedMs || Math.abs(wrongMs) > absurdMs) return
    this.#lostMs += wrongMs
    this.#hasLost = true
    this.#cardDrift ??= 0
  }

  /** How fast the sound card runs, better and better until something is lost. */
  #learn(compared: Comparison, apart: ClockSample): void {
    compared.learned.push(apart)
    if (compared.learned.length >= mostSamples)
      compared.learned = compared.learned.filter((_, place) => place % 2 === 0)
    if (apart.mediaMs < Math.max(driftKnownMs, 2 * compared.fittedMs)) return
    compared.fittedMs = apart.mediaMs
    const { offsetMs, drift } = fitClock(compared.learned, 'middle')
    if (Math.abs(drift) > greatestCardDrift) return
    compared.line = { offsetMs, drift }
    this.#cardDrift = drift
  }

  /** From the first report to the last, in milliseconds. */
  get coveredMs(): number {
    return this.#samples.length < 2 ? 0 : this.#samples.at(-1)!.mediaMs - this.#samples[0]!.mediaMs
  }

  /** The line is final: it is found again from all that is known. */
  settle(): void {
    this.#found = this.#own = undefined
  }

  line(): ClockLine {
    const reference = this.#publisher?.reference
    const other = reference === undefined || reference === this ? undefined : reference
    const by = other?.line()
    const found = this.#found
    if (found?.by === by && found && this.#reports <= found.reports * worthwhileGrowth) return found.line
    const line = this.#find(other)
    this.#found = { line, reports: this.#reports, by }
    return line
  }

  #find(other: TrackClock | undefined): ClockLine {
    if (this.#samples.length === 0) {
      if (this.#arrivals.length === 0) return { wallMsAtZero: 0, driftPpm: 0, from: 'arrival' }
      const { offsetMs, drift } = fitClock(this.#arrivals)
      return { wallMsAtZero: offsetMs, driftPpm: drift * 1e6, from: 'arrival' }
    }
    const own = this.#fit()
    const { offsetMs, drift } = (other && this.#placedBy(other, own)) ?? own
    return { wallMsAtZero: offsetMs + this.#step, driftPpm: drift * 1e6, from: 'sender-reports' }
  }

  /** What the own reports say. */
  #fit(): FittedLine {
    if (this.#own && this.#reports <= this.#own.reports * worthwhileGrowth) return this.#own.line
    const line = fitClock(this.#sureSamples)
    this.#own = { line, reports: this.#reports }
    return line
  }

  get #sureSamples(): readonly ClockSample[] {
    return this.#reports >= 2 * unsureReports && this.#every === 1
      ? this.#samples.slice(unsureReports)
      : this.#samples
  }

  get #step(): number {
    return Math.abs(this.#soonestReportMs) > clockStepMs ? this.#soonestReportMs : 0
  }

  /** By how much a report of this track was off at a time of the wall clock, as a function; times have to ascend. */
  #errors(): (wallMs: number) => number | undefined {
    const line = this.#fit()
    const samples = this.#samples
    const step = this.#step
    const wallMs = ({ mediaMs, offsetMs }: ClockSample) => mediaMs + offsetMs + step
    let place = 0
    return (atMs) => {
      while (
        place + 1 < samples.length &&
        Math.abs(wallMs(samples[place + 1]!) - atMs) <= Math.abs(wallMs(samples[place]!) - atMs)
      ) {
        place++
      }
      const nearest = samples[place]!
      if (Math.abs(wallMs(nearest) - atMs) > sameTimeMs * this.#every) return undefined
      return nearest.offsetMs - line.offsetMs - line.drift * nearest.mediaMs
    }
  }

  /** The line when reports are freed of what was wrong with those of another track of the publisher at the same time. */
  #placedBy(other: TrackClock, own: FittedLine): FittedLine | undefined {
    const errorAt = other.#errors()
    const step = this.#step
    const samples: ClockSample[] = []
    const corrected: ClockSample[] = []
    for (const sample of this.#sureSamples) {
      const errorMs = errorAt(sample.mediaMs + sample.offsetMs + step)
      if (errorMs === undefined) continue
      samples.push(sample)
      corrected.push({ ...sample, offsetMs: sample.offsetMs - errorMs })
    }
    if (corrected.length < 3) return undefined
    const line = fitClock(corrected, 'middle')
    // Tracks that are not of one machine after all have no errors in common.
    return spreadMs(corrected, line) <= spreadMs(samples, own) + 4 ? line : undefined
  }
}

/** Wall clock at a tick. */
export function wallMsAt(line: ClockLine, mediaMs: number): number {
  return line.wallMsAtZero + mediaMs * (1 + line.driftPpm / 1e6)
}
