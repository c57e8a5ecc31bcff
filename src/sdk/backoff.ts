import type { ReconnectOptions } from './types.ts'

export interface ReconnectPolicy {
  readonly initialDelay: number
  readonly maxDelay: number
  readonly giveUpAfter: number
}

export function reconnectPolicy(options: ReconnectOptions = {}): ReconnectPolicy {
  return {
    initialDelay: options.initialDelay ?? 500,
    maxDelay: options.maxDelay ?? 5_000,
    giveUpAfter: options.giveUpAfter ?? 60_000,
  }
}

/**
 * Milliseconds before try number `attempt` (from 0). The first comes almost at once, spread a little so that a restarted
 * server does not meet all its clients in one moment; later ones double, with half of the delay left to chance.
 */
export function reconnectDelay(attempt: number, policy: ReconnectPolicy, random: number): number {
  if (attempt === 0) return Math.round(random * Math.min(150, policy.initialDelay))
  const full = Math.min(policy.maxDelay, policy.initialDelay * 2 ** (attempt - 1))
  return Math.round(full / 2 + (random * full) / 2)
}
