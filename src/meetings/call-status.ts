import type { EndReason } from './status.ts'

/** What state a call is in. Values and the time in, values out. */

export const callTypes = ['audio', 'video', 'screen'] as const
export type CallType = (typeof callTypes)[number]

/** waiting: nobody has answered yet. failed: nobody did, all declined, or the server could not go on. */
export const callStatuses = ['waiting', 'active', 'ended', 'cancelled', 'failed'] as const
export type CallStatus = (typeof callStatuses)[number]

export const calleeStatuses = ['ringing', 'joined', 'declined', 'missed'] as const
export type CalleeStatus = (typeof calleeStatuses)[number]

/** A call in which one person is left ends after so long, in milliseconds: the other may only be reconnecting. */
const aloneMs = 20_000

export interface CallState {
  readonly status: 'waiting' | 'active'
  readonly ringsUntil: Date
  readonly callees: readonly CalleeStatus[]
  /** How many are in it. */
  readonly present: number
  readonly aloneSince: Date | undefined
}

export interface CallStep {
  readonly status: 'waiting' | 'active'
  readonly callees: readonly CalleeStatus[]
  readonly aloneSince: Date | undefined
  /** Set when it is over. */
  readonly ending: EndReason | undefined
  /** When to ask again if nothing happens. */
  readonly checkAt: Date
}

/** What a call has come to. `hungUp`: somebody has just left it on purpose. */
export function stepOfCall(state: CallState, { now, hungUp }: { now: Date; hungUp: boolean }): CallStep {
  const isOver = now >= state.ringsUntil
  const callees = state.callees.map((callee) => (isOver && callee === 'ringing' ? 'missed' : callee))
  const rings = callees.includes('ringing')
  const { ringsUntil, present } = state

  if (!callees.includes('joined')) {
    const hasNobody = hungUp && present === 0
    const ending = hasNobody
      ? 'cancelled'
      : rings
        ? undefined
        : callees.includes('missed')
          ? 'unanswered'
          : 'declined'
    return { status: 'waiting', callees, aloneSince: undefined, ending, checkAt: ringsUntil }
  }
  const base = { status: 'active', callees } as const
  if (present >= 2 || (rings && present > 0)) {
    const checkAt = rings ? ringsUntil : later(now, dayMs)
    return { ...base, aloneSince: undefined, ending: undefined, checkAt }
  }
  const aloneSince = state.aloneSince ?? now
  const checkAt = later(aloneSince, aloneMs)
  const ending = hungUp || now >= checkAt ? 'everybody-left' : undefined
  return { ...base, aloneSince, ending, checkAt }
}

/** What a call that is over has become. */
export function overAs(status: CallStatus, reason: EndReason): CallStatus {
  if (reason === 'declined' || reason === 'unanswered' || reason === 'failed') return 'failed'
  return status === 'active' ? 'ended' : 'cancelled'
}

const dayMs = 86_400_000

function later(date: Date, ms: number): Date {
  return new Date(date.getTime() + ms)
}
