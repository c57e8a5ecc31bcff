import { median, worst, type Lateness } from '../../src/tests/support/composite-figures.ts'
import type { CallFacts } from './sync-call.ts'
import { lineThrough } from './sync-line.ts'
import type { FoundPerson } from './sync-tracks.ts'

/** Prints how far sound, pictures and people are apart, and what the processes took. */

const stretchMs = 600_000
const minuteMs = 60_000
const hourMs = 3_600_000
/** People are compared over so long: a picture and ten tones of each are in it for certain. */
const comparedMs = 10_000
/**
 * No picture can be recorded before it was drawn. Where one seems to be, by more than this, either its file lies wrongly in time, or
 * Chromium stamped it too early, as it does for seconds on a machine that is short of time.
 */
const earlyMs = 25
const limits = { own: 40, others: 100 }

interface Behind extends Lateness {
  readonly isStampedEarly: boolean
}

export function sayFigures(
  facts: CallFacts,
  people: readonly FoundPerson[],
  say: (text?: string) => void,
): void {
  const { beganMs } = facts
  const ends = people.flatMap(({ pictures, tones }) => [pictures.at(-1)!.atMs, tones.at(-1)!.atMs])
  const endMs = Math.max(...ends)
  say()
  say(`Recorded for ${((endMs - beganMs) / minuteMs).toFixed(1)} minutes. Milliseconds, median and worst.`)
  for (const person of people) sayPerson(person, { beganMs, endMs }, say)
  sayAmongEachOther(people, { beganMs, endMs }, say)
  sayLines(facts, people, say)
  sayProcesses(facts, say)
}

interface Span {
  readonly beganMs: number
  readonly endMs: number
}

function sayPerson(person: FoundPerson, span: Span, say: (text?: string) => void): void {
  const { name, pictures, tones, missingTones, files, clock } = person
  const behind = behindPictures(tones, pictures)
  say()
  say(
    `${name}: clock ${signed(-clock.slope * 1e6)} ppm (readings up to ${clock.farthest.toFixed(1)} ms beside the line), ` +
      `${pictures.length} pictures, ${tones.length} tones, ${missingTones.length} not found`,
  )
  say('  minutes   sound behind pictures  beyond 40 ms   pictures late      tones late   stamped early')
  for (const { isIn, title } of stretches(span, stretchMs)) {
    const here = behind.filter(({ atMs }) => isIn(atMs))
    const sure = here.filter(({ isStampedEarly }) => !isStampedEarly)
    if (here.length === 0) continue
    say(
      [
        `  ${title}`.padEnd(12),
        figures(sure.map(({ lateMs }) => lateMs)).padStart(20),
        String(sure.filter(({ lateMs }) => Math.abs(lateMs) > limits.own).length).padStart(14),
        figures(pictures.filter(({ atMs }) => isIn(atMs)).map(({ lateMs }) => lateMs)).padStart(18),
        figures(tones.filter(({ atMs }) => isIn(atMs)).map(({ lateMs }) => lateMs)).padStart(16),
        String(here.length - sure.length).padStart(12),
      ].join(''),
    )
  }
  const sure = behind.filter(({ isStampedEarly }) => !isStampedEarly)
  say(
    `  all        ${figures(sure.map(({ lateMs }) => lateMs)).padStart(20)}, and with those stamped early ` +
      `${figures(behind.map(({ lateMs }) => lateMs))}`,
  )
  say(
    `  slopes: sound behind pictures ${perHour(sure, span)}, pictures ${perHour(pictures, span)}, sound ${perHour(tones, span)} ms/h`,
  )
  for (const { source, file, lost } of files) {
    say(
      `  ${file.name} (${source}, ${file.startReason}): drift ${signed(file.driftPpm)} ppm, offset ${file.offsetMs} ms, ` +
        `${(file.durationMs / minuteMs).toFixed(1)} min, ${file.clock}, ${lost} packets lost, ${file.gaps.length} gaps`,
    )
  }
}

/** Of each tone, by how much it is later than the pictures of half a second around it. */
function behindPictures(tones: readonly Lateness[], pictures: readonly Lateness[]): Behind[] {
  const sorted = [...pictures].sort((a, b) => a.atMs - b.atMs)
  let from = 0
  return tones.flatMap(({ atMs, lateMs }) => {
    while (from < sorted.length && sorted[from]!.atMs < atMs - 500) from++
    const near: number[] = []
    for (let place = from; place < sorted.length && sorted[place]!.atMs < atMs + 500; place++)
      near.push(sorted[place]!.lateMs)
    if (near.length === 0) return []
    const shown = median(near)
    return { atMs, lateMs: lateMs - shown, isStampedEarly: shown < -earlyMs }
  })
}

function sayAmongEachOther(people: readonly FoundPerson[], span: Span, say: (text?: string) => void): void {
  say()
  say('Among each other, over 10 s each:')
  say('  minutes   pictures apart    beyond 100 ms   sound apart    beyond 100 ms')
  const apart = (of: (person: FoundPerson) => readonly Lateness[]) => {
    const perPerson = people.map((person) => medians(of(person), span, comparedMs))
    return [...perPerson[0]!.keys()].flatMap((place) => {
      const values = perPerson.map((list) => list.get(place))
      if (values.some((value) => value === undefined)) return []
      const sure = values as number[]
      return { atMs: span.beganMs + place * comparedMs, lateMs: Math.max(...sure) - Math.min(...sure) }
    })
  }
  const pictures = apart((person) => person.pictures)
  const sound = apart((person) => person.tones)
  const row = (title: string, isIn: (at: number) => boolean): void => {
    const of = (list: readonly Lateness[]) =>
      list.filter(({ atMs }) => isIn(atMs)).map(({ lateMs }) => lateMs)
    const beyond = (list: readonly number[]) => String(list.filter((value) => value > limits.others).length)
    const [seen, heard] = [of(pictures), of(sound)]
    if (seen.length === 0 || heard.length === 0) return
    say(
      [
        `  ${title}`.padEnd(12),
        figures(seen).padStart(14),
        `${beyond(seen)} of ${seen.length}`.padStart(17),
        figures(heard).padStart(14),
        `${beyond(heard)} of ${heard.length}`.padStart(17),
      ].join(''),
    )
  }
  for (const { isIn, title } of stretches(span, stretchMs)) row(title, isIn)
  row('all', () => true)
}

/** How wrong the manifest was that a recorder killed at that moment would have left, seen from the end. */
function sayLines(
  { lines, beganMs }: CallFacts,
  people: readonly FoundPerson[],
  say: (text?: string) => void,
): void {
  say()
  say('What manifests while it went on said of their last moment, against what the last one says:')
  for (const { name, files } of people) {
    for (const { source, file } of files) {
      const errors = lines
        .filter((line) => line.name === file.name && line.atMs < beganMs + file.durationMs)
        .map(({ atMs, offsetMs, driftPpm }) => ({
          atMs,
          lateMs: offsetMs - file.offsetMs + ((atMs - beganMs) * (driftPpm - file.driftPpm)) / 1e6,
        }))
      const after = (minutes: number) =>
        errors.filter(({ atMs }) => atMs > beganMs + minutes * minuteMs).map(({ lateMs }) => lateMs)
      say(
        `  ${name} ${source}: worst after 1 min ${signed(worst(after(0.9)))}, after 5 min ${signed(worst(after(4.9)))}, ` +
          `after 20 min ${signed(worst(after(19.9)))} ms`,
      )
    }
  }
}

function sayProcesses({ memory }: CallFacts, say: (text?: string) => void): void {
  say()
  say(
    'Memory (resident, MB):  after 1 min   middle   end   highest   slope per hour, without the first 5 min',
  )
  const first = memory[0]!.atMs
  const during = memory.filter(({ atMs }) => atMs >= first + 0.9 * minuteMs)
  if (during.length === 0) return
  const settled = during.filter(({ atMs }) => atMs >= first + 5 * minuteMs)
  for (const what of Object.keys(memory.at(-1)!.kilobytes)) {
    const of = (list: typeof memory) => list.map(({ kilobytes }) => (kilobytes[what] ?? 0) / 1024)
    const values = of(during)
    const line = lineThrough(
      settled.map(({ atMs, kilobytes }) => ({ x: atMs - first, y: (kilobytes[what] ?? 0) / 1024 })),
    )
    say(
      `  ${what.padEnd(20)}${[
        values[0]!,
        values[Math.floor(values.length / 2)]!,
        values.at(-1)!,
        Math.max(...values),
      ]
        .map((value) => value.toFixed(1).padStart(10))
        .join('')}${settled.length > 10 ? signed(line.slope * hourMs).padStart(12) : ''}`,
    )
  }
  const loads = memory.map(({ load }) => load)
  say(
    `Load of the machine in the minutes of it: ${median(loads).toFixed(1)}, at most ${Math.max(...loads).toFixed(1)}.`,
  )
}

function* stretches({ beganMs, endMs }: Span, lengthMs: number) {
  for (let fromMs = beganMs; fromMs < endMs - minuteMs / 2; fromMs += lengthMs) {
    const toMs = Math.min(fromMs + lengthMs, endMs)
    const minutes = (ms: number) => Math.round((ms - beganMs) / minuteMs)
    yield {
      isIn: (at: number) => at >= fromMs && at < toMs,
      title: `${minutes(fromMs)} to ${minutes(toMs)}`,
    }
  }
}

/** The median of each stretch in which there is something, by its number. */
function medians(list: readonly Lateness[], { beganMs }: Span, lengthMs: number): Map<number, number> {
  const parts = new Map<number, number[]>()
  for (const { atMs, lateMs } of list) {
    const place = Math.floor((atMs - beganMs) / lengthMs)
    const part = parts.get(place)
    if (part) part.push(lateMs)
    else parts.set(place, [lateMs])
  }
  return new Map([...parts].map(([place, values]) => [place, median(values)]))
}

/** Through the medians of minutes, so that a few that are far off do not count. */
function perHour(list: readonly Lateness[], span: Span): string {
  if (list.length === 0) return 'none'
  const points = [...medians(list, span, minuteMs)].map(([place, y]) => ({ x: place * minuteMs, y }))
  return signed(lineThrough(points).slope * hourMs)
}

function figures(values: readonly number[]): string {
  if (values.length === 0) return 'none'
  return `${signed(median(values))} / ${signed(worst(values))}`
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(1)}`
}
