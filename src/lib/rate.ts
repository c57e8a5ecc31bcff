/** A token bucket: `burst` at once, `perSecond` on average. */
export class Rate {
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #atMs: number

  constructor(options: { perSecond: number; burst: number; nowMs: number }) {
    this.#perSecond = options.perSecond
    this.#burst = options.burst
    this.#tokens = options.burst
    this.#atMs = options.nowMs
  }

  /** Whether one more is within the rate; takes its place if so. One that weighs more takes several places. */
  take(nowMs: number, weight = 1): boolean {
    const earned = (Math.max(0, nowMs - this.#atMs) / 1000) * this.#perSecond
    this.#tokens = Math.min(this.#burst, this.#tokens + earned)
    this.#atMs = nowMs
    const places = Math.min(weight, this.#burst)
    if (this.#tokens < places) return false
    this.#tokens -= places
    return true
  }

  /** Whether nothing is owed any more, so that a new bucket would do the same. */
  isFull(nowMs: number): boolean {
    return this.#tokens + ((nowMs - this.#atMs) / 1000) * this.#perSecond >= this.#burst
  }
}
