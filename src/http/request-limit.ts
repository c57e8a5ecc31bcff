/** What is left of a limit after one more request. */
export interface LimitState {
  readonly max: number
  readonly remaining: number
  /** Until all of it is there again. */
  readonly seconds: number
  /** This request was one too many. */
  readonly exceeded: boolean
}

interface Window {
  count: number
  readonly endsAtMs: number
}

/**
 * Of how many keys a limit remembers the count; those whose window began first are forgotten first. More costs memory (some
 * 200 bytes each), fewer lets an attacker with as many addresses be forgotten.
 */
const rememberedKeys = 20_000

/** So many requests of each key (an address, a caller, a name) in a window of time, which begins with the first of them. */
export class RequestLimit {
  readonly #max: number
  readonly #windowMs: number
  /** In the order in which the windows began. */
  readonly #windows = new Map<string, Window>()

  constructor({ max, seconds }: { max: number; seconds: number }) {
    this.#max = max
    this.#windowMs = seconds * 1000
  }

  /** Counts one request. */
  take(key: string, nowMs: number): LimitState {
    const window = this.#windowOf(key, nowMs)
    window.count++
    return {
      max: this.#max,
      remaining: Math.max(0, this.#max - window.count),
      seconds: Math.ceil((window.endsAtMs - nowMs) / 1000),
      exceeded: window.count > this.#max,
    }
  }

  #windowOf(key: string, nowMs: number): Window {
    const known = this.#windows.get(key)
    if (known && known.endsAtMs > nowMs) return known
    this.#windows.delete(key)
    const window = { count: 0, endsAtMs: nowMs + this.#windowMs }
    this.#windows.set(key, window)
    if (this.#windows.size > rememberedKeys) this.#windows.delete(this.#windows.keys().next().value!)
    return window
  }
}
