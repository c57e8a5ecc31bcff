import { once } from 'node:events'
import { createWorker, type types } from 'mediasoup'
import type { ListenAddress } from '../config/addresses.ts'
import type { WorkersConfig } from '../config/schema.ts'
import { keepOnCores } from '../src/lib/keep-on-cores.ts'
import type { Log } from '../src/lib/log.ts'
import { cpuShare, type WorkerLoad } from './placement.ts'
import { listenInfos } from './ports.ts'

export interface WorkerSlotOptions {
  readonly index: number
  readonly core: number
  readonly binary: string
  readonly config: WorkersConfig
  readonly listen: readonly ListenAddress[]
  readonly log: Log
}

/** What a slot runs right now. A worker that dies takes its `Running` with it; the slot gets a new one. */
interface Running {
  readonly worker: types.Worker
  readonly webRtcServer: types.WebRtcServer
  sample: { cpuMs: number; atMs: number }
  isSampling: boolean
  /** Samples that were due while the worker still owed the answer to one. */
  unanswered: number
}

/** A worker lives at least this long before its slot is trusted again and the back-off starts anew, in milliseconds. */
const stableAfterMs = 30_000
const firstBackoffMs = 100
/** A worker that owes an answer for this long gets no new rooms until it gives it, in milliseconds. */
const lateAfterMs = 2000
/** A worker whose process has not ended this long after it was told to is killed, in milliseconds. */
const closeGraceMs = 5000

/** One place for a worker: a core and a port. Keeps a worker process running there until it is closed. */
export class WorkerSlot {
  readonly index: number
  readonly core: number
  readonly #options: WorkerSlotOptions
  readonly #log: Log
  #running: Running | undefined
  #starting: Promise<void> | undefined
  #closed = false
  #restart: NodeJS.Timeout | undefined
  #startedAtMs = 0
  #failuresInARow = 0
  #deaths = 0
  #cpu = 0
  #consumers = 0
  #newRouters = 0
  #pinned = false

  constructor(options: WorkerSlotOptions) {
    this.index = options.index
    this.core = options.core
    this.#options = options
    this.#log = options.log.child({ worker: options.index, core: options.core })
  }

  get load(): WorkerLoad {
    return {
      index: this.index,
      up: this.#running !== undefined && this.#owedMs(this.#running) < lateAfterMs,
      cpu: this.#cpu,
      consumers: this.#consumers,
      newRouters: this.#newRouters,
    }
  }

  get pid(): number | undefined {
    return this.#running?.worker.pid
  }

  get deaths(): number {
    return this.#deaths
  }

  get pinned(): boolean {
    return this.#pinned
  }

  /** Starts the worker; throws when it cannot be started or its port is taken. */
  start(): Promise<void> {
    this.#starting = this.#start()
    return this.#starting
  }

  async #start(): Promise<void> {
    const { config, listen, binary } = this.#options
    this.#startedAtMs = Date.now()
    const worker = await createWorker({
      workerBin: binary,
      logLevel: config.logLevel,
      logTags: config.logTags,
    })
    try {
      if (this.#closed) throw new Error('closed while starting')
      if (config.pin) await this.#pin(worker.pid)
      const webRtcServer = await worker.createWebRtcServer({
        listenInfos: listenInfos(listen, config.portBase, this.index),
      })
      if (this.#closed) throw new Error('closed while starting')
      this.#watch(worker)
      this.#running = {
        worker,
        webRtcServer,
        sample: { cpuMs: 0, atMs: performance.now() },
        isSampling: false,
        unanswered: 0,
      }
      this.#log.info({ pid: worker.pid }, 'worker started')
    } catch (error) {
      worker.close()
      await processGone(worker)
      if (!this.#closed) throw error
    }
  }

  /** A router on this worker, with the WebRtcServer that its transports listen on. */
  async createRouter(
    mediaCodecs: types.RouterRtpCodecCapability[],
  ): Promise<{ router: types.Router; webRtcServer: types.WebRtcServer }> {
    const running = this.#running
    if (!running) throw new Error(`worker ${this.index} is down`)
    this.#newRouters++
    const router = await running.worker.createRouter({ mediaCodecs })
    return { router, webRtcServer: running.webRtcServer }
  }

  dump(): Promise<types.WorkerDump> {
    if (!this.#running) throw new Error(`worker ${this.index} is down`)
    return this.#running.worker.dump()
  }

  /**
   * Measures CPU time since the last sample. A worker that does not answer gets no new rooms meanwhile, and is killed when
   * that goes on for too long, so that its people come back to one that works.
   */
  async sample(): Promise<void> {
    const running = this.#running
    if (!running) return
    if (running.isSampling) {
      running.unanswered++
      this.#killIfHung(running)
      return
    }
    running.isSampling = true
    try {
      const usage = await running.worker.getResourceUsage()
      if (this.#running !== running) return
      running.unanswered = 0
      const sample = { cpuMs: usage.ru_utime + usage.ru_stime, atMs: performance.now() }
      this.#cpu = cpuShare(running.sample, sample)
      running.sample = sample
      this.#newRouters = 0
    } finally {
      running.isSampling = false
    }
  }

  /** How long the worker has owed an answer. Samples are counted, not time, so that a machine that slept blames nobody. */
  #owedMs(running: Running): number {
    return running.unanswered * this.#options.config.loadSampleMs
  }

  #killIfHung(running: Running): void {
    const { hungSeconds } = this.#options.config
    if (hungSeconds === 0 || this.#owedMs(running) < hungSeconds * 1000) return
    const { pid } = running.worker
    this.#log.error({ pid, hungSeconds }, 'killing a worker that does not answer')
    kill(running.worker)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#restart)
    this.#running?.worker.close()
    this.#running = undefined
  }

  /** Closes the slot and resolves when its process is gone, also one that is just being started. */
  async closed(): Promise<void> {
    const worker = this.#running?.worker
    this.close()
    await this.#starting?.catch(() => undefined)
    if (worker) await processGone(worker)
  }

  #watch(worker: types.Worker): void {
    worker.once('died', (error) => this.#died(error.message))
    // Consumers are counted here, where they are made, so that nobody has to report them.
    worker.observer.on('newrouter', (router) => {
      router.observer.on('newtransport', (transport) => {
        transport.observer.on('newconsumer', (consumer) => {
          this.#consumers++
          consumer.observer.once('close', () => this.#consumers--)
        })
      })
    })
  }

  #died(reason: string): void {
    if (this.#closed) return
    this.#deaths++
    this.#running = undefined
    this.#cpu = 0
    this.#newRouters = 0
    this.#log.error({ reason, deaths: this.#deaths }, 'worker died')
    const wasStable = Date.now() - this.#startedAtMs >= stableAfterMs
    this.#failuresInARow = wasStable ? 0 : this.#failuresInARow + 1
    this.#startAgain()
  }

  /** At once after a worker that had lived; at doubling intervals while they keep dying. */
  #startAgain(): void {
    const waitMs =
      this.#failuresInARow <= 1
        ? 0
        : Math.min(firstBackoffMs * 2 ** (this.#failuresInARow - 2), this.#options.config.restartBackoffMaxMs)
    this.#restart = setTimeout(() => {
      this.start().catch((error: unknown) => {
        if (this.#closed) return
        this.#failuresInARow++
        this.#log.error({ err: error }, 'worker cannot be started again')
        this.#startAgain()
      })
    }, waitMs)
  }

  async #pin(pid: number): Promise<void> {
    this.#pinned = false
    try {
      this.#pinned = await keepOnCores(pid, [this.core])
    } catch (error) {
      this.#log.warn({ err: error }, 'worker could not be pinned to its core')
    }
  }
}

/** Resolves when the process of a closed worker has ended, if need be by force: a stopped one does not hear that it should. */
async function processGone(worker: types.Worker): Promise<void> {
  if (worker.subprocessClosed) return
  const force = setTimeout(() => kill(worker), closeGraceMs)
  await once(worker, 'subprocessclose')
  clearTimeout(force)
}

function kill(worker: types.Worker): void {
  try {
    process.kill(worker.pid, 'SIGKILL')
  } catch {
    // It ended by itself just now.
  }
}
