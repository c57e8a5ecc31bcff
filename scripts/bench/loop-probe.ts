import { monitorEventLoopDelay } from 'node:perf_hooks'

/**
 * Loaded before the server (`node --import`) by logins.ts: answers each message with how late the event loop was since
 * the one before, and what CPU the process took, in milliseconds.
 */

export interface LoopDelay {
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** CPU time of the whole process. */
  readonly cpuMs: number
}

const histogram = monitorEventLoopDelay({ resolution: 5 })
histogram.enable()
const ms = (nanoseconds: number): number => nanoseconds / 1e6

let before = process.cpuUsage()
process.on('message', () => {
  const cpu = process.cpuUsage(before)
  before = process.cpuUsage()
  const delay: LoopDelay = {
    p50: ms(histogram.percentile(50)),
    p99: ms(histogram.percentile(99)),
    max: ms(histogram.max),
    cpuMs: (cpu.user + cpu.system) / 1000,
  }
  histogram.reset()
  process.send?.(delay)
})
// A server that nobody asks any more may end.
process.channel?.unref()
