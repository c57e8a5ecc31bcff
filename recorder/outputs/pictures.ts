import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runFluent } from './fluent.ts'

/** Small pictures of a video that is there. */
export interface PicturesOptions {
  readonly video: string
  readonly durationMs: number
  /** Where they are written, under names that are no one's yet. */
  readonly folder: string
  readonly ffmpeg: string
  readonly signal?: AbortSignal | undefined
}

export interface Preview {
  readonly width: number
  readonly height: number
}

const most = 100
const columns = 10
const shortestMs = 1000
const tile = { width: 160, height: 90 }
/** A video has a key frame at least this often. */
export const keyFrameEveryMs = 4000

/** One picture from the first third, the one that is most like those around it: no fade, no flash. */
export async function makePoster(options: PicturesOptions & { name: string }): Promise<void> {
  const { video, durationMs, ffmpeg, signal, folder, name } = options
  const fromMs = durationMs * 0.1
  const lengthMs = Math.min(Math.max(durationMs * 0.2, 200), 30_000)
  await runFluent(ffmpeg, signal, (command) =>
    command
      .input(video)
      .seekInput(fromMs / 1000)
      .inputOptions(['-threads', '1', '-t', (lengthMs / 1000).toFixed(3)])
      .videoFilters(['fps=5', 'thumbnail=n=150'])
      .outputOptions(jpeg(3))
      .output(join(folder, name)),
  )
}

/** Many pictures in one, evenly spread, and a WebVTT file that says which is when. `shownAs` is the name it will have. */
export async function makePreview(
  options: PicturesOptions & { name: string; index: string; shownAs: string },
): Promise<Preview> {
  const { video, durationMs, ffmpeg, signal, folder, name, index, shownAs } = options
  const plan = planPreview(durationMs)
  const step = plan.everyMs / 1000
  await runFluent(ffmpeg, signal, (command) =>
    command
      .input(video)
      // Of long ones only the key frames are decoded, so that hours take seconds.
      .inputOptions([
        '-threads',
        '1',
        '-skip_frame',
        plan.everyMs >= 2 * keyFrameEveryMs ? 'nokey' : 'default',
      ])
      .noAudio()
      .videoFilters([
        `tpad=stop_mode=clone:stop_duration=${step}`,
        // What is in the middle of each step.
        `fps=fps=1/${step}:start_time=0`,
        `trim=end_frame=${plan.count}`,
        `scale=${tile.width}:${tile.height}:flags=area:force_original_aspect_ratio=decrease`,
        `pad=${tile.width}:${tile.height}:-1:-1`,
        `tile=${plan.columns}x${plan.rows}`,
      ])
      .outputOptions(jpeg(5))
      .output(join(folder, name)),
  )
  await writeFile(join(folder, index), previewIndex(plan, durationMs, shownAs))
  return { width: plan.columns * tile.width, height: plan.rows * tile.height }
}

/** One picture. A lower quality number is better, from 2 on. */
function jpeg(quality: number): string[] {
  const exact = ['-threads', '1', '-flags:v', '+bitexact', '-fflags', '+bitexact']
  return ['-frames:v', '1', '-q:v', String(quality), ...exact, '-f', 'mjpeg']
}

interface PreviewPlan {
  readonly count: number
  readonly everyMs: number
  readonly columns: number
  readonly rows: number
}

function planPreview(durationMs: number): PreviewPlan {
  const everyMs = Math.max(shortestMs, Math.ceil(durationMs / most / 1000) * 1000)
  const count = Math.max(1, Math.ceil(durationMs / everyMs))
  return { count, everyMs, columns: Math.min(columns, count), rows: Math.ceil(count / columns) }
}

function previewIndex(plan: PreviewPlan, durationMs: number, shownAs: string): string {
  const cues = Array.from({ length: plan.count }, (_, place) => {
    const until = Math.min((place + 1) * plan.everyMs, durationMs)
    const x = (place % plan.columns) * tile.width
    const y = Math.floor(place / plan.columns) * tile.height
    const url = `${encodeURIComponent(shownAs)}#xywh=${x},${y},${tile.width},${tile.height}`
    return `${clock(place * plan.everyMs)} --> ${clock(until)}\n${url}\n`
  })
  return ['WEBVTT\n', ...cues].join('\n')
}

function clock(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const seconds = ms / 1000
  const rest = String(Math.floor(ms % 1000)).padStart(3, '0')
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}.${rest}`
}
