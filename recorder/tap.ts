import type { RecordedCodec, VideoFormat } from './codecs/depacketizer.ts'
import { opusDurationMs } from './codecs/opus.ts'
import { FrameBuilder, type TimedFrame } from './frame-builder.ts'
import type { RecordedFile, TrackStatistics } from './manifest.ts'
import { Part } from './part.ts'
import { ReorderBuffer, type OrderedPacket } from './reorder.ts'
import {
  isRtcp,
  negativeAcknowledgement,
  parseRtp,
  parseSenderReports,
  pictureLossIndication,
  type RtpPacket,
} from './rtp.ts'
import { bounded, SpeechSpans, type Span } from './speech.ts'
import { TrackClock, wallMsAt, type PublisherClocks } from './track-clock.ts'

/**
 * How long packets wait behind a hole, in milliseconds. mediasoup asks a publisher ten times, a round trip or 100 ms apart,
 * so longer waits bring little; what waits is lost when the process is killed, so it has to stay below 2 s with the cluster.
 */
const defaultHoldMs = 1400
/** A hole that lasts so long will probably stay: a key frame that is asked for now is there when it is given up. */
const holeNeedsKeyFrameMs = 500
const keyFrameEveryMs = 1000
/** Once no packet has come for so long, nobody is there to send a key frame. */
const quietAfterMs = 2000
/**
 * Packets lost between mediasoup and here (a full buffer of the kernel) come again at once when asked for: so few at a time
 * that they do not fill it again, and so often that they come faster than new ones.
 */
const nackEveryMs = 50
const mostNacked = 40
/** Media time that runs ahead of the wall clock by so much, or back, is another clock. */
const jumpMs = 3000
/** A network may stall; media time that has been behind for so long is another clock, too (a machine that slept). */
const lateForMs = 10_000

export interface TapOptions {
  readonly folder: string
  readonly trackId: string
  readonly codec: RecordedCodec
  readonly clockRate: number
  /** Of the codec itself; packets of others (probes, retransmission) are left out. */
  readonly payloadType: number
  /** Of the header extension that says how loud a packet is. */
  readonly audioLevelId?: number | undefined
  readonly holdMs?: number | undefined
  /** Of all tracks of whoever publishes this one. */
  readonly publisher?: PublisherClocks | undefined
  /** Whether there may be one more file; asked for each, and again with each picture when there may not. */
  readonly mayBeginFile?: (() => boolean) | undefined
  /** Sends feedback to mediasoup. */
  readonly send: (rtcp: Buffer) => void
  /** A part began or the disk refused. */
  readonly onChanged: () => void
  readonly onFailed: (error: Error) => void
}

/** What belongs to one SSRC. */
interface Stream {
  readonly ssrc: number
  readonly reorder: ReorderBuffer
  readonly builder: FrameBuilder
}

type StreamCounts = Omit<TrackStatistics, 'bytes' | 'keyFrameRequests' | 'malformed' | 'socketDrops'>

const noCounts: StreamCounts = {
  packets: 0,
  duplicates: 0,
  reordered: 0,
  lost: 0,
  late: 0,
  droppedFrames: 0,
}

/**
 * Takes the packets of one consumer and writes them to files as frames with the publisher's own times: in order, from a key
 * frame on, holes left as time. Time is an argument: milliseconds since 1970 on a clock that never steps.
 */
export class Tap {
  readonly #options: TapOptions
  /** Packets that the kernel threw away, as it said last; counted by whoever has the socket. */
  socketDrops = 0
  readonly #parts: Part[] = []
  #stream: Stream | undefined
  #clock: TrackClock
  #part: Part | undefined
  #nextReason: RecordedFile['startReason'] = 'first'
  #lastFrame: TimedFrame | undefined
  /** Since when every frame has come too late for this clock. */
  #lateSinceMs: number | undefined
  #lastPacketMs: number | undefined
  #lastNackMs = 0
  #lastKeyRequestMs = Number.NEGATIVE_INFINITY
  readonly #finishing = new Set<Promise<void>>()
  #closed: Promise<void> | undefined
  readonly #counts = { bytes: 0, keyFrameRequests: 0, malformed: 0, leftOut: 0 }
  /** Of streams that have ended. */
  #past: StreamCounts = noCounts
  #speech = new SpeechSpans()
  /** By earlier clocks, in milliseconds since 1970. */
  #pastSpeech: readonly Span[] = []

  constructor(options: TapOptions) {
    this.#options = options
    this.#clock = this.#newClock()
  }

  /** RTP or RTCP, as it comes from the socket. */
  receive(bytes: Buffer, nowMs: number): void {
    if (this.#closed) return
    if (isRtcp(bytes)) return this.#report(bytes, nowMs)
    const packet = parseRtp(bytes, this.#options.audioLevelId)
    if (packet?.payloadType !== this.#options.payloadType) return
    this.#counts.bytes += bytes.length
    this.#lastPacketMs = nowMs
    const stream = this.#streamOf(packet, nowMs)
    this.#write(stream, stream.reorder.push(packet, nowMs), nowMs)
    if (stream.builder.waitsForKeyFrame) this.#requestKeyFrame(nowMs)
  }

  get fileCount(): number {
    return this.#parts.length
  }

  /** When the owner of this microphone spoke, in milliseconds of the recording; undefined if its packets do not say. */
  speech(recordingStartedMs: number): Span[] | undefined {
    if (this.#options.audioLevelId === undefined) return undefined
    const spans = bounded([...this.#pastSpeech, ...this.#speechOfThisClock()])
    return spans.map(([from, to]) => [
      Math.round(from - recordingStartedMs),
      Math.round(to - recordingStartedMs),
    ])
  }

  #speechOfThisClock(): Span[] {
    const { spans } = this.#speech
    if (spans.length === 0) return []
    const line = this.#clock.line()
    return spans.map(([from, to]) => [wallMsAt(line, from), wallMsAt(line, to)])
  }

  /** Whatever is due without a packet. Call it some times a second. */
  tick(nowMs: number): void {
    this.#part?.tick(nowMs)
    const stream = this.#stream
    if (!stream || this.#closed) return
    this.#write(stream, stream.reorder.tick(nowMs), nowMs)
    const missedForMs = stream.reorder.missedForMs(nowMs)
    if (missedForMs > 0 && nowMs - this.#lastNackMs >= nackEveryMs) {
      this.#lastNackMs = nowMs
      const missing = stream.reorder.missing(mostNacked)
      if (missing.length > 0) this.#options.send(negativeAcknowledgement(stream.ssrc, missing))
    }
    if (stream.builder.waitsForKeyFrame || missedForMs >= holeNeedsKeyFrameMs) this.#requestKeyFrame(nowMs)
  }

  async sync(): Promise<void> {
    await this.#part?.sync()
  }

  /** Writes what is held and finishes the files. */
  close(nowMs: number): Promise<void> {
    this.#closed ??= this.#close(nowMs)
    return this.#closed
  }

  async #close(nowMs: number): Promise<void> {
    if (this.#stream) {
      this.#write(this.#stream, this.#stream.reorder.flush(), nowMs)
      // A recording keeps its taps until it ends, and a frame in the making may have megabytes: what they hold goes now.
      this.#past = withStream(this.#past, this.#stream)
      this.#stream = undefined
      this.#lastFrame = undefined
    }
    this.#endPart()
    while (this.#finishing.size > 0) await Promise.all(this.#finishing)
  }

  /** What is known of the clocks is final: `files` and `speech` say it exactly from now on. */
  settle(): void {
    this.#clock.settle()
    for (const part of this.#parts) part.settle()
  }

  files(recordingStartedMs: number): RecordedFile[] {
    return this.#parts.map((part) => part.describe(recordingStartedMs))
  }

  get statistics(): TrackStatistics {
    const { bytes, keyFrameRequests, malformed, leftOut } = this.#counts
    const counts = this.#stream ? withStream(this.#past, this.#stream) : this.#past
    return {
      ...counts,
      bytes,
      keyFrameRequests,
      ...(malformed > 0 && { malformed }),
      ...(this.socketDrops > 0 && { socketDrops: this.socketDrops }),
      droppedFrames: counts.droppedFrames + leftOut,
    }
  }

  get lastPacketMs(): number | undefined {
    return this.#lastPacketMs
  }

  /** The stream a packet belongs to. Another SSRC is another source, with a clock and a file of its own. */
  #streamOf(packet: RtpPacket, nowMs: number): Stream {
    if (this.#stream?.ssrc === packet.ssrc) return this.#stream
    if (this.#stream) {
      this.#write(this.#stream, this.#stream.reorder.flush(), nowMs)
      this.#past = withStream(this.#past, this.#stream)
      this.#beginAnew('source-changed')
    }
    this.#stream = {
      ssrc: packet.ssrc,
      reorder: new ReorderBuffer({ holdMs: this.#options.holdMs ?? defaultHoldMs }),
      builder: new FrameBuilder(this.#options.codec),
    }
    return this.#stream
  }

  #report(bytes: Buffer, nowMs: number): void {
    for (const report of parseSenderReports(bytes)) {
      if (report.ssrc !== this.#stream?.ssrc) continue
      const ticks = this.#stream.builder.ticksOf(report.timestamp)
      if (ticks !== undefined) this.#clock.report(report, ticks, nowMs)
    }
  }

  #write(stream: Stream, packets: readonly OrderedPacket[], nowMs: number): void {
    for (const packet of packets) {
      for (const frame of this.#framesOf(stream, packet)) {
        this.#writeFrame(frame, nowMs)
        if (packet.audioLevel === undefined || this.#options.codec !== 'opus') continue
        this.#speech.add({
          timeMs: this.#clock.mediaMs(frame.ticks),
          durationMs: opusDurationMs(frame.data),
          level: packet.audioLevel,
        })
      }
    }
  }

  /** What one publisher makes of its packets must not end the recordings of all. */
  #framesOf(stream: Stream, packet: OrderedPacket): TimedFrame[] {
    try {
      return stream.builder.push(packet)
    } catch {
      this.#counts.malformed++
      stream.builder.abandon()
      return []
    }
  }

  #writeFrame(frame: TimedFrame, nowMs: number): void {
    if (this.#isOfAnotherClock(frame)) this.#beginAnew('clock-changed')
    if (frame.format && this.#part && !this.#part.fits(frame.format)) {
      this.#endPart()
      this.#nextReason = 'format-changed'
    }
    this.#clock.frame(frame.ticks, frame.arrivedMs)
    this.#lastFrame = frame
    if (!this.#part) {
      // A file of video needs to say its size, which only key frames tell: a change of clock may have to wait for one.
      if (this.#options.codec !== 'opus' && !frame.format) return this.#requestKeyFrame(nowMs)
      if (this.#options.mayBeginFile?.() === false) {
        this.#counts.leftOut++
        return
      }
      this.#part = this.#beginPart(frame, frame.format)
    }
    this.#part.add(frame, { mediaMs: this.#clock.mediaMs(frame.ticks), nowMs })
  }

  #beginPart(frame: TimedFrame, format: VideoFormat | undefined): Part {
    const { folder, trackId, codec, onChanged, onFailed } = this.#options
    const part = new Part({
      folder,
      trackId,
      number: this.#parts.length + 1,
      codec,
      format,
      clock: this.#clock,
      startReason: this.#nextReason,
      startedMs: frame.arrivedMs,
      firstMs: this.#clock.mediaMs(frame.ticks),
      onFailed,
    })
    this.#parts.push(part)
    onChanged()
    return part
  }

  #isOfAnotherClock(frame: TimedFrame): boolean {
    const last = this.#lastFrame
    if (!last) return false
    if (((last.ticks - frame.ticks) / this.#options.clockRate) * 1000 > jumpMs) return true
    const latenessMs = this.#clock.lateness(frame.ticks, frame.arrivedMs)
    if (latenessMs < -jumpMs) return true
    if (latenessMs < jumpMs) {
      this.#lateSinceMs = undefined
      return false
    }
    this.#lateSinceMs ??= frame.arrivedMs
    return frame.arrivedMs - this.#lateSinceMs >= lateForMs
  }

  #beginAnew(reason: RecordedFile['startReason']): void {
    this.#endPart()
    this.#pastSpeech = bounded([...this.#pastSpeech, ...this.#speechOfThisClock()])
    this.#speech = new SpeechSpans()
    this.#clock = this.#newClock()
    this.#lastFrame = undefined
    this.#lateSinceMs = undefined
    this.#nextReason = reason
  }

  #newClock(): TrackClock {
    const { clockRate, publisher, codec } = this.#options
    return new TrackClock(clockRate, { publisher, countsSamples: codec === 'opus' })
  }

  #endPart(): void {
    const part = this.#part
    if (!part) return
    this.#part = undefined
    const finished = part
      .finish()
      .catch((error: unknown) => this.#options.onFailed(error as Error))
      .finally(() => {
        this.#finishing.delete(finished)
        this.#options.onChanged()
      })
    this.#finishing.add(finished)
  }

  #requestKeyFrame(nowMs: number): void {
    if (!this.#stream || this.#closed || this.#options.codec === 'opus') return
    if (nowMs - this.#lastKeyRequestMs < keyFrameEveryMs) return
    if (nowMs - (this.#lastPacketMs ?? nowMs) > quietAfterMs) return
    this.#lastKeyRequestMs = nowMs
    this.#counts.keyFrameRequests++
    this.#options.send(pictureLossIndication(this.#stream.ssrc))
  }
}

function withStream(past: StreamCounts, { reorder, builder }: Stream): StreamCounts {
  const { received, duplicates, reordered, lost, late } = reorder.counts
  return {
    packets: past.packets + received,
    duplicates: past.duplicates + duplicates,
    reordered: past.reordered + reordered,
    lost: past.lost + lost,
    late: past.late + late,
    droppedFrames: past.droppedFrames + builder.counts.dropped,
  }
}
