import { landscapeAspects, layOut, portraitAspects, stripPlaces, type Grid, type GridInput } from './grid.ts'

/** Where each tile of the stage goes. Pure, so that every window size can be tested. */

export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface StageInput {
  readonly width: number
  readonly height: number
  /** A phone: smaller gaps and tiles. */
  readonly compact: boolean
  readonly tiles: readonly string[]
  /** The tile that is large; the others stand in a strip beside it. */
  readonly focus: string | undefined
  /** The large tile is a screen: on an upright stage it needs only part of the height. */
  readonly wide?: boolean
  readonly page: number
}

type Size = Pick<StageInput, 'width' | 'height' | 'compact' | 'wide'>

export interface StageLayout {
  readonly rects: ReadonlyMap<string, Rect>
  readonly page: number
  readonly pages: number
  /** Place of the “+N” button, when a strip does not hold all. */
  readonly more: { readonly rect: Rect; readonly count: number } | undefined
}

/** Height kept free for the paging buttons. */
export const pagerHeight = 48

const clamp = (low: number, value: number, high: number) => Math.min(high, Math.max(low, value))

export function arrangeStage(input: StageInput): StageLayout {
  const { focus } = input
  if (focus !== undefined && input.tiles.includes(focus)) return arrangeFocus(input, focus)
  return arrangeGrid(input)
}

/** How many of `count` tiles are seen without paging; in a strip, the large one not counted. */
export function firstPageSize(input: Size, count: number, strip: boolean): number {
  if (!strip) return pagedGrid(input, count).perPage
  const { beside, tileWidth, tileHeight, gap } = stripOf(input)
  if (input.wide === true && !beside) return belowScreen(input, count - 1).places
  return stripPlaces(count - 1, beside ? input.height : input.width, beside ? tileHeight : tileWidth, gap)
}

function stripOf({ width, height, compact }: Size) {
  const beside = width > height * 1.2
  const gap = compact ? 6 : 10
  const tileWidth = beside
    ? Math.round(clamp(compact ? 110 : 150, width * 0.18, 250))
    : compact
      ? Math.floor(clamp(80, (width - 2 * gap) / 3, 170))
      : Math.round(clamp(84, height * 0.16, 150) * (4 / 3))
  const tileHeight = Math.round(tileWidth * (beside ? 9 / 16 : 3 / 4))
  return { beside, tileWidth, tileHeight, gap }
}

/** An upright stage with a screen on top: the others stand in a grid below it. */
function belowScreen({ width, height, compact }: Size, count: number) {
  const gap = compact ? 6 : 10
  const screenHeight = Math.round(Math.min(height * 0.6, width * 0.68))
  const top = screenHeight + gap
  const rest = gridInput({ width, height: height - top, compact }, count)
  const minAspect = landscapeAspects.minAspect
  const grid = layOut({ ...rest, minAspect })
  const places = grid.pages === 1 ? count : grid.perPage - 1
  return { screenHeight, top, grid, gap, places }
}

function gridInput(input: Size, count: number): GridInput {
  const portrait = input.height > input.width
  return {
    count,
    width: input.width,
    height: input.height,
    gap: input.compact ? 6 : 10,
    minTileWidth: input.compact ? 118 : 148,
    minTileHeight: input.compact ? 84 : 86,
    ...(portrait ? portraitAspects : landscapeAspects),
    ...(portrait && count === 1 ? { minAspect: 1 / 2 } : {}),
  }
}

function pagedGrid(input: Size, count: number) {
  const whole = layOut(gridInput(input, count))
  if (whole.pages === 1) return whole
  return layOut(gridInput({ ...input, height: input.height - pagerHeight }, count))
}

function arrangeGrid(input: StageInput): StageLayout {
  const count = input.tiles.length
  const grid = pagedGrid(input, count)
  const page = clamp(0, input.page, grid.pages - 1)
  const shown = input.tiles.slice(page * grid.perPage, (page + 1) * grid.perPage)
  const { gap } = gridInput(input, count)
  const height = input.height - (grid.pages > 1 ? pagerHeight : 0)
  const place = placeInGrid(grid, shown.length, gap, { x: 0, y: 0, width: input.width, height })
  const rects = new Map(shown.map((key, i) => [key, place(i)]))
  return { rects, page, pages: grid.pages, more: undefined }
}

/**
 * Where the tiles of a page go, centred, each row by itself. The last page keeps the tile size of the others, so that
 * paging does not make faces jump in size.
 */
function placeInGrid(grid: Grid, count: number, gap: number, area: Rect): (index: number) => Rect {
  const { columns, tileWidth, tileHeight } = grid
  const rows = Math.ceil(count / columns)
  const top = (area.height - rows * tileHeight - (rows - 1) * gap) / 2
  return (index) => {
    const row = Math.floor(index / columns)
    const inRow = Math.min(columns, count - row * columns)
    const left = (area.width - inRow * tileWidth - (inRow - 1) * gap) / 2
    return {
      x: Math.round(area.x + left + (index % columns) * (tileWidth + gap)),
      y: Math.round(area.y + top + row * (tileHeight + gap)),
      width: tileWidth,
      height: tileHeight,
    }
  }
}

function arrangeFocus(input: StageInput, focus: string): StageLayout {
  const { width, height } = input
  const { beside, tileWidth, tileHeight, gap } = stripOf(input)
  const others = input.tiles.filter((key) => key !== focus)
  const rects = new Map<string, Rect>()
  if (others.length === 0) {
    rects.set(focus, { x: 0, y: 0, width, height })
    return { rects, page: 0, pages: 1, more: undefined }
  }
  if (input.wide === true && !beside) {
    const { screenHeight, top, grid, places } = belowScreen(input, others.length)
    rects.set(focus, { x: 0, y: 0, width, height: screenHeight })
    const used = places < others.length ? places + 1 : places
    const place = placeInGrid(grid, used, gap, { x: 0, y: top, width, height: height - top })
    for (const [i, key] of others.slice(0, places).entries()) rects.set(key, place(i))
    const count = others.length - places
    return { rects, page: 0, pages: 1, more: count > 0 ? { rect: place(places), count } : undefined }
  }
  rects.set(
    focus,
    beside
      ? { x: 0, y: 0, width: width - tileWidth - gap, height }
      : { x: 0, y: 0, width, height: height - tileHeight - gap },
  )
  const length = beside ? height : width
  const step = (beside ? tileHeight : tileWidth) + gap
  const places = stripPlaces(others.length, length, step - gap, gap)
  const used = places < others.length ? places + 1 : places
  const start = Math.round((length - used * step + gap) / 2)
  const place = (i: number): Rect => ({
    x: beside ? width - tileWidth : start + i * step,
    y: beside ? start + i * step : height - tileHeight,
    width: tileWidth,
    height: tileHeight,
  })
  for (const [i, key] of others.slice(0, places).entries()) rects.set(key, place(i))
  return {
    rects,
    page: 0,
    pages: 1,
    more: places < others.length ? { rect: place(places), count: others.length - places } : undefined,
  }
}

/** The floating own picture. Corners count from the top left in reading order. */
export function floatingRect(width: number, height: number, compact: boolean, corner: number): Rect {
  const margin = compact ? 8 : 14
  const portrait = height > width
  const size = portrait
    ? { width: clamp(84, width * 0.27, 150), height: clamp(112, width * 0.36, 200) }
    : { width: clamp(132, width * 0.18, 256), height: clamp(74, width * 0.10125, 144) }
  const tile = { width: Math.round(size.width), height: Math.round(size.height) }
  return {
    x: corner % 2 === 0 ? margin : width - tile.width - margin,
    y: corner < 2 ? margin : height - tile.height - margin,
    ...tile,
  }
}

/** The corner nearest to the middle of a dragged tile. */
export function nearestCorner(x: number, y: number, width: number, height: number): 0 | 1 | 2 | 3 {
  const right = x > width / 2
  return y > height / 2 ? (right ? 3 : 2) : right ? 1 : 0
}
