import type { ReactNode } from 'react'
import type { Pages, Query } from '../api/use-query.ts'
import { ErrorNote, Skeleton } from './feedback.tsx'
import { Loader } from 'lucide-react'
import './table.css'

export interface Column<T> {
  readonly title: string
  readonly cell: (row: T) => ReactNode
  /** `main` heads the card on phones; `actions` stands at the end, without a title in sight. */
  readonly kind?: 'main' | 'actions'
  /** Not worth its place on phones. */
  readonly wideOnly?: boolean
}

interface TableProps<T> {
  /** Said to screen readers. */
  readonly caption: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly rowKey: (row: T) => string
  /** Shown fainter: revoked, disabled. */
  readonly isFaint?: (row: T) => boolean
}

/**
 * A table that becomes a stack of cards on phones. The roles stand there explicitly because browsers forget them when the
 * cells stop being laid out as cells.
 */
export function Table<T>({ caption, columns, rows, rowKey, isFaint }: TableProps<T>) {
  const className = ({ kind, wideOnly }: Column<T>) =>
    [kind, wideOnly && 'wide-only'].filter(Boolean).join(' ') || undefined
  return (
    <table className="table" role="table">
      <caption className="visually-hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column.title} role="columnheader" scope="col" className={className(column)}>
              {column.kind === 'actions' ? (
                <span className="visually-hidden">{column.title}</span>
              ) : (
                column.title
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={rowKey(row)} role="row" className={isFaint?.(row) ? 'faint' : undefined}>
            {columns.map((column) => (
              <td key={column.title} role="cell" className={className(column)} data-title={column.title}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

interface ListStateProps {
  readonly list: Pick<Pages<unknown>, 'items' | 'error' | 'loading' | 'reload'> &
    Partial<Omit<Pages<unknown>, 'change'>>
  /** Instead of the list, when it has no items. */
  readonly empty: ReactNode
  readonly children: ReactNode
  readonly lines?: number
}

/** What stands around a list: loading, failed, empty, there, more of it. */
export function ListState({ list, empty, children, lines = 6 }: ListStateProps) {
  const { items, error, loading, reload, hasMore = false, loadingMore = false, more } = list
  const note = error && <ErrorNote error={error} onRetry={() => void reload()} />
  if (items === undefined) return loading && !error ? <Skeleton lines={lines} /> : note
  return (
    <>
      {note}
      {items.length === 0 ? empty : children}
      {hasMore && more && (
        <div className="more">
          <button
            type="button"
            className="button"
            aria-disabled={loadingMore}
            data-testid="more"
            onClick={() => void more()}
          >
            {loadingMore && <Loader className="spin" size={18} aria-hidden />}
            Show more
          </button>
        </div>
      )}
    </>
  )
}

/** A list that comes whole, as `ListState` takes it. */
export function wholeList<T>(query: Query<{ readonly items: readonly T[] }>) {
  return { items: query.data?.items, error: query.error, loading: query.loading, reload: query.reload }
}
