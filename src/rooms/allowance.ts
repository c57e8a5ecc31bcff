import { limitExceeded } from '../lib/app-error.ts'
import type { LimitName } from '../../config/schema.ts'

/** Counts what is there and what is being made, so that many requests at once cannot pass a limit together. */
export class Allowance {
  readonly #name: LimitName
  readonly #max: number
  #used = 0

  constructor(name: LimitName, max: number) {
    this.#name = name
    this.#max = max
  }

  get used(): number {
    return this.#used
  }

  /**
   * Makes one more, or throws `limit-exceeded`. Its place is taken until `make` fails or `onClose` of what was made
   * calls back.
   */
  async make<T>(make: () => Promise<T>, onClose: (made: T, freed: () => void) => void): Promise<T> {
    if (this.#used >= this.#max) throw limitExceeded(this.#name, this.#max)
    this.#used++
    try {
      const made = await make()
      onClose(made, () => this.#used--)
      return made
    } catch (error) {
      this.#used--
      throw error
    }
  }
}
