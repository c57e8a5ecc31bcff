import { useMemo, useSyncExternalStore } from 'react'

/** A few pages need no router library: the address is the state. */

const listeners = new Set<() => void>()
let moves = 0

const announce = () => {
  for (const listener of listeners) listener()
}

/** `path` may carry a query. `replace`: going back does not lead to the page that is left. */
export function navigate(path: string, { replace = false } = {}): void {
  if (path !== location.pathname + location.search) {
    if (replace) history.replaceState(null, '', path)
    else history.pushState(null, '', path)
    moves++
  }
  announce()
  window.scrollTo(0, 0)
}

/** How often `navigate` led somewhere else: 0 on the page that the browser itself opened. */
export function moveCount(): number {
  return moves
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('popstate', listener)
  }
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname)
}

/** What follows `?` in the address. */
export function useAddressQuery(): URLSearchParams {
  const search = useSyncExternalStore(subscribe, () => location.search)
  return useMemo(() => new URLSearchParams(search), [search])
}

/** Puts values into the query of this address, for filters that a reload should keep. Empty ones are taken out. */
export function setAddressQuery(values: Readonly<Record<string, string | undefined>>): void {
  const query = new URLSearchParams(location.search)
  for (const [name, value] of Object.entries(values)) {
    if (value) query.set(name, value)
    else query.delete(name)
  }
  const text = query.toString()
  history.replaceState(null, '', location.pathname + (text === '' ? '' : `?${text}`))
  announce()
}

/** The parts of `path` that `pattern` names (`/meetings/:meetingId`); undefined when it does not fit. */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/')
  const given = (path.length > 1 ? path.replace(/\/$/, '') : path).split('/')
  if (wanted.length !== given.length) return undefined
  const found: Record<string, string> = {}
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? ''
    if (!part.startsWith(':')) {
      if (part !== value) return undefined
      continue
    }
    try {
      found[part.slice(1)] = decodeURIComponent(value)
    } catch {
      return undefined
    }
    if (value === '') return undefined
  }
  return found
}

/** Where to go after a log-in: a path of this app, whatever stands in the address. */
export function safeReturn(wanted: string | null | undefined): string {
  if (!wanted?.startsWith('/')) return '/'
  try {
    const url = new URL(wanted, location.origin)
    if (url.origin !== location.origin || url.pathname === '/login' || url.pathname.startsWith('//'))
      return '/'
    return url.pathname + url.search + url.hash
  } catch {
    return '/'
  }
}

/** The log-in page, which leads back to where one is. */
export function loginPath(returnTo = location.pathname + location.search): string {
  return returnTo === '/' ? '/login' : `/login?returnTo=${encodeURIComponent(returnTo)}`
}

export function roomPath(room: string): string {
  return `/r/${encodeURIComponent(room)}`
}

export function roomLink(room: string): string {
  return location.origin + roomPath(room)
}
