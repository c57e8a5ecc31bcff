import { useCallback, useEffect, useRef, useState } from 'react'
import { api, apiUrl, type RequestOptions } from './client.ts'
import { ApiError } from './errors.ts'
import type { Page } from './types.ts'

export interface Query<T> {
  /** Stays while it is loaded again; goes when something else is asked for. */
  readonly data: T | undefined
  /** Of the last attempt. With `data` there as well: what is shown may be old. */
  readonly error: ApiError | undefined
  readonly loading: boolean
  /** Asks again, and resolves when that is answered. Never throws. */
  readonly reload: () => Promise<void>
  /** Shows this without asking, such as the answer to a change. */
  readonly set: (data: T) => void
}

interface QueryOptions {
  readonly query?: RequestOptions['query']
  /** Asks again this often while the page can be seen, in milliseconds. */
  readonly every?: number
}

interface Seen<T> {
  readonly key: string
  readonly data: T | undefined
  readonly error: ApiError | undefined
}

/** GET while the component is there. `path` undefined asks nothing. */
export function useQuery<T>(path: string | undefined, { query, every }: QueryOptions = {}): Query<T> {
  const key = path === undefined ? undefined : apiUrl(path, query)
  const [seen, setSeen] = useState<Seen<T>>()
  const [asking, setAsking] = useState(true)
  const running = useRef<AbortController>(undefined)
  const busy = useRef(false)

  const load = useCallback(async () => {
    if (key === undefined) return setAsking(false)
    running.current?.abort()
    const stop = new AbortController()
    running.current = stop
    busy.current = true
    setAsking(true)
    try {
      const data = await api.get<T>(key.slice('/api/v1'.length), { signal: stop.signal })
      if (!stop.signal.aborted) setSeen({ key, data, error: undefined })
    } catch (thrown) {
      if (stop.signal.aborted) return
      const error = asApiError(thrown)
      setSeen((before) => ({ key, data: before?.key === key ? before.data : undefined, error }))
    }
    if (stop.signal.aborted) return
    busy.current = false
    setAsking(false)
  }, [key])

  useEffect(() => {
    void load()
    return () => running.current?.abort()
  }, [load])
  // A slow answer is waited for, not asked for again and again.
  const repeat = useCallback(() => (busy.current ? Promise.resolve() : load()), [load])
  useRepeat(repeat, every)

  const set = useCallback(
    (data: T) => {
      if (key === undefined) return
      running.current?.abort()
      busy.current = false
      setAsking(false)
      setSeen({ key, data, error: undefined })
    },
    [key],
  )
  const current = seen?.key === key ? seen : undefined
  const loading = key !== undefined && (asking || current === undefined)
  return { data: current?.data, error: current?.error, loading, reload: load, set }
}

/** Also at once when the page comes into sight again. */
function useRepeat(run: () => Promise<void>, every: number | undefined): void {
  useEffect(() => {
    if (every === undefined) return
    const look = () => {
      if (document.visibilityState === 'visible') void run()
    }
    const timer = window.setInterval(look, every)
    document.addEventListener('visibilitychange', look)
    return () => {
      window.clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
    }
  }, [run, every])
}

export interface Pages<T> {
  readonly items: readonly T[] | undefined
  readonly error: ApiError | undefined
  readonly loading: boolean
  readonly hasMore: boolean
  readonly loadingMore: boolean
  readonly more: () => Promise<void>
  /** From the first page on. */
  readonly reload: () => Promise<void>
  /** Changes what is shown without asking. */
  readonly change: (change: (items: readonly T[]) => readonly T[]) => void
}

/** A list that comes in pages: the first while the component is there, each next one when `more` is called. */
export function usePages<T>(path: string | undefined, options: QueryOptions = {}): Pages<T> {
  const first = useQuery<Page<T>>(path, options)
  const [loadingMore, setLoadingMore] = useState(false)
  const [moreError, setMoreError] = useState<ApiError>()
  const { data, set, reload } = first
  const shown = useRef(data)
  useEffect(() => {
    shown.current = data
    setMoreError(undefined)
  }, [data])

  const query = options.query
  const more = async () => {
    if (path === undefined || data?.next === undefined || loadingMore) return
    setLoadingMore(true)
    setMoreError(undefined)
    try {
      const page = await api.get<Page<T>>(path, { query: { ...query, cursor: data.next } })
      // The list was loaded anew meanwhile: this page does not follow it.
      if (shown.current !== data) return
      set({ ...page, items: [...data.items, ...page.items] })
    } catch (thrown) {
      setMoreError(asApiError(thrown))
    } finally {
      setLoadingMore(false)
    }
  }
  const change = useCallback(
    (to: (items: readonly T[]) => readonly T[]) => {
      if (data) set({ ...data, items: to(data.items) })
    },
    [data, set],
  )
  return {
    items: data?.items,
    error: first.error ?? moreError,
    loading: first.loading,
    hasMore: data?.next !== undefined,
    loadingMore,
    more,
    reload,
    change,
  }
}

export interface Action<A extends readonly unknown[]> {
  /** Does it unless it is being done. Resolves to whether it worked; what went wrong is in `error`. */
  readonly run: (...args: A) => Promise<boolean>
  readonly busy: boolean
  readonly error: ApiError | undefined
  readonly reset: () => void
}

/** Something a person starts by a button or form: once at a time, with what went wrong. */
export function useAction<A extends readonly unknown[]>(act: (...args: A) => Promise<unknown>): Action<A> {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ApiError>()
  const running = useRef(false)
  const run = async (...args: A): Promise<boolean> => {
    if (running.current) return false
    running.current = true
    setBusy(true)
    setError(undefined)
    try {
      await act(...args)
      return true
    } catch (thrown) {
      setError(asApiError(thrown))
      return false
    } finally {
      running.current = false
      setBusy(false)
    }
  }
  return { run, busy, error, reset: () => setError(undefined) }
}

function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  console.error(thrown)
  return new ApiError('page-fault', 'Something broke in this page. Load it again.', { status: 0 })
}
