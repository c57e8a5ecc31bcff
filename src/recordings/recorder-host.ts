import type { RecorderStatistics } from '../../recorder/messages.ts'
import { Recorder, type RecorderOptions } from '../../recorder/recorder.ts'
import { AppError } from '../lib/app-error.ts'
import type { Log } from '../lib/log.ts'

export interface RecorderHostOptions {
  readonly log: Log
  /** The cores it is kept on; none leaves that to the system. */
  readonly cores: readonly number[]
  readonly onEnded: RecorderOptions['onEnded']
  /** The process is gone without being told to, and every recording it had with it. */
  readonly onDied: () => void
}

/** A recorder that owes an answer for so long hangs and is killed, in milliseconds. */
const answersWithinMs = 20_000
/** Shares of a core are taken over no less than this, in milliseconds. */
const shareOverMs = 1000

/** The one recorder process of this server: made when it is first needed, and made again when it died. */
export class RecorderHost {
  readonly #options: RecorderHostOptions
  #recorder: Recorder | undefined
  #making: Promise<Recorder> | undefined
  #asking: Promise<RecorderStatistics> | undefined
  #measured: { readonly cpuMs: number; readonly atMs: number } | undefined
  #share = 0
  #closed = false

  constructor(options: RecorderHostOptions) {
    this.#options = options
  }

  /** Undefined while there is none. */
  get pid(): number | undefined {
    return this.#recorder?.pid
  }

  /** What it took of a core in the last seconds. */
  get share(): number {
    return this.#share
  }

  /** Throws `unavailable` (`no-recorder`) when the process does not come up. */
  async get(): Promise<Recorder> {
    if (this.#recorder) return this.#recorder
    this.#making ??= this.#make().finally(() => (this.#making = undefined))
    try {
      return await this.#making
    } catch (error) {
      this.#options.log.error({ err: error }, 'the recorder does not start')
      throw noRecorder()
    }
  }

  /** What it is doing; undefined while there is none. Rejects when it dies meanwhile. */
  async statistics(): Promise<RecorderStatistics | undefined> {
    const recorder = this.#recorder
    if (!recorder) return undefined
    this.#asking ??= this.#ask(recorder).finally(() => (this.#asking = undefined))
    return this.#asking
  }

  /** Nothing is recorded, and until something is nobody looks: what it took is not what it takes. */
  rest(): void {
    this.#measured = undefined
    this.#share = 0
  }

  /** Finishes what is recorded; resolves when the process is gone. */
  async close(): Promise<void> {
    this.#closed = true
    const recorder = this.#recorder ?? (await this.#making?.catch(() => undefined))
    await recorder?.close()
    this.#recorder = undefined
  }

  async #make(): Promise<Recorder> {
    if (this.#closed) throw new Error('the server is closing')
    const { log, cores, onEnded } = this.#options
    const recorder = await Recorder.create({ log, cores, onEnded, onDied: () => this.#died() })
    if (this.#closed) {
      await recorder.close()
      throw new Error('the server is closing')
    }
    log.info({ pid: recorder.pid }, 'recorder started')
    this.#recorder = recorder
    this.rest()
    return recorder
  }

  async #ask(recorder: Recorder): Promise<RecorderStatistics> {
    const { pid } = recorder
    const hangs = setTimeout(() => {
      this.#options.log.error({ pid }, 'the recorder does not answer and is killed')
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
    }, answersWithinMs)
    try {
      const statistics = await recorder.statistics()
      this.#measure(statistics.cpuMs)
      return statistics
    } finally {
      clearTimeout(hangs)
    }
  }

  #measure(cpuMs: number): void {
    const atMs = performance.now()
    const before = this.#measured
    if (before && atMs - before.atMs < shareOverMs) return
    if (before) this.#share = (cpuMs - before.cpuMs) / (atMs - before.atMs)
    this.#measured = { cpuMs, atMs }
  }

  #died(): void {
    // One that dies while it is being made makes that fail; there is nothing in it yet.
    if (!this.#recorder) return
    this.#recorder = undefined
    this.rest()
    this.#options.onDied()
  }
}

export function noRecorder(): AppError {
  return new AppError('unavailable', 'The recorder does not run at the moment. Try again.', {
    why: 'no-recorder',
  })
}
