import { useSyncExternalStore } from 'react'

/** What this browser remembers of its person. Kept in local storage; works without it, too. */
export interface Settings {
  readonly name: string
  readonly theme: 'auto' | 'light' | 'dark'
  readonly microphoneOn: boolean
  readonly cameraOn: boolean
  readonly microphoneId: string
  readonly cameraId: string
  readonly speakerId: string
  readonly view: 'grid' | 'speaker'
  /** Where the own picture goes; `auto` floats it while there is at most one other person. */
  readonly self: 'auto' | 'grid' | 'float' | 'hidden'
  readonly corner: 0 | 1 | 2 | 3
  readonly shortcuts: boolean
  /** Of recordings that are watched; 1 is as it was. */
  readonly playbackRate: number
  /** Of recordings that are watched, 0 to 1. */
  readonly playbackVolume: number
}

const key = 'sluice:settings'

const defaults: Settings = {
  name: '',
  theme: 'auto',
  microphoneOn: true,
  cameraOn: true,
  microphoneId: '',
  cameraId: '',
  speakerId: '',
  view: 'grid',
  self: 'auto',
  corner: 3,
  shortcuts: true,
  playbackRate: 1,
  playbackVolume: 1,
}

const listeners = new Set<() => void>()
let current = read()

function read(): Settings {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? '{}')
    if (typeof stored !== 'object' || stored === null) return defaults
    const known = Object.entries(stored).filter(
      ([name, value]) => name in defaults && typeof value === typeof defaults[name as keyof Settings],
    )
    return { ...defaults, ...Object.fromEntries(known) }
  } catch {
    return defaults
  }
}

export function settings(): Settings {
  return current
}

export function changeSettings(change: Partial<Settings>): void {
  current = { ...current, ...change }
  try {
    localStorage.setItem(key, JSON.stringify(current))
  } catch {
    // A private window may refuse to store; then it lasts as long as the page.
  }
  applyTheme()
  for (const listener of listeners) listener()
}

export function useSettings(): Settings {
  return useSyncExternalStore(subscribe, settings)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function applyTheme(): void {
  if (current.theme === 'auto') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = current.theme
}
