import { setTimeout as delay } from 'node:timers/promises'

/** Longest wait, in milliseconds: generous, because a loaded machine is slow and a broken promise stays broken. */
const patienceMs = 20_000
const intervalMs = 25

/**
 * Waits until `look` returns something truthy and gives it back. While it is not yet true, `look` may return false or
 * throw; what it threw last, or what `why` says, is in the error when patience ends.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  options: { why?: () => unknown; patienceMs?: number } = {},
): Promise<Exclude<T, false | undefined | null | 0 | ''>> {
  const deadline = performance.now() + (options.patienceMs ?? patienceMs)
  let last: unknown
  for (;;) {
    try {
      const seen = await look()
      if (seen) return seen as Exclude<T, false | undefined | null | 0 | ''>
      last = seen
    } catch (error) {
      last = error instanceof Error ? error.message : error
    }
    if (performance.now() >= deadline) {
      const why = options.why ? await options.why() : last
      throw new Error(
        `not yet true after ${options.patienceMs ?? patienceMs} ms: ${what}; ${JSON.stringify(why)}`,
      )
    }
    await delay(intervalMs)
  }
}
