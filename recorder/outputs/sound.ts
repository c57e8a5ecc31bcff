import { join } from 'node:path'
import { runFfmpeg } from './ffmpeg-run.ts'
import { joinSound } from './joined-sound.ts'
import { RenderError } from './render-error.ts'
import type { Person } from './people.ts'
import type { Strip } from './strips.ts'

export interface SoundOptions {
  readonly strips: readonly Strip[]
  readonly people: readonly Person[]
  readonly pathOf: (name: string) => string
  /** Where it may write; the result is there, too. */
  readonly scratch: string
  readonly durationMs: number
  readonly ffmpeg: string
  readonly cores: readonly number[] | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress: (share: number) => void
  readonly onWarning: (text: string) => void
}

/** Loudness at which speech is mixed, in LUFS; what is shared beside it is a little softer. */
const targets = { microphone: -19, 'screen-audio': -22 } as const
/** Softer than this is no speech but the noise of a room, and stays as it is. */
const noiseLufs = -55
/** Raising it lets one hear who is very far away, and their noise. */
const mostGainDb = 20
const mostLossDb = 20

/**
 * Mixes all sounds into an M4A (AAC). Each person gets one gain for the whole recording, measured on their speech: quiet and
 * loud people come out alike, and nothing pumps. Returns the name of the file in `scratch`.
 */
export async function mixSound(options: SoundOptions): Promise<string> {
  const { strips, scratch, durationMs, ffmpeg, cores, signal, onProgress } = options
  const inputs: { name: string; gainDb: number }[] = []
  let place = 0
  for (const strip of strips.filter(isSound)) {
    const [name, sample] = [`sound-${place}.webm`, `sample-${place}.webm`]
    place++
    const person = options.people.find(({ participantId }) => participantId === strip.participantId)
    const heardMs = await joinSound({
      files: strip.files,
      pathOf: options.pathOf,
      output: join(scratch, name),
      sample: join(scratch, sample),
      speech: strip.kind === 'microphone' ? (person?.speech ?? []) : [],
      signal,
      onDamaged: (file) =>
        options.onWarning(`The sound in ${file} is damaged or missing; what can be read of it was used.`),
    })
    if (heardMs === 0) continue
    const loudness = await loudnessOf(sample, { scratch, ffmpeg, cores, signal })
    inputs.push({ name, gainDb: gainFor(loudness, targets[strip.kind]) })
    onProgress((0.3 * place) / strips.length)
  }

  const args = [
    // Times as they are in the files: FFmpeg would begin with the first packet of each.
    ...['-v', 'error', '-y', '-copyts', ...inputs.flatMap(({ name }) => ['-threads', '1', '-i', name])],
    ...['-filter_complex_threads', '1', '-filter_complex', mixGraph(inputs, durationMs), '-map', '[sound]'],
    ...['-c:a', 'aac', '-b:a', '128k', '-ar', '48000', '-ac', '2', '-t', (durationMs / 1000).toFixed(3)],
    ...[
      '-fflags',
      '+bitexact',
      '-flags:a',
      '+bitexact',
      '-movflags',
      '+faststart',
      '-f',
      'ipod',
      'sound.m4a',
    ],
  ]
  await runFfmpeg({
    ...{ ffmpeg, cores, args, folder: scratch, signal },
    onTime: (ms) => onProgress(0.3 + 0.7 * Math.min(1, ms / durationMs)),
  })
  return 'sound.m4a'
}

function isSound(strip: Strip): strip is Strip & { kind: keyof typeof targets } {
  return strip.kind in targets
}

/** In decibels, for a loudness in LUFS; undefined for what is too short or too quiet to say. */
function gainFor(loudness: number | undefined, target: number): number {
  if (loudness === undefined || loudness < noiseLufs) return 0
  return Math.round(Math.min(mostGainDb, Math.max(-mostLossDb, target - loudness)) * 10) / 10
}

/** Holes become silence, differences of clocks are stretched away, and what is loud at once does not clip. */
function mixGraph(inputs: readonly { gainDb: number }[], durationMs: number): string {
  const evened = inputs.map(({ gainDb }, place) => {
    // Resampling is on from the beginning: else the first stretch sets it up anew, and all that came before is put in twice.
    const inTime = 'aresample=48000:flags=+res:async=1000:min_hard_comp=0.05:first_pts=0'
    return `[${place}:a]${inTime},volume=${gainDb}dB,aformat=sample_fmts=fltp:channel_layouts=stereo[a${place}]`
  })
  const silence = `anullsrc=r=48000:cl=stereo:d=${(durationMs / 1000).toFixed(3)}[a]`
  const all = inputs.map((_, place) => `[a${place}]`).join('')
  const mix = `[a]${all}amix=inputs=${inputs.length + 1}:normalize=0:duration=first,alimiter=limit=0.9:level=0:latency=1[sound]`
  return [silence, ...evened, mix].join(';')
}

/** Of the parts that are not silence, as EBU R 128 has it. */
async function loudnessOf(
  sample: string,
  options: Pick<SoundOptions, 'scratch' | 'ffmpeg' | 'cores' | 'signal'>,
): Promise<number | undefined> {
  const { scratch: folder, ffmpeg, cores, signal } = options
  const meter = ['-i', sample, '-af', 'ebur128=framelog=verbose', '-f', 'null', '-']
  try {
    const said = await runFfmpeg({ ffmpeg, cores, args: ['-v', 'info', ...meter], folder, signal })
    const value = [...said.matchAll(/\bI:\s+(-?[\d.]+) LUFS/g)].at(-1)?.[1]
    return value === undefined ? undefined : Number(value)
  } catch (error) {
    if (error instanceof RenderError && error.code === 'ffmpeg-failed') return undefined
    throw error
  }
}
