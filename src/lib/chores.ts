import type { Log } from './log.ts'

/** Something that is to be done now and then. Several processes may do it at the same time. */
export type Chore = (now: Date) => Promise<unknown>

/** Does each chore at the start and then at intervals, one after the other, until it is closed. */
export class Chores {
  readonly #chores: Readonly<Record<string, Chore>>
  readonly #log: Log
  readonly #timer: NodeJS.Timeout
  #running: Promise<void>
  #closed = false

  constructor(options: { chores: Readonly<Record<string, Chore>>; everyMs: number; log: Log }) {
    this.#chores = options.chores
    this.#log = options.log
    this.#running = this.#run()
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.#run())
    }, options.everyMs).unref()
  }

  /** Waits for the one under way. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await this.#running
  }

  async #run(): Promise<void> {
    for (const [chore, act] of Object.entries(this.#chores)) {
      if (this.#closed) return
      try {
        await act(new Date())
      } catch (error) {
        // The next round comes by itself.
        this.#log.warn({ err: error, chore }, 'a chore could not be done')
      }
    }
  }
}
