import type { Config } from '../../config/schema.ts'
import type { Room } from '../rooms/room.ts'
import { atLeastFewest, mediaOf, sumOf, whyNoCapacity, type Media } from './admission.ts'

export interface CapacityOptions {
  readonly config: Pick<Config, 'recordings' | 'workers'>
  /** What each media worker takes of its core, by its index. */
  readonly workerShares: () => readonly number[]
  /** What the recorder took of a core in the last seconds. */
  readonly recorderShare: () => number
  /** Cores of this machine. */
  readonly cores: number
  /** What is recorded now, by room. */
  readonly recorded: () => ReadonlyMap<string, Media>
}

/** What this server can still record. What was admitted counts from that moment, though nothing of it runs yet. */
export class Capacity {
  readonly #options: CapacityOptions
  readonly #reserved = new Map<string, Media>()

  constructor(options: CapacityOptions) {
    this.#options = options
  }

  /** Keeps a place for the recording of a room until it is given back. Answers why there is none, for people, if so. */
  reserve(room: Room): string | undefined {
    const { config, workerShares, recorderShare, cores } = this.#options
    const { maxConcurrent, maxCpu } = config.recordings
    const shares = workerShares()
    const added = mediaOf(room.visiblePeers.flatMap(({ producers }) => [...producers.values()]))
    const others = this.#others(room.id)
    const why = whyNoCapacity(
      {
        recordings: others.length,
        recorded: sumOf(others),
        added,
        recorderShare: recorderShare(),
        workerShare: shares[room.workerIndex] ?? 0,
        workersShare: shares.reduce((sum, share) => sum + share, 0),
        cores,
      },
      { maxConcurrent, maxCpu, refuseAbove: config.workers.refuseAbove },
    )
    if (why === undefined) this.#reserved.set(room.id, added)
    return why
  }

  /** The recording has begun, and counts as what it is, or it has not. */
  giveBack(roomId: string): void {
    this.#reserved.delete(roomId)
  }

  #others(roomId: string): Media[] {
    const rooms = new Map([...this.#options.recorded(), ...this.#reserved])
    rooms.delete(roomId)
    return Array.from(rooms.values(), atLeastFewest)
  }
}
