import { useSyncExternalStore } from 'react'
import { api, keepSession, onSessionOver } from './client.ts'
import { ApiError, isApiError } from './errors.ts'
import { onOtherTab, readSessionTimes, writeSessionTimes } from './session-times.ts'
import type { Account, ServerInfo, SessionAnswer } from './types.ts'

/** Who uses this browser, and what this server offers. One for the whole page; `useSession` follows it. */
export interface Session {
  /** Neither is known yet. */
  readonly loading: boolean
  readonly account: Account | undefined
  readonly server: ServerInfo | undefined
  /** Why it could not be found out; `loadSession` tries again. */
  readonly error: ApiError | undefined
  /** The server ended the session while the page was open: pages say so where they ask to log in again. */
  readonly ended: boolean
}

let session: Session = {
  loading: true,
  account: undefined,
  server: undefined,
  error: undefined,
  ended: false,
}
let loading: Promise<void> | undefined
let started = false
const listeners = new Set<() => void>()

function change(to: Partial<Session>): void {
  session = { ...session, ...to }
  for (const listener of listeners) listener()
}

export function useSession(): Session {
  return useSyncExternalStore(subscribe, currentSession)
}

export function currentSession(): Session {
  return session
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (!started) {
    started = true
    void loadSession()
    onSessionOver(() => {
      if (session.account) change({ account: undefined, ended: true })
    })
    onOtherTab((loggedIn) => {
      if (loggedIn) void loadSession()
      else change({ account: undefined, ended: session.account !== undefined })
    })
  }
  return () => listeners.delete(listener)
}

/** Asks the server who this is and what it offers. Never throws; what went wrong is in `error`. */
export function loadSession(): Promise<void> {
  loading ??= (async () => {
    try {
      const [server, account] = await Promise.all([
        session.server ?? api.get<ServerInfo>('/server'),
        // Cookies are out of sight: without this browser's note of a log-in, there is none to ask about.
        readSessionTimes() ? loadAccount() : undefined,
      ])
      change({ loading: false, server, account, error: undefined, ended: account ? false : session.ended })
    } catch (thrown) {
      const error =
        thrown instanceof ApiError ? thrown : new ApiError('internal', String(thrown), { status: 0 })
      change({ loading: false, error })
    }
  })().finally(() => (loading = undefined))
  return loading
}

async function loadAccount(): Promise<Account | undefined> {
  try {
    return await api.get<Account>('/account')
  } catch (thrown) {
    if (isApiError(thrown) && thrown.status === 401) return undefined
    throw thrown
  }
}

/** After a log-in by this page. */
export function sessionStarted(answer: SessionAnswer): void {
  keepSession(answer)
  change({ account: answer.account, error: undefined, ended: false })
}

/** Before the browser goes to another page to log in: coming back, this page must ask whether that worked. */
export function sessionMayStart(): void {
  writeSessionTimes({ accessUntil: 0, refreshUntil: 0 })
}

/** The own account changed, by an answer of the server. */
export function accountChanged(account: Account): void {
  change({ account })
}

/** Ends the session here, or everywhere. Throws `ApiError` when the server could not be told. */
export async function logOut({ everywhere = false } = {}): Promise<void> {
  try {
    await api.post(everywhere ? '/auth/logout-everywhere' : '/auth/logout')
  } catch (thrown) {
    // The session had ended before; that is what was asked for.
    if (everywhere || !isApiError(thrown, 'unauthorized')) throw thrown
  }
  sessionEnded()
}

/** The person ended their session: nobody has to be told why. */
export function sessionEnded(): void {
  writeSessionTimes(undefined)
  change({ account: undefined, ended: false })
}
