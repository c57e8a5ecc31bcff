import type { Config } from '../../config/schema.ts'
import type { Audit } from '../audit/audit.ts'
import type { SecretBox } from '../auth/secret-box.ts'
import type { Db } from '../db/database.ts'
import { AppError, assertVersion, limitExceeded } from '../lib/app-error.ts'
import { decodeTimeCursor, pageOf } from '../lib/cursor.ts'
import { randomId } from '../lib/ids.ts'
import type { Actor } from '../protocol/caller.ts'
import type { RecordPolicy } from '../protocol/recording.ts'
import { isBackend } from '../protocol/caller.ts'
import { secondsThere } from './attendance.ts'
import { randomCode } from './codes.ts'
import type { Invitations } from './invitations.ts'
import { listInvitees, markInvitee, replaceInvitees, type InviteeStatus } from './invitees.store.ts'
import type { LiveMeetings } from './live-meetings.ts'
import {
  changeMeeting,
  countOpenMeetings,
  deleteMeeting,
  findMeeting,
  insertMeeting,
  isGuestOf,
  listedAt,
  listMeetings,
  lockMeeting,
  type LiveMeetingRow,
  type MeetingList,
  type MeetingRow,
  type Trx,
} from './meetings.store.ts'
import { findPeople, findPeopleByEmail } from './people.store.ts'
import { checkSchedule, checkTimeZone, occurrences, type Occurrence } from './recurrence.ts'
import { roomOf, type MeetingRoom } from './rooms.ts'
import { nextOf, scheduleOf, settle } from './running.ts'
import { listAttendances, listSessions, visitsOf } from './sessions.store.ts'
import type { MeetingChange, MeetingSessionView, MeetingView, NewMeeting } from './shapes.ts'
import { missedAt, opensAt, type EndReason, type MeetingStatus } from './status.ts'
import {
  isHostOf,
  moments,
  sealPasscode,
  viewerOf,
  viewsOf,
  type ListOf,
  type MeetingCaller,
} from './views.ts'

export interface MeetingsOptions {
  readonly db: Db
  readonly config: Pick<Config, 'meetings' | 'limits'>
  readonly box: SecretBox
  readonly audit: Audit
  readonly live: LiveMeetings
  readonly invitations: Invitations
  readonly baseUrl: () => string
}

/** Who asks, when, and as whom the audit log knows them. */
export interface Asking {
  readonly caller: MeetingCaller
  readonly actor: Actor
  readonly now: Date
}

/** Levels of metadata: a few thousand would overflow the stack when they are written. */
const metadataDepth = 32
/** Sessions in one answer about attendance. */
const shownSessions = 200
export const shownOccurrences = 100

/** Meetings as people plan and change them. */
export class Meetings {
  readonly #options: MeetingsOptions

  constructor(options: MeetingsOptions) {
    this.#options = options
  }

  /** Without `startsAt` it is live at once. */
  async create(input: NewMeeting, { caller, actor, now }: Asking): Promise<MeetingView> {
    const { db, box, config, invitations, live } = this.#options
    const host = await this.#hostOf(input.hostAccountId, caller)
    if (host.id !== undefined) {
      const max = config.limits.meetingsPerHost
      if ((await countOpenMeetings(db, host.id)) >= max) throw limitExceeded('meetingsPerHost', max)
    }
    const schedule = plan(input)
    const invitees = this.#checkInvitees(input.invitees ?? [])
    const next = schedule && firstAhead(schedule, now)
    if (schedule && !next) {
      throw new AppError('bad-request', 'Every occurrence is over already.', { path: 'body.startsAt' })
    }
    const id = `mtg_${randomId()}`
    const row: MeetingRow = {
      id,
      kind: 'meeting',
      code: randomCode(),
      title: input.title?.trim() || `Meeting of ${host.name}`,
      description: input.description?.trim() ?? '',
      host_id: host.id ?? null,
      host_name: host.name,
      starts_at: schedule?.startsAt ?? null,
      ends_at: schedule?.endsAt ?? null,
      time_zone: schedule?.timeZone ?? input.timeZone ?? 'UTC',
      recurrence: schedule?.recurrence ?? null,
      next_start: next?.start ?? null,
      next_end: next?.end ?? null,
      passcode: sealPasscode(input.passcode, id, box),
      lobby: input.lobby ?? false,
      join_before_host: input.joinBeforeHost ?? true,
      max_participants: input.maxParticipants ?? null,
      metadata: this.#checkMetadata(input.metadata),
      status: 'scheduled',
      sequence: 0,
      version: 1,
      created_at: now,
      changed_at: now,
      check_at: next ? missedAt(next, config.meetings) : null,
      past_at: null,
      record: input.record ?? 'hosts',
    }
    await db.transaction().execute(async (trx) => {
      await insertMeeting(trx, { ...row, metadata: JSON.stringify(row.metadata) })
      await replaceInvitees(trx, id, invitees)
      if (!next) await live.begin(trx, row, now)
      await invitations.created(trx, row, { now, caller })
      await this.#record(trx, 'meeting.created', id, { actor, now })
    })
    return this.#view((await findMeeting(db, id))!, caller)
  }

  /** Throws `not-found` for one that `caller` neither hosts nor is invited to. */
  async get(id: string, caller: MeetingCaller): Promise<MeetingView> {
    const { db } = this.#options
    const row = await this.#seen(id, caller)
    const view = await this.#view(row, caller)
    return view.role === 'host' ? { ...view, invitees: await this.#withJoined(db, row, view) } : view
  }

  async list(
    caller: MeetingCaller,
    options: { list: MeetingList; of?: ListOf | undefined; limit: number; cursor: string | undefined },
  ): Promise<{ items: MeetingView[]; next?: string }> {
    const { db } = this.#options
    const { list, of, limit, cursor } = options
    const rows = await listMeetings(db, {
      list,
      viewer: viewerOf(caller, of),
      after: cursor === undefined ? undefined : decodeTimeCursor(cursor),
      limit: limit + 1,
    })
    const page = pageOf(rows, limit, {
      item: (row) => row,
      cursor: (row) => ({ at: listedAt(row, list).toISOString(), id: row.id }),
    })
    return { ...page, items: await viewsOf(this.#options, page.items, caller) }
  }

  /** Throws `precondition-failed` when it has changed since `version`, `conflict` when it is over. */
  async change(
    id: string,
    change: MeetingChange,
    { caller, actor, now, version }: Asking & { version: number | undefined },
  ): Promise<MeetingView> {
    const { db, box, config, invitations, live } = this.#options
    let recordBefore: string | undefined
    const after = await this.#locked(id, caller, async (trx, row) => {
      assertVersion(version, row.version)
      assertGoesOn(row)
      recordBefore = row.record
      const schedule = replan(row, change)
      const isRescheduled = schedule !== undefined && !isSameSchedule(row, schedule)
      const next = isRescheduled ? firstAhead(schedule, now) : nextOf(row)
      if (isRescheduled && !next) {
        throw new AppError('bad-request', 'Every occurrence is over already.', { path: 'body.startsAt' })
      }
      const changed: MeetingRow = {
        ...row,
        title: change.title?.trim() || row.title,
        description: change.description?.trim() ?? row.description,
        starts_at: schedule?.startsAt ?? null,
        ends_at: schedule?.endsAt ?? null,
        time_zone: schedule?.timeZone ?? change.timeZone ?? row.time_zone,
        recurrence: schedule?.recurrence ?? null,
        next_start: next?.start ?? null,
        next_end: next?.end ?? null,
        passcode:
          change.passcode === undefined ? row.passcode : sealPasscode(change.passcode ?? undefined, id, box),
        lobby: change.lobby ?? row.lobby,
        join_before_host: change.joinBeforeHost ?? row.join_before_host,
        record: change.record ?? row.record,
        max_participants:
          change.maxParticipants === undefined ? row.max_participants : change.maxParticipants,
        metadata: change.metadata === undefined ? row.metadata : this.#checkMetadata(change.metadata),
        sequence: row.sequence + 1,
        changed_at: now,
        check_at:
          isRescheduled && next && row.status === 'scheduled'
            ? missedAt(next, config.meetings)
            : row.check_at,
      }
      const before = await listInvitees(trx, [id])
      if (change.invitees) await replaceInvitees(trx, id, this.#checkInvitees(change.invitees))
      const { id: _id, kind: _kind, code: _code, version: _version, metadata, ...columns } = changed
      await changeMeeting(trx, id, {
        ...columns,
        ...(change.metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }),
      })
      await invitations.changed(trx, { before: row, after: changed, invitees: before, now, caller })
      await this.#record(trx, 'meeting.changed', id, { actor, now }, { fields: Object.keys(change) })
      return changed
    })
    const { policy, maxPeers, metadata } = this.#roomOf(after)
    const { lobby, joinBeforeHost, maxParticipants, title } = change
    const settings = {
      ...(lobby === undefined && joinBeforeHost === undefined ? {} : { policy }),
      ...(maxParticipants === undefined ? {} : { maxPeers }),
      ...(title === undefined ? {} : { metadata }),
    }
    if (Object.keys(settings).length > 0) live.rooms?.change(roomOf(id), settings)
    const record = after.record as RecordPolicy
    if (record !== recordBefore) live.rooms?.recordPolicyChanged(roomOf(id), record)
    return this.#view((await findMeeting(db, id)) ?? { ...after, active: 0 }, caller)
  }

  /** Forgets it, with who was there. Invitees of one that was still to come are told. */
  async delete(id: string, { caller, actor, now }: Asking): Promise<void> {
    const { invitations, live } = this.#options
    await this.#locked(id, caller, async (trx, row) => {
      if (row.status === 'scheduled' || row.status === 'live') {
        await invitations.cancelled(trx, { ...row, sequence: row.sequence + 1 }, { now, caller })
      }
      await deleteMeeting(trx, id)
      await this.#record(trx, 'meeting.deleted', id, { actor, now })
    })
    live.closeRoom(id)
  }

  /** Makes it live before anybody is there, so that participants need not wait for its time. */
  async start(id: string, { caller, now }: Asking): Promise<MeetingView> {
    await this.#locked(id, caller, async (trx, row) => {
      assertGoesOn(row)
      await this.#options.live.begin(trx, row, now)
    })
    return this.get(id, caller)
  }

  /** Ends what is under way, for everybody in it. Throws `conflict` when it is not live. */
  async end(id: string, { caller, actor, now }: Asking): Promise<MeetingView> {
    const { live } = this.#options
    await this.#locked(id, caller, async (trx, row) => {
      assertGoesOn(row)
      if (!(await live.finish(trx, row, { reason: 'ended', now }))) {
        throw new AppError('conflict', 'This meeting is not live.', { why: 'not-live' })
      }
      await this.#record(trx, 'meeting.ended', id, { actor, now })
    })
    live.closeRoom(id)
    return this.get(id, caller)
  }

  /** For good, with every occurrence to come; invitees are told. Again changes nothing. */
  async cancel(id: string, { caller, actor, now }: Asking): Promise<MeetingView> {
    const { live, invitations, config } = this.#options
    await this.#locked(id, caller, async (trx, row) => {
      if (row.status === 'cancelled') return
      assertGoesOn(row)
      const sequence = row.sequence + 1
      const wasLive = await live.finish(trx, row, { reason: 'cancelled', now })
      if (!wasLive) {
        await settle(trx, row, { next: undefined, reason: 'cancelled', at: now, config: config.meetings })
      }
      await changeMeeting(trx, id, { sequence, changed_at: now })
      await invitations.cancelled(trx, { ...row, sequence }, { now, caller })
      await this.#record(trx, 'meeting.cancelled', id, { actor, now })
    })
    live.closeRoom(id)
    return this.get(id, caller)
  }

  /** Ends the caller's own connection to it. */
  async leave(id: string, caller: MeetingCaller): Promise<void> {
    await this.#seen(id, caller)
    if (caller.kind === 'account') this.#options.live.rooms?.leave(roomOf(id), caller.accountId)
  }

  /** What an invitee says to their invitation. */
  async respond(id: string, status: InviteeStatus, caller: MeetingCaller): Promise<void> {
    await this.#seen(id, caller)
    const isInvited =
      caller.kind === 'account' &&
      (await markInvitee(this.#options.db, { meetingId: id, email: caller.email, status }))
    if (!isInvited) throw new AppError('not-found', 'You are not among the invitees.')
  }

  /** Sends the invitation again, to these invitees or to all. Returns to how many. */
  async inviteAgain(
    id: string,
    emails: readonly string[] | undefined,
    { caller, now }: Asking,
  ): Promise<number> {
    return this.#locked(id, caller, async (trx, row) => {
      assertGoesOn(row)
      return this.#options.invitations.again(trx, row, { emails, now, caller })
    })
  }

  /** Throws `not-found`. */
  async occurrences(
    id: string,
    { from, to, caller }: { from: Date; to: Date | undefined; caller: MeetingCaller },
  ): Promise<Occurrence[]> {
    const schedule = scheduleOf(await this.#seen(id, caller))
    if (!schedule) return []
    return occurrences(schedule, { from, ...(to ? { to } : {}), limit: shownOccurrences })
  }

  /** Newest session first. For hosts. */
  async attendance(id: string, { caller, now }: Asking): Promise<MeetingSessionView[]> {
    const { db } = this.#options
    const row = await this.#seen(id, caller)
    if (!isHostOf(caller, row)) throw new AppError('forbidden', 'Only hosts see who was there.')
    return sessionViews(db, id, now)
  }

  // What the rooms of meetings ask.

  /** How to open the room of a meeting. Throws `not-found`, or `conflict` when it is over. */
  async roomFor(id: string): Promise<MeetingRoom> {
    const row = await findMeeting(this.#options.db, id)
    if (!row) throw notFound()
    assertGoesOn(row)
    return this.#roomOf(row)
  }

  /** Whether it may be recorded; undefined when there is no such meeting. */
  async recordPolicyOf(id: string): Promise<RecordPolicy | undefined> {
    return (await findMeeting(this.#options.db, id))?.record as RecordPolicy | undefined
  }

  /**
   * Throws `not-found`, `conflict` when nobody may enter now: it is over, or it is too early for whoever is no host, and
   * `unauthorized` for an account that was disabled or deleted since its token was issued.
   */
  async assertMayEnter(
    id: string,
    { isHost, accountId, now }: { isHost: boolean; accountId?: string | undefined; now: Date },
  ): Promise<void> {
    const { db } = this.#options
    const row = await findMeeting(db, id)
    if (!row) throw notFound()
    if (accountId !== undefined && !(await findPeople(db, [accountId])).has(accountId)) {
      throw new AppError('unauthorized', 'This account is disabled or deleted.', { why: 'disabled' })
    }
    assertGoesOn(row)
    if (!isHost) assertOpen(row, { now, config: this.#options.config })
  }

  #roomOf(row: MeetingRow): MeetingRoom {
    const { peersPerRoom } = this.#options.config.limits
    return {
      policy: { lobby: row.lobby, waitForHost: !row.join_before_host },
      maxPeers: Math.min(row.max_participants ?? peersPerRoom, peersPerRoom),
      metadata: { meetingId: row.id, title: row.title },
      requiresToken: true,
    }
  }

  /** Runs `act` on a meeting that `caller` hosts, while nobody else changes it. Throws `not-found`, or `forbidden` for invitees. */
  async #locked<T>(
    id: string,
    caller: MeetingCaller,
    act: (trx: Trx, row: MeetingRow) => Promise<T>,
  ): Promise<T> {
    return this.#options.db.transaction().execute(async (trx) => {
      const row = await lockMeeting(trx, id)
      if (!row || row.kind !== 'meeting') throw notFound()
      if (!isHostOf(caller, row)) {
        const isGuest = caller.kind === 'account' && (await isGuestOf(trx, id, caller))
        throw isGuest ? new AppError('forbidden', 'Only the host may do this.') : notFound()
      }
      return act(trx, row)
    })
  }

  async #seen(id: string, caller: MeetingCaller): Promise<LiveMeetingRow> {
    const { db } = this.#options
    const row = await findMeeting(db, id)
    if (!row || row.kind !== 'meeting') throw notFound()
    if (isHostOf(caller, row)) return row
    if (caller.kind === 'account' && (await isGuestOf(db, id, caller))) return row
    throw notFound()
  }

  async #view(row: LiveMeetingRow, caller: MeetingCaller): Promise<MeetingView> {
    const [view] = await viewsOf(this.#options, [row], caller)
    return view!
  }

  async #withJoined(db: Db, row: LiveMeetingRow, view: MeetingView): Promise<MeetingView['invitees']> {
    const people = await findPeopleByEmail(
      db,
      view.invitees.flatMap(({ email }) => email ?? []),
    )
    const sessions = await listSessions(db, { meetingIds: [row.id], limit: shownSessions })
    const there = await listAttendances(
      db,
      sessions.map(({ id }) => id),
    )
    const accounts = new Set(there.map(({ account_id: id }) => id))
    return view.invitees.map((invitee) => {
      const person = people.get(invitee.email ?? '')
      return { ...invitee, joined: person !== undefined && accounts.has(person.id) }
    })
  }

  async #hostOf(
    wanted: string | undefined,
    caller: MeetingCaller,
  ): Promise<{ id: string | undefined; name: string }> {
    if (caller.kind === 'account' && (wanted === undefined || wanted === caller.accountId)) {
      return { id: caller.accountId, name: caller.name }
    }
    if (wanted === undefined) return { id: undefined, name: 'the organiser' }
    if (!isBackend(caller)) throw new AppError('forbidden', 'Only admins and backends choose the host.')
    const person = (await findPeople(this.#options.db, [wanted])).get(wanted)
    if (!person) {
      throw new AppError('bad-request', 'There is no such account.', { path: 'body.hostAccountId' })
    }
    return person
  }

  #checkInvitees(
    invitees: readonly { email: string; name?: string }[],
  ): { email: string; name: string | null }[] {
    const max = this.#options.config.limits.meetingInvitees
    const byEmail = new Map(
      invitees.map(({ email, name }) => [
        email.toLowerCase(),
        { email: email.toLowerCase(), name: name?.trim() || null },
      ]),
    )
    if (byEmail.size > max) throw limitExceeded('meetingInvitees', max)
    return [...byEmail.values()]
  }

  #checkMetadata(metadata: Record<string, unknown> = {}): Record<string, unknown> {
    const max = this.#options.config.limits.metadataBytes
    if (isDeeper(metadata, metadataDepth)) {
      throw new AppError('bad-request', `metadata has more than ${metadataDepth} levels.`, {
        path: 'body.metadata',
      })
    }
    if (Buffer.byteLength(JSON.stringify(metadata)) > max) throw limitExceeded('metadataBytes', max)
    return metadata
  }

  #record(
    trx: Trx,
    action: 'meeting.created' | 'meeting.changed' | 'meeting.cancelled' | 'meeting.deleted' | 'meeting.ended',
    id: string,
    { actor, now }: { actor: Actor; now: Date },
    data?: { readonly fields: readonly string[] },
  ): Promise<void> {
    const target = { kind: 'meeting', id } as const
    return this.#options.audit.record({ actor, action, target, now, ...(data ? { data } : {}) }, trx)
  }
}

/** Newest session first. */
async function sessionViews(db: Db, id: string, now: Date): Promise<MeetingSessionView[]> {
  const sessions = await listSessions(db, { meetingIds: [id], limit: shownSessions })
  const rows = await listAttendances(
    db,
    sessions.map((session) => session.id),
  )
  const there = Map.groupBy(rows, (row) => row.session_id)
  return sessions.map((session) => ({
    id: session.id,
    startedAt: session.started_at.toISOString(),
    ...moments({ endedAt: session.ended_at }),
    ...(session.end_reason === null ? {} : { endReason: session.end_reason as EndReason }),
    attendances: (there.get(session.id) ?? []).map((row) => ({
      identity: row.identity,
      ...(row.account_id === null ? {} : { accountId: row.account_id }),
      name: row.name,
      joinedAt: row.joined_at.toISOString(),
      ...moments({ leftAt: row.left_at }),
      seconds: secondsThere(visitsOf(row), now),
      visits: row.visits,
    })),
  }))
}

/** Throws `conflict` with `data.why` for a meeting that is over. */
export function assertGoesOn(row: { readonly status: string }): void {
  const status = row.status as MeetingStatus
  if (status === 'ended') throw new AppError('conflict', 'This meeting has ended.', { why: 'ended' })
  if (status === 'cancelled')
    throw new AppError('conflict', 'This meeting was cancelled.', { why: 'cancelled' })
}

/** Throws `conflict` when participants may not enter yet. */
export function assertOpen(
  row: MeetingRow,
  { now, config }: { now: Date; config: Pick<Config, 'meetings'> },
): void {
  const at = opensAtOf(row, { now, config })
  if (!at) return
  throw new AppError('conflict', 'This meeting is not open yet.', {
    why: 'too-early',
    opensAt: at.toISOString(),
  })
}

/** From when participants may enter, if they may not now. */
export function opensAtOf(
  row: MeetingRow,
  { now, config }: { now: Date; config: Pick<Config, 'meetings'> },
): Date | undefined {
  if (row.status !== 'scheduled' || row.next_start === null) return undefined
  const at = opensAt(row.next_start, config.meetings)
  return now < at ? at : undefined
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}

export function notFound(): AppError {
  return new AppError('not-found', 'There is no such meeting.')
}

function plan(input: NewMeeting) {
  const { startsAt, endsAt, timeZone = 'UTC', recurrence } = input
  if (startsAt === undefined) {
    checkTimeZone(timeZone)
    const misplaced = endsAt !== undefined ? 'endsAt' : recurrence !== undefined ? 'recurrence' : undefined
    if (misplaced === undefined) return undefined
    throw new AppError('bad-request', `${misplaced} needs startsAt.`, { path: `body.${misplaced}` })
  }
  return checkSchedule({
    startsAt: new Date(startsAt),
    endsAt: endsAt === undefined ? undefined : new Date(endsAt),
    timeZone,
    recurrence,
  })
}

function replan(row: MeetingRow, change: MeetingChange) {
  const before = scheduleOf(row)
  const startsAt = change.startsAt === undefined ? before?.startsAt : new Date(change.startsAt)
  if (startsAt === undefined) {
    if (change.timeZone !== undefined) checkTimeZone(change.timeZone)
    if (!change.endsAt && !change.recurrence) return undefined
    throw new AppError('bad-request', 'This meeting has no schedule: startsAt is missing.', {
      path: 'body.startsAt',
    })
  }
  const lengthMs = before && before.endsAt.getTime() - before.startsAt.getTime()
  // Who moves the start moves the whole meeting.
  const kept = lengthMs === undefined ? undefined : new Date(startsAt.getTime() + lengthMs)
  return checkSchedule({
    startsAt,
    endsAt: change.endsAt === undefined ? kept : change.endsAt === null ? undefined : new Date(change.endsAt),
    timeZone: change.timeZone ?? row.time_zone,
    recurrence: (change.recurrence === undefined ? row.recurrence : change.recurrence) ?? undefined,
  })
}

function isSameSchedule(row: MeetingRow, schedule: NonNullable<ReturnType<typeof plan>>): boolean {
  return (
    row.starts_at?.getTime() === schedule.startsAt.getTime() &&
    row.ends_at?.getTime() === schedule.endsAt.getTime() &&
    row.time_zone === schedule.timeZone &&
    (row.recurrence ?? undefined) === schedule.recurrence
  )
}

/** The first occurrence that is not over. */
function firstAhead(schedule: NonNullable<ReturnType<typeof plan>>, now: Date): Occurrence | undefined {
  return occurrences(schedule, { from: now, limit: 1 })[0]
}
