import type { Call } from '../api/types.ts'

/** Addresses of the pages of calls. */

export interface Callee {
  /** Account id or e-mail address. */
  readonly to: string
  readonly name: string
}

export function newCallPath(callees: readonly Callee[], type: Call['type']): string {
  const query = new URLSearchParams({ type })
  for (const { to, name } of callees) {
    query.append('to', to)
    query.append('name', name)
  }
  return `/calls/new?${query.toString()}`
}

export function readNewCall(query: URLSearchParams): { callees: Callee[]; type: Call['type'] } {
  const names = query.getAll('name')
  const callees = query
    .getAll('to')
    .filter((to) => to !== '')
    .map((to, i) => ({ to, name: names[i]?.trim() || to }))
  const type = query.get('type')
  return { callees, type: type === 'audio' || type === 'screen' ? type : 'video' }
}

/** To call the others of a call; those whose account is gone cannot be called. */
export function callAgainPath(call: Call, me: string | undefined): string {
  const others = [call.caller, ...call.callees].filter(({ id }) => id !== me)
  return newCallPath(
    others.flatMap(({ id, name }) => (id === undefined ? [] : [{ to: id, name }])),
    call.type,
  )
}

export function callPath(id: string): string {
  return `/calls/${encodeURIComponent(id)}`
}
