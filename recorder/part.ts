import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecordedCodec, VideoFormat } from './codecs/depacketizer.ts'
import type { TimedFrame } from './frame-builder.ts'
import { MatroskaFile } from './matroska/file.ts'
import { isWebm } from './matroska/layout.ts'
import type { RecordedFile } from './manifest.ts'
import { wallMsAt, type ClockLine, type TrackClock } from './track-clock.ts'

/** A file that is not finished has this behind its name. */
export const unfinishedSuffix = '.part'
/** Nothing sent for so long is told as a gap. Browsers that send no silence still send a packet each 400 ms. */
const gapMs = 1000
/** Per file. The manifest is written again and again while it is recorded. */
const mostGaps = 500

export interface PartOptions {
  readonly folder: string
  readonly trackId: string
  /** Counts the parts of a track, from 1. */
  readonly number: number
  readonly codec: RecordedCodec
  readonly format: VideoFormat | undefined
  readonly clock: TrackClock
  readonly startReason: RecordedFile['startReason']
  readonly startedMs: number
  /** Media time of its first frame. */
  readonly firstMs: number
  readonly onFailed: (error: Error) => void
}

/** The name of a part, from which `recover` knows its track. */
function partName(trackId: string, number: number, codec: RecordedCodec): string {
  return `${trackId}-${number}.${isWebm(codec) ? 'webm' : 'mkv'}`
}

/** A stretch of a track that fits into one file: one size, one clock. */
export class Part {
  readonly #options: PartOptions
  readonly #name: string
  /** Until it is finished. */
  #file: MatroskaFile | undefined
  readonly #gaps: RecordedFile['gaps'] = []
  #state: RecordedFile['state'] = 'writing'
  #moreGaps = 0
  #frames = 0
  #lastMs = 0
  #durationMs = 0
  #bytes = 0
  /** What `describe` said last, and of which line; it stays true once the file is finished. */
  #described: { line: ClockLine; recordingStartedMs: number; file: RecordedFile } | undefined

  constructor(options: PartOptions) {
    this.#options = options
    this.#name = partName(options.trackId, options.number, options.codec)
    this.#file = new MatroskaFile({
      path: this.#path + unfinishedSuffix,
      codec: options.codec,
      format: options.format,
      startedMs: options.startedMs,
      title: options.trackId,
      onFailed: (error) => {
        this.#state = 'failed'
        options.onFailed(error)
      },
    })
  }

  get #path(): string {
    return join(this.#options.folder, this.#name)
  }

  /** Whether frames of this format go into this file. */
  fits(format: VideoFormat): boolean {
    const own = this.#options.format
    if (own?.width !== format.width || own.height !== format.height) return false
    return own.codecPrivate === format.codecPrivate || own.codecPrivate?.equals(format.codecPrivate!) === true
  }

  add(frame: TimedFrame, { mediaMs, nowMs }: { mediaMs: number; nowMs: number }): void {
    // No two frames at once: players would have to choose. It takes more than 1000 a second to notice.
    const soonestMs = this.#frames === 0 ? 0 : this.#lastMs + 1
    const timeMs = Math.max(Math.round(mediaMs - this.#options.firstMs), soonestMs)
    if (this.#frames > 0 && (frame.lostBefore > 0 || timeMs - this.#lastMs >= gapMs)) {
      if (this.#gaps.length < mostGaps) {
        this.#gaps.push({ fromMs: this.#lastMs, toMs: timeMs, lostPackets: frame.lostBefore })
      } else this.#moreGaps++
    }
    this.#lastMs = timeMs
    this.#frames++
    this.#file?.add({ data: frame.data, isKey: frame.isKey, timeMs }, nowMs)
  }

  tick(nowMs: number): void {
    this.#file?.tick(nowMs)
  }

  async sync(): Promise<void> {
    await this.#file?.sync()
  }

  /** Finishes the file and gives it its name. */
  async finish(): Promise<void> {
    const file = this.#file
    if (!file) return
    const facts = await file.finish()
    this.#durationMs = facts.durationMs
    this.#bytes = file.bytes
    this.#file = undefined
    if (this.#state === 'failed') return
    await rename(this.#path + unfinishedSuffix, this.#path)
    this.#state = 'finished'
  }

  settle(): void {
    this.#options.clock.settle()
    this.#described = undefined
  }

  /** As the manifest tells it. */
  describe(recordingStartedMs: number): RecordedFile {
    const { clock, firstMs, format, startReason } = this.#options
    const line = clock.line()
    const before = this.#described
    if (before?.line === line && before.recordingStartedMs === recordingStartedMs) return before.file
    const wallMs = wallMsAt(line, firstMs)
    const file: RecordedFile = {
      name: this.#name,
      state: this.#state,
      offsetMs: round(wallMs - recordingStartedMs),
      driftPpm: round(line.driftPpm),
      clock: line.from,
      durationMs: this.#durationMs,
      bytes: this.#file?.bytes ?? this.#bytes,
      frames: this.#frames,
      ...(format && { width: format.width, height: format.height }),
      startReason,
      gaps: [...this.#gaps],
      moreGaps: this.#moreGaps,
    }
    if (this.#state !== 'writing' && !this.#file) this.#described = { line, recordingStartedMs, file }
    return file
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
