import { isApiError } from '../api/errors.ts'
import type { Query } from '../api/use-query.ts'
import { EmptyState, ErrorNote, Skeleton } from './feedback.tsx'
import { Frame, type FrameWidth } from './frame.tsx'
import { Link } from './link.tsx'

interface AwaitedPageProps {
  /** What is awaited, as the heading: "Meeting". */
  readonly title: string
  readonly width?: FrameWidth
  readonly query: Pick<Query<unknown>, 'error' | 'reload'>
  /** Where there is none, or the person may not know of it. */
  readonly missing: {
    readonly title: string
    readonly why: string
    readonly advice: string
    readonly link: { readonly to: string; readonly text: string }
  }
}

/** The page of one thing while that is not there: it is loaded, or it failed, or there is none. */
export function AwaitedPage({ title, width = 'text', query: { error, reload }, missing }: AwaitedPageProps) {
  if (!isApiError(error, 'not-found')) {
    return (
      <Frame title={title} hideTitle width={width}>
        {error ? <ErrorNote error={error} onRetry={() => void reload()} /> : <Skeleton lines={8} />}
      </Frame>
    )
  }
  return (
    <Frame title={missing.title}>
      <EmptyState
        title={missing.why}
        action={
          <Link to={missing.link.to} className="button primary">
            {missing.link.text}
          </Link>
        }
      >
        {missing.advice}
      </EmptyState>
    </Frame>
  )
}
