import type { MeetingsConfig } from '../../config/schema.ts'
import { randomId } from '../lib/ids.ts'
import { overAs, stepOfCall, type CalleeStatus, type CallStatus } from './call-status.ts'
import { changeCall, findCall, listCallees, markCallee } from './calls.store.ts'
import { moveMeeting, type MeetingRow, type Trx } from './meetings.store.ts'
import type { Occurrence, Schedule } from './recurrence.ts'
import { countPresent, endSession, insertSession, markSession, type SessionRow } from './sessions.store.ts'
import {
  endingOf,
  missedAt,
  occurrenceAfter,
  occurrenceAt,
  tooLongAt,
  type EndReason,
  type MeetingStatus,
} from './status.ts'

/**
 * Starting and ending sessions of meetings and calls. Everything here happens in a transaction of the caller, who holds the
 * lock of the meeting.
 */

export function scheduleOf(row: MeetingRow): Schedule | undefined {
  const { starts_at: startsAt, ends_at: endsAt, time_zone: timeZone, recurrence } = row
  if (startsAt === null || endsAt === null) return undefined
  return { startsAt, endsAt, timeZone, recurrence: recurrence ?? undefined }
}

export function nextOf({ next_start: start, next_end: end }: MeetingRow): Occurrence | undefined {
  return start && end ? { start, end } : undefined
}

/** Makes the meeting live. */
export async function startSession(
  trx: Trx,
  row: MeetingRow,
  { now, config }: { now: Date; config: MeetingsConfig },
): Promise<SessionRow> {
  const { openMinutesBefore } = config
  const occurrence = occurrenceAt(nextOf(row), { now, openMinutesBefore })
  const session: SessionRow = {
    id: `ses_${randomId()}`,
    meeting_id: row.id,
    started_at: now,
    occurrence_start: occurrence?.start ?? null,
    occurrence_end: occurrence?.end ?? null,
    empty_since: now,
    joined: false,
    ended_at: null,
    end_reason: null,
  }
  await insertSession(trx, session)
  const { at } = endingOf(runningOf(session), config)
  await moveMeeting(trx, row.id, { status: 'live' satisfies MeetingStatus, check_at: at })
  return session
}

/** Ends the session; the meeting is scheduled for its next occurrence, or over. */
export async function finishSession(
  trx: Trx,
  row: MeetingRow,
  session: SessionRow,
  { at, reason, now, config }: { at: Date; reason: EndReason; now: Date; config: MeetingsConfig },
): Promise<void> {
  await endSession(trx, session.id, { at, reason })
  if (row.kind === 'call') await finishCall(trx, row.id, { at, reason })
  const schedule = scheduleOf(row)
  const over = session.occurrence_start
  // A session out of schedule uses up no occurrence.
  const next = schedule && over ? occurrenceAfter(schedule, over, now) : nextOf(row)
  await settle(trx, row, { next: reason === 'cancelled' ? undefined : next, reason, at, config })
}

/** Where a meeting stands that is not live: scheduled for `next`, or over. */
export async function settle(
  trx: Trx,
  row: MeetingRow,
  options: {
    next: Occurrence | undefined
    reason: EndReason
    /** When it became so. */
    at: Date
    config: MeetingsConfig
  },
): Promise<void> {
  const { next, reason, at, config } = options
  const over: MeetingStatus = reason === 'cancelled' ? 'cancelled' : 'ended'
  await moveMeeting(trx, row.id, {
    status: next ? ('scheduled' satisfies MeetingStatus) : over,
    next_start: next?.start ?? null,
    next_end: next?.end ?? null,
    check_at: next ? missedAt(next, config) : null,
    past_at: at,
  })
}

/**
 * Brings a session up to date after somebody came or went, or time passed. Returns whether it has ended, so that its room
 * must be ended too.
 */
export async function reviewSession(
  trx: Trx,
  row: MeetingRow,
  session: SessionRow,
  options: {
    now: Date
    config: MeetingsConfig
    /** When the last one left, if nobody is there. */
    emptySince?: Date
    /** Somebody has just left on purpose. */
    hungUp?: boolean
  },
): Promise<boolean> {
  const { now, config, emptySince, hungUp = false } = options
  const present = await countPresent(trx, session.id)
  const joined = session.joined || present > 0
  const empty_since = present > 0 ? null : (session.empty_since ?? emptySince ?? now)
  await markSession(trx, session.id, { empty_since, joined })
  if (row.kind === 'call') return reviewCall(trx, row, session, { now, config, present, hungUp })
  const ending = endingOf(runningOf({ ...session, empty_since, joined }), config)
  if (ending.at <= now) {
    await finishSession(trx, row, session, { ...ending, now, config })
    return true
  }
  await moveMeeting(trx, row.id, { check_at: ending.at })
  return false
}

/** Returns whether the call is over. */
async function reviewCall(
  trx: Trx,
  row: MeetingRow,
  session: SessionRow,
  options: { now: Date; config: MeetingsConfig; present: number; hungUp: boolean },
): Promise<boolean> {
  const { now, config, present, hungUp } = options
  const call = await findCall(trx, row.id)
  if (!call || (call.status !== 'waiting' && call.status !== 'active')) return false
  const callees = await listCallees(trx, [row.id])
  const step = stepOfCall(
    {
      status: call.status,
      ringsUntil: call.rings_until,
      callees: callees.map(({ status }) => status as CalleeStatus),
      present,
      aloneSince: call.alone_since ?? undefined,
    },
    { now, hungUp },
  )
  for (const [index, status] of step.callees.entries()) {
    const { position, status: before } = callees[index]!
    if (status !== before) await markCallee(trx, { callId: row.id, position, status })
  }
  const isAnswered = step.status === 'active' && call.status === 'waiting'
  await changeCall(trx, row.id, {
    status: step.status,
    alone_since: step.aloneSince ?? null,
    ...(isAnswered ? { answered_at: now } : {}),
  })
  const tooLong = tooLongAt(session.started_at, config)
  const ending = tooLong <= now ? 'too-long' : step.ending
  if (ending !== undefined) {
    await finishSession(trx, row, session, { at: now, reason: ending, now, config })
    return true
  }
  await moveMeeting(trx, row.id, { check_at: step.checkAt < tooLong ? step.checkAt : tooLong })
  return false
}

async function finishCall(
  trx: Trx,
  id: string,
  { at, reason }: { at: Date; reason: EndReason },
): Promise<void> {
  const call = await findCall(trx, id)
  if (!call) return
  for (const { position, status } of await listCallees(trx, [id])) {
    if (status === ('ringing' satisfies CalleeStatus))
      await markCallee(trx, { callId: id, position, status: 'missed' })
  }
  await changeCall(trx, id, {
    status: overAs(call.status as CallStatus, reason),
    ended_at: at,
    end_reason: reason,
  })
}

function runningOf(session: SessionRow) {
  return {
    startedAt: session.started_at,
    joined: session.joined,
    emptySince: session.empty_since ?? undefined,
    occurrenceEnd: session.occurrence_end ?? undefined,
  }
}
