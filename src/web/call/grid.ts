/** How to lay out tiles in a rectangle. Pure: sizes in, sizes out. */

export interface GridInput {
  readonly count: number
  readonly width: number
  readonly height: number
  readonly gap: number
  /** Width of a tile below which another page is better than a smaller tile. */
  readonly minTileWidth: number
  readonly minTileHeight: number
  /** Narrowest and widest picture (width : height) a tile may take on to fill its cell. */
  readonly minAspect: number
  readonly maxAspect: number
}

export interface Grid {
  readonly columns: number
  readonly rows: number
  readonly tileWidth: number
  readonly tileHeight: number
  readonly perPage: number
  readonly pages: number
}

type Cell = Pick<Grid, 'columns' | 'rows' | 'tileWidth' | 'tileHeight'>

export const landscapeAspects = { minAspect: 4 / 3, maxAspect: 16 / 9 }
export const portraitAspects = { minAspect: 3 / 4, maxAspect: 16 / 9 }

function fitCell(columns: number, rows: number, input: GridInput): Cell {
  const cellWidth = Math.max(0, (input.width - input.gap * (columns - 1)) / columns)
  const cellHeight = Math.max(0, (input.height - input.gap * (rows - 1)) / rows)
  let tileWidth = cellWidth
  let tileHeight = cellHeight
  if (cellWidth > cellHeight * input.maxAspect) tileWidth = cellHeight * input.maxAspect
  else if (cellWidth < cellHeight * input.minAspect) tileHeight = cellWidth / input.minAspect
  return { columns, rows, tileWidth: Math.floor(tileWidth), tileHeight: Math.floor(tileHeight) }
}

/** The arrangement of `count` tiles with the largest picture. Among equals the one with fewer empty cells wins. */
export function bestCell(count: number, input: GridInput): Cell {
  let best = fitCell(1, Math.max(1, count), input)
  let bestValue = -1
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns)
    const cell = fitCell(columns, rows, input)
    const value = cell.tileWidth * cell.tileHeight - (columns * rows - count)
    if (value > bestValue) {
      best = cell
      bestValue = value
    }
  }
  return best
}

export function layOut(input: GridInput): Grid {
  const count = Math.max(1, input.count)
  const fits = (cell: Cell) => cell.tileWidth >= input.minTileWidth && cell.tileHeight >= input.minTileHeight
  let perPage = count
  let cell = bestCell(perPage, input)
  while (perPage > 1 && !fits(cell)) {
    perPage--
    cell = bestCell(perPage, input)
  }
  return { ...cell, perPage, pages: Math.ceil(count / perPage) }
}

/** How many tiles of a fixed size fit in a strip, keeping the last place for “+N” when they do not all fit. */
export function stripPlaces(count: number, length: number, tileLength: number, gap: number): number {
  const places = Math.max(1, Math.floor((length + gap) / (tileLength + gap)))
  return count <= places ? count : Math.max(0, places - 1)
}

/**
 * Brings people who speak onto the first page without moving anybody else about: each swaps places with the one on the
 * first page whose last word is longest ago. `lastSpoke` holds a time per id; who never spoke is 0.
 */
export function bringForward(
  order: readonly string[],
  firstPage: number,
  lastSpoke: ReadonlyMap<string, number>,
  fixed = 0,
): string[] {
  const result = [...order]
  if (result.length <= firstPage) return result
  const spoke = (id: string) => lastSpoke.get(id) ?? 0
  const behind = result
    .slice(firstPage)
    .filter((id) => spoke(id) > 0)
    .sort((a, b) => spoke(b) - spoke(a))
  for (const id of behind) {
    let quietest = -1
    for (let i = fixed; i < firstPage; i++) {
      const other = result[i]
      if (other === undefined) continue
      if (quietest < 0 || spoke(other) < spoke(result[quietest] ?? '')) quietest = i
    }
    const quiet = result[quietest]
    if (quiet === undefined || spoke(quiet) >= spoke(id)) break
    result[result.indexOf(id)] = quiet
    result[quietest] = id
  }
  return result
}
