import type { CodecName } from '../../config/schema.ts'
import type { MediaRouter } from '../../workers/worker-pool.ts'
import { AppError, limitExceeded } from '../lib/app-error.ts'
import { checkTexts } from '../lib/check.ts'
import type { RoomId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import { SingleFlight } from '../lib/single-flight.ts'
import type { CloseReason } from '../protocol/close-reasons.ts'
import type { RoomEvents } from './events.ts'
import { Memories } from './memories.ts'
import type { Peer } from './peer.ts'
import { Room, type RoomConfig } from './room.ts'
import { fillSettings, needsToken, type RoomSettings } from './settings.ts'
import type { Visitor } from './visitor.ts'

export interface RoomsOptions {
  readonly config: RoomConfig
  /** A router with all configured codecs, or only these. */
  readonly createRouter: (codecs?: readonly CodecName[]) => Promise<MediaRouter>
  /** Whether a guest who opens a room moderates it. */
  readonly guestsModerate: boolean
  /**
   * Asked before somebody's coming opens a room: what it should be like, or undefined for a room like any other. Throws an
   * `AppError` that whoever comes is told, such as a meeting that has ended.
   */
  readonly settingsFor?: (id: RoomId) => Promise<RoomSettings | undefined>
  readonly log: Log
}

/** All rooms of this process, by id. */
export class Rooms {
  readonly #options: RoomsOptions
  readonly #rooms = new Map<RoomId, Room>()
  readonly #opening = new SingleFlight<RoomId, Room>()
  readonly #memories = new Memories()
  readonly #listeners = new Set<RoomEvents>()
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

  get(id: RoomId): Room | undefined {
    return this.#rooms.get(id)
  }

  /** Tells from now on what happens in rooms. */
  listen(listener: RoomEvents): void {
    this.#listeners.add(listener)
  }

  /**
   * The room with this id, opened if it is not. `settings` count only for one that is opened. Throws `limit-exceeded` for
   * one room too many, `unavailable` when no worker can take it, and what `settingsFor` throws.
   */
  async open(id: RoomId, settings?: RoomSettings): Promise<Room> {
    if (this.#closed) throw new AppError('unavailable', 'The server is closing.')
    return this.#rooms.get(id) ?? this.#opening.run(id, () => this.#create(id, settings))
  }

  /**
   * Takes a connection into a room, which is opened if it is not. May wait for a moderator, as long as the connection is
   * there (`gone`). Throws what `open` and `Room.enter` throw, and `forbidden` or `unauthorized`.
   */
  async enter(id: RoomId, visitor: Visitor, gone: AbortSignal): Promise<{ room: Room; peer: Peer }> {
    const { id: peerId, proven, grants } = visitor.identity
    // Neither the audit log nor the REST API could name them.
    checkTexts({ roomId: id, peerId }, { what: 'The address', root: 'query' })
    if (!grants.join) throw new AppError('forbidden', 'This token does not let anybody into the room.')
    if (needsToken(id) && !proven)
      throw new AppError('unauthorized', 'This is the room of a meeting: nobody enters without a room token.')
    // One whose worker died is not opened by them, but found again.
    const isKnown = this.has(id) || this.#memories.get(id, Date.now()) !== undefined
    if (!grants.createRoom && !isKnown)
      throw new AppError('forbidden', 'This room is not open yet, and this token may not open it.')
    const room = await this.open(id)
    return { room, peer: await room.enter(visitor, gone) }
  }

  /** Ends the room for everybody, also one whose worker died and that nobody has come back to yet. Answers whether it was open. */
  end(id: RoomId): boolean {
    this.#memories.forget(id)
    const room = this.get(id)
    room?.end()
    return room !== undefined
  }

  /** The server is about to close: no room is opened any more, and workers that end now do so for that reason. */
  closing(): void {
    this.#closed = true
  }

  close(reason: CloseReason): void {
    this.#closed = true
    for (const room of this.#rooms.values()) room.close(reason)
  }

  async #create(id: RoomId, given: RoomSettings | undefined): Promise<Room> {
    const { config, createRouter, settingsFor, guestsModerate, log } = this.#options
    const max = config.limits.rooms
    if (this.#rooms.size + this.#openingCount >= max) throw limitExceeded('rooms', max)
    this.#openingCount++
    try {
      const planned = given ?? (await settingsFor?.(id))
      const memory = this.#memories.get(id, Date.now())
      const settings = memory?.settings ?? fillSettings(planned ?? {}, config)
      const room = await Room.create({
        id,
        config,
        createRouter: () => createRouter(settings.codecs),
        log: log.child({ roomId: id }),
        settings,
        isPlanned: planned !== undefined || memory !== undefined,
        guestsModerate: guestsModerate && planned === undefined,
        memory,
        isClosing: () => this.#closed,
        onJoined: (joined, peer) => this.#tell('peerJoined', joined, peer),
        onLeft: (left, peer, reason) => this.#tell('peerLeft', left, peer, reason),
        onRenamed: (there, peer) => this.#tell('peerRenamed', there, peer),
        onPublished: (there, peer, producer) => this.#tell('producerOpened', there, peer, producer),
        onUnpublished: (there, peer, producer) => this.#tell('producerClosed', there, peer, producer),
        onModerated: (moderated, act) => this.#tell('moderated', moderated, act),
        onClosed: (closed, reason) => this.#roomClosed(closed, reason),
      })
      if (this.#closed) room.close('server-closing')
      if (room.closed)
        throw new AppError('unavailable', 'The room was closed while it was being opened. Try again.')
      this.#rooms.set(id, room)
      this.#memories.forget(id)
      room.log.info({ worker: room.workerIndex }, 'room opened')
      this.#tell('roomOpened', room)
      return room
    } finally {
      this.#openingCount--
    }
  }

  #roomClosed(room: Room, reason: CloseReason): void {
    if (reason === 'worker-died') this.#memories.keep(room.id, room.memory, Date.now())
    room.log.info({ reason }, 'room closed')
    if (this.#rooms.get(room.id) !== room) return
    this.#rooms.delete(room.id)
    this.#tell('roomClosed', room, reason)
  }

  #tell<E extends keyof RoomEvents>(event: E, ...about: Parameters<NonNullable<RoomEvents[E]>>): void {
    for (const listener of this.#listeners) {
      try {
        ;(listener[event] as ((...about: unknown[]) => void) | undefined)?.(...about)
      } catch (error) {
        this.#options.log.error({ err: error, event }, 'a listener of rooms failed')
      }
    }
  }
}
