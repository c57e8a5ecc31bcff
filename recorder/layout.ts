/** Where things are in the picture of a composite. Pure: the same people in the same order give the same picture. */

export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Arrangement {
  /** One for each person, in their order. */
  readonly people: readonly Rectangle[]
  readonly screens: readonly Rectangle[]
}

/** Space between tiles and around them, in pixels. */
const gap = 8
const aspect = 16 / 9
/** Share of the width that the people beside a screen get. */
const besideScreen = 0.2

/** A grid of people; with screens, these large on the left and the people in a column beside them. */
export function arrange(options: {
  people: number
  screens: number
  size: { width: number; height: number }
}): Arrangement {
  const { people, screens, size } = options
  const whole = { x: 0, y: 0, ...size }
  if (screens === 0) return { people: grid(people, whole), screens: [] }
  if (people === 0) return { people: [], screens: grid(screens, whole) }
  const column = Math.round(size.width * besideScreen)
  const main = { ...whole, width: size.width - column }
  return {
    people: grid(people, { ...whole, x: main.width, width: column }),
    screens: grid(screens, main),
  }
}

/** Tiles of 16:9, as large as fit, each row in the middle. */
export function grid(count: number, area: Rectangle): Rectangle[] {
  let best = { width: 0, columns: 1 }
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns)
    const width = Math.min(
      (area.width - gap * (columns + 1)) / columns,
      ((area.height - gap * (rows + 1)) / rows) * aspect,
    )
    if (width > best.width) best = { width, columns }
  }
  const width = even(best.width)
  const height = even(best.width / aspect)
  const rows = Math.ceil(count / best.columns)
  const top = area.y + (area.height - rows * height - (rows - 1) * gap) / 2
  return Array.from({ length: count }, (_, place) => {
    const row = Math.floor(place / best.columns)
    const inRow = Math.min(best.columns, count - row * best.columns)
    const left = area.x + (area.width - inRow * width - (inRow - 1) * gap) / 2
    const x = even(left + (place % best.columns) * (width + gap))
    return { x, y: even(top + row * (height + gap)), width, height }
  })
}

/** Colour has half the resolution: odd places would be moved by half a pixel. At least 2. */
function even(value: number): number {
  return Math.max(2, Math.floor(value / 2) * 2)
}
