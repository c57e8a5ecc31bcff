/** Which part of a file a request of HTTP asks for (RFC 9110, sections 13 and 14): decided from its headers alone. */

export interface RangeRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export type FilePart =
  /** 304: the client has it already. */
  | { readonly kind: 'unchanged' }
  /** 416: nothing of what it asks for is there. */
  | { readonly kind: 'unsatisfiable' }
  | { readonly kind: 'whole' }
  /** 206: bytes `from` to `to`, both included. */
  | { readonly kind: 'range'; readonly from: number; readonly to: number }

/**
 * One range is answered as a part. Several at once are answered with the whole file, as is allowed: no player asks so, and
 * they are a known way to make a server work.
 */
export function partOf({ method, headers }: RangeRequest, file: { bytes: number; etag: string }): FilePart {
  const { bytes, etag } = file
  const known = one(headers['if-none-match'])
  if (known !== undefined && matchesWeakly(known, etag)) return { kind: 'unchanged' }
  const range = one(headers['range'])
  if (method !== 'GET' || range === undefined) return { kind: 'whole' }
  const condition = one(headers['if-range'])
  // We give no dates out, so that one can only come from another server.
  if (condition !== undefined && condition.trim() !== etag) return { kind: 'whole' }
  const [, first, last] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(range.trim()) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return { kind: 'whole' }
  if (first === '') {
    const length = Math.min(Number(last), bytes)
    return length === 0 ? { kind: 'unsatisfiable' } : { kind: 'range', from: bytes - length, to: bytes - 1 }
  }
  const from = Number(first)
  const to = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)
  // What makes no sense is ignored, what lies behind the end is refused.
  if (last !== '' && Number(last) < from) return { kind: 'whole' }
  return from >= bytes ? { kind: 'unsatisfiable' } : { kind: 'range', from, to }
}

function matchesWeakly(header: string, etag: string): boolean {
  if (header.trim() === '*') return true
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag)
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}
