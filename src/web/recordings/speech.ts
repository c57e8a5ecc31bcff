import type { RecordedPerson } from '../api/types.ts'

/** When people spoke, as marks and figures. Values in, values out; times are milliseconds of the recording. */

type Spans = RecordedPerson['speech']

export function talkTime(speech: Spans): number {
  return speech.reduce((sum, [from, to]) => sum + Math.max(0, to - from), 0)
}

/** Those who speak at a moment. */
export function speakersAt<P extends Pick<RecordedPerson, 'speech'>>(people: readonly P[], ms: number): P[] {
  return people.filter(({ speech }) => speech.some(([from, to]) => from <= ms && ms < to))
}

/** The same people, in the same order, but those who never spoke last. */
export function spokeFirst<P extends Pick<RecordedPerson, 'speech'>>(people: readonly P[]): P[] {
  const spoke = (each: P) => each.speech.length > 0
  return [...people.filter(spoke), ...people.filter((each) => !spoke(each))]
}

/** Share of the length below which a mark could not be seen, nor a gap between two. */
const smallest = 1 / 400

/** The outline of somebody's marks in a box of `durationMs` by 1; one shape, however often they spoke. */
export function speechPath(speech: Spans, durationMs: number): string {
  if (durationMs <= 0) return ''
  const least = durationMs * smallest
  const marks: [number, number][] = []
  for (const [from, to] of [...speech].sort(([a], [b]) => a - b)) {
    const start = Math.min(Math.max(0, from), durationMs)
    const end = Math.min(Math.max(to, start + least), durationMs)
    const last = marks.at(-1)
    if (last && start - last[1] < least) last[1] = Math.max(last[1], end)
    else if (end > start) marks.push([start, end])
  }
  return marks.map(([from, to]) => `M${round(from)} 0H${round(to)}V1H${round(from)}Z`).join('')
}

function round(value: number): number {
  return Math.round(value)
}

/** The next moment at which somebody begins to speak, for jumping there; the first one after the last. */
export function nextSpeech(speech: Spans, ms: number): number | undefined {
  const starts = speech.map(([from]) => from).sort((a, b) => a - b)
  return starts.find((start) => start > ms + 500) ?? starts[0]
}
