/** Where things are in the picture of a composite. Pure: the same people in the same order give the same picture. */

export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface PictureSize {
  readonly width: number
  readonly height: number
}

export interface Area extends Rectangle {
  /** Height of the line under each picture that holds a name; 0 for none. */
  readonly caption: number
}

/** The caption is the lower part of the rectangle. */
export type Tile = Area

export interface Arrangement {
  readonly screens: readonly Tile[]
  /** The one that is large, in the layout of speakers. */
  readonly main?: Tile
  /** As many as there is place for. */
  readonly others: readonly Tile[]
}

/** Space between tiles and around them, in pixels. */
const gap = 8
const aspect = 16 / 9
/** Share of the width that those get who are beside a screen or a speaker. */
const besideShare = 0.2
/** Share of the width below which nobody is recognised any more. */
const smallestTile = 0.1
/** Everybody shown is a decoder that runs and a face somebody looks for: five by five, as meetings have it. */
export const mostTiles = 25

/** A grid of people; with screens, or somebody who speaks, these large on the left and the (other) people in a column. */
export function arrange(options: {
  others: number
  screens: number
  hasMain: boolean
  size: PictureSize
  captions: boolean
}): Arrangement {
  const { others, screens, size } = options
  const caption = options.captions ? captionHeight(size) : 0
  const whole = { x: 0, y: 0, ...size, caption }
  const hasMain = options.hasMain && screens === 0
  if (screens === 0 && !hasMain) return { screens: [], others: grid(others, whole) }
  const column = others === 0 ? 0 : even(size.width * besideShare)
  const large = { ...whole, width: size.width - column }
  const beside = grid(others, { ...whole, x: large.width, width: column })
  if (hasMain) return { screens: [], main: grid(1, large)[0]!, others: beside }
  return { screens: grid(screens, large), others: beside }
}

/** For how many there is place that are not main. */
export function placesFor(options: { isBeside: boolean; size: PictureSize; captions: boolean }): number {
  const { size, isBeside } = options
  const caption = options.captions ? captionHeight(size) : 0
  const width = isBeside ? even(size.width * besideShare) : size.width
  let places = 1
  while (places < mostTiles) {
    const [tile] = grid(places + 1, { x: 0, y: 0, ...size, width, caption })
    if (tile!.width < size.width * smallestTile) break
    places++
  }
  return places
}

/** Tiles with pictures of 16:9, as large as fit, each row in the middle. */
export function grid(count: number, area: Area): Tile[] {
  let best = { width: 0, columns: 1 }
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns)
    const width = Math.min(
      (area.width - gap * (columns + 1)) / columns,
      ((area.height - gap * (rows + 1)) / rows - area.caption) * aspect,
    )
    if (width > best.width) best = { width, columns }
  }
  const width = even(best.width)
  const height = even(best.width / aspect) + area.caption
  const rows = Math.ceil(count / best.columns)
  const top = area.y + (area.height - rows * height - (rows - 1) * gap) / 2
  return Array.from({ length: count }, (_, place) => {
    const row = Math.floor(place / best.columns)
    const inRow = Math.min(best.columns, count - row * best.columns)
    const left = area.x + (area.width - inRow * width - (inRow - 1) * gap) / 2
    const x = even(left + (place % best.columns) * (width + gap))
    return { x, y: even(top + row * (height + gap)), width, height, caption: area.caption }
  })
}

/** Where the picture of a tile is. */
export function pictureOf({ x, y, width, height, caption }: Tile): Rectangle {
  return { x, y, width, height: height - caption }
}

/** Large enough to read at full size. */
function captionHeight({ height }: PictureSize): number {
  return Math.max(14, even(height / 30))
}

/** Colour has half the resolution: odd places would be moved by half a pixel. At least 2. */
function even(value: number): number {
  return Math.max(2, Math.floor(value / 2) * 2)
}
