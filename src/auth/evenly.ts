import { setTimeout as delay } from 'node:timers/promises'

/** Longer than all that may or may not have to be done, in milliseconds. */
const evenMs = 250

/**
 * The same answer after the same time, whatever `act` finds to do: how long it takes must not tell whether an address has an
 * account.
 */
export async function evenly<T>(act: () => Promise<T>): Promise<T> {
  const [result] = await Promise.allSettled([act(), delay(evenMs)])
  if (result.status === 'rejected') throw result.reason
  return result.value
}
