import { join } from 'node:path'
import { readManifest, type RecordedFile } from '../../recorder/manifest.ts'
import { patterns, type PatternName } from '../../src/tests/support/call-pattern.ts'
import { picturesLate, tonesLate, type Lateness } from '../../src/tests/support/composite-figures.ts'
import { findPatterns } from '../../src/tests/support/composite-pictures.ts'
import { findTones } from '../../src/tests/support/composite-sound.ts'
import type { CallFacts, ClockReading } from './sync-call.ts'
import { lineThrough, type Line } from './sync-line.ts'

/** What is found in the tracks of the call, in moments of this machine's clock. */

export interface FoundPerson {
  readonly name: PatternName
  /** By what their clock differed from ours, as a line over ours. */
  readonly clock: Line
  readonly pictures: readonly Lateness[]
  readonly tones: readonly Lateness[]
  readonly missingTones: readonly number[]
  readonly files: readonly { readonly source: string; readonly file: RecordedFile; readonly lost: number }[]
}

export async function lookAtTracks(folder: string, facts: CallFacts): Promise<FoundPerson[]> {
  const recording = join(folder, 'recordings', facts.recordingId)
  const manifest = await readManifest(recording)
  if (manifest === undefined) throw new Error(`there is no manifest in ${recording}`)
  const startMs = Date.parse(manifest.startedAt)
  const found: FoundPerson[] = []
  for (const name of Object.keys(facts.sent) as PatternName[]) {
    const clock = clockLine(facts.clocks[name])
    const ours = onOurClock(clock)
    const tracks = manifest.tracks.filter(({ displayName }) => displayName === name)
    const files = tracks.flatMap(({ source, statistics, files: list }) =>
      list.map((file) => ({ source, file, lost: statistics.lost })),
    )
    const pictures: Lateness[] = []
    const tones: Lateness[] = []
    const missingTones: number[] = []
    for (const { source, file } of files) {
      const path = join(recording, file.name)
      const placed = { startMs: startMs + file.offsetMs }
      const wholeMs = (ms: number) => ms * (1 + file.driftPpm / 1e6)
      if (source === 'microphone') {
        const heard = (await findTones(path, { own: patterns[name].toneHz }))['own']!.map((tone) => ({
          ...tone,
          fromMs: wholeMs(tone.fromMs),
          toMs: wholeMs(tone.toMs),
        }))
        const endMs = placed.startMs + wholeMs(file.durationMs)
        const isRecorded = (at: number) => at > placed.startMs + 1000 && at < endMs - 1000
        const sent = facts.sent[name].tones.map(ours).filter(isRecorded)
        const { late, missing } = tonesLate(heard, { ...placed, sent })
        tones.push(...late)
        missingTones.push(...missing)
      } else {
        const colours = { own: patterns[name].colour }
        const { sightings } = await findPatterns(path, { colours, ...placed })
        const seen = sightings['own']!.map(({ timeMs, drawnMs, box }) => ({
          timeMs: wholeMs(timeMs),
          drawnMs: drawnMs === undefined ? undefined : ours(drawnMs),
          box,
        }))
        pictures.push(...picturesLate(seen, placed))
      }
    }
    found.push({ name, clock, pictures, tones, missingTones, files })
  }
  return found
}

/** Readings of which asking took this long are left out, in milliseconds. */
const unsureMs = 8

/** Ours minus theirs over theirs. */
export function clockLine(readings: readonly ClockReading[]): Line {
  const sure = readings.filter(({ tookMs }) => tookMs <= unsureMs)
  // A clock of whole milliseconds is half of one behind in the middle.
  return lineThrough(sure.map(({ ourMs, theirMs }) => ({ x: theirMs, y: ourMs - theirMs - 0.5 })))
}

export function onOurClock(clock: Line): (theirMs: number) => number {
  return (theirMs) => theirMs + clock.at(theirMs)
}
