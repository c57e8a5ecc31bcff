import { groundColour, quietColour, tileColour } from './colours.ts'
import { pictureOf, type PictureSize, type Rectangle } from './composite-layout.ts'
import { initialsOf, shortName } from './names.ts'
import { keyOf, type Scene, type SceneTile } from './scenes.ts'

/**
 * What is behind the pictures of a scene: plain tiles, names, initials. It is drawn once for each arrangement, by libass,
 * because that shapes every script, reads from the right where it should, and takes missing glyphs from other fonts. Pure.
 */
export interface Backdrops {
  /** Subtitles of which second N is what is behind the scenes with that number. */
  readonly subtitles: string
  readonly count: number
  /** For each scene, which one. */
  readonly numbers: readonly number[]
}

const font = 'Noto Sans'

export function backdropsOf(
  scenes: readonly Scene[],
  options: { size: PictureSize; names: boolean },
): Backdrops {
  const { size, names } = options
  const numberOf = new Map<string, number>()
  const events: string[] = []
  const numbers = scenes.map(({ tiles }) => {
    const key = keyOf(tiles)
    const known = numberOf.get(key)
    if (known !== undefined) return known
    const number = numberOf.size
    numberOf.set(key, number)
    for (const tile of tiles) events.push(...drawn(tile, names).map((text) => event(number, text)))
    return number
  })
  const head = [
    '[Script Info]',
    'ScriptType: v4.00+',
    `PlayResX: ${size.width}`,
    `PlayResY: ${size.height}`,
    'WrapStyle: 2',
    '',
    '[V4+ Styles]',
    'Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding',
    // Encoding -1: each text reads in the direction of its own letters.
    `Style: Plain,${font},20,&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,0,0,7,0,0,0,-1`,
    '',
    '[Events]',
    'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
  ]
  return { subtitles: [...head, ...events, ''].join('\n'), count: numberOf.size, numbers }
}

/** In FFmpeg's notation. */
export const ground = groundColour.replace('#', '0x')

/** A list for FFmpeg's concat demuxer: each scene's backdrop for as long as it lasts. */
export function backdropList(
  scenes: readonly Scene[],
  numbers: readonly number[],
  pathOf: (number: number) => string,
): string {
  const lines = scenes.flatMap(({ fromMs, toMs }, place) => [
    `file '${pathOf(numbers[place]!)}'`,
    `duration ${((toMs - fromMs) / 1000).toFixed(3)}`,
  ])
  return ['ffconcat version 1.0', ...lines, ''].join('\n')
}

function drawn(shown: SceneTile, names: boolean): string[] {
  const picture = pictureOf(shown.tile)
  const { x, y, width, height } = picture
  const middle = { x: x + width / 2, y: y + height / 2 }
  const large = Math.round(height * 0.36)
  if (shown.kind === 'more') {
    return [box(picture, quietColour), text(`+${shown.count}`, { ...middle, size: large, within: picture })]
  }

  const { name, position } = shown.person
  const colour = shown.kind === 'screen' ? quietColour : tileColour(position)
  const all = [box(picture, colour)]
  if (!names) return all
  const { caption } = shown.tile
  // libass counts the whole height of a line, so that this fills it.
  const size = Math.round(caption * 0.95)
  const line = { x, y: y + height, width, height: caption }
  const short = shortName(name, { width, fontSize: size })
  if (short !== '') all.push(text(short, { x, y: line.y + caption / 2, size, within: line, isLeft: true }))
  const initials = initialsOf(name)
  if (shown.kind === 'person' && initials !== '')
    all.push(text(initials, { ...middle, size: large, within: picture }))
  return all
}

function event(number: number, text: string): string {
  return `Dialogue: 0,${clock(number)},${clock(number + 1)},Plain,,0,0,0,,${text}`
}

function clock(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.00`
}

function box({ x, y, width, height }: Rectangle, colour: string): string {
  return `{\\an7\\pos(${x},${y})\\1c${assColour(colour)}\\p1}m 0 0 l ${width} 0 ${width} ${height} 0 ${height}{\\p0}`
}

function text(
  value: string,
  options: { x: number; y: number; size: number; within: Rectangle; isLeft?: boolean },
): string {
  const { x, y, size, within, isLeft = false } = options
  const clip = `${within.x},${within.y},${within.x + within.width},${within.y + within.height}`
  return `{\\an${isLeft ? 4 : 5}\\pos(${x},${y})\\fs${size}\\clip(${clip})}${escaped(value)}`
}

/** Nothing in it is a command: a backslash is one only before certain letters, so a character without width follows it. */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\u2060').replace(/[{}]/g, '\\$&')
}

function assColour(colour: string): string {
  const [, red, green, blue] = /^#(..)(..)(..)$/.exec(colour)!
  return `&H${blue}${green}${red}&`
}
