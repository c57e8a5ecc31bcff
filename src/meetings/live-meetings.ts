import type { MeetingsConfig } from '../../config/schema.ts'
import type { Db } from '../db/database.ts'
import { AppError } from '../lib/app-error.ts'
import { randomId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import { answerCall } from './calls.store.ts'
import { firstVisit, visitAgain } from './attendance.ts'
import { lockDueMeetings, lockMeeting, overAmong, type MeetingRow, type Trx } from './meetings.store.ts'
import { findPeople } from './people.store.ts'
import { meetingOf, roomOf, type LeaveReason, type LiveRooms, type Visitor } from './rooms.ts'
import { finishSession, nextOf, reviewSession, scheduleOf, settle, startSession } from './running.ts'
import {
  closeUnseen,
  findAttendance,
  findOpenSession,
  markLeft,
  markSeen,
  putAttendance,
  sessionsWithUnseen,
  visitsOf,
  type SessionRow,
} from './sessions.store.ts'
import { missedAt, occurrenceAfter, type EndReason } from './status.ts'

export interface LiveMeetingsOptions {
  readonly db: Db
  readonly config: { readonly meetings: MeetingsConfig }
  readonly log: Log
}

/** How often is written down who is there, in milliseconds, with the next tick: a crash loses so much of an attendance. */
const seenEveryMs = 20_000
/** Whoever was not seen for so long is gone, and so is the process whose room they were in. In milliseconds. */
const unseenMs = 90_000
/** Rows that one transaction of the clock looks at. */
const batch = 20
/** Meetings with somebody unseen that one tick looks at; the next tick takes the others. */
const unseenAtOnce = 1000
/** What happened in a room is tried again after so long while the database does not answer, in milliseconds. */
const retryMs = 1000

/**
 * What happens to meetings and calls while they run: who comes and goes, and what ends by itself. Everything is in the
 * database, so it is safe with several processes, and after a crash the clock brings it to a true state.
 */
export class LiveMeetings {
  readonly #options: LiveMeetingsOptions
  /** Attendance that this process writes down has it. */
  readonly #processId = randomId()
  /** What happened to each meeting is written in the order in which it happened. */
  readonly #writing = new Map<string, Promise<void>>()
  #rooms: LiveRooms | undefined
  #clock: NodeJS.Timeout | undefined
  #seenAt: Date | undefined
  #ticking: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: LiveMeetingsOptions) {
    this.#options = options
  }

  /** From now on rooms are ended. */
  hold(rooms: LiveRooms): void {
    this.#rooms = rooms
  }

  /** From now on time passes. */
  start(): void {
    if (this.#closed || this.#clock) return
    const { tickSeconds } = this.#options.config.meetings
    const tick = (): void => {
      this.#ticking = this.tick(new Date()).catch((error: unknown) => this.#failed(error, 'the clock failed'))
      void this.#ticking.then(() => {
        if (!this.#closed) this.#clock = setTimeout(tick, tickSeconds * 1000).unref()
      })
    }
    this.#clock = setTimeout(tick, 0)
  }

  /** Resolves when everything that happened is written down. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#clock)
    await this.#ticking
    await this.settled()
  }

  /** Resolves when everything that happened until now is written down. */
  async settled(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing.values())
  }

  // What happens in rooms. Nobody waits for it.

  peerJoined(meetingId: string, visitor: Visitor, now: Date): void {
    this.#write(meetingId, async () => {
      const isOver = await this.#transaction((trx) => this.#joined(trx, meetingId, visitor, now))
      if (isOver) this.closeRoom(meetingId)
    })
  }

  peerLeft(meetingId: string, visitor: Visitor, reason: LeaveReason, now: Date): void {
    this.#write(meetingId, async () => {
      const { identity } = visitor
      const isOver = await this.#inSession(meetingId, async (trx, row, session) => {
        await markLeft(trx, { sessionId: session.id, identity, processId: this.#processId, now })
        const hungUp = reason === 'left' || reason === 'removed' || reason === 'banned'
        return this.#review(trx, row, session, { now, hungUp })
      })
      if (isOver) this.closeRoom(meetingId)
    })
  }

  /** After everybody left. */
  roomClosed(meetingId: string, reason: LeaveReason, now: Date): void {
    this.#write(meetingId, async () => {
      await this.#inSession(meetingId, async (trx, row, session) => {
        const ending: EndReason | undefined =
          reason === 'ended'
            ? 'ended'
            : reason === 'worker-died' && row.kind === 'call'
              ? 'failed'
              : undefined
        if (ending !== undefined) await this.#finish(trx, row, session, { reason: ending, now })
        return false
      })
    })
  }

  // What people do.

  /** Makes it live, if it is not. The caller holds the lock. */
  async begin(trx: Trx, row: MeetingRow, now: Date): Promise<void> {
    if (await findOpenSession(trx, row.id)) return
    await startSession(trx, row, { now, config: this.#options.config.meetings })
  }

  /** Ends the session under way, if there is one. The caller holds the lock, and calls `closeRoom` after it has committed. */
  async finish(
    trx: Trx,
    row: MeetingRow,
    { reason, now }: { reason: EndReason; now: Date },
  ): Promise<boolean> {
    const session = await findOpenSession(trx, row.id)
    if (!session) return false
    await this.#finish(trx, row, session, { reason, now })
    return true
  }

  /** Looks again at what is under way, after something was changed. The same about the lock and the room, if it is over. */
  async review(trx: Trx, row: MeetingRow, now: Date, { hungUp = false } = {}): Promise<boolean> {
    const session = await findOpenSession(trx, row.id)
    return session ? this.#review(trx, row, session, { now, hungUp }) : false
  }

  /** Ends the room of a meeting that is over, if it is open in this process. */
  closeRoom(meetingId: string): void {
    this.#rooms?.end(roomOf(meetingId))
  }

  get rooms(): LiveRooms | undefined {
    return this.#rooms
  }

  // Time.

  /** Does what is due. */
  async tick(now: Date): Promise<void> {
    if (!this.#seenAt || now.getTime() - this.#seenAt.getTime() >= seenEveryMs) await this.seen(now)
    await this.#closeUnseen(now)
    let found: number
    do {
      const over = await this.#transaction(async (trx) => {
        const rows = await lockDueMeetings(trx, now, batch)
        const ended: string[] = []
        for (const row of rows) if (await this.#due(trx, row, now)) ended.push(row.id)
        return { ended, found: rows.length }
      })
      for (const id of over.ended) this.closeRoom(id)
      found = over.found
    } while (found === batch && !this.#closed)

    const open = (this.#rooms?.openIds() ?? []).map((id) => meetingOf(id)!)
    for (const id of await overAmong(this.#options.db, open)) this.closeRoom(id)
    await this.#sendAway(open)
  }

  /** Whose account was disabled or deleted, here or in another process, is in no meeting any more. */
  async #sendAway(open: readonly string[]): Promise<void> {
    const rooms = this.#rooms
    if (!rooms) return
    const there = open.flatMap((id) => rooms.accountsIn(roomOf(id)).map((accountId) => ({ id, accountId })))
    const usable = await findPeople(
      this.#options.db,
      there.map(({ accountId }) => accountId),
    )
    for (const { id, accountId } of there) {
      if (!usable.has(accountId)) rooms.remove(roomOf(id), accountId)
    }
  }

  /** Returns whether its room must end. */
  async #due(trx: Trx, row: MeetingRow, now: Date): Promise<boolean> {
    const { meetings: config } = this.#options.config
    const session = await findOpenSession(trx, row.id)
    if (session) return this.#review(trx, row, session, { now })
    const missed = nextOf(row)
    const schedule = scheduleOf(row)
    // Nothing can be due; it must not come again with every tick.
    if (!missed || !schedule) {
      await settle(trx, row, { next: undefined, reason: 'nobody-came', at: now, config })
      return false
    }
    await settle(trx, row, {
      next: occurrenceAfter(schedule, missed.start, now),
      reason: 'nobody-came',
      at: missedAt(missed, config),
      config,
    })
    return false
  }

  /** Writes down who is there. */
  async seen(now: Date): Promise<void> {
    await markSeen(this.#options.db, this.#processId, now)
    this.#seenAt = now
  }

  async #closeUnseen(now: Date): Promise<void> {
    const { db } = this.#options
    // The embedded database serves one process at a time: any other that wrote into it is gone.
    const before = db.engine === 'pglite' ? now : new Date(now.getTime() - unseenMs)
    const unseen = { before, processId: this.#processId }
    for (const meetingId of await sessionsWithUnseen(db, unseen, unseenAtOnce)) {
      const isOver = await this.#inSession(meetingId, async (trx, row, session) => {
        const emptySince = await closeUnseen(trx, session.id, unseen)
        return this.#review(trx, row, session, { now, ...(emptySince ? { emptySince } : {}) })
      })
      if (isOver) this.closeRoom(meetingId)
    }
  }

  /** Returns whether nobody may be in it. */
  async #joined(trx: Trx, meetingId: string, visitor: Visitor, now: Date): Promise<boolean> {
    const row = await lockMeeting(trx, meetingId)
    if (!row) return true
    let session = await findOpenSession(trx, meetingId)
    if (!session) {
      if (row.status !== 'scheduled') return true
      // It ended between this and its being written down.
      if (row.past_at && row.past_at >= now) return true
      session = await startSession(trx, row, { now, config: this.#options.config.meetings })
    }
    const { identity, accountId, name } = visitor
    const before = await findAttendance(trx, { sessionId: session.id, identity })
    const visits = before ? visitAgain(visitsOf(before), now) : firstVisit(now)
    await putAttendance(trx, {
      session_id: session.id,
      identity,
      account_id: accountId ?? null,
      name,
      joined_at: before?.joined_at ?? now,
      left_at: null,
      visits: visits.visits,
      earlier_ms: visits.earlierMs,
      visit_start: visits.visitStart,
      seen_at: now,
      process_id: this.#processId,
    })
    if (row.kind === 'call' && accountId !== undefined) await answerCall(trx, row.id, accountId)
    return this.#review(trx, row, session, { now })
  }

  #review(
    trx: Trx,
    row: MeetingRow,
    session: SessionRow,
    options: { now: Date; emptySince?: Date; hungUp?: boolean },
  ): Promise<boolean> {
    return reviewSession(trx, row, session, { ...options, config: this.#options.config.meetings })
  }

  #finish(
    trx: Trx,
    row: MeetingRow,
    session: SessionRow,
    { reason, now }: { reason: EndReason; now: Date },
  ): Promise<void> {
    const { meetings: config } = this.#options.config
    return finishSession(trx, row, session, { at: now, reason, now, config })
  }

  async #inSession(
    meetingId: string,
    act: (trx: Trx, row: MeetingRow, session: SessionRow) => Promise<boolean>,
  ): Promise<boolean> {
    return this.#transaction(async (trx) => {
      const row = await lockMeeting(trx, meetingId)
      const session = row && (await findOpenSession(trx, meetingId))
      return session ? act(trx, row, session) : false
    })
  }

  #transaction<T>(act: (trx: Trx) => Promise<T>): Promise<T> {
    return this.#options.db.transaction().execute(act)
  }

  /** Runs `act` after what came before for this meeting. A database that is away for a while costs time and nothing else. */
  #write(meetingId: string, act: () => Promise<void>): void {
    const before = this.#writing.get(meetingId) ?? Promise.resolve()
    const written = before.then(() => this.#insist(meetingId, act))
    this.#writing.set(meetingId, written)
    void written.then(() => {
      if (this.#writing.get(meetingId) === written) this.#writing.delete(meetingId)
    })
  }

  async #insist(meetingId: string, act: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await act()
      } catch (error) {
        const isPassing = error instanceof AppError && error.code === 'unavailable'
        if (!isPassing || this.#closed) {
          this.#options.log.error({ err: error, meetingId }, 'attendance is not complete')
          return
        }
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs).unref())
    }
  }

  #failed(error: unknown, what: string): void {
    const isPassing = error instanceof AppError && error.code === 'unavailable'
    if (isPassing) this.#options.log.debug({ err: error }, `meetings: ${what}`)
    else this.#options.log.error({ err: error }, `meetings: ${what}`)
  }
}
