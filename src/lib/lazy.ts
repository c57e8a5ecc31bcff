import { AppError } from './app-error.ts'

/** Something that is made when it is first asked for, once, and ended with the rest. */
export class Lazy<T> {
  readonly #make: () => Promise<T>
  readonly #end: (made: T) => Promise<void>
  #made: Promise<T> | undefined
  #closed = false

  constructor(options: { make: () => Promise<T>; end: (made: T) => Promise<void> }) {
    this.#make = options.make
    this.#end = options.end
  }

  /** Whether it was asked for, and did not fail. */
  get wanted(): boolean {
    return this.#made !== undefined
  }

  /** Throws what making it throws; the next call tries again. `unavailable` after `close`. */
  async get(): Promise<T> {
    if (this.#closed) throw new AppError('unavailable', 'The server is closing.')
    const made = (this.#made ??= this.#make())
    try {
      return await made
    } catch (error) {
      // Others may have waited for the same failure, and somebody may be trying again already.
      if (this.#made === made) this.#made = undefined
      throw error
    }
  }

  /** Ends what was made, if anything was. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const made = await this.#made?.catch(() => undefined)
    if (made !== undefined) await this.#end(made)
  }
}
