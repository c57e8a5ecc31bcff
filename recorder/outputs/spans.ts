/** From and until when, in milliseconds of the recording. Pure arithmetic with lists of them. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** In order, those that touch, overlap, or are no further apart than `bridgeMs` put together, empty ones left out. */
export function mergeSpans(spans: readonly Span[], bridgeMs = 0): Span[] {
  const merged: Span[] = []
  for (const span of [...spans].filter(isSomething).sort((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1)
    if (last && span.fromMs <= last.toMs + bridgeMs) {
      merged[merged.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, span.toMs) }
    } else merged.push(span)
  }
  return merged
}

function intersection(a: Span, b: Span): Span | undefined {
  const both = { fromMs: Math.max(a.fromMs, b.fromMs), toMs: Math.min(a.toMs, b.toMs) }
  return isSomething(both) ? both : undefined
}

/** What is in both lists. Both are in order and without overlaps, as from `mergeSpans`. */
export function intersections(a: readonly Span[], b: readonly Span[]): Span[] {
  const both: Span[] = []
  for (let left = 0, right = 0; left < a.length && right < b.length;) {
    const common = intersection(a[left]!, b[right]!)
    if (common) both.push(common)
    if (a[left]!.toMs < b[right]!.toMs) left++
    else right++
  }
  return both
}

export function contains(spans: readonly Span[], atMs: number): boolean {
  return spans.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs)
}

export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
}

function isSomething({ fromMs, toMs }: Span): boolean {
  return fromMs < toMs
}
