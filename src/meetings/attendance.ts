/**
 * How visits become attendance: one row per person and session. Values and the time in, values out.
 */

/** Whoever is back within so long never left: a reconnect, a restart of the server, another tab. In milliseconds. */
const sameVisitMs = 60_000

/** All visits of somebody to a session. */
export interface Visits {
  readonly visits: number
  /** Length of those before the last one, in milliseconds. */
  readonly earlierMs: number
  /** Start of the last one. */
  readonly visitStart: Date
  /** Undefined while it lasts. */
  readonly leftAt: Date | undefined
  /** When they were last known to be there. */
  readonly seenAt: Date
}

export function firstVisit(now: Date): Visits {
  return { visits: 1, earlierMs: 0, visitStart: now, leftAt: undefined, seenAt: now }
}

/** The same when they come again. A visit whose end nobody wrote down (a crash) ended when they were last seen. */
export function visitAgain(before: Visits, now: Date): Visits {
  const { visits, visitStart, seenAt, earlierMs } = before
  const leftAt = before.leftAt ?? seenAt
  if (now.getTime() - leftAt.getTime() <= sameVisitMs) return { ...before, leftAt: undefined, seenAt: now }
  return {
    visits: visits + 1,
    earlierMs: earlierMs + Math.max(0, leftAt.getTime() - visitStart.getTime()),
    visitStart: now,
    leftAt: undefined,
    seenAt: now,
  }
}

/** Whole seconds that somebody was there until now. */
export function secondsThere({ earlierMs, visitStart, leftAt }: Visits, now: Date): number {
  const lastMs = Math.max(0, (leftAt ?? now).getTime() - visitStart.getTime())
  return Math.round((earlierMs + lastMs) / 1000)
}
