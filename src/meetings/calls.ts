import type { Config } from '../../config/schema.ts'
import type { Db } from '../db/database.ts'
import { AppError, limitExceeded } from '../lib/app-error.ts'
import { decodeTimeCursor, pageOf } from '../lib/cursor.ts'
import { randomId } from '../lib/ids.ts'
import { isBackend, type Caller } from '../protocol/caller.ts'
import type { CalleeStatus, CallStatus, CallType } from './call-status.ts'
import {
  findCall,
  insertCall,
  listCallees,
  listCalls,
  markCallee,
  type CalleeRow,
  type CallRow,
} from './calls.store.ts'
import type { EntryTicket, Joining } from './joining.ts'
import type { LiveMeetings } from './live-meetings.ts'
import { insertMeeting, lockMeeting, moveMeeting, type MeetingRow, type Trx } from './meetings.store.ts'
import { findPeople, findPeopleByEmail, type Person } from './people.store.ts'
import { roomOf } from './rooms.ts'
import type { CallView } from './shapes.ts'
import type { EndReason } from './status.ts'
import { moments, viewerOf, type ListOf, type MeetingCaller } from './views.ts'

export interface CallsOptions {
  readonly db: Db
  readonly config: Pick<Config, 'calls' | 'limits'>
  readonly live: LiveMeetings
  readonly joining: Joining
}

type Entered = EntryTicket & { readonly call: CallView }

export const callLists = ['live', 'past', 'all'] as const
export type CallList = (typeof callLists)[number]

/** Instant calls: one account rings others. Each is a meeting without a schedule, with a session and attendance. */
export class Calls {
  readonly #options: CallsOptions

  constructor(options: CallsOptions) {
    this.#options = options
  }

  /** Rings. The caller enters with the answer. */
  async create(
    input: { type: CallType; callees: readonly string[]; callerAccountId: string | undefined },
    { caller, now }: { caller: MeetingCaller; now: Date },
  ): Promise<Entered> {
    const { db, config, live } = this.#options
    const person = await this.#callerOf(input.callerAccountId, caller)
    const callees = await this.#calleesOf(input.callees, person)
    const id = `call_${randomId()}`
    const ringsUntil = new Date(now.getTime() + config.calls.ringSeconds * 1000)
    const row: MeetingRow = {
      id,
      kind: 'call',
      code: null,
      title: `Call of ${person.name}`,
      description: '',
      host_id: person.id,
      host_name: person.name,
      starts_at: null,
      ends_at: null,
      time_zone: 'UTC',
      recurrence: null,
      next_start: null,
      next_end: null,
      passcode: null,
      lobby: false,
      join_before_host: true,
      max_participants: null,
      metadata: {},
      status: 'live',
      sequence: 0,
      version: 1,
      created_at: now,
      changed_at: now,
      check_at: ringsUntil,
      past_at: null,
      record: 'hosts',
    }
    await db.transaction().execute(async (trx) => {
      await insertMeeting(trx, { ...row, metadata: JSON.stringify(row.metadata) })
      await insertCall(
        trx,
        { id, type: input.type, status: 'waiting' satisfies CallStatus, rings_until: ringsUntil },
        callees.map(({ accountId, calledAs }, position) => ({
          call_id: id,
          position,
          account_id: accountId ?? null,
          called_as: calledAs,
          status: 'ringing' satisfies CalleeStatus,
        })),
      )
      await live.begin(trx, row, now)
      await moveMeeting(trx, id, { status: 'live', check_at: ringsUntil })
    })
    const { id: accountId, name } = person
    const ticket = await this.#options.joining.enter(id, { accountId, name, isHost: true, now })
    return { ...ticket, call: await this.get(id, { caller, now }) }
  }

  /** Throws `not-found` for a call that `caller` has no part in. */
  async get(id: string, { caller, now }: { caller: MeetingCaller; now: Date }): Promise<CallView> {
    const { row, callees } = await this.#seen(id, caller)
    return this.#view(row, callees, { caller, now })
  }

  /** Newest first. */
  async list(
    caller: MeetingCaller,
    options: {
      list: CallList
      of: ListOf | undefined
      status: CallStatus | undefined
      limit: number
      cursor: string | undefined
      now: Date
    },
  ): Promise<{ items: CallView[]; next?: string }> {
    const { db } = this.#options
    const { list, of, status, limit, cursor, now } = options
    const wanted = statusesOf(list).filter((one) => status === undefined || one === status)
    if (wanted.length === 0) return { items: [] }
    const rows = await listCalls(db, {
      accountId: viewerOf(caller, of)?.accountId,
      statuses: wanted,
      before: cursor === undefined ? undefined : decodeTimeCursor(cursor),
      limit: limit + 1,
    })
    const page = pageOf(rows, limit, {
      item: (row) => row,
      cursor: (row) => ({ at: row.created_at.toISOString(), id: row.id }),
    })
    const callees = Map.groupBy(
      await listCallees(
        db,
        page.items.map(({ id }) => id),
      ),
      ({ call_id: id }) => id,
    )
    const people = await this.#peopleOf(page.items, [...callees.values()].flat())
    const items = page.items.map((row) => viewOf(row, callees.get(row.id) ?? [], { people, caller, now }))
    return { ...page, items }
  }

  /** A room token for the caller or somebody called. Throws `conflict` when the call is over. */
  async join(id: string, { caller, now }: { caller: MeetingCaller; now: Date }): Promise<Entered> {
    const { row, role } = await this.#seen(id, caller)
    if (caller.kind !== 'account' || role === 'other') {
      throw new AppError('forbidden', 'Only the caller and those called enter a call.')
    }
    assertGoesOn(row)
    const { accountId, name } = caller
    const isHost = role === 'caller'
    const ticket = await this.#options.joining.enter(id, { accountId, name, isHost, now })
    return { ...ticket, call: await this.get(id, { caller, now }) }
  }

  /** Throws `conflict` for somebody who is in the call already; declining again changes nothing. */
  async decline(id: string, { caller, now }: { caller: MeetingCaller; now: Date }): Promise<CallView> {
    const { role } = await this.#seen(id, caller)
    if (caller.kind !== 'account' || role !== 'callee') {
      throw new AppError('forbidden', 'Only those called decline a call.')
    }
    const isOver = await this.#locked(id, async (trx, row) => {
      const call = (await findCall(trx, id))!
      const own = (await listCallees(trx, [id])).find((callee) => callee.account_id === caller.accountId)
      if (own?.status === 'joined') {
        throw new AppError('conflict', 'You are in this call.', { why: 'joined' })
      }
      if (!own || own.status !== 'ringing' || !goesOn(call)) return false
      await markCallee(trx, { callId: id, position: own.position, status: 'declined' })
      return this.#options.live.review(trx, row, now)
    })
    if (isOver) this.#options.live.closeRoom(id)
    return this.get(id, { caller, now })
  }

  /** The caller gives up. Throws `conflict` once somebody has answered. */
  async cancel(id: string, { caller, now }: { caller: MeetingCaller; now: Date }): Promise<CallView> {
    const { role } = await this.#seen(id, caller)
    if (role === 'callee') throw new AppError('forbidden', 'Only the caller cancels a call.')
    return this.#finish(id, { caller, now, reason: 'cancelled', only: 'waiting' })
  }

  /** For everybody: by the caller, or by either of two. */
  async end(id: string, { caller, now }: { caller: MeetingCaller; now: Date }): Promise<CallView> {
    const { role, callees } = await this.#seen(id, caller)
    if (role === 'callee' && callees.length > 1) {
      throw new AppError('forbidden', 'Only the caller ends a call of more than two. Leave it instead.')
    }
    return this.#finish(id, { caller, now, reason: 'ended', only: undefined })
  }

  async #finish(
    id: string,
    options: { caller: MeetingCaller; now: Date; reason: EndReason; only: CallStatus | undefined },
  ): Promise<CallView> {
    const { caller, now, reason, only } = options
    const { live } = this.#options
    await this.#locked(id, async (trx, row) => {
      const call = (await findCall(trx, id))!
      assertGoesOn(call)
      if (only !== undefined && call.status !== only) {
        throw new AppError('conflict', 'Somebody has answered this call.', { why: call.status })
      }
      await live.finish(trx, row, { reason, now })
    })
    live.closeRoom(id)
    return this.get(id, { caller, now })
  }

  async #locked<T>(id: string, act: (trx: Trx, row: MeetingRow) => Promise<T>): Promise<T> {
    return this.#options.db.transaction().execute(async (trx) => {
      const row = await lockMeeting(trx, id)
      if (!row || row.kind !== 'call') throw notFound()
      return act(trx, row)
    })
  }

  async #seen(
    id: string,
    caller: MeetingCaller,
  ): Promise<{ row: CallRow; callees: CalleeRow[]; role: CallView['role'] }> {
    const { db } = this.#options
    const row = await findCall(db, id)
    if (!row) throw notFound()
    const callees = await listCallees(db, [id])
    const role = roleOf(row, callees, caller)
    if (role === 'other' && !isBackend(caller)) throw notFound()
    return { row, callees, role }
  }

  async #view(
    row: CallRow,
    callees: readonly CalleeRow[],
    asked: { caller: MeetingCaller; now: Date },
  ): Promise<CallView> {
    return viewOf(row, callees, { ...asked, people: await this.#peopleOf([row], callees) })
  }

  #peopleOf(rows: readonly CallRow[], callees: readonly CalleeRow[]): Promise<Map<string, Person>> {
    return findPeople(this.#options.db, [
      ...rows.flatMap(({ caller_id: id }) => id ?? []),
      ...callees.flatMap(({ account_id: id }) => id ?? []),
    ])
  }

  async #callerOf(wanted: string | undefined, caller: Caller): Promise<{ id: string; name: string }> {
    if (caller.kind === 'account' && (wanted === undefined || wanted === caller.accountId)) {
      return { id: caller.accountId, name: caller.name }
    }
    if (!isBackend(caller)) throw new AppError('forbidden', 'Only admins and backends choose the caller.')
    const person = wanted && (await findPeople(this.#options.db, [wanted])).get(wanted)
    if (!person)
      throw badRequest('callerAccountId', 'A backend says which account calls: there is no such one.')
    return person
  }

  /** Whoever is called by an address that nobody has is not told apart from somebody who does not answer. */
  async #calleesOf(
    wanted: readonly string[],
    person: { id: string },
  ): Promise<{ accountId: string | undefined; calledAs: string }[]> {
    const { db, config } = this.#options
    const max = config.limits.meetingInvitees
    const all = [...new Set(wanted.map((one) => (one.includes('@') ? one.toLowerCase() : one)))]
    if (all.length > max) throw limitExceeded('meetingInvitees', max)
    const emails = all.filter((one) => one.includes('@'))
    const byEmail = await findPeopleByEmail(db, emails)
    const ids = all.filter((one) => !one.includes('@'))
    const byId = await findPeople(db, ids)
    if (ids.some((id) => !byId.has(id))) throw badRequest('callees', 'There is no such account.')
    const callees = all.map((calledAs) => ({
      calledAs,
      accountId: byId.get(calledAs)?.id ?? byEmail.get(calledAs)?.id,
    }))
    const others = callees.filter(
      ({ accountId }, index) =>
        accountId !== person.id &&
        (accountId === undefined || callees.findIndex((one) => one.accountId === accountId) === index),
    )
    if (others.length === 0) throw badRequest('callees', 'A call is with somebody else.')
    return others
  }
}

function roleOf(row: CallRow, callees: readonly CalleeRow[], caller: MeetingCaller): CallView['role'] {
  if (caller.kind !== 'account') return 'other'
  const { accountId } = caller
  if (row.caller_id === accountId) return 'caller'
  return callees.some((callee) => callee.account_id === accountId) ? 'callee' : 'other'
}

function viewOf(
  row: CallRow,
  callees: readonly CalleeRow[],
  { people, caller, now }: { people: ReadonlyMap<string, Person>; caller: MeetingCaller; now: Date },
): CallView {
  const known = row.caller_id === null ? undefined : people.get(row.caller_id)
  const endedAt = row.ended_at ?? now
  const own = caller.kind === 'account' ? caller.accountId : undefined
  return {
    id: row.id,
    type: row.type as CallType,
    status: row.status as CallStatus,
    role: roleOf(row, callees, caller),
    caller: {
      ...(row.caller_id === null ? {} : { id: row.caller_id }),
      name: known?.name ?? row.caller_name,
    },
    callees: callees.map((callee) => {
      const person = callee.account_id === null ? undefined : people.get(callee.account_id)
      // An address does not tell whose it is, nor whether it is anybody's, until they answer.
      const isKnown =
        person && (callee.called_as === person.id || callee.status === 'joined' || person.id === own)
      return {
        id: isKnown ? person.id : callee.called_as,
        name: isKnown ? person.name : callee.called_as,
        status: callee.status as CalleeStatus,
      }
    }),
    startedAt: row.created_at.toISOString(),
    ringsUntil: row.rings_until.toISOString(),
    ...moments({ answeredAt: row.answered_at, endedAt: row.ended_at }),
    ...(row.answered_at
      ? { seconds: Math.max(0, Math.round((endedAt.getTime() - row.answered_at.getTime()) / 1000)) }
      : {}),
    ...(row.end_reason === null ? {} : { endReason: row.end_reason as EndReason }),
    room: roomOf(row.id),
  }
}

function statusesOf(list: CallList): readonly CallStatus[] {
  if (list === 'live') return ['waiting', 'active']
  const over: CallStatus[] = ['ended', 'cancelled', 'failed']
  return list === 'past' ? over : ['waiting', 'active', ...over]
}

function goesOn({ status }: { readonly status: string }): boolean {
  return status === 'waiting' || status === 'active'
}

function assertGoesOn(row: { readonly status: string }): void {
  if (!goesOn(row)) throw new AppError('conflict', 'This call is over.', { why: row.status })
}

function badRequest(field: string, message: string): AppError {
  return new AppError('bad-request', message, { path: `body.${field}` })
}

function notFound(): AppError {
  return new AppError('not-found', 'There is no such call.')
}
