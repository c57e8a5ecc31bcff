import { pictureOf, type Rectangle } from './composite-layout.ts'
import { framesPerSecond, type Scene } from './scenes.ts'
import { intersections, mergeSpans, type Span } from './spans.ts'
import { bridgeMs, spanOf, type Strip } from './strips.ts'

/** FFmpeg's filter graph for the picture of a composite. Pure. */

/** A strip with the places it has. */
export interface Showing {
  /** With those of its files alone of which something is seen: what is not, need not be decoded. */
  readonly strip: Strip
  /** In the order of time, each as long as it keeps its place. */
  readonly places: readonly (Span & { readonly picture: Rectangle })[]
  /** When it is to be seen. */
  readonly spans: readonly Span[]
}

export interface PictureGraph {
  readonly graph: string
  /** Commands for the filter `sendcmd`, by the name of the file that the graph expects them in. */
  readonly commands: ReadonlyMap<string, string>
}

/** Those strips that are seen at all: each is an input, and a decoder that runs. */
export function showingsOf(scenes: readonly Scene[], strips: readonly Strip[]): Showing[] {
  const endMs = scenes.at(-1)?.toMs ?? 0
  return strips.flatMap((strip) => {
    if (strip.kind !== 'camera' && strip.kind !== 'screen') return []
    const places: (Span & { picture: Rectangle })[] = []
    for (const { fromMs, toMs, tiles } of scenes) {
      const shown = tiles.find((tile) =>
        tile.kind === 'screen'
          ? tile.strip === strip
          : tile.kind === 'person' &&
            strip.kind === 'camera' &&
            tile.person.participantId === strip.participantId,
      )
      if (!shown) continue
      const picture = pictureOf(shown.tile)
      const last = places.at(-1)
      if (last?.toMs === fromMs && isSame(last.picture, picture))
        places[places.length - 1] = { ...last, toMs }
      else places.push({ fromMs, toMs, picture })
    }
    const spans = intersections(heldToEnd(strip.spans, endMs), mergeSpans(places))
    return spans.length === 0 ? [] : [{ strip: { ...strip, files: seenFiles(strip, spans) }, places, spans }]
  })
}

/** The last picture of a file stays over short holes, so one that ended a little earlier counts. */
function seenFiles({ files }: Strip, spans: readonly Span[]): Strip['files'] {
  return files.filter((file) => {
    const { fromMs, toMs } = spanOf(file)
    return spans.some((span) => fromMs < span.toMs && span.fromMs < toMs + bridgeMs)
  })
}

/** Taps are closed one by one when a recording ends: the last picture of each stays until the last of them. */
const togetherMs = 500

function heldToEnd(spans: readonly Span[], endMs: number): Span[] {
  return spans.map((span) =>
    endMs - span.toMs < togetherMs ? { ...span, toMs: Math.max(span.toMs, endMs) } : span,
  )
}

/** Shapes that differ by less are the same: what a tile loses to even numbers of pixels would be seen as a stripe beside it. */
const sameShape = 0.01

/**
 * Size of a picture in its place, as expressions of the scaler: whole, with bars where the shape is another, because what is
 * cut off a camera held upright is the face.
 */
function fitted({ width, height }: Rectangle): { w: string; h: string } {
  const isSame = `lt(abs(a*${height}/${width}-1),${sameShape})`
  return {
    w: `if(${isSame},${width},max(2,2*round(min(${width},${height}*a)/2)))`,
    h: `if(${isSame},${height},max(2,2*round(min(${height},${width}/a)/2)))`,
  }
}

/** Input 0 is the backdrop, then one input for each showing; the result is called `picture`. */
export function pictureGraph(showings: readonly Showing[]): PictureGraph {
  const commands = new Map<string, string>()
  // The last backdrop lasts until the end is told.
  const lines = [`[0:v]format=yuv420p,fps=${framesPerSecond},tpad=stop=-1:stop_mode=clone[p0]`]
  showings.forEach((showing, index) => {
    const { strip, places, spans } = showing
    const first = fitted(places[0]!.picture)
    const name = `sizes-${index}.txt`
    const sizes = sizeCommands(places, `scale@s${index}`)
    if (sizes !== '') commands.set(name, sizes)
    const visible = steps(visibility(spans), 't')
    // Of a screen people read the small print.
    const scaler = strip.kind === 'screen' ? 'bicubic' : 'fast_bilinear'
    // A picture for each moment, so that what changes its place is never seen in the size it had; scaled only while it is seen.
    const chain = [
      `setpts='${timesOf(strip)}'`,
      `fps=${framesPerSecond}`,
      `select='${visible}'`,
      ...(sizes === '' ? [] : [`sendcmd=f=${name}`]),
      `scale@s${index}=w='${first.w}':h='${first.h}':eval=frame:flags=${scaler}`,
      // What overlay asks for: else FFmpeg puts a scaler of its own in between, and that one keeps its first size for ever.
      'format=yuva420p',
      'setsar=1',
    ]
    lines.push(`[${index + 1}:v]${chain.join(',')}[v${index}]`)
    const x = steps(
      places.map(({ fromMs, picture }) => ({ fromMs, value: picture.x + picture.width / 2 })),
      't',
    )
    const y = steps(
      places.map(({ fromMs, picture }) => ({ fromMs, value: picture.y + picture.height / 2 })),
      't',
    )
    lines.push(
      `[p${index}][v${index}]overlay=x='${x}-w/2':y='${y}-h/2':eof_action=repeat:enable='${visible}'[p${index + 1}]`,
    )
  })
  lines.push(`[p${showings.length}]format=yuv420p[picture]`)
  return { graph: lines.join(';\n'), commands }
}

/** What a value is from when on, as an expression that takes few comparisons however many there are. */
export function steps(
  values: readonly { readonly fromMs: number; readonly value: number | string }[],
  variable: string,
): string {
  if (values.length <= 1) return String(values[0]?.value ?? 0)
  const middle = Math.ceil(values.length / 2)
  const before = steps(values.slice(0, middle), variable)
  const after = steps(values.slice(middle), variable)
  // A little earlier than the time of a frame, which is a fraction that is not exact.
  return `if(lt(${variable},${((values[middle]!.fromMs - 5) / 1000).toFixed(3)}),${before},${after})`
}

function visibility(spans: readonly Span[]): { fromMs: number; value: number }[] {
  const steps = [{ fromMs: Number.NEGATIVE_INFINITY, value: 0 }]
  for (const { fromMs, toMs } of spans) steps.push({ fromMs, value: 1 }, { fromMs: toMs, value: 0 })
  return steps
}

/** By commands and not by an expression of time: that would set up the scaler anew for each picture. */
function sizeCommands(places: Showing['places'], scaler: string): string {
  const lines: string[] = []
  for (const [place, { fromMs, picture }] of places.entries()) {
    const before = places[place - 1]?.picture
    if (!before || (before.width === picture.width && before.height === picture.height)) continue
    const at = ((fromMs - 5) / 1000).toFixed(3)
    const { w, h } = fitted(picture)
    lines.push(`${at} ${scaler} w '${w}', ${scaler} h '${h}';`)
  }
  return lines.join('\n')
}

/** From the time of the joined files, which begins with the first, to that of the recording, drift undone. */
function timesOf({ files }: Strip): string {
  const startMs = files[0]!.offsetMs
  const drifts = files.map(({ offsetMs, driftPpm }) => {
    const baseMs = offsetMs - startMs
    const drift = driftPpm / 1e6
    const value = Math.abs(driftPpm) < 1 ? '0' : `(T-${(baseMs / 1000).toFixed(6)})*${drift.toFixed(8)}`
    return { fromMs: baseMs, value }
  })
  const drift = drifts.every(({ value }) => value === '0') ? '' : `+${steps(drifts, 'T')}`
  return `(T+${(startMs / 1000).toFixed(6)}${drift})/TB`.replace('+-', '-')
}

function isSame(a: Rectangle, b: Rectangle): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height
}
