import { AppError } from './app-error.ts'

/**
 * Where the next page of a list begins: the sort key and id of the last one shown. Lists are sorted by both, so rows that
 * come or go meanwhile are neither shown twice nor left out. Opaque to clients.
 */
export interface Cursor {
  /** A moment, for lists in the order of time; or any text. */
  readonly at: string
  readonly id: string
}

export function encodeCursor({ at, id }: Cursor): string {
  return Buffer.from(JSON.stringify([at, id])).toString('base64url')
}

/** Throws `bad-request` for what `encodeCursor` did not make. */
export function decodeCursor(text: string): Cursor {
  try {
    const [at, id] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown[]
    if (typeof at === 'string' && typeof id === 'string' && [at, id].every(isKeepable)) return { at, id }
  } catch {
    // Told below.
  }
  throw notACursor()
}

/** What PostgreSQL takes as a text. */
function isKeepable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

/** The same where `at` is a moment, as `Date.toISOString` writes it: to the millisecond, like the columns of such lists. */
export function decodeTimeCursor(text: string): { at: Date; id: string } {
  const { at, id } = decodeCursor(text)
  const date = new Date(at)
  if (!/^\d{4}-/.test(at) || Number.isNaN(date.getTime()) || date.toISOString() !== at) throw notACursor()
  return { at: date, id }
}

/** What is answered to a cursor that nobody gave out. */
export function notACursor(): AppError {
  return new AppError('bad-request', 'cursor is not one that this list gave out.', { path: 'query.cursor' })
}

/**
 * A page of at most `limit` from rows that were asked for with `limit + 1`: whether the extra one is there says whether
 * there is more.
 */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  options: { item: (row: Row) => Item; cursor: (row: Row) => Cursor },
): { items: Item[]; next?: string } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const more = rows.length > limit && last !== undefined
  return { items: shown.map(options.item), ...(more ? { next: encodeCursor(options.cursor(last)) } : {}) }
}
