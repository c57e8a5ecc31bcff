import { AppError } from '../lib/app-error.ts'
import type { Log } from '../lib/log.ts'
import type { RecordPolicy } from '../protocol/recording.ts'
import type { Room } from '../rooms/room.ts'
import { mayRecord } from './live-recording.ts'

export interface AutomaticStartsOptions {
  /** The meeting whose room it is. */
  readonly meetingOf: (roomId: string) => string | undefined
  /** Undefined when there is no such meeting. */
  readonly policyOf: (meetingId: string) => Promise<RecordPolicy | undefined>
  /** Whether a room is recorded, or about to be. */
  readonly isRecorded: (roomId: string) => boolean
  readonly start: (room: Room) => Promise<unknown>
  readonly log: Log
}

/** A recording that is to begin by itself and could not is tried again after so long, in milliseconds. */
const retryMs = 15_000

/** Recordings of meetings that are always recorded: each begins when somebody is there, unless it was stopped by hand. */
export class AutomaticStarts {
  readonly #options: AutomaticStartsOptions
  /** Rooms that would be recorded by themselves, had nobody stopped it. */
  readonly #stoppedByHand = new Set<string>()
  /** Rooms in which a recording is to begin by itself and could not yet. */
  readonly #retries = new Map<string, NodeJS.Timeout>()
  #closed = false

  constructor(options: AutomaticStartsOptions) {
    this.#options = options
  }

  /** Begins the recording of a room where it is wanted, somebody is there, and nothing goes on. Never rejects. */
  async consider(room: Room): Promise<void> {
    const { meetingOf, policyOf, start, log } = this.#options
    const meetingId = meetingOf(room.id)
    if (meetingId === undefined || this.#isDone(room)) return
    let isWanted = false
    try {
      isWanted = (await policyOf(meetingId)) === 'always'
      if (!isWanted || this.#isDone(room)) return
      await start(room)
    } catch (error) {
      const why = String((error instanceof AppError && (error.data?.['why'] ?? error.code)) || 'internal')
      log.warn({ err: error, roomId: room.id, why }, 'a recording that is to begin by itself could not')
      if (this.#closed || room.closed || this.#retries.has(room.id)) return
      // While the database does not answer, it is not known whether it is wanted at all.
      for (const peer of isWanted ? room.joinedPeers : [])
        if (mayRecord(peer)) peer.channel.notify('recording.failed', { why })
      const retry = (): void => {
        this.#retries.delete(room.id)
        void this.consider(room)
      }
      this.#retries.set(room.id, setTimeout(retry, retryMs).unref())
    }
  }

  /** Somebody stopped it: it does not begin by itself until the room is closed, or it was started or wanted again. */
  stoppedByHand(roomId: string): void {
    this.#stoppedByHand.add(roomId)
  }

  wantedAgain(roomId: string): void {
    this.#stoppedByHand.delete(roomId)
  }

  /** `isOver`: not only its worker died. */
  roomClosed(roomId: string, { isOver }: { isOver: boolean }): void {
    clearTimeout(this.#retries.get(roomId))
    this.#retries.delete(roomId)
    if (isOver) this.#stoppedByHand.delete(roomId)
  }

  close(): void {
    this.#closed = true
    for (const timer of this.#retries.values()) clearTimeout(timer)
    this.#retries.clear()
  }

  #isDone(room: Room): boolean {
    return (
      this.#closed ||
      room.closed ||
      this.#options.isRecorded(room.id) ||
      this.#stoppedByHand.has(room.id) ||
      this.#retries.has(room.id) ||
      room.visiblePeers.length === 0
    )
  }
}
