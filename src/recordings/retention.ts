import type { Config } from '../../config/schema.ts'
import { AppError } from '../lib/app-error.ts'
import type { RecordingRow } from './recordings.store.ts'

/** How long recordings are kept: as the operator says (`recordings.keepDays`), or shorter. */

const dayMs = 86_400_000

/** When one that ended then is deleted by itself; null: never. */
export function expiryOf(endedAt: Date, { keepDays }: Pick<Config['recordings'], 'keepDays'>): Date | null {
  return keepDays === 0 ? null : new Date(endedAt.getTime() + keepDays * dayMs)
}

/**
 * Throws `forbidden` (`why: retention`) where somebody who runs nothing here wants a recording to stay longer than
 * `keepDays`, and longer than it would stay anyway. Whoever manages it may always have it deleted sooner.
 */
export function assertMayKeepUntil(
  wanted: Date | null,
  row: Pick<RecordingRow, 'state' | 'ended_at' | 'expires_at'>,
  { config, now }: { config: Pick<Config['recordings'], 'keepDays'>; now: Date },
): void {
  const most = expiryOf(row.ended_at ?? now, config)
  if (most === null) return
  const present = isDecided(row) ? timeOf(row.expires_at) : 0
  if (timeOf(wanted) <= Math.max(most.getTime(), present)) return
  const { keepDays } = config
  throw new AppError(
    'forbidden',
    `Recordings are kept for ${keepDays} ${keepDays === 1 ? 'day' : 'days'} here. Only admins keep one for longer.`,
    { why: 'retention', until: most.toISOString() },
  )
}

/**
 * Throws `conflict` (`why: not-ready`) for one of which nobody has written down yet when it goes: that it is kept for ever
 * would be forgotten when its files are listed.
 */
export function assertCanBeKept(
  row: Pick<RecordingRow, 'state' | 'expires_at'>,
  { keepDays }: Pick<Config['recordings'], 'keepDays'>,
): void {
  if (keepDays === 0 || (row.state !== 'recording' && isDecided(row))) return
  throw new AppError('conflict', 'This recording can be kept for ever when it is ready, not before.', {
    why: 'not-ready',
  })
}

/** Before its files are listed nobody has written down yet when it goes. */
function isDecided({ state, expires_at: expiresAt }: Pick<RecordingRow, 'state' | 'expires_at'>): boolean {
  return expiresAt !== null || state === 'ready' || state === 'failed'
}

function timeOf(expiresAt: Date | null): number {
  return expiresAt?.getTime() ?? Infinity
}
