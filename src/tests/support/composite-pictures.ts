import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cells, field, momentOf, type Colour } from './call-pattern.ts'
import { ffmpeg, run } from './recorder-media.ts'

/** Finds the patterns of a test call in the pictures of a file, wherever they are. */

/** In parts of the whole picture, 0 to 1. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Sighting {
  /** Where in the file, in milliseconds. */
  readonly timeMs: number
  readonly box: Box
  /** When it was drawn, in milliseconds since 1970. Undefined if the clock cannot be read. */
  readonly drawnMs: number | undefined
}

export interface LookFor {
  readonly colours: Readonly<Record<string, Colour>>
  /** Time 0 of the file, in milliseconds since 1970: the clock in the pictures counts only to 41 s. */
  readonly startMs: number
}

const size = { width: 640, height: 360 }
/** A line of the frame has so many pixels of its colour at least; codecs smear some over the edges of others. */
const leastPixels = 10

/** The sightings of each colour, in the order of time, and how many pictures there are. Throws if one is damaged. */
export async function findPatterns(
  path: string,
  { colours, startMs }: LookFor,
): Promise<{ pictures: number; sightings: Record<string, Sighting[]> }> {
  const times = await pictureTimes(path)
  const sightings: Record<string, Sighting[]> = Object.fromEntries(
    Object.keys(colours).map((name) => [name, []]),
  )
  let pictures = 0
  for await (const pixels of decode(path)) {
    const timeMs = times[pictures++]
    if (timeMs === undefined) throw new Error(`${path} has more pictures than packets`)
    for (const [name, colour] of Object.entries(colours)) {
      const found = find(pixels, colour)
      if (!found) continue
      const shown = readCells(pixels, found)
      const box = {
        x: found.x / size.width,
        y: found.y / size.height,
        width: found.width / size.width,
        height: found.height / size.height,
      }
      sightings[name]!.push({ timeMs, box, drawnMs: shown && momentOf(shown, startMs + timeMs) })
    }
  }
  return { pictures, sightings }
}

async function pictureTimes(path: string): Promise<number[]> {
  const show = [
    '-v',
    'error',
    '-select_streams',
    'v',
    '-show_entries',
    'packet=pts_time',
    '-of',
    'csv=p=0',
    path,
  ]
  const lines = (await run('ffprobe', show)).toString().split('\n').filter(Boolean)
  return lines.map((line) => Number.parseFloat(line) * 1000).sort((a, b) => a - b)
}

async function* decode(path: string): AsyncGenerator<Buffer> {
  const scale = `scale=${size.width}:${size.height}:flags=area`
  const args = [
    '-v',
    'fatal',
    '-xerror',
    '-i',
    path,
    '-vsync',
    '0',
    '-vf',
    scale,
    '-pix_fmt',
    'rgb24',
    '-f',
    'rawvideo',
    '-',
  ]
  const child = spawn(ffmpeg, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const picture = Buffer.allocUnsafe(size.width * size.height * 3)
  let filled = 0
  for await (const part of child.stdout as AsyncIterable<Buffer>) {
    for (let at = 0; at < part.length;) {
      const taken = part.copy(picture, filled, at)
      at += taken
      filled += taken
      if (filled < picture.length) continue
      yield picture
      filled = 0
    }
  }
  const [code] = (await ended) as [number | null]
  if (code !== 0 || filled > 0) throw new Error(`FFmpeg cannot decode ${path}: ${code}`)
}

/** The box around everything of a colour. */
function find(pixels: Buffer, [red, green, blue]: Colour): Box | undefined {
  const rows = new Uint16Array(size.height)
  const columns = new Uint16Array(size.width)
  for (let y = 0, at = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, at += 3) {
      if (!isLike(pixels[at]!, red) || !isLike(pixels[at + 1]!, green) || !isLike(pixels[at + 2]!, blue))
        continue
      rows[y]!++
      columns[x]!++
    }
  }
  const enough = (count: number) => count >= leastPixels
  const y = rows.findIndex(enough)
  const x = columns.findIndex(enough)
  if (x < 0 || y < 0) return undefined
  return { x, y, width: columns.findLastIndex(enough) + 1 - x, height: rows.findLastIndex(enough) + 1 - y }
}

function isLike(value: number, isFull: boolean): boolean {
  return isFull ? value > 150 : value < 105
}

/** White or black for each cell of the field in a box; undefined if one is neither. */
function readCells(pixels: Buffer, box: Box): boolean[] | undefined {
  const shown: boolean[] = []
  const left = box.x + field.left * box.width
  const top = box.y + field.top * box.height
  const cellWidth = ((field.right - field.left) * box.width) / cells.columns
  const cellHeight = ((field.bottom - field.top) * box.height) / cells.rows
  for (let place = 0; place < cells.columns * cells.rows; place++) {
    const x = Math.floor(left + ((place % cells.columns) + 0.5) * cellWidth)
    const y = Math.floor(top + (Math.floor(place / cells.columns) + 0.5) * cellHeight)
    const at = (y * size.width + x) * 3
    const light = (pixels[at]! + pixels[at + 1]! + pixels[at + 2]!) / 3
    if (light > 100 && light < 155) return undefined
    shown.push(light >= 155)
  }
  return shown
}
