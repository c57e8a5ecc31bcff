import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFfmpeg } from '../../recorder/ffmpeg-binary.ts'
import { readManifest } from '../../recorder/manifest.ts'
import { render } from '../../recorder/outputs/render.ts'
import { patterns, type PatternName } from '../../src/tests/support/call-pattern.ts'
import { median, picturesLate, tonesLate, worst } from '../../src/tests/support/composite-figures.ts'
import { findPatterns } from '../../src/tests/support/composite-pictures.ts'
import { findTones } from '../../src/tests/support/composite-sound.ts'
import { ffmpeg as decoder, run } from '../../src/tests/support/recorder-media.ts'
import type { CallFacts } from './sync-call.ts'
import { clockLine, onOurClock } from './sync-tracks.ts'

/** Makes the video of the call, and prints what that took and how late pictures and tones are in some of its minutes. */
export async function sayComposite(
  folder: string,
  facts: CallFacts,
  say: (text?: string) => void,
): Promise<void> {
  const recording = join(folder, 'recordings', facts.recordingId)
  const manifest = (await readManifest(recording))!
  const ffmpeg = (await findFfmpeg())?.path
  if (ffmpeg === undefined) throw new Error('there is no FFmpeg')
  const beganAt = performance.now()
  const memory = watchMemory()
  const [video] = await render({
    ...{ manifest, folder: recording, name: 'bench', kind: 'video', layout: 'grid', names: true, ffmpeg },
    size: { width: 1280, height: 720 },
  }).finally(() => memory.stop())
  const tookMs = performance.now() - beganAt
  const { durationMs = 0, bytes, name: file } = video!
  say()
  say(
    `Video of ${(durationMs / 60_000).toFixed(1)} min, ${(bytes / 1e6).toFixed(0)} MB: made in ${(tookMs / 60_000).toFixed(1)} min ` +
      `(${(durationMs / tookMs).toFixed(1)} times real time), FFmpeg took up to ${memory.mostMegabytes().toFixed(0)} MB`,
  )
  const path = join(recording, file)
  const names = Object.keys(patterns) as PatternName[]
  const startMs = Date.parse(manifest.startedAt)
  const tones = await findTones(path, Object.fromEntries(names.map((name) => [name, patterns[name].toneHz])))
  const colours = Object.fromEntries(names.map((name) => [name, patterns[name].colour]))
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  try {
    const whole = Math.floor(durationMs / 60_000)
    const minutes = new Set([1, Math.floor(whole / 2), whole - 1].map((minute) => Math.max(0, minute)))
    for (const minute of minutes) {
      const fromMs = startMs + minute * 60_000
      const part = join(scratch, `${minute}.mkv`)
      // Times stay what they are in the video.
      const cut = ['-v', 'error', '-y', '-ss', String(minute * 60), '-copyts', '-i', path]
      await run(decoder, [...cut, '-to', String(minute * 60 + 60), '-map', '0:v', '-c', 'copy', part])
      const { sightings } = await findPatterns(part, { colours, startMs })
      for (const name of names) {
        const ours = onOurClock(clockLine(facts.clocks[name]))
        const seen = sightings[name]!.map((sighting) => ({
          ...sighting,
          drawnMs: sighting.drawnMs === undefined ? undefined : ours(sighting.drawnMs),
        }))
        const sent = facts.sent[name].tones.map(ours).filter((at) => at >= fromMs && at < fromMs + 60_000)
        const { late, missing } = tonesLate(tones[name]!, { startMs, sent })
        const shown = picturesLate(seen, { startMs })
        say(
          `  minute ${minute}, ${name}: ${shown.length} pictures ${figures(shown)} ms late, ${late.length} tones ${figures(late)} ms late, ` +
            `${missing.length} not found`,
        )
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function figures(list: readonly { readonly lateMs: number }[]): string {
  const values = list.map(({ lateMs }) => lateMs)
  return `${median(values).toFixed(1)} (worst ${worst(values).toFixed(1)})`
}

/** The most that children of this process have had in memory at a time, each for itself, until it is stopped. */
function watchMemory(): { stop(): void; mostMegabytes(): number } {
  let kilobytes = 0
  const timer = setInterval(() => {
    for (const path of globSync('/proc/self/task/*/children')) {
      for (const pid of readFileSync(path, 'utf8').split(' ').filter(Boolean)) {
        try {
          const status = readFileSync(`/proc/${pid}/status`, 'utf8')
          kilobytes = Math.max(kilobytes, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))
        } catch {
          // It has ended meanwhile.
        }
      }
    }
  }, 500)
  return { stop: () => clearInterval(timer), mostMegabytes: () => kilobytes / 1024 }
}
