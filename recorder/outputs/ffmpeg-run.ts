import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { ownedBy } from './orphans.ts'
import { RenderError } from './render-error.ts'

export interface FfmpegRun {
  readonly ffmpeg: string
  readonly args: readonly string[]
  /** Where relative names in its arguments and graphs begin: so no path has to be escaped in a graph. */
  readonly folder: string
  /** The cores it is kept on; none leaves that to the system. */
  readonly cores?: readonly number[] | undefined
  readonly signal?: AbortSignal | undefined
  /** How much of the result is there, in milliseconds of it. */
  readonly onTime?: (ms: number) => void
}

/** People wait for a call, not for its composite. */
const leastPriority = ['nice', '-n', '19']
const onlyIdleDisk = ['ionice', '-c', '3']
/** The kernel ends FFmpeg as soon as the server has gone, whatever ended that. */
const endsWithParent = ['setpriv', '--pdeathsig', 'KILL', '--']
const keptComplaints = 16_000

let launcher: Promise<readonly string[]> | undefined

/** Runs FFmpeg and gives what it said. Throws a RenderError: stopped, disk-full or ffmpeg-failed. */
export async function runFfmpeg(run: FfmpegRun): Promise<string> {
  const { signal, onTime, cores = [] } = run
  if (signal?.aborted) throw stopped()
  launcher ??= findLauncher([endsWithParent, onlyIdleDisk, leastPriority])
  const onCores = cores.length === 0 ? [] : await findLauncher([['taskset', '--cpu-list', cores.join(',')]])
  const [program, ...args] = [
    ...(await launcher),
    ...onCores,
    run.ffmpeg,
    ...['-nostdin', '-hide_banner', ...(onTime ? ['-progress', 'pipe:1'] : []), ...run.args],
  ]
  if (isAborted(signal)) throw stopped()
  const child = spawn(program!, args, {
    cwd: run.folder,
    env: { ...process.env, ...ownedBy(run.folder) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = () => child.kill('SIGKILL')
  signal?.addEventListener('abort', end, { once: true })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-keptComplaints)))
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [name, value] = line.split('=')
    const us = Number(value)
    if (name === 'out_time_us' && us > 0) onTime?.(us / 1000)
  })
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    if (isAborted(signal)) throw stopped()
    if (code === 0) return said
    throw failure(code, said)
  } catch (error) {
    if (error instanceof RenderError) throw error
    throw new RenderError('ffmpeg-failed', `FFmpeg does not run: ${String(error)}`, { cause: error })
  } finally {
    signal?.removeEventListener('abort', end)
  }
}

/** What the end of FFmpeg means. */
export function failure(code: number | null, said: string): RenderError {
  if (/No space left on device|Disk quota exceeded/.test(said)) {
    return new RenderError('disk-full', 'There is no room left on the disk.')
  }
  const lines = said.trim().split('\n').slice(-8).join('\n')
  return new RenderError('ffmpeg-failed', `FFmpeg ended with ${code ?? 'a signal'}: ${lines}`)
}

export function stopped(cause?: unknown): RenderError {
  return new RenderError('stopped', 'It was stopped.', { cause })
}

/** Asked again after each await, which the compiler does not expect. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

/** What of it this system has and allows. Each of them becomes the next, and in the end FFmpeg, without another process. */
async function findLauncher(wanted: readonly (readonly string[])[]): Promise<readonly string[]> {
  const parts = await Promise.all(
    wanted.map(async ([program, ...args]) => {
      try {
        await promisify(execFile)(program!, [...args, 'true'], { timeout: 10_000 })
        return [program!, ...args]
      } catch {
        return []
      }
    }),
  )
  return parts.flat()
}
