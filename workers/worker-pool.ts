import { version as mediasoupVersion, type types } from 'mediasoup'
import type { WorkersConfig } from '../config/schema.ts'
import { AppError } from '../src/lib/app-error.ts'
import type { Log } from '../src/lib/log.ts'
import { chooseCores, usableCores } from './cores.ts'
import { placeRoom } from './placement.ts'
import type { ListenAddress } from '../config/addresses.ts'
import { WorkerSlot } from './worker-slot.ts'

export { mediasoupVersion }

/** A router and what its transports need: the part of a room that lies on one worker. */
export interface MediaRouter {
  readonly router: types.Router
  readonly webRtcServer: types.WebRtcServer
  readonly workerIndex: number
}

export interface WorkerStatus {
  readonly index: number
  readonly core: number
  readonly pinned: boolean
  readonly pid: number | undefined
  /** Whether it runs and does not owe an answer for longer than it should. */
  readonly answers: boolean
  /** 0 is idle, 1 is a whole core. */
  readonly cpu: number
  readonly consumers: number
  readonly deaths: number
}

export interface WorkerPoolOptions {
  readonly config: WorkersConfig
  readonly codecs: types.RouterRtpCodecCapability[]
  readonly listen: readonly ListenAddress[]
  /** Path of the mediasoup worker binary. */
  readonly binary: string
  readonly log: Log
}

/** All workers of this process: starts them, keeps them running, measures them and places rooms on them. */
export class WorkerPool {
  readonly #slots: WorkerSlot[]
  readonly #codecs: types.RouterRtpCodecCapability[]
  readonly #ceiling: number
  readonly #log: Log
  readonly #sampling: NodeJS.Timeout
  #closed: Promise<void> | undefined

  /** Throws when a worker cannot be started, for instance because its port is taken. */
  static async create(options: WorkerPoolOptions): Promise<WorkerPool> {
    const cores = chooseCores(options.config, usableCores())
    const { portBase } = options.config
    const lastPort = portBase + cores.length - 1
    if (lastPort > 65_535) {
      throw new Error(
        `${cores.length} workers need ports up to ${lastPort}: lower workers.portBase (${portBase}).`,
      )
    }
    const pool = new WorkerPool(options, cores)
    try {
      await Promise.all(pool.#slots.map((slot) => slot.start()))
    } catch (error) {
      await pool.close()
      throw error
    }
    return pool
  }

  private constructor(options: WorkerPoolOptions, cores: readonly number[]) {
    this.#log = options.log
    this.#codecs = options.codecs
    this.#ceiling = options.config.refuseAbove
    this.#slots = cores.map(
      (core, index) =>
        new WorkerSlot({
          ...options,
          index,
          core,
        }),
    )
    this.#sampling = setInterval(() => this.#sample(), options.config.loadSampleMs)
    this.#sampling.unref()
  }

  /** A router on the least loaded worker, with these codecs or all. Throws `unavailable` when none is up or all are full. */
  async createRouter(codecs = this.#codecs): Promise<MediaRouter> {
    const index = placeRoom(
      this.#slots.map((slot) => slot.load),
      this.#ceiling,
    )
    if (index === undefined) {
      const isUp = this.#slots.some((slot) => slot.load.up)
      throw isUp
        ? new AppError('unavailable', 'This server is full; no new room can be opened now.', {
            reason: 'overload',
          })
        : new AppError('unavailable', 'No media worker is running right now.', { reason: 'no-worker' })
    }
    try {
      return { ...(await this.#slots[index]!.createRouter(codecs)), workerIndex: index }
    } catch (error) {
      // The worker may have died between the choice and the answer.
      this.#log.warn({ err: error, worker: index }, 'router could not be made')
      throw new AppError('unavailable', 'The media worker ended while the room was being opened.', {
        reason: 'no-worker',
      })
    }
  }

  get status(): WorkerStatus[] {
    return this.#slots.map((slot) => ({
      index: slot.index,
      core: slot.core,
      pinned: slot.pinned,
      pid: slot.pid,
      answers: slot.load.up,
      cpu: slot.load.cpu,
      consumers: slot.load.consumers,
      deaths: slot.deaths,
    }))
  }

  /** What the worker process itself says it holds: for tests and diagnosis. */
  dump(index: number): Promise<types.WorkerDump> {
    return this.#slots[index]!.dump()
  }

  /** Resolves when every worker process is gone. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    clearInterval(this.#sampling)
    await Promise.all(this.#slots.map((slot) => slot.closed()))
  }

  #sample(): void {
    for (const slot of this.#slots) {
      slot
        .sample()
        .catch((error: unknown) => this.#log.debug({ err: error, worker: slot.index }, 'no load sample'))
    }
  }
}
