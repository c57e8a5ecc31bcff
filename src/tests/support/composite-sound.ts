import { toneMs } from './call-pattern.ts'
import { ffmpeg, run } from './recorder-media.ts'

/** Finds the tones of a test call in the sound of a file. */

export interface Tone {
  /** In milliseconds of the file, half way up and half way down. */
  readonly fromMs: number
  readonly toMs: number
  /** The largest amplitude, of full scale. */
  readonly loudness: number
}

const rate = 48_000
const windowMs = 20
const stepMs = 2.5
/** Below it there is nothing but what codecs add. */
const silence = 0.02

/** Where a tone of each frequency is heard. Throws if the sound cannot be decoded. */
export async function findTones(
  path: string,
  frequencies: Readonly<Record<string, number>>,
): Promise<Record<string, Tone[]>> {
  const filter = [
    '-af',
    'aresample=async=1:min_hard_comp=0.01:first_pts=0',
    '-ac',
    '1',
    '-ar',
    String(rate),
    '-f',
    's16le',
    'pipe:1',
  ]
  const bytes = await run(ffmpeg, ['-v', 'error', '-xerror', '-i', path, '-vn', ...filter])
  const sound = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1)
  return Object.fromEntries(
    Object.entries(frequencies).map(([name, hertz]) => [name, tonesOf(amplitudes(sound, hertz))]),
  )
}

/** How loud a frequency is around each step, of full scale (Goertzel's algorithm). */
function amplitudes(sound: Int16Array, hertz: number): number[] {
  const length = (rate * windowMs) / 1000
  const step = (rate * stepMs) / 1000
  const factor = 2 * Math.cos((2 * Math.PI * hertz) / rate)
  const found: number[] = []
  for (let start = 0; start + length <= sound.length; start += step) {
    let last = 0
    let beforeLast = 0
    for (let at = start; at < start + length; at++) {
      const next = sound[at]! + factor * last - beforeLast
      beforeLast = last
      last = next
    }
    const power = last ** 2 + beforeLast ** 2 - factor * last * beforeLast
    found.push((2 * Math.sqrt(Math.max(0, power))) / length / 32_768)
  }
  return found
}

function tonesOf(loudness: readonly number[]): Tone[] {
  const tones: Tone[] = []
  for (let at = 0; at < loudness.length; at++) {
    if (loudness[at]! < silence) continue
    let end = at
    while (end < loudness.length && loudness[end]! >= silence) end++
    const peak = Math.max(...loudness.slice(at, end))
    let from = at
    while (loudness[from]! < peak / 2) from++
    let to = end - 1
    while (loudness[to]! < peak / 2) to--
    const middle = (place: number) => place * stepMs + windowMs / 2
    // What is much shorter is the click with which another tone ends.
    if ((to - from) * stepMs > toneMs / 3)
      tones.push({ fromMs: middle(from), toMs: middle(to), loudness: peak })
    at = end
  }
  return tones
}
