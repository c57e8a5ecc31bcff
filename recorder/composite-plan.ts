import { arrange, type Rectangle } from './layout.ts'
import type { Manifest, RecordedFile, Track } from './manifest.ts'

/** Who is where and when in a composite, and FFmpeg's arguments for it. Pure: the same manifest gives the same picture. */

export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** Somebody's place, as a plain tile with a name, whatever is shown on it. */
export interface Tile {
  readonly name: string
  readonly place: Rectangle
  readonly spans: readonly Span[]
}

/** A file of video in one place. */
export interface Showing {
  readonly file: RecordedFile
  readonly track: Track
  readonly place: Rectangle
  readonly spans: readonly Span[]
}

export interface CompositePlan {
  readonly durationMs: number
  readonly tiles: readonly Tile[]
  readonly showings: readonly Showing[]
  readonly sounds: readonly RecordedFile[]
}

export interface PictureSize {
  readonly width: number
  readonly height: number
}

const framesPerSecond = 25
const soundSources = new Set(['microphone', 'screen-audio'])

export function planComposite(manifest: Manifest, size: PictureSize): CompositePlan {
  const tracks = manifest.tracks.map((track) => ({ ...track, files: track.files.filter(isUsable) }))
  const files = tracks.flatMap((track) => track.files)
  const durationMs = Math.max(0, ...files.map((file) => spanOf(file).toMs))
  const people = [...new Set(tracks.map(({ participantId }) => participantId))].map((participantId) => {
    const own = tracks.filter((track) => track.participantId === participantId)
    return {
      name: own.find(({ displayName }) => displayName !== '')?.displayName ?? '',
      presence: own.map((track) => presenceOf(track, durationMs)),
      cameras: own.filter((track) => track.codec !== 'opus' && track.source !== 'screen'),
    }
  })
  const screens = tracks.filter((track) => track.source === 'screen' && track.files.length > 0)

  const tiles = new Collected<Omit<Tile, 'spans'>>()
  const showings = new Collected<Omit<Showing, 'spans'>>()
  const show = (track: Track, place: Rectangle, during: Span): void => {
    for (const file of track.files) {
      for (const span of visibleSpans(file)) {
        const both = intersection(span, during)
        if (both) showings.add(`${file.name} ${keyOf(place)}`, { file, track, place }, both)
      }
    }
  }
  const edges = [
    ...people.flatMap(({ presence }) => presence),
    ...screens.flatMap((track) => track.files.map(spanOf)),
    { fromMs: 0, toMs: durationMs },
  ].flatMap(({ fromMs, toMs }) => [fromMs, toMs])
  const moments = [...new Set(edges)].filter((at) => at >= 0 && at <= durationMs).sort((a, b) => a - b)
  for (const [place, fromMs] of moments.slice(0, -1).entries()) {
    const during = { fromMs, toMs: moments[place + 1]! }
    const there = people.filter(({ presence }) => presence.some((span) => intersection(span, during)))
    const shown = screens.filter(({ files }) => files.some((file) => intersection(spanOf(file), during)))
    const arranged = arrange({ people: there.length, screens: shown.length, size })
    there.forEach(({ name, cameras }, index) => {
      const rectangle = arranged.people[index]!
      tiles.add(`${people.indexOf(there[index]!)} ${keyOf(rectangle)}`, { name, place: rectangle }, during)
      for (const camera of cameras) show(camera, rectangle, during)
    })
    shown.forEach((screen, index) => show(screen, arranged.screens[index]!, during))
  }
  return {
    durationMs,
    tiles: tiles.list,
    showings: showings.list,
    sounds: tracks.filter((track) => soundSources.has(track.source)).flatMap((track) => track.files),
  }
}

/** FFmpeg's filter graph. Inputs are the files of the showings, each once, then the sounds; `nameFile` holds a tile's text. */
export function filterGraph(
  plan: CompositePlan,
  options: { size: PictureSize; inputs: readonly string[]; nameFile: (tile: number) => string },
): string {
  const { size, inputs, nameFile } = options
  const seconds = plan.durationMs / 1000
  const lines: string[] = []

  const drawn = plan.tiles.flatMap(({ place, spans, name }, index) => {
    const { x, y, width, height } = place
    const enable = `enable='${duringSpans(spans)}'`
    const box = `drawbox=${x}:${y}:${width}:${height}:color=0x30343a:t=fill:${enable}`
    if (name === '') return [box]
    const fontSize = Math.max(12, Math.round(height / 10))
    const at = `x=${x}+(${width}-tw)/2:y=${y}+(${height}-th)/2`
    return [
      box,
      `drawtext=textfile='${nameFile(index)}':expansion=none:fontcolor=white:fontsize=${fontSize}:${at}:${enable}`,
    ]
  })
  const ground = `color=0x16181b:s=${size.width}x${size.height}:r=${framesPerSecond}:d=${seconds}`
  lines.push([ground, ...drawn].join(',') + '[p0]')

  // Each file is decoded once and scaled for each size it has.
  const byInput = new Map<number, number[]>()
  plan.showings.forEach(({ file }, index) => {
    const input = inputs.indexOf(file.name)
    byInput.set(input, [...(byInput.get(input) ?? []), index])
  })
  for (const [input, indexes] of byInput) {
    const { file } = plan.showings[indexes[0]!]!
    const outputs = indexes.map((index) => `[s${index}]`).join('')
    lines.push(`[${input}:v]setpts=${timesOf(file)},split=${indexes.length}${outputs}`)
  }
  plan.showings.forEach(({ place, spans }, index) => {
    const { x, y, width, height } = place
    const scale = `scale=${width}:${height}:force_original_aspect_ratio=decrease:force_divisible_by=2,setsar=1`
    lines.push(`[s${index}]${scale}[v${index}]`)
    const at = `x=${x}+(${width}-w)/2:y=${y}+(${height}-h)/2`
    lines.push(
      `[p${index}][v${index}]overlay=${at}:eof_action=repeat:enable='${duringSpans(spans)}'[p${index + 1}]`,
    )
  })
  // Names are told on the pictures, too, small in the corner.
  const labels = plan.tiles.flatMap(({ name, place, spans }, index) => {
    if (name === '') return []
    const fontSize = Math.max(10, Math.round(place.height / 18))
    const at = `x=${place.x + 8}:y=${place.y + place.height}-th-8`
    const style = `fontcolor=white:box=1:boxcolor=black@0.5:boxborderw=4:fontsize=${fontSize}`
    return [
      `drawtext=textfile='${nameFile(index)}':expansion=none:${style}:${at}:enable='${duringSpans(spans)}'`,
    ]
  })
  lines.push(`[p${plan.showings.length}]${[...labels, 'format=yuv420p'].join(',')}[picture]`)

  plan.sounds.forEach((file, index) => {
    const input = inputs.indexOf(file.name)
    // Holes become silence, and so does the time before; loudness is evened out for each before they are mixed.
    const even = 'aresample=48000:async=1000:min_hard_comp=0.05:first_pts=0,dynaudnorm=m=6'
    lines.push(`[${input}:a]asetpts=${timesOf(file)},${even}[a${index}]`)
  })
  const silence = `anullsrc=r=48000:cl=stereo:d=${seconds}`
  const all = plan.sounds.map((_, index) => `[a${index}]`).join('')
  lines.push(
    `${silence}[a]`,
    `[a]${all}amix=inputs=${plan.sounds.length + 1}:normalize=0,alimiter=limit=0.9[sound]`,
  )
  return lines.join(';\n')
}

/** The name of each file once, in the order of inputs. */
export function inputsOf(plan: CompositePlan): string[] {
  return [...new Set([...plan.showings.map(({ file }) => file.name), ...plan.sounds.map(({ name }) => name)])]
}

/** Media time to the time of the recording, drift undone. */
function timesOf({ offsetMs, driftPpm }: RecordedFile): string {
  return `PTS*${(1 + driftPpm / 1e6).toFixed(8)}+${(offsetMs / 1000).toFixed(4)}/TB`
}

function duringSpans(spans: readonly Span[]): string {
  return spans.map(({ fromMs, toMs }) => `gte(t,${fromMs / 1000})*lt(t,${toMs / 1000})`).join('+')
}

function isUsable({ state, frames }: RecordedFile): boolean {
  return (state === 'finished' || state === 'recovered') && frames > 0
}

function spanOf({ offsetMs, driftPpm, durationMs }: RecordedFile): Span {
  return { fromMs: offsetMs, toMs: offsetMs + durationMs * (1 + driftPpm / 1e6) }
}

function presenceOf(track: Track, durationMs: number): Span {
  return { fromMs: track.addedMs, toMs: Math.min(track.endedMs ?? durationMs, durationMs) }
}

/** Where there is a picture: not while the camera is off. A loss shows what was there last. */
function visibleSpans(file: RecordedFile): Span[] {
  const whole = spanOf(file)
  const spans: Span[] = []
  let { fromMs } = whole
  for (const gap of file.gaps.filter(({ lostPackets }) => lostPackets === 0)) {
    spans.push({ fromMs, toMs: whole.fromMs + gap.fromMs })
    fromMs = whole.fromMs + gap.toMs
  }
  spans.push({ fromMs, toMs: whole.toMs })
  return spans
}

function intersection(a: Span, b: Span): Span | undefined {
  const fromMs = Math.max(a.fromMs, b.fromMs)
  const toMs = Math.min(a.toMs, b.toMs)
  return fromMs < toMs ? { fromMs, toMs } : undefined
}

function keyOf({ x, y, width, height }: Rectangle): string {
  return `${x} ${y} ${width} ${height}`
}

/** Things with the spans they are there, spans that touch put together. */
class Collected<T extends object> {
  readonly #found = new Map<string, T & { spans: Span[] }>()

  add(key: string, what: T, span: Span): void {
    const found = this.#found.get(key) ?? { ...what, spans: [] }
    this.#found.set(key, found)
    const last = found.spans.at(-1)
    if (last?.toMs === span.fromMs)
      found.spans[found.spans.length - 1] = { fromMs: last.fromMs, toMs: span.toMs }
    else found.spans.push(span)
  }

  get list(): (T & { spans: Span[] })[] {
    return [...this.#found.values()]
  }
}
