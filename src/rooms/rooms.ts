import type { MediaRouter } from '../../workers/worker-pool.ts'
import { AppError, limitExceeded } from '../lib/app-error.ts'
import type { RoomId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import { SingleFlight } from '../lib/single-flight.ts'
import type { CloseReason } from '../protocol/close-reasons.ts'
import { Room, type RoomConfig } from './room.ts'

export interface RoomsOptions {
  readonly config: RoomConfig
  readonly createRouter: () => Promise<MediaRouter>
  readonly log: Log
}

/** All rooms of this process, by id. */
export class Rooms {
  readonly #options: RoomsOptions
  readonly #rooms = new Map<RoomId, Room>()
  readonly #opening = new SingleFlight<RoomId, Room>()
  #openingCount = 0
  #closed = false

  constructor(options: RoomsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#rooms.size
  }

  list(): Room[] {
    return [...this.#rooms.values()]
  }

  /** Whether it is open, or just being opened. */
  has(id: RoomId): boolean {
    return this.#rooms.has(id) || this.#opening.has(id)
  }

  /** Throws `limit-exceeded` for one room too many and `unavailable` when no worker can take it. */
  async getOrCreate(id: RoomId): Promise<Room> {
    if (this.#closed) throw new AppError('unavailable', 'The server is closing.')
    return this.#rooms.get(id) ?? this.#opening.run(id, () => this.#create(id))
  }

  close(reason: CloseReason): void {
    this.#closed = true
    for (const room of this.#rooms.values()) room.close(reason)
  }

  async #create(id: RoomId): Promise<Room> {
    const { config, createRouter, log } = this.#options
    const max = config.limits.rooms
    if (this.#rooms.size + this.#openingCount >= max) throw limitExceeded('rooms', max)
    this.#openingCount++
    try {
      const room = await Room.create({
        id,
        config,
        createRouter,
        log: log.child({ roomId: id }),
        onClosed: (closed, reason) => this.#roomClosed(closed, reason),
      })
      if (this.#closed) room.close('server-closing')
      if (room.closed)
        throw new AppError('unavailable', 'The room was closed while it was being opened. Try again.')
      this.#rooms.set(id, room)
      room.log.info({ worker: room.workerIndex }, 'room opened')
      return room
    } finally {
      this.#openingCount--
    }
  }

  #roomClosed(room: Room, reason: CloseReason): void {
    if (this.#rooms.get(room.id) === room) this.#rooms.delete(room.id)
    room.log.info({ reason }, 'room closed')
  }
}
