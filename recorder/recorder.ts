import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { keepOnCores } from '../src/lib/keep-on-cores.ts'
import type { Log } from '../src/lib/log.ts'
import { endChild, startChild } from './child.ts'
import type { RecordingEndReason } from './manifest.ts'
import type { FromRecorder, RecorderMethod, RecorderRequests, ToRecorder } from './messages.ts'
import { RecorderError } from './recorder-error.ts'

export interface RecorderOptions {
  readonly log: Log
  /** A recording has ended, by itself (disk-full, disk-error) or because it was told to. */
  readonly onEnded: (recordingId: string, reason: RecordingEndReason) => void
  /** The process is gone without being told to; what it recorded waits for `recover`. */
  readonly onDied: () => void
  /** The cores it is kept on, so that it takes nothing from media workers (`spareCores`); none leaves that to the system. */
  readonly cores?: readonly number[]
}

/** How long a process that was told to end may take before it is killed, in milliseconds. */
const closeGraceMs = 35_000
/** How long a process may take to come up; a machine under load needs seconds. */
const readyWithinMs = 30_000

/** The recorder process, seen from the server. It finishes its files by itself when the server is gone. */
export class Recorder {
  readonly #child: ChildProcess
  readonly #options: RecorderOptions
  readonly #waiting = new Map<
    number,
    { resolve: (result: unknown) => void; reject: (error: Error) => void }
  >()
  #nextId = 1
  #closed: Promise<void> | undefined
  #isReady = false
  #isGone = false

  /** Throws when the process does not come up. */
  static async create(options: RecorderOptions): Promise<Recorder> {
    // The disk is waited for in threads; of Node's four, a slow sync of one recording would keep others from writing.
    const child = startChild(join(import.meta.dirname, 'recorder-process.ts'), { UV_THREADPOOL_SIZE: '16' })
    const recorder = new Recorder(child, options)
    await recorder.#ready()
    await recorder.#pin()
    if (recorder.#isGone) throw isGone()
    recorder.#isReady = true
    return recorder
  }

  private constructor(child: ChildProcess, options: RecorderOptions) {
    this.#child = child
    this.#options = options
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  start(data: RecorderRequests['start']['in']): Promise<undefined> {
    return this.#ask('start', data)
  }

  /** Opens a port for a consumer, whose PlainTransport is to be connected to it. */
  addTap(data: RecorderRequests['addTap']['in']): Promise<{ port: number }> {
    return this.#ask('addTap', data)
  }

  /** Somebody has another name from now on. */
  updateTap(data: RecorderRequests['updateTap']['in']): Promise<undefined> {
    return this.#ask('updateTap', data)
  }

  /** Finishes the files of a track. Undefined if it had ended already. */
  removeTap(data: RecorderRequests['removeTap']['in']): Promise<RecorderRequests['removeTap']['out']> {
    return this.#ask('removeTap', data)
  }

  /** Finishes a recording and tells what is there. */
  stop(data: RecorderRequests['stop']['in']): Promise<RecorderRequests['stop']['out']> {
    return this.#ask('stop', data)
  }

  statistics(): Promise<RecorderRequests['statistics']['out']> {
    return this.#ask('statistics', undefined)
  }

  /** Finishes all recordings; resolves when the process is gone. */
  close(): Promise<void> {
    this.#closed ??= this.#isGone ? Promise.resolve() : endChild(this.#child, closeGraceMs)
    return this.#closed
  }

  async #ready(): Promise<void> {
    let force: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        this.#child.on('message', (message: FromRecorder) => {
          if ('ready' in message) resolve()
          else this.#received(message)
        })
        this.#child.once('error', (error) => {
          this.#gone(error.message)
          reject(error)
        })
        this.#child.once('exit', (code, signal) => {
          this.#gone(signal ?? `exit code ${code}`)
          reject(new RecorderError('gone', `the recorder process ended: ${signal ?? code}`))
        })
        force = setTimeout(() => this.#child.kill('SIGKILL'), readyWithinMs)
      })
    } finally {
      clearTimeout(force)
    }
  }

  async #pin(): Promise<void> {
    const { cores = [], log } = this.#options
    if (cores.length === 0 || this.#child.pid === undefined) return
    try {
      await keepOnCores(this.#child.pid, cores)
    } catch (error) {
      log.warn({ err: error, cores }, 'recorder could not be kept on its cores')
    }
  }

  #received(message: Exclude<FromRecorder, { ready: true }>): void {
    if ('ended' in message) return this.#options.onEnded(message.ended, message.reason)
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('error' in message) waiting?.reject(new RecorderError(message.error.code, message.error.message))
    else waiting?.resolve(message.result)
  }

  #ask<M extends RecorderMethod>(
    method: M,
    data: RecorderRequests[M]['in'],
  ): Promise<RecorderRequests[M]['out']> {
    if (this.#isGone || this.#closed) return Promise.reject(isGone())
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject })
      this.#child.send({ id, method, data } as ToRecorder, (error) => {
        if (!error) return
        this.#waiting.delete(id)
        reject(new RecorderError('gone', error.message))
      })
    })
  }

  #gone(why: string): void {
    if (this.#isGone) return
    this.#isGone = true
    for (const { reject } of this.#waiting.values()) reject(isGone())
    this.#waiting.clear()
    // One that never came up is told by `create`.
    if (this.#closed || !this.#isReady) return
    this.#options.log.error({ pid: this.#child.pid, why }, 'recorder process died')
    this.#options.onDied()
  }
}

function isGone(): RecorderError {
  return new RecorderError('gone', 'the recorder process is gone')
}
