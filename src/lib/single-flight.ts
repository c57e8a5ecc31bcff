/** Runs `make` once per key at a time: callers that come while it runs share its promise, which is forgotten when it ends. */
export class SingleFlight<K, V> {
  readonly #pending = new Map<K, Promise<V>>()

  has(key: K): boolean {
    return this.#pending.has(key)
  }

  /** Resolves when what runs for a key has ended, however it did; at once if nothing does. */
  async ended(key: K): Promise<void> {
    await this.#pending.get(key)?.catch(() => undefined)
  }

  /** Resolves when all that runs now has ended, however it did. */
  async allEnded(): Promise<void> {
    await Promise.allSettled(this.#pending.values())
  }

  run(key: K, make: () => Promise<V>): Promise<V> {
    const pending = this.#pending.get(key)
    if (pending) return pending
    const made = make().finally(() => this.#pending.delete(key))
    this.#pending.set(key, made)
    return made
  }
}
