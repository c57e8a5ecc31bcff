import { Download, Link2Off } from 'lucide-react'
import { path } from '../api/client.ts'
import { isApiError } from '../api/errors.ts'
import type { SharedRecording } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { ErrorNote, Skeleton } from '../ui/feedback.tsx'
import { Frame } from '../ui/frame.tsx'
import { Link } from '../ui/link.tsx'
import { formatClock, formatDateTime } from '../ui/time.ts'
import { downloadUrl, mainFile } from './media.ts'
import { Watch } from './watch.tsx'
import '../meetings/meetings.css'
import './recordings.css'

/** `/recordings/shared/:token`: a recording for whoever has the link. */
export function SharedPage({ params }: { params: Readonly<Record<string, string>> }) {
  const query = useQuery<SharedRecording>(path`/shared-recordings/${params['token'] ?? ''}`)
  const { data: shared, error, reload } = query
  // While it plays, the link may come to its end: what was asked for last counts.
  if (isApiError(error, 'not-found')) return <Over />
  if (!shared) {
    return (
      <Frame title="Recording" hideTitle width="broad">
        {error ? <ErrorNote error={error} onRetry={() => void reload()} /> : <Skeleton lines={8} />}
      </Frame>
    )
  }
  const { title, startedAt, durationMs, files, participants, mayDownload, expiresAt } = shared
  const file = mainFile(files)
  return (
    <Frame
      title={title}
      width="broad"
      lead={
        <span className="meeting-facts">
          <time dateTime={startedAt}>{formatDateTime(startedAt)}</time>
          <span>{formatClock(durationMs)}</span>
          <span>The link opens until {formatDateTime(expiresAt)}</span>
        </span>
      }
      actions={
        mayDownload &&
        file && (
          <a className="button" href={downloadUrl(file)} download data-testid="download">
            <Download size={18} aria-hidden />
            Download
          </a>
        )
      }
    >
      <div className="recording-page">
        <Watch
          title={title}
          startedAt={startedAt}
          files={files}
          people={participants}
          durationMs={durationMs}
          renew={reload}
        />
      </div>
    </Frame>
  )
}

function Over() {
  return (
    <Frame title="This link does not open any more" hideTitle width="narrow">
      <div className="end" data-testid="share-over">
        <span className="end-icon">
          <Link2Off size={34} aria-hidden />
        </span>
        <p className="end-title" aria-hidden>
          This link does not open any more
        </p>
        <p className="lead">
          It has come to its end, was taken back, or was cut off when it was copied. Ask whoever sent it for a
          new one.
        </p>
        <div className="end-buttons">
          <Link to="/" className="button primary large">
            Home
          </Link>
        </div>
      </div>
    </Frame>
  )
}
