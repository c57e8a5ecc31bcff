import type { RecorderStatistics } from '../../recorder/messages.ts'
import type { Log } from '../lib/log.ts'
import type { RecordingHealth } from '../protocol/recording.ts'
import { mayRecord, type LiveRecording } from './live-recording.ts'

export interface LiveHealthOptions {
  /** `recordings.maxCpu` */
  readonly maxCpu: number
  /** What the recorder took of a core in the last seconds. */
  readonly recorderShare: () => number
  readonly find: (recordingId: string) => LiveRecording | undefined
  readonly log: Log
}

/** A recorder that read nothing for so long may have lost packets, in milliseconds: the kernel keeps about so much for it. */
const longPauseMs = 500

/** How recordings go, as the recorder last told. */
export class LiveHealth {
  readonly #options: LiveHealthOptions
  readonly #health = new Map<string, RecordingHealth>()
  #isStrained = false
  /** Packets that the kernel threw away before the recorder read them, of what is recorded now. */
  #drops = 0

  constructor(options: LiveHealthOptions) {
    this.#options = options
  }

  /** Undefined for one that does not go on, or has only just begun. */
  of(recordingId: string): RecordingHealth | undefined {
    return this.#health.get(recordingId)
  }

  forget(recordingId: string): void {
    this.#health.delete(recordingId)
  }

  /** Takes what the recorder tells, and tells those who may stop a recording how it goes. */
  note(statistics: RecorderStatistics, now: Date): void {
    const isStrained = this.#noteStrain(statistics)
    for (const one of statistics.recordings) {
      const live = this.#options.find(one.recordingId)
      if (!live || live.isEnding) continue
      live.note(one)
      const health = live.health({ now, isStrained })
      this.#health.set(live.recordingId, health)
      for (const peer of live.room?.joinedPeers ?? [])
        if (mayRecord(peer)) peer.channel.notify('recording.health', health)
    }
  }

  /** Whether the recorder has more to do than it should. */
  #noteStrain(statistics: RecorderStatistics): boolean {
    const { maxCpu, recorderShare, log } = this.#options
    const { longestPauseMs: pauseMs } = statistics
    const share = recorderShare()
    const before = this.#drops
    this.#drops = dropsOf(statistics)
    const isStrained = pauseMs > longPauseMs || this.#drops > before || share > maxCpu
    if (isStrained && !this.#isStrained) log.warn({ share, pauseMs }, 'the recorder is strained')
    this.#isStrained = isStrained
    return isStrained
  }
}

function dropsOf({ recordings }: RecorderStatistics): number {
  const tracks = recordings.flatMap((recording) => recording.tracks)
  return tracks.reduce((sum, { socketDrops = 0 }) => sum + socketDrops, 0)
}
