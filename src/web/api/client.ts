import { ApiError, readError } from './errors.ts'
import { readSessionTimes, writeSessionTimes } from './session-times.ts'
import type { SessionAnswer } from './types.ts'

export interface RequestOptions {
  /** Undefined values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  /** The `version` that was seen: the change is refused (`precondition-failed`) when somebody changed the object since. */
  readonly version?: number
  readonly signal?: AbortSignal
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** The REST API. Paths begin behind `/api/v1`. Everything throws `ApiError`, or the signal's reason when it was aborted. */
export const api = {
  get: <T>(path: string, options?: RequestOptions) => send<T>('GET', path, options),
  post: <T = void>(path: string, body?: unknown, options?: RequestOptions) =>
    send<T>('POST', path, { ...options, body }),
  put: <T = void>(path: string, body?: unknown, options?: RequestOptions) =>
    send<T>('PUT', path, { ...options, body }),
  patch: <T = void>(path: string, body: unknown, options?: RequestOptions) =>
    send<T>('PATCH', path, { ...options, body }),
  delete: <T = void>(path: string, options?: RequestOptions) => send<T>('DELETE', path, options),
}

/** The address of an endpoint, for links that the browser itself follows (downloads). */
export function apiUrl(path: string, query: RequestOptions['query'] = {}): string {
  const given = Object.entries(query).filter((entry) => entry[1] !== undefined && entry[1] !== '')
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return `/api/v1${path}${text === '' ? '' : `?${text}`}`
}

/** A part of a path that came from somewhere: `path\`/rooms/${room}\`` escapes it. */
export function path(texts: TemplateStringsArray, ...values: readonly string[]): string {
  return texts.reduce((before, text, i) => before + encodeURIComponent(values[i - 1] ?? '') + text)
}

const sessionOver = new Set<() => void>()

/** Calls `listener` when the server does not know this browser's session any more. Returns what stops that. */
export function onSessionOver(listener: () => void): () => void {
  sessionOver.add(listener)
  return () => sessionOver.delete(listener)
}

/** Renewed this long before it ends, in milliseconds, so that no request meets the end on its way. */
const renewBefore = 30_000

async function send<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  // Logging in and out needs no session; renewing before it would renew what is about to go.
  const needsSession = !path.startsWith('/auth/') || path === '/auth/logout-everywhere'
  const times = readSessionTimes()
  let renewed = false
  if (needsSession && times && times.accessUntil > 0 && times.accessUntil - renewBefore < Date.now()) {
    renewed = true
    await renew(times.accessUntil)
  }
  const response = await fetchOnce(method, path, options)
  if (response.ok) return readAnswer<T>(response)
  const error = await readError(response)
  if (response.status !== 401 || !needsSession || error.code !== 'unauthorized' || !readSessionTimes()) {
    throw error
  }
  // A wrong password in the body of a request is no reason to renew anything.
  if (error.data['why'] === 'wrong-credentials' || error.data['why'] === 'wrong-code') throw error
  if (!renewed && (await renew(readSessionTimes()?.accessUntil ?? 0))) {
    const second = await fetchOnce(method, path, options)
    if (second.ok) return readAnswer<T>(second)
    const secondError = await readError(second)
    if (second.status !== 401) throw secondError
  }
  endSession()
  throw error
}

function endSession(): void {
  writeSessionTimes(undefined)
  for (const listener of sessionOver) listener()
}

async function fetchOnce(method: Method, path: string, options: RequestOptions): Promise<Response> {
  const { query, body, version, signal } = options
  const headers: Record<string, string> = { accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (version !== undefined) headers['if-match'] = `"${version}"`
  try {
    return await fetch(apiUrl(path, query), {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    })
  } catch (thrown) {
    if (signal?.aborted) throw thrown
    throw new ApiError('unreachable', 'The server cannot be reached.', { status: 0 })
  }
}

async function readAnswer<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T
  const type = response.headers.get('content-type') ?? ''
  if (!type.includes('json')) return (await response.text()) as T
  try {
    return (await response.json()) as T
  } catch {
    throw new ApiError('unreachable', 'The answer broke off.', { status: 0 })
  }
}

let renewing: Promise<boolean> | undefined

/**
 * Renews the session unless another tab has done it since `seen`. False: there is none any more. Throws what kept the server
 * from being asked, so that a lost connection does not log anybody out.
 */
function renew(seen: number): Promise<boolean> {
  renewing ??= oneTabAtATime(async () => {
    const times = readSessionTimes()
    if (!times) return false
    if (times.accessUntil !== seen && times.accessUntil - renewBefore > Date.now()) return true
    const response = await fetchOnce('POST', '/auth/refresh', { body: {} })
    if (response.ok) {
      keepSession(await readAnswer<SessionAnswer>(response))
      return true
    }
    if (response.status === 401) return false
    throw await readError(response)
  }).finally(() => (renewing = undefined))
  return renewing
}

/** Browsers promise no order between what a tab stores and the lock that it gives back; what is stored comes within this time. */
const storageArrivesMs = 100

/** Over plain HTTP browsers offer no locks; there the server bears two tabs that renew within a few seconds. */
function oneTabAtATime<T>(work: () => Promise<T>): Promise<T> {
  const locks = (navigator as { locks?: LockManager }).locks
  if (!locks) return work()
  return new Promise<T>((resolve, reject) => {
    const turn = async (): Promise<void> => {
      const before = readSessionTimes()?.accessUntil
      await work().then(resolve, reject)
      if (readSessionTimes()?.accessUntil === before) return
      await new Promise((passed) => setTimeout(passed, storageArrivesMs))
    }
    locks.request('sluice:renew', turn).catch(reject)
  })
}

/** Remembers until when the session lasts that a log-in or renewal gave. */
export function keepSession({ accessExpiresAt, refreshExpiresAt }: SessionAnswer): void {
  writeSessionTimes({ accessUntil: Date.parse(accessExpiresAt), refreshUntil: Date.parse(refreshExpiresAt) })
}
