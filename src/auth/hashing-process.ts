import { fork, type ChildProcess } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../lib/app-error.ts'
import type { Log } from '../lib/log.ts'
import type { HashJob, HashResult } from './password-hasher.ts'

export interface HashingOptions {
  readonly log: Log
  /** Most jobs that wait or run; one more is `unavailable`. At 20 ms each, 150 keep the last one waiting for 3 s. */
  readonly maxJobs?: number
  /** The process ends when nothing was asked of it for so long, in milliseconds. */
  readonly idleMs?: number
  /** Jobs at once: half of the cores, so that whoever logs in leaves the other half to the calls. */
  readonly threads?: number
}

interface Waiting {
  readonly resolve: (tag: Buffer) => void
  readonly reject: (error: Error) => void
  readonly deadline: NodeJS.Timeout
}

/** A process that owes an answer for so long hangs, in milliseconds. Ten times what a full queue takes. */
const answerMs = 60_000

const program = join(import.meta.dirname, 'password-hasher.ts')

/** The process that hashes passwords: started at first need, ended when idle, started anew after a crash. */
export class HashingProcess {
  readonly #log: Log
  readonly #maxJobs: number
  readonly #idleMs: number
  readonly #threads: number
  readonly #waiting = new Map<number, Waiting>()
  #child: ChildProcess | undefined
  #idle: NodeJS.Timeout | undefined
  #lastId = 0
  #closed = false

  constructor({ log, maxJobs = 150, idleMs = 30_000, threads = halfOfCores() }: HashingOptions) {
    this.#log = log
    this.#maxJobs = maxJobs
    this.#idleMs = idleMs
    this.#threads = threads
  }

  /** Process id, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Throws `unavailable` when too many wait already, or the process dies meanwhile. */
  run(job: Omit<HashJob, 'id'>): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new AppError('unavailable', 'The server is closing.')
      if (this.#waiting.size >= this.#maxJobs) {
        throw new AppError('unavailable', 'Too many people log in right now. Try again in a few seconds.')
      }
      const child = (this.#child ??= this.#start())
      clearTimeout(this.#idle)
      const id = ++this.#lastId
      const deadline = setTimeout(() => this.#hangs(), answerMs)
      deadline.unref()
      this.#waiting.set(id, { resolve, reject, deadline })
      child.channel?.ref()
      child.send({ ...job, id } satisfies HashJob, (error) => {
        if (error) this.#settle({ id, error: error.message })
      })
    })
  }

  /** Ends the process; whoever waits is told. */
  close(): void {
    this.#closed = true
    this.#end()
  }

  #start(): ChildProcess {
    const { NODE_TEST_CONTEXT: _test, NODE_OPTIONS: _options, ...env } = process.env
    const child = fork(program, [], {
      // One for each job that runs.
      env: { ...env, UV_THREADPOOL_SIZE: String(this.#threads) },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    // While nothing waits it does not keep this process alive.
    child.unref()
    child.on('message', (result) => this.#settle(result as HashResult))
    child.on('error', (error) => {
      this.#log.error({ err: error }, 'the password process has a fault')
      // One that could not be started never exits.
      if (child.pid !== undefined || this.#child !== child) return
      this.#child = undefined
      this.#failAll()
    })
    child.on('exit', (code, signal) => {
      if (this.#child !== child) return
      this.#child = undefined
      this.#log.error({ code, signal }, 'the password process died; the next log-in starts another')
      this.#failAll()
    })
    return child
  }

  #settle({ id, tag, error }: HashResult): void {
    const waiting = this.#waiting.get(id)
    if (!waiting) return
    this.#waiting.delete(id)
    clearTimeout(waiting.deadline)
    if (this.#waiting.size === 0) this.#rest()
    if (tag === undefined) waiting.reject(new Error(`a password could not be hashed: ${error}`))
    else waiting.resolve(Buffer.from(tag, 'base64'))
  }

  #hangs(): void {
    this.#log.error('the password process does not answer; the next log-in starts another')
    this.#end()
  }

  #rest(): void {
    this.#child?.channel?.unref()
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#end(), this.#idleMs)
    this.#idle.unref()
  }

  #end(): void {
    clearTimeout(this.#idle)
    const child = this.#child
    this.#child = undefined
    child?.kill('SIGKILL')
    this.#failAll()
  }

  #failAll(): void {
    const all = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject, deadline } of all) {
      clearTimeout(deadline)
      reject(new AppError('unavailable', 'Passwords cannot be checked right now.'))
    }
  }
}

function halfOfCores(): number {
  return Math.max(1, Math.floor(availableParallelism() / 2))
}
