/** Places in recordings: what a link leads to (`?t=95`), and where somebody stopped watching. Times are milliseconds. */

/** What `t` of an address says, in seconds there. */
export function placeInAddress(query: URLSearchParams): number | undefined {
  const told = query.get('t') ?? ''
  return /^\d{1,6}$/.test(told) ? Number(told) * 1000 : undefined
}

/** The same address, leading to a place. */
export function linkToPlace(href: string, ms: number): string {
  const url = new URL(href)
  url.searchParams.set('t', String(Math.floor(ms / 1000)))
  return url.href
}

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem'>

const storageKey = 'sluice:places'
/** Of so many recordings, those watched last. */
const most = 100
/** Nearer to the beginning or the end it is watched from the beginning. */
const edge = 15_000

/** Where somebody stopped watching `recording`, which is any text that tells it from others. */
export function keptPlace(recording: string, storage?: Storage): number | undefined {
  return new Map(read(storage)).get(recording)
}

export function keepPlace(
  recording: string,
  { ms, durationMs }: { ms: number; durationMs: number },
  storage?: Storage,
): void {
  const others = read(storage).filter(([each]) => each !== recording)
  const isBetween = ms > edge && ms < durationMs - edge
  const kept = isBetween ? [...others, [recording, Math.floor(ms)] as const] : others
  try {
    const place = storage ?? localStorage
    place.setItem(storageKey, JSON.stringify(kept.slice(-most)))
  } catch {
    // A private window may refuse to store; then it begins at the beginning.
  }
}

function read(storage: Storage | undefined): readonly (readonly [recording: string, ms: number])[] {
  try {
    // Where a browser keeps nothing at all, asking for it throws.
    const stored: unknown = JSON.parse((storage ?? localStorage).getItem(storageKey) ?? '[]')
    return Array.isArray(stored) ? stored.filter(isPlace) : []
  } catch {
    return []
  }
}

function isPlace(entry: unknown): entry is readonly [string, number] {
  return (
    Array.isArray(entry) &&
    typeof entry[0] === 'string' &&
    Number.isSafeInteger(entry[1]) &&
    (entry[1] as number) > 0
  )
}
