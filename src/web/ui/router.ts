import { useSyncExternalStore } from 'react'

/** Two pages need no router library: the path is the state. */

const listeners = new Set<() => void>()
const announce = () => {
  for (const listener of listeners) listener()
}

export function navigate(path: string): void {
  if (path !== location.pathname) history.pushState(null, '', path)
  announce()
  window.scrollTo(0, 0)
}

export function usePath(): string {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      window.addEventListener('popstate', listener)
      return () => {
        listeners.delete(listener)
        window.removeEventListener('popstate', listener)
      }
    },
    () => location.pathname,
  )
}

export function roomPath(room: string): string {
  return `/r/${encodeURIComponent(room)}`
}

export function roomLink(room: string): string {
  return location.origin + roomPath(room)
}
