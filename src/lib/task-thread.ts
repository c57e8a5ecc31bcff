import { parentPort, Worker } from 'node:worker_threads'

/**
 * What is done in a thread, by name: a value that can be cloned in, another out. `signal` is aborted with that of whoever asked,
 * and `tell` gives them an event meanwhile.
 */
type Tasks = Readonly<Record<string, (input: never, around: never) => Promise<unknown>>>
type InputOf<T> = T extends (input: infer Input, around: never) => unknown ? Input : never
type OutputOf<T> = T extends (input: never, around: never) => Promise<infer Output> ? Output : never
type EventOf<T> = T extends (
  input: never,
  around: { signal: AbortSignal; tell: (event: infer Event) => void },
) => unknown
  ? Event
  : never

type ToThread =
  { readonly id: number; readonly name: string; readonly input: unknown } | { readonly stop: number }
type FromThread =
  | { readonly id: number; readonly event: unknown }
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly error: Error; readonly facts: object }

interface Pending {
  readonly resolve: (output: unknown) => void
  readonly reject: (error: Error) => void
  readonly tell: ((event: never) => void) | undefined
}

/**
 * Work that would hold up the event loop, in a thread of its own: its file answers with `serveTasks`. It begins with the
 * first task, is given up after `idleMs` without one, and keeps no process alive.
 */
export class TaskThread<T extends Tasks> {
  readonly #file: URL
  readonly #idleMs: number
  readonly #pending = new Map<number, Pending>()
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined
  #next = 0

  constructor(options: { file: URL; idleMs: number }) {
    this.#file = options.file
    this.#idleMs = options.idleMs
  }

  /** Throws what the task threw: an Error with its name, message and own fields. */
  run<Name extends keyof T & string>(
    name: Name,
    input: InputOf<T[Name]>,
    options: { signal?: AbortSignal | undefined; tell?: (event: EventOf<T[Name]>) => void } = {},
  ): Promise<OutputOf<T[Name]>> {
    const { signal, tell } = options
    const id = this.#next++
    clearTimeout(this.#idle)
    const worker = (this.#worker ??= this.#start())
    const stop = (): void => worker.postMessage({ stop: id } satisfies ToThread)
    const done = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject, tell }))
    worker.postMessage({ id, name, input } satisfies ToThread)
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
    return done.finally(() => {
      signal?.removeEventListener('abort', stop)
      this.#rest()
    }) as Promise<OutputOf<T[Name]>>
  }

  /** What is under way fails. Another task begins another thread. */
  async close(): Promise<void> {
    clearTimeout(this.#idle)
    const worker = this.#worker
    this.#over(new Error('the thread was closed'))
    await worker?.terminate()
  }

  #start(): Worker {
    // Nothing of our command line goes to it (a test's hooks).
    const worker = new Worker(this.#file, { execArgv: [] })
    worker.unref()
    worker.on('message', (message: FromThread) => this.#hear(message))
    const ended = (error: Error): void => {
      if (this.#worker === worker) this.#over(error)
    }
    worker.on('error', ended)
    worker.on('exit', () => ended(new Error('the thread has ended')))
    return worker
  }

  #over(error: Error): void {
    this.#worker = undefined
    const left = [...this.#pending.values()]
    this.#pending.clear()
    for (const { reject } of left) reject(error)
  }

  #hear(message: FromThread): void {
    const pending = this.#pending.get(message.id)
    if (!pending) return
    if ('event' in message) return pending.tell?.(message.event as never)
    this.#pending.delete(message.id)
    if ('error' in message) pending.reject(Object.assign(message.error, message.facts))
    else pending.resolve(message.output)
  }

  #rest(): void {
    if (this.#pending.size > 0) return
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => void this.close(), this.#idleMs).unref()
  }
}

/** Answers a `TaskThread`; called once, by its file. */
export function serveTasks(tasks: Tasks): void {
  const port = parentPort!
  const running = new Map<number, AbortController>()
  const send = (message: FromThread): void => port.postMessage(message)
  port.on('message', (message: ToThread) => {
    if ('stop' in message) return running.get(message.stop)?.abort()
    const { id, name, input } = message
    const abort = new AbortController()
    running.set(id, abort)
    const tell = (event: unknown): void => send({ id, event })
    tasks[name]!(input as never, { signal: abort.signal, tell } as never)
      .then(
        (output) => send({ id, output }),
        (thrown: unknown) => {
          const error = thrown instanceof Error ? thrown : new Error(String(thrown))
          const { name: called, message: said, stack } = error
          // Of an error only what every error has is cloned; the rest goes beside it.
          const facts = { ...(error as object), name: called, stack }
          send({ id, error: new Error(said), facts: cloneable(facts) })
        },
      )
      .finally(() => running.delete(id))
  })
}

function cloneable(facts: object): object {
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)),
  )
}
