import type { RoomId } from '../lib/ids.ts'
import type { RoomMemory } from './room.ts'

/** How long the people of a room whose worker died find it again as it was, in milliseconds. */
const keptMs = 10 * 60 * 1000
/** More rooms than this are not remembered; the one that died first is forgotten. */
const keptRooms = 1000

/** What is remembered of rooms whose worker died, for the room that is opened next under the same id. */
export class Memories {
  readonly #kept = new Map<RoomId, { readonly memory: RoomMemory; readonly until: number }>()

  keep(id: RoomId, memory: RoomMemory, nowMs: number): void {
    this.#kept.delete(id)
    // In order of time, so those that are over stand first.
    for (const [first, { until }] of this.#kept) {
      if (until > nowMs && this.#kept.size < keptRooms) break
      this.#kept.delete(first)
    }
    this.#kept.set(id, { memory, until: nowMs + keptMs })
  }

  get(id: RoomId, nowMs: number): RoomMemory | undefined {
    const kept = this.#kept.get(id)
    return kept && kept.until > nowMs ? kept.memory : undefined
  }

  /** The room is open again, or was ended before it was. */
  forget(id: RoomId): void {
    this.#kept.delete(id)
  }
}
