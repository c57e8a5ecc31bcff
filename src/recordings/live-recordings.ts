import type { Config } from '../../config/schema.ts'
import type { RecordingEndReason } from '../../recorder/manifest.ts'
import type { RecorderStatistics } from '../../recorder/messages.ts'
import type { AuditEntry } from '../audit/audit.ts'
import { AppError } from '../lib/app-error.ts'
import type { RoomId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import { SingleFlight } from '../lib/single-flight.ts'
import type { LiveRecording as LiveRecordingView } from '../protocol/model.ts'
import type { RecordingHealth, RecordPolicy } from '../protocol/recording.ts'
import type { CloseReason } from '../protocol/close-reasons.ts'
import type { Identity, Peer } from '../rooms/peer.ts'
import type { Room } from '../rooms/room.ts'
import type { Rooms } from '../rooms/rooms.ts'
import { AutomaticStarts } from './automatic-starts.ts'
import { Capacity } from './capacity.ts'
import { minFreeBytes } from './core.ts'
import { LiveHealth } from './live-health.ts'
import { LiveRecording, nameOf } from './live-recording.ts'
import { noRecorder, RecorderHost } from './recorder-host.ts'
import type { Person, Recordings } from './recordings.ts'
import type { EndReason } from './shapes.ts'

/** What live recordings need of whoever keeps rows and files. */
export type Keeper = Pick<Recordings, 'begin' | 'seen' | 'ended' | 'abandon'>

export interface LiveRecordingsOptions {
  readonly config: Pick<Config, 'recordings' | 'workers'>
  readonly rooms: Pick<Rooms, 'get' | 'listen'>
  /** Opens the database if that has not been done. */
  readonly keeper: () => Promise<Keeper>
  /** What each media worker takes of its core, by its index. */
  readonly workerShares: () => readonly number[]
  /** Cores of this machine. */
  readonly cores: number
  /** Those of them that no media worker is on. */
  readonly spareCores: readonly number[]
  /** The meeting whose room it is. */
  readonly meetingOf: (roomId: string) => string | undefined
  /** Undefined when there is no such meeting. */
  readonly policyOf: (meetingId: string) => Promise<RecordPolicy | undefined>
  /** The account that somebody proved to be. */
  readonly accountOf: (identity: Identity) => string | undefined
  /** Where acts of this server itself are noted; what people ask for is noted where they ask. */
  readonly audit: (entry: AuditEntry) => Promise<void>
  readonly log: Log
}

interface Starting {
  readonly by: Person
  /** Who of the room asked for it. */
  readonly peer?: Peer | undefined
  /** The one in whose place it is, because its recorder died. */
  readonly continues?: LiveRecording | undefined
}

interface Ending {
  readonly reason: EndReason
  /** The recorder has ended it already. */
  readonly isOver?: boolean
  /** Somebody asked for it, which is noted where they did. */
  readonly isByHand?: boolean
}

/** How often it is looked at how recordings go, in milliseconds. */
const everyMs = 3000
/** A room whose worker died and that nobody opens again within this is not waited for, in milliseconds. */
const reopenWithinMs = 60_000
/** One recorder after another that dies: after so many there is no point in going on. */
const mostDeaths = 5
/** The one that takes the place of a dead one may die while it begins: it is tried so often. */
const mostTries = 3
/** How long finishing everything may keep the server from closing, in milliseconds. */
const closeWithinMs = 5000

/** The recordings that go on, at most one for each room. It listens to rooms, which know nothing of it. */
export class LiveRecordings {
  readonly #options: LiveRecordingsOptions
  readonly #host: RecorderHost
  readonly #live = new Map<string, LiveRecording>()
  readonly #starting = new SingleFlight<string, LiveRecording>()
  readonly #ending = new Map<LiveRecording, Promise<void>>()
  readonly #automatic: AutomaticStarts
  readonly #capacity: Capacity
  readonly #health: LiveHealth
  #clock: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: LiveRecordingsOptions) {
    this.#options = options
    this.#host = new RecorderHost({
      log: options.log,
      cores: options.spareCores,
      onEnded: (recordingId, reason) => this.#endedByItself(recordingId, reason),
      onDied: () => this.#recorderDied(),
    })
    const { config, log, meetingOf, policyOf } = options
    this.#automatic = new AutomaticStarts({
      meetingOf,
      policyOf,
      isRecorded: (roomId) => this.#live.has(roomId) || this.#starting.has(roomId),
      start: (room) => this.#startOnce(room.id, { by: { kind: 'server' } }),
      log,
    })
    this.#capacity = new Capacity({
      ...options,
      recorderShare: () => this.#host.share,
      recorded: () => new Map(Array.from(this.#live, ([roomId, { media }]) => [roomId, media])),
    })
    this.#health = new LiveHealth({
      maxCpu: config.recordings.maxCpu,
      recorderShare: () => this.#host.share,
      find: (recordingId) => this.#find(recordingId),
      log,
    })
    options.rooms.listen({
      roomOpened: (room) => this.#live.get(room.id)?.roomOpened(room),
      roomClosed: (room, reason) => this.#roomClosed(room, reason),
      peerJoined: (room, peer) => {
        this.#of(room)?.peerJoined(peer)
        void this.#automatic.consider(room)
      },
      peerRenamed: (room, peer) => this.#of(room)?.peerRenamed(peer),
      peerLeft: (room, peer) => this.#of(room)?.peerLeft(peer),
      producerOpened: (room, peer, producer) => this.#of(room)?.producerOpened(peer, producer),
      producerClosed: (room, peer, producer) => this.#of(room)?.producerClosed(room, peer, producer),
    })
  }

  /** The process id of the recorder; undefined while there is none. */
  get recorderPid(): number | undefined {
    return this.#host.pid
  }

  /** What the recorder is doing; undefined while there is none. */
  statistics(): Promise<RecorderStatistics | undefined> {
    return this.#host.statistics()
  }

  /** The recording of a room, as everybody there may know it. */
  of(roomId: string): LiveRecordingView | undefined {
    return this.#live.get(roomId)?.view
  }

  byId(recordingId: string): LiveRecordingView | undefined {
    return this.#find(recordingId)?.view
  }

  /** How a recording goes, some seconds old; undefined if it does not go on, or has only just begun. */
  health(recordingId: string): RecordingHealth | undefined {
    return this.#health.of(recordingId)
  }

  /**
   * Records a room from now on; what goes on already is what it answers. Throws `not-found` when the room is not open,
   * `forbidden` (`policy`) for a meeting that is not to be recorded, `unavailable` with `data.why`: `disabled`, `capacity`,
   * `disk`, `no-recorder`.
   */
  async start(roomId: string, { by, peer }: { by: Person; peer?: Peer }): Promise<LiveRecordingView> {
    const live = this.#live.get(roomId)
    if (live && !live.isEnding && !this.#starting.has(roomId)) return live.view
    // One that is ending has its files finished first.
    if (live?.isEnding) await this.#ending.get(live)
    this.#automatic.wantedAgain(roomId)
    return (await this.#startOnce(roomId, { by, peer })).view
  }

  /** Ends the recording of a room; resolves when its files are finished. Throws `not-found` when there is none. */
  async stop(roomId: string, { peer }: { peer?: Peer } = {}): Promise<void> {
    await this.#starting.ended(roomId)
    const live = this.#live.get(roomId)
    if (!live) throw new AppError('not-found', 'This room is not being recorded.')
    // Of a room that is closed already, nobody would forget it.
    if (live.room && !live.room.closed) this.#automatic.stoppedByHand(roomId)
    if (peer && !live.isEnding)
      live.room?.acted({ by: peer, action: 'recording-stopped', details: { recordingId: live.recordingId } })
    await this.#end(live, { reason: 'stopped', isByHand: true })
  }

  /** Somebody agrees to being recorded, or takes that back. Throws `not-found` when there is no recording. */
  async consent(room: Room, peer: Peer, agrees: boolean): Promise<void> {
    // What is taken back is not to wait until a recorder has started.
    if (!agrees) await this.#of(room)?.consent(peer, false)
    await this.#starting.ended(room.id)
    const live = this.#of(room)
    if (!live) throw new AppError('not-found', 'This room is not being recorded.')
    await live.consent(peer, agrees)
  }

  /** Another policy holds for the meeting of a room: `never` ends what goes on, `always` begins it where somebody is. */
  async policyChanged(roomId: string, policy: RecordPolicy): Promise<void> {
    if (policy === 'never') {
      await this.#starting.ended(roomId)
      const live = this.#live.get(roomId)
      if (live) await this.#end(live, { reason: 'stopped' })
    } else if (policy === 'always') {
      this.#automatic.wantedAgain(roomId)
      const room = this.#openRoomOrUndefined(roomId)
      if (room) await this.#automatic.consider(room)
    }
  }

  /** Who somebody in a room is. */
  personOf(peer: Peer): Person {
    const accountId = this.#options.accountOf(peer.identity)
    const name = nameOf(peer)
    return accountId === undefined
      ? { kind: 'participant', id: peer.id, name }
      : { kind: 'account', id: accountId, name }
  }

  /** Ends every recording, so that its files are finished, within some seconds. Before rooms and workers go. */
  async stopAll(): Promise<void> {
    this.#closed = true
    clearInterval(this.#clock)
    this.#automatic.close()
    const stopped = this.#starting
      .allEnded()
      .then(() =>
        Promise.all([...this.#live.values()].map((live) => this.#end(live, { reason: 'room-closed' }))),
      )
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, closeWithinMs)))
    await Promise.race([stopped, late])
    clearTimeout(timer)
  }

  /** Resolves when the recorder is gone. What it still had, it has finished. */
  async close(): Promise<void> {
    await this.stopAll()
    await this.#host.close()
  }

  #of(room: Room): LiveRecording | undefined {
    const live = this.#live.get(room.id)
    return live?.room === room ? live : undefined
  }

  #find(recordingId: string): LiveRecording | undefined {
    return [...this.#live.values()].find((live) => live.recordingId === recordingId)
  }

  // Beginning.

  async #startOnce(roomId: string, how: Starting): Promise<LiveRecording> {
    const room = this.#openRoomOrUndefined(roomId)
    try {
      return await this.#starting.run(roomId, async () => {
        try {
          return await this.#start(roomId, how)
        } finally {
          this.#capacity.giveBack(roomId)
        }
      })
    } catch (error) {
      this.#lookAtReopened(roomId, room)
      throw error
    }
  }

  /** Whoever came into a room that was opened again while nothing could begin there is to be recorded as before. */
  #lookAtReopened(roomId: string, before: Room | undefined): void {
    const room = this.#openRoomOrUndefined(roomId)
    if (room && room !== before) void this.#automatic.consider(room)
  }

  async #start(roomId: string, how: Starting): Promise<LiveRecording> {
    const { config, meetingOf, keeper: getKeeper } = this.#options
    const room = this.#openRoom(roomId)
    const meetingId = meetingOf(roomId)
    if (!config.recordings.enabled) throw refused('disabled', 'Nothing is recorded on this server.')
    if (!how.continues) {
      await this.#assertPolicy(meetingId)
      const why = this.#capacity.reserve(room)
      if (why !== undefined) throw refused('capacity', why)
    }
    const [recorder, keeper] = await Promise.all([this.#host.get(), getKeeper()])
    this.#assertSame(room)
    const { by: startedBy, peer, continues } = how
    const now = new Date()
    const { recordingId, folder } = await keeper.begin({ roomId, meetingId, startedBy, now })
    const log = this.#options.log.child({ roomId, recordingId })
    let live: LiveRecording
    try {
      this.#assertSame(room)
      live = new LiveRecording({
        recordingId,
        folder,
        room,
        recorder,
        startedAt: now,
        startedBy,
        peerId: continues ? continues.peerId : peer?.grants.hidden ? undefined : peer?.id,
        notice: config.recordings.notice,
        endNotice: config.recordings.endNotice,
        asksConsent: config.recordings.consent === 'ask',
        recordsUntold: config.recordings.recordUntold,
        continues,
        onSeen: (recording, seen) => this.#seen(keeper, recording, seen),
        log,
      })
      this.#live.set(roomId, live)
      // From now on a recorder that hangs is found out.
      this.#startClock()
      if (!continues) room.setRecording(live.view)
      await recorder.start({ recordingId, folder, minFreeBytes: minFreeBytes(config) })
      if (this.#openRoomOrUndefined(roomId) !== room || this.#closed) {
        await recorder.stop({ recordingId, reason: 'room-closed' })
        this.#assertSame(room)
      }
      live.begin()
    } catch (error) {
      this.#forget(roomId, recordingId, { room, error })
      await keeper.abandon(recordingId).catch((cause: unknown) => log.error({ err: cause }, 'not abandoned'))
      log.warn({ err: error }, 'recording could not begin')
      throw toClient(error)
    }
    log.info({ by: startedBy, continues: continues?.recordingId }, 'recording began')
    if (peer) room.acted({ by: peer, action: 'recording-started', details: { recordingId } })
    else if (continues) void this.#audit('recording.started', live, { continues: continues.recordingId })
    else if (startedBy.kind === 'server') void this.#audit('recording.started', live)
    return live
  }

  #forget(roomId: string, recordingId: string, { room, error }: { room: Room; error: unknown }): void {
    if (this.#live.get(roomId)?.recordingId === recordingId) this.#live.delete(roomId)
    if (this.#live.size === 0) this.#stopClock()
    if (room.closed || room.recording?.recordingId !== recordingId) return
    room.setRecording(undefined, diskReasonOf(error) ?? 'recorder-died')
  }

  #openRoomOrUndefined(roomId: string): Room | undefined {
    return this.#options.rooms.get(roomId as RoomId)
  }

  #openRoom(roomId: string): Room {
    const room = this.#openRoomOrUndefined(roomId)
    if (this.#closed) throw new AppError('unavailable', 'The server is closing.')
    if (!room) throw new AppError('not-found', 'This room is not open.')
    return room
  }

  #assertSame(room: Room): void {
    if (this.#openRoom(room.id) !== room)
      throw new AppError('unavailable', 'The room was just closed. Try again.')
  }

  async #assertPolicy(meetingId: string | undefined): Promise<void> {
    if (meetingId === undefined) return
    if ((await this.#options.policyOf(meetingId)) === 'never')
      throw new AppError('forbidden', 'This meeting is not to be recorded.', { why: 'policy' })
  }

  #seen(keeper: Keeper, { recordingId }: LiveRecording, peer: Peer): void {
    const accountId = this.#options.accountOf(peer.identity)
    keeper.seen(recordingId, { identity: peer.id, name: nameOf(peer), accountId })
  }

  /** What this server did by itself. Never rejects. */
  async #audit(
    action: 'recording.started' | 'recording.ended',
    { roomId, recordingId }: LiveRecording,
    data: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    try {
      await this.#options.audit({
        actor: { kind: 'server' },
        action,
        target: { kind: 'room', id: roomId },
        data: { room: roomId, recordingId, ...data },
        now: new Date(),
      })
    } catch (error) {
      this.#options.log.error({ err: error, roomId, recordingId, action }, 'not in the audit log')
    }
  }

  // Ending.

  #roomClosed(room: Room, reason: CloseReason): void {
    const live = this.#of(room)
    const isOver = reason !== 'worker-died'
    this.#automatic.roomClosed(room.id, { isOver })
    if (!isOver) return live?.roomGone(new Date())
    if (live) this.#endByItself(live, { reason: 'room-closed' })
  }

  /** The recorder ended it, because of the disk or because it was told to. */
  #endedByItself(recordingId: string, reason: RecordingEndReason): void {
    const live = this.#find(recordingId)
    if (live) this.#endByItself(live, { reason, isOver: true })
  }

  /** One that is just beginning, or whose place another takes, is over when `#start` finds that it may not begin. */
  #endByItself(live: LiveRecording, how: Ending): void {
    if (!this.#starting.has(live.roomId)) void this.#end(live, how)
  }

  #end(live: LiveRecording, how: Ending): Promise<void> {
    const ending = this.#ending.get(live) ?? this.#finish(live, how)
    this.#ending.set(live, ending)
    return ending
  }

  async #finish(live: LiveRecording, { reason, isOver = false, isByHand = false }: Ending): Promise<void> {
    const { recordingId, roomId } = live
    const log = this.#options.log.child({ roomId, recordingId })
    live.ending()
    let told = reason
    try {
      await live.finish(reason, { isOver })
    } catch (error) {
      log.error({ err: error }, 'the recorder died while a recording was ending')
      told = 'recorder-died'
    }
    try {
      const keeper = await this.#options.keeper()
      await keeper.ended(recordingId, { reason: told, now: new Date() })
    } catch (error) {
      // The next start finds its row, and its files are whole.
      log.error({ err: error }, 'the end of a recording is not written down')
    }
    if (!isByHand) await this.#audit('recording.ended', live, { reason: told })
    if (this.#live.get(roomId) === live) this.#live.delete(roomId)
    this.#ending.delete(live)
    this.#health.forget(recordingId)
    live.ended(told)
    log.info({ reason: told }, 'recording ended')
    if (this.#live.size === 0) this.#stopClock()
    // Whoever came back into the room while files were being finished is to be recorded as before.
    const reopened = told === 'room-closed' ? this.#openRoomOrUndefined(roomId) : undefined
    if (reopened) void this.#automatic.consider(reopened)
  }

  #recorderDied(): void {
    for (const live of this.#live.values()) {
      // One that is just beginning or ending hears of it by its own requests.
      if (!live.isEnding && !this.#starting.has(live.roomId)) void this.#goOn(live)
    }
  }

  /** Another recording takes the place of one whose recorder died; what that had is brought to a true state meanwhile. */
  async #goOn(live: LiveRecording): Promise<void> {
    const { roomId, recordingId, room } = live
    const { log, keeper } = this.#options
    const mayGoOn = room !== undefined && live.deaths + 1 < mostDeaths && !this.#closed
    if (!mayGoOn) return this.#end(live, { reason: 'recorder-died', isOver: true })
    live.replaced()
    // Nobody can begin another one in between.
    const next = this.#startInPlaceOf(live)
    const closed = live.finish('recorder-died', { isOver: true })
    const ended = keeper().then((kept) =>
      kept.ended(recordingId, { reason: 'recorder-died', now: new Date() }),
    )
    this.#health.forget(recordingId)
    await Promise.all([
      this.#audit('recording.ended', live, { reason: 'recorder-died' }),
      closed,
      ended.catch((error: unknown) => log.error({ err: error, recordingId }, 'an end is not written down')),
      next.catch((error: unknown) => {
        log.error({ err: error, roomId, recordingId }, 'a recording does not go on')
        if (this.#live.get(roomId) === live) this.#live.delete(roomId)
        live.ended('recorder-died')
        if (this.#live.size === 0) this.#stopClock()
        this.#lookAtReopened(roomId, room)
      }),
    ])
  }

  async #startInPlaceOf(live: LiveRecording): Promise<LiveRecording> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#startOnce(live.roomId, { by: live.startedBy, continues: live })
      } catch (error) {
        const isRecorder = error instanceof AppError && error.data?.['why'] === 'no-recorder'
        if (!isRecorder || tries === mostTries) throw error
      }
    }
  }

  // Time.

  #startClock(): void {
    if (this.#closed) return
    this.#clock ??= setInterval(() => void this.#look(new Date()), everyMs).unref()
  }

  #stopClock(): void {
    clearInterval(this.#clock)
    this.#clock = undefined
    this.#host.rest()
  }

  /** Looks how recordings go, tells those who may stop them, and ends those that are over. */
  async #look(now: Date): Promise<void> {
    const { emptySeconds, maxHours } = this.#options.config.recordings
    for (const live of this.#live.values()) {
      const emptyFor = msSince(live.emptySince(now), now)
      if (msSince(live.startedAt, now) > maxHours * 3_600_000) this.#endByItself(live, { reason: 'too-long' })
      else if (msSince(live.roomGoneAt, now) > reopenWithinMs)
        this.#endByItself(live, { reason: 'room-closed' })
      else if (emptyFor > emptySeconds * 1000) this.#endByItself(live, { reason: 'empty' })
    }
    const statistics = await this.#host.statistics().catch(() => undefined)
    if (statistics) this.#health.note(statistics, now)
  }
}

function refused(why: 'capacity' | 'disabled' | 'disk', message: string): AppError {
  return new AppError('unavailable', message, { why })
}

/** Why a recording could not begin, as whoever asked for it is told. */
function toClient(error: unknown): AppError {
  if (error instanceof AppError) return error
  return diskReasonOf(error)
    ? refused('disk', 'The disk of the server has no room for a recording.')
    : noRecorder()
}

/** The end reason of what the disk refuses; undefined for anything else. */
function diskReasonOf(error: unknown): 'disk-full' | 'disk-error' | undefined {
  const { code } = error as { code?: unknown }
  return code === 'disk-full' || code === 'disk-error' ? code : undefined
}

function msSince(then: Date | undefined, now: Date): number {
  return then === undefined ? 0 : now.getTime() - then.getTime()
}
