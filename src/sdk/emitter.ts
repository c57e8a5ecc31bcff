// What a listener takes is known where it is added; the store only needs something callable.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyListener = (...args: any[]) => void

/** A typed event emitter: `Events` maps each event's name to the tuple of its arguments. */
export class Emitter<Events extends { [K in keyof Events]: unknown[] }> {
  /** Each listener, and whether it is removed after its first call. */
  readonly #listeners = new Map<keyof Events, Map<AnyListener, boolean>>()

  /** Calls `listener` each time `event` happens. Adding the same function twice has no effect. */
  on<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): this {
    return this.#add(event, listener, false)
  }

  /** Calls `listener` for the next `event` only. */
  once<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): this {
    return this.#add(event, listener, true)
  }

  /** Removes a listener added with `on` or `once`. */
  off<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): this {
    this.#listeners.get(event)?.delete(listener)
    return this
  }

  /** Removes every listener of `event`, or of all events. */
  removeAllListeners(event?: keyof Events): this {
    if (event === undefined) this.#listeners.clear()
    else this.#listeners.delete(event)
    return this
  }

  /**
   * A listener that throws does not stop the others; its error is reported as uncaught.
   * @internal
   */
  emit<K extends keyof Events>(event: K, ...args: Events[K]): void {
    for (const [listener, once] of [...(this.#listeners.get(event) ?? [])]) {
      if (once) this.off(event, listener)
      try {
        listener(...args)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  #add(event: keyof Events, listener: AnyListener, once: boolean): this {
    const listeners = this.#listeners.get(event) ?? new Map<AnyListener, boolean>()
    listeners.set(listener, once)
    this.#listeners.set(event, listeners)
    return this
  }
}
