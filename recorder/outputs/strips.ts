import type { RecordedFile, Track } from '../manifest.ts'
import { mergeSpans, type Span } from './spans.ts'

/** Files of one person from one source, one after the other, as if they were one: an input of FFmpeg each. Pure. */
export interface Strip {
  readonly participantId: string
  readonly kind: 'camera' | 'screen' | 'microphone' | 'screen-audio'
  readonly codec: Track['codec']
  /** In the order of time, none before the end of the one before it. */
  readonly files: readonly RecordedFile[]
  /** When there is something to see or hear. */
  readonly spans: readonly Span[]
}

/** Files may overlap by so much, because their clocks are estimates, and count as one after the other all the same. */
const overlapMs = 300
/** Until the key frame of the next part comes, the last picture stays. */
export const bridgeMs = 1500

/** All strips of what was recorded, in the order of the tracks. Files that failed or hold nothing are left out. */
export function stripsOf(tracks: readonly Track[]): Strip[] {
  const groups = new Map<string, { track: Track; files: RecordedFile[] }>()
  for (const track of tracks) {
    const key = JSON.stringify([track.participantId, kindOf(track), track.codec])
    const group = groups.get(key) ?? { track, files: [] }
    groups.set(key, group)
    group.files.push(...track.files.filter(isUsable))
  }
  return [...groups.values()].flatMap(({ track, files }) => {
    const kind = kindOf(track)
    const { participantId, codec } = track
    return laneBy(files).map((lane) => ({
      participantId,
      kind,
      codec,
      files: lane,
      spans: mergeSpans(
        kind === 'camera' ? lane.flatMap(visibleSpans).concat(bridgesOf(lane)) : lane.map(spanOf),
      ),
    }))
  })
}

/** When it was captured, drift of its clock undone. */
export function spanOf({ offsetMs, driftPpm, durationMs }: RecordedFile): Span {
  return { fromMs: offsetMs, toMs: offsetMs + durationMs * (1 + driftPpm / 1e6) }
}

/** When the last of it ends. */
export function durationOf(strips: readonly Strip[]): number {
  return Math.max(0, ...strips.flatMap(({ files }) => files.map((file) => spanOf(file).toMs)))
}

function kindOf({ codec, source }: Track): Strip['kind'] {
  if (codec === 'opus') return source === 'screen-audio' ? 'screen-audio' : 'microphone'
  return source === 'screen' ? 'screen' : 'camera'
}

function isUsable({ state, frames }: RecordedFile): boolean {
  return (state === 'finished' || state === 'recovered') && frames > 0
}

/** As few lists as possible without overlaps: somebody may show two screens at once. */
function laneBy(files: readonly RecordedFile[]): RecordedFile[][] {
  const lanes: RecordedFile[][] = []
  for (const file of [...files].sort((a, b) => a.offsetMs - b.offsetMs)) {
    const { fromMs } = spanOf(file)
    const lane = lanes.find((found) => {
      const last = found.at(-1)!
      return file.offsetMs > last.offsetMs && fromMs >= spanOf(last).toMs - overlapMs
    })
    if (lane) lane.push(file)
    else lanes.push([file])
  }
  return lanes
}

/** Not while the camera is off; a loss shows what was there last. Of a screen a hole only says that nothing moved. */
function visibleSpans(file: RecordedFile): Span[] {
  const whole = spanOf(file)
  const spans: Span[] = []
  let { fromMs } = whole
  for (const gap of file.gaps.filter(({ lostPackets }) => lostPackets === 0)) {
    spans.push({ fromMs, toMs: whole.fromMs + gap.fromMs })
    fromMs = whole.fromMs + gap.toMs
  }
  return [...spans, { fromMs, toMs: whole.toMs }]
}

/** The short holes between files. */
function bridgesOf(files: readonly RecordedFile[]): Span[] {
  return files.slice(1).flatMap((file, place) => {
    const hole = { fromMs: spanOf(files[place]!).toMs, toMs: file.offsetMs }
    return hole.toMs - hole.fromMs <= bridgeMs ? [hole] : []
  })
}

/** A list for FFmpeg's concat demuxer: time 0 is that of the first file, holes between files stay. */
export function concatList(files: readonly RecordedFile[], pathOf: (name: string) => string): string {
  const lines = files.flatMap((file, place) => {
    const next = files[place + 1]
    const path = `file ${quoted(pathOf(file.name))}`
    return next ? [path, `duration ${((next.offsetMs - file.offsetMs) / 1000).toFixed(6)}`] : [path]
  })
  return ['ffconcat version 1.0', ...lines, ''].join('\n')
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`
}
