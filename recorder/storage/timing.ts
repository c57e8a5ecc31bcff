/** How patient storage is. Tests are less so. */
export interface StorageTiming {
  /** Until a connection has to stand. */
  readonly connectMs: number
  /** A connection on which nothing moves for so long is given up. Services may think for a while over a large file. */
  readonly idleMs: number
  /** How often a request is tried in a row before the recording waits. */
  readonly attempts: number
  /** How often is looked for what was written meanwhile. */
  readonly scanMs: number
  /** The first wait after a failure; each next one is twice as long. */
  readonly firstWaitMs: number
  readonly longestWaitMs: number
}

export const storageTiming: StorageTiming = {
  connectMs: 10_000,
  idleMs: 60_000,
  attempts: 3,
  scanMs: 2_000,
  firstWaitMs: 2_000,
  longestWaitMs: 15 * 60_000,
}

/**
 * How long to wait after so many failures in a row: twice as long each time, and up to half of it at random, so that many
 * recordings do not come back at the same moment. `random` is from 0 to 1.
 */
export function waitMs(failures: number, timing: StorageTiming, random: number): number {
  const longest = Math.min(timing.firstWaitMs * 2 ** Math.min(failures - 1, 30), timing.longestWaitMs)
  return Math.round(longest * (1 - random / 2))
}
