/** A line through points by least squares. Pure. */
export interface Line {
  /** By how much y grows with each x. */
  readonly slope: number
  at(x: number): number
  /** How far the farthest point is from it. */
  readonly farthest: number
}

export function lineThrough(points: readonly { readonly x: number; readonly y: number }[]): Line {
  const mean = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  // Moments since 1970 are large: what is summed up is counted from the middle.
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)]
  const both = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0)
  const square = points.reduce((sum, point) => sum + (point.x - x) ** 2, 0)
  const slope = square === 0 ? 0 : both / square
  const at = (where: number) => y + slope * (where - x)
  const farthest = points.reduce((far, point) => Math.max(far, Math.abs(point.y - at(point.x))), 0)
  return { slope, at, farthest }
}
