/**
 * When the session of this browser has to be renewed. The tokens themselves are in cookies that no script can read, so this is all
 * a page knows; every tab reads and writes the same.
 */
export interface SessionTimes {
  /** Milliseconds since 1970; 0 when only the server knows (after a log-in elsewhere). */
  readonly accessUntil: number
  readonly refreshUntil: number
}

const key = 'sluice:session'
let withoutStorage: SessionTimes | undefined

export function readSessionTimes(): SessionTimes | undefined {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
    if (typeof stored !== 'object' || stored === null) return undefined
    const { accessUntil, refreshUntil } = stored as Partial<SessionTimes>
    if (typeof accessUntil !== 'number' || typeof refreshUntil !== 'number') return undefined
    return { accessUntil, refreshUntil }
  } catch {
    return withoutStorage
  }
}

export function writeSessionTimes(times: SessionTimes | undefined): void {
  withoutStorage = times
  try {
    if (times) localStorage.setItem(key, JSON.stringify(times))
    else localStorage.removeItem(key)
  } catch {
    // A private window may refuse to store; then it lasts as long as the page.
  }
}

/** Calls `listener` when another tab logged in or out. Returns what stops that. */
export function onOtherTab(listener: (loggedIn: boolean) => void): () => void {
  const onStorage = (event: StorageEvent) => {
    if (event.key !== key && event.key !== null) return
    const before = event.oldValue !== null
    const after = event.key !== null && event.newValue !== null
    if (before !== after || event.key === null) listener(after)
  }
  window.addEventListener('storage', onStorage)
  return () => window.removeEventListener('storage', onStorage)
}
