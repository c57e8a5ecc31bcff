import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { setPriority, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  filterGraph,
  inputsOf,
  planComposite,
  type CompositePlan,
  type PictureSize,
} from './composite-plan.ts'
import type { Manifest } from './manifest.ts'

export interface CompositeOptions {
  readonly manifest: Manifest
  readonly folder: string
  /** Where the MP4 goes; written under another name until it is whole. */
  readonly output: string
  readonly ffmpeg: string
  readonly size?: PictureSize
  /** 0 to 1. */
  readonly onProgress?: (share: number) => void
  readonly signal?: AbortSignal
}

/** People wait for a call, not for its composite. */
const niceness = 15
/** Fixed, because the number of threads changes what x264 writes. */
const threads = 2

/** Makes one MP4 (H.264, AAC) of a recording. Throws with what FFmpeg said; nothing is left of what was not finished. */
export async function makeComposite(options: CompositeOptions): Promise<void> {
  const { manifest, output, size = { width: 1280, height: 720 } } = options
  const plan = planComposite(manifest, size)
  if (plan.durationMs === 0) throw new Error('there is nothing to see or hear in this recording')
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-composite-'))
  const unfinished = `${output}.part`
  try {
    // Names are people's own text: in files, they need no escaping.
    const nameFile = (tile: number) => join(scratch, `name-${tile}.txt`)
    await Promise.all(plan.tiles.map(({ name }, tile) => writeFile(nameFile(tile), name)))
    const graph = join(scratch, 'graph.txt')
    await writeFile(graph, filterGraph(plan, { size, inputs: inputsOf(plan), nameFile }))
    await run(
      argumentsFor(plan, { folder: options.folder, graph, output: unfinished }),
      plan.durationMs,
      options,
    )
    await rename(unfinished, output)
  } finally {
    await rm(unfinished, { force: true })
    await rm(scratch, { recursive: true, force: true })
  }
}

function argumentsFor(
  plan: CompositePlan,
  places: { folder: string; graph: string; output: string },
): string[] {
  const inputs = inputsOf(plan).flatMap((name) => ['-i', join(places.folder, basename(name))])
  return [
    ...['-nostdin', '-hide_banner', '-v', 'error', '-progress', 'pipe:1', '-y', ...inputs],
    ...['-filter_complex_script', places.graph, '-map', '[picture]', '-map', '[sound]'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-g', '100', '-threads', String(threads)],
    ...['-c:a', 'aac', '-b:a', '128k', '-t', String(plan.durationMs / 1000)],
    ...['-fflags', '+bitexact', '-flags:v', '+bitexact', '-flags:a', '+bitexact'],
    ...['-movflags', '+faststart', '-f', 'mp4', places.output],
  ]
}

async function run(args: readonly string[], durationMs: number, options: CompositeOptions): Promise<void> {
  const { ffmpeg, signal, onProgress } = options
  const child = spawn(ffmpeg, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(signal && { signal }) })
  if (child.pid !== undefined) setPriority(child.pid, niceness)
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)))
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [name, value] = line.split('=')
    if (name === 'out_time_us') onProgress?.(Math.min(1, Math.max(0, Number(value) / 1000 / durationMs)))
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`FFmpeg ended with ${code}: ${said.trim()}`)
}
