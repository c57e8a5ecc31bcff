/** What placement knows of one worker. */
export interface WorkerLoad {
  readonly index: number
  readonly up: boolean
  /** CPU time per wall time between the last two samples: 1 is a whole core. */
  readonly cpu: number
  /** Consumers it feeds now. */
  readonly consumers: number
  /** Routers made since the last sample, whose load the sample cannot show yet. */
  readonly newRouters: number
}

/** Consumers that fill one core by mediasoup's own estimate (its documentation, "Scalability": about 500). */
const consumersPerCore = 500

/** Load a fresh room is expected to bring before it is measured: a call of three people, so that a burst spreads out. */
const newRouterLoad = 0.02

/** 0 is idle, 1 is full. CPU is what counts; consumers stand in where it is not measured yet. */
export function loadOf(worker: WorkerLoad): number {
  return Math.max(worker.cpu, worker.consumers / consumersPerCore) + worker.newRouters * newRouterLoad
}

/**
 * The least loaded worker that is up and whose CPU is below `ceiling`, or undefined when there is none. Only what was
 * measured refuses a room: muted and paused consumers cost next to nothing, and many rooms open at once after a restart.
 * Equal loads go to the lower index, so that the choice is the same for the same input.
 */
export function placeRoom(workers: readonly WorkerLoad[], ceiling: number): number | undefined {
  let best: { index: number; load: number } | undefined
  for (const worker of workers) {
    if (!worker.up || worker.cpu >= ceiling) continue
    const load = loadOf(worker)
    if (best === undefined || load < best.load) best = { index: worker.index, load }
  }
  return best?.index
}

/** CPU share between two samples of used CPU time, both in milliseconds. */
export function cpuShare(
  before: { readonly cpuMs: number; readonly atMs: number },
  after: { readonly cpuMs: number; readonly atMs: number },
): number {
  const wallMs = after.atMs - before.atMs
  return wallMs > 0 ? Math.max(0, (after.cpuMs - before.cpuMs) / wallMs) : 0
}
