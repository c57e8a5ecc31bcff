import { rtpPacket, senderReport } from './recorder-packets.ts'

/**
 * Publishers, networks and a mediasoup worker in simulated time: what a recorder's socket would see over hours. The worker is
 * modelled after its 3.27 source: it estimates the offset of a publisher's wall clock as the median of the last seven sender
 * reports (all streams together, way included), and reports when what a timestamp stands for was captured on its own clock;
 * the first reports, and those of publishers that send none, say when packets came instead.
 */

export interface SimulatedPublisher {
  /** How fast the wall clock of its machine runs, beyond 1, in parts per million. */
  readonly wallPpm?: number
  /** The same of the clock of the sound card; pictures are stamped by the wall clock. */
  readonly soundPpm?: number
  /** How many milliseconds of sound a busy machine has lost at a time: samples that were never counted. */
  readonly lostSoundMs?: (ms: number) => number
  /** How long the way to the worker takes at a time, in milliseconds since the start. */
  readonly delayMs?: (ms: number) => number
  /** The wall clock is set by so much at that time. */
  readonly step?: { readonly atMs: number; readonly byMs: number }
  readonly sendsReports?: boolean
  /** Whether the worker sends any; it always does. */
  readonly isReported?: boolean
  readonly isCameraOn?: (ms: number) => boolean
  readonly isMicrophoneOn?: (ms: number) => boolean
}

export interface SimulatedStream {
  /** What the recorder gets: RTP and RTCP. */
  readonly receive: (bytes: Buffer, nowMs: number) => void
  readonly tick: (nowMs: number) => void
}

interface Media {
  readonly stream: SimulatedStream
  readonly ssrc: number
  readonly payloadType: number
  readonly rate: number
  readonly everyMs: number
  /** How often its publisher reports. */
  readonly reportEveryMs: number
  readonly ppm: number
  readonly lostMs: (ms: number) => number
  readonly firstTimestamp: number
  readonly isOn: (ms: number) => boolean
  readonly payload: (place: number) => Buffer
  /** True times of what was captured, in milliseconds since the start. */
  readonly captured: number[]
  sequence: number
  nextReportMs: number
  nextWorkerReportMs: number
  /** Last report of the publisher as the worker keeps it: its wall clock, and the ticks. */
  mapping: { ntpMs: number; ticks: number } | undefined
  newest: { ticks: number; arrivedMs: number; capturedMs: number | undefined } | undefined
}

const estimatorWindow = 7
const estimatorNeeds = 3
const longestInterpolationMs = 10_000
const oldestReferenceMs = 2000
/** Of sound and of pictures, as measured. */
const workerReportsEveryMs = 1270
/** From the worker to the recorder. */
const loopbackMs = 0.3

export class ClockSimulation {
  /** Of the recorder, at the start, in milliseconds since 1970. */
  readonly #startMs: number
  readonly #publisher: SimulatedPublisher
  readonly #offsets: number[] = []
  #lastOffsetMs = 0
  readonly #media: Media[]
  readonly #inFlight: { atMs: number; act: () => void }[] = []
  #random = 4711

  constructor(
    publisher: SimulatedPublisher,
    options: {
      startMs: number
      sound: SimulatedStream
      picture: SimulatedStream
      /** Of a sound packet and of a picture, which may be anything that parses. */
      payloads: { sound: () => Buffer; picture: (place: number) => Buffer }
      /** Between packets of sound, and between pictures. */
      everyMs: { sound: number; picture: number }
    },
  ) {
    this.#startMs = options.startMs
    this.#publisher = publisher
    const { wallPpm = 0, soundPpm = wallPpm } = publisher
    const common = {
      captured: [],
      sequence: 65_000,
      nextReportMs: 300,
      mapping: undefined,
      newest: undefined,
    }
    this.#media = [
      {
        ...common,
        captured: [],
        stream: options.sound,
        ssrc: 1,
        payloadType: 100,
        rate: 48_000,
        everyMs: options.everyMs.sound,
        reportEveryMs: 5000,
        ppm: soundPpm,
        lostMs: publisher.lostSoundMs ?? (() => 0),
        firstTimestamp: 2 ** 32 - 48_000 * 600,
        isOn: publisher.isMicrophoneOn ?? (() => true),
        payload: options.payloads.sound,
        nextWorkerReportMs: 2100,
      },
      {
        ...common,
        captured: [],
        stream: options.picture,
        ssrc: 2,
        payloadType: 101,
        rate: 90_000,
        everyMs: options.everyMs.picture,
        reportEveryMs: 1000,
        ppm: wallPpm,
        lostMs: () => 0,
        firstTimestamp: 2 ** 32 - 90_000 * 900,
        isOn: publisher.isCameraOn ?? (() => true),
        payload: options.payloads.picture,
        nextWorkerReportMs: 900,
      },
    ]
  }

  /** True capture times of the frames that were sent: sound, pictures. */
  get captured(): { readonly sound: readonly number[]; readonly picture: readonly number[] } {
    return { sound: this.#media[0]!.captured, picture: this.#media[1]!.captured }
  }

  /** `stepMs`: divides the times between frames; longer ones are faster and no less true to the clocks. */
  run(forMs: number, stepMs: number): void {
    for (let nowMs = 0; nowMs < forMs; nowMs += stepMs) {
      for (const media of this.#media) this.#publish(media, nowMs)
      this.#deliver(nowMs)
      for (const media of this.#media) {
        this.#workerReports(media, nowMs)
        media.stream.tick(this.#startMs + nowMs + loopbackMs)
      }
    }
    this.#deliver(Number.POSITIVE_INFINITY)
  }

  #publish(media: Media, nowMs: number): void {
    if (!media.isOn(nowMs)) return
    const delayMs = (this.#publisher.delayMs?.(nowMs) ?? 20) + this.#jitter(8)
    if (nowMs % media.everyMs === 0) {
      const ticks = ticksAt(media, nowMs)
      const packet = rtpPacket(
        {
          payloadType: media.payloadType,
          sequence: media.sequence++,
          timestamp: ticks + media.firstTimestamp,
          ssrc: media.ssrc,
          marker: media.rate === 90_000,
        },
        media.payload(media.captured.length),
      )
      media.captured.push(nowMs)
      this.#send(nowMs + delayMs, (atMs) => this.#workerReceives(media, ticks, packet, atMs))
    }
    if (nowMs < media.nextReportMs || this.#publisher.sendsReports === false) return
    media.nextReportMs = nowMs + media.reportEveryMs * (0.5 + this.#next())
    // Publishers know when they made a report better than which sample is played or captured then.
    const ticks = ticksAt(media, nowMs + (this.#next() - 0.5) * 6)
    const ntpMs = this.#wallMsAt(nowMs)
    this.#send(nowMs + delayMs, (atMs) => this.#workerHearsReport(media, { ntpMs, ticks }, atMs))
  }

  #wallMsAt(ms: number): number {
    const { wallPpm = 0, step } = this.#publisher
    return 5_000_000 + ms * (1 + wallPpm / 1e6) + (step && ms >= step.atMs ? step.byMs : 0)
  }

  /** The way keeps the order. */
  #send(atMs: number, act: (atMs: number) => void): void {
    const inOrderMs = Math.max(atMs, this.#inFlight.at(-1)?.atMs ?? 0)
    this.#inFlight.push({ atMs: inOrderMs, act: () => act(inOrderMs) })
  }

  #deliver(untilMs: number): void {
    let count = 0
    while (count < this.#inFlight.length && this.#inFlight[count]!.atMs <= untilMs)
      this.#inFlight[count++]!.act()
    this.#inFlight.splice(0, count)
  }

  #workerHearsReport(media: Media, report: { ntpMs: number; ticks: number }, atMs: number): void {
    media.mapping = report
    if (atMs === this.#lastOffsetMs) return
    this.#lastOffsetMs = atMs
    this.#offsets.push(atMs - report.ntpMs)
    if (this.#offsets.length > estimatorWindow) this.#offsets.shift()
  }

  #workerReceives(media: Media, ticks: number, packet: Buffer, atMs: number): void {
    media.newest = { ticks, arrivedMs: atMs, capturedMs: this.#capturedMs(media, ticks) }
    media.stream.receive(packet, this.#startMs + atMs + loopbackMs)
  }

  #capturedMs({ mapping, rate }: Media, ticks: number): number | undefined {
    if (!mapping || this.#offsets.length < estimatorNeeds) return undefined
    const sinceMs = ((ticks - mapping.ticks) / rate) * 1000
    if (Math.abs(sinceMs) > longestInterpolationMs) return undefined
    const sorted = this.#offsets.toSorted((a, b) => a - b)
    return mapping.ntpMs + sinceMs + sorted[Math.floor(sorted.length / 2)]!
  }

  #workerReports(media: Media, nowMs: number): void {
    if (nowMs < media.nextWorkerReportMs || this.#publisher.isReported === false) return
    media.nextWorkerReportMs = nowMs + workerReportsEveryMs * (0.5 + this.#next())
    const { newest } = media
    if (!newest || nowMs - newest.arrivedMs > oldestReferenceMs) return
    const sinceMs = Math.max(0, nowMs - (newest.capturedMs ?? newest.arrivedMs))
    const ticks = Math.round(newest.ticks + (sinceMs * media.rate) / 1000)
    const report = senderReport({
      ssrc: media.ssrc,
      ntpMs: this.#startMs + nowMs,
      timestamp: ticks + media.firstTimestamp,
    })
    media.stream.receive(report, this.#startMs + nowMs + loopbackMs)
  }

  /** Mostly small, sometimes ten times as much. */
  #jitter(usualMs: number): number {
    return -Math.log(1 - this.#next()) * (usualMs / 2)
  }

  #next(): number {
    this.#random = (this.#random * 1_103_515_245 + 12_345) % 2 ** 31
    return this.#random / 2 ** 31
  }
}

function ticksAt({ ppm, rate, lostMs }: Media, ms: number): number {
  return Math.round(((ms * (1 + ppm / 1e6) - lostMs(ms)) * rate) / 1000)
}
