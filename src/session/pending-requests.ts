import { AppError } from '../lib/app-error.ts'

interface Pending {
  readonly resolve: (data: unknown) => void
  readonly reject: (error: AppError) => void
  readonly timer: NodeJS.Timeout
}

/**
 * Each request that waits before this one gives it this much more time, in milliseconds: clients take consumers one by
 * one, so the last of many waits for all others (protoo counts the same way).
 */
const extraMsPerPending = 200

/** Requests of the server that a client has not answered yet. */
export class PendingRequests {
  readonly #pending = new Map<number, Pending>()
  #nextId = 1

  /** Sends through `send` and resolves with the answer's data. Rejects with `timeout`, or with what `fail` is given. */
  send(timeoutMs: number, send: (id: number) => void): Promise<unknown> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#take(id)?.reject(new AppError('timeout', 'The client did not answer.')),
        timeoutMs + this.#pending.size * extraMsPerPending,
      )
      this.#pending.set(id, { resolve, reject, timer })
      send(id)
    })
  }

  /** False when nothing waits for this id: an answer that came too late, or was never asked for. */
  answer(id: number, data: unknown): boolean {
    const pending = this.#take(id)
    pending?.resolve(data)
    return pending !== undefined
  }

  fail(id: number, error: AppError): boolean {
    const pending = this.#take(id)
    pending?.reject(error)
    return pending !== undefined
  }

  failAll(error: AppError): void {
    for (const id of [...this.#pending.keys()]) this.fail(id, error)
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    if (!pending) return undefined
    this.#pending.delete(id)
    clearTimeout(pending.timer)
    return pending
  }
}
