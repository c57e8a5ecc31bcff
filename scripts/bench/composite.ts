// `npm run bench -- composite`: how fast the video of a call of three is made, each with a camera of 1280x720 and a microphone,
// in times real time, and what each part of it takes. `--people N`, `--seconds N`.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findFfmpeg } from '../../recorder/ffmpeg-binary.ts'
import type { Manifest } from '../../recorder/manifest.ts'
import { render } from '../../recorder/outputs/render.ts'
import { manifestOf, recordedFile, recordedTrack } from '../../recorder/outputs/test-manifest.ts'
import { run } from '../../workers/binary/run.ts'

const { values } = parseArgs({
  allowPositionals: true,
  options: { people: { type: 'string', default: '3' }, seconds: { type: 'string', default: '60' } },
})
const people = Number(values.people)
const seconds = Number(values.seconds)
const ffmpeg = (await findFfmpeg())?.path
if (ffmpeg === undefined) throw new Error('there is no FFmpeg')

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
try {
  say(`Making ${seconds} s of a camera (VP8, 1280x720, 25 pictures a second, 2 Mbit/s) and of a voice…`)
  await encode('camera.webm', [
    ...['-f', 'lavfi', '-i', `testsrc2=s=1280x720:r=25:d=${seconds},noise=alls=4:allf=t`],
    ...['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '2M', '-g', '9999'],
  ])
  await encode('voice.webm', [
    ...[
      '-f',
      'lavfi',
      '-i',
      `anoisesrc=c=pink:a=0.2:d=${seconds}`,
      '-ac',
      '2',
      '-c:a',
      'libopus',
      '-b:a',
      '32k',
    ],
  ])
  const cores = availableParallelism()
  say(
    `${people} people on ${cores} cores; others took ${loadavg()[0]!.toFixed(1)} of them in the last minute.`,
  )
  await measure('video, 1280x720', 'video')
  await measure('sound alone', 'audio')
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function measure(what: string, kind: 'video' | 'audio'): Promise<void> {
  const before = process.resourceUsage()
  const beganAt = performance.now()
  const usedBefore = await childSeconds()
  await render({
    ...{ manifest: manifestFor(), folder, name: 'bench', kind, layout: 'grid', names: true, ffmpeg: ffmpeg! },
    size: { width: 1280, height: 720 },
  })
  const took = (performance.now() - beganAt) / 1000
  const own = (process.resourceUsage().userCPUTime - before.userCPUTime) / 1e6
  const cpu = own + (await childSeconds()) - usedBefore
  say(
    `${what}: ${(seconds / took).toFixed(1)} times real time (${took.toFixed(1)} s); ` +
      `${cpu.toFixed(1)} s of a core, so at most ${(seconds / cpu).toFixed(1)} times on one core`,
  )
}

/** What all children that have ended have used, in seconds of a core. */
async function childSeconds(): Promise<number> {
  const fields = (await readFile('/proc/self/stat', 'utf8')).split(') ').at(-1)!.split(' ')
  // cutime and cstime, in hundredths of a second.
  return (Number(fields[13]) + Number(fields[14])) / 100
}

function manifestFor(): Manifest {
  const lengthMs = seconds * 1000
  return manifestOf(
    Array.from({ length: people }, (_, place) => {
      const track = (source: string, name: string) =>
        recordedTrack(`p${place}`, source, [0, lengthMs], [recordedFile(name, 0, lengthMs)], {
          displayName: `Person ${place + 1}`,
        })
      return [track('camera', 'camera.webm'), track('microphone', 'voice.webm')]
    }).flat(),
  )
}

async function encode(name: string, args: readonly string[]): Promise<void> {
  const { code, output } = await run(ffmpeg!, ['-nostdin', '-v', 'error', ...args, join(folder, name)])
  if (code !== 0) throw new Error(`FFmpeg ended with ${code}: ${output}`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
