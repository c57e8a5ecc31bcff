import { Disc, Download, EllipsisVertical, Layers, Pencil, Share2, Square, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { api, path } from '../api/client.ts'
import { ApiError } from '../api/errors.ts'
import type { Recording } from '../api/types.ts'
import { useAction } from '../api/use-query.ts'
import { AwaitedPage } from '../ui/awaited-page.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { Chip, EmptyState, ErrorNote, Note, toast } from '../ui/feedback.tsx'
import { TextField } from '../ui/fields.tsx'
import { Frame } from '../ui/frame.tsx'
import { Link } from '../ui/link.tsx'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { navigate } from '../ui/router.ts'
import { formatBytes, formatClock, formatDateTime } from '../ui/time.ts'
import { downloadUrl, mainFile, watchable } from './media.ts'
import { RecordingFacts } from './recording-facts.tsx'
import { ShareDialog } from './share-dialog.tsx'
import { Tracks } from './tracks.tsx'
import { useRecording } from './use-recording.ts'
import { VersionDialog } from './version-dialog.tsx'
import { Versions } from './versions.tsx'
import { Watch } from './watch.tsx'
import { endWords, failureWords, holdWords, outputName, percent, stateChip } from './words.ts'
import '../meetings/meetings.css'
import './recordings.css'

export function RecordingPage({ params }: { params: Readonly<Record<string, string>> }) {
  const query = useRecording(params['recordingId'] ?? '')
  const { data: recording, reload } = query
  if (recording) return <Details recording={recording} onChange={query.set} onLook={reload} />
  return <AwaitedPage title="Recording" width="broad" query={query} missing={missing} />
}

const missing = {
  title: 'No such recording',
  why: 'It was deleted, or is not shown to you',
  advice: 'Ask the host of the meeting for a link.',
  link: { to: '/recordings', text: 'Recordings' },
}

type Question = 'share' | 'version' | 'rename' | 'delete'

interface DetailsProps {
  readonly recording: Recording
  readonly onChange: (recording: Recording) => void
  readonly onLook: () => Promise<void>
}

function Details({ recording, onChange, onLook }: DetailsProps) {
  const [asked, setAsked] = useState<Question>()
  const [picked, setPicked] = useState<string>()
  const { id, title, state, startedAt, durationMs, participants, meetingId, role } = recording
  const isManager = role === 'manager'
  const versions = watchable(recording)
  const shown = versions.find((each) => each.id === picked) ?? versions[0]
  // It stays when another one is ready.
  if (shown && shown.id !== picked) setPicked(shown.id)
  const chip = stateChip(recording)
  const ended = endWords(recording.endReason)
  const close = () => setAsked(undefined)
  return (
    <Frame
      title={title}
      width="broad"
      lead={
        <span className="meeting-facts">
          {chip && <Chip kind={chip.kind}>{chip.text}</Chip>}
          <time dateTime={startedAt}>{formatDateTime(startedAt)}</time>
          {state !== 'recording' && <span>{formatClock(durationMs)}</span>}
          {meetingId !== undefined && <Link to={path`/meetings/${meetingId}`}>The meeting</Link>}
        </span>
      }
      actions={
        <div className="page-actions">
          {isManager && shown && (
            <button
              type="button"
              className="button primary"
              data-testid="share"
              onClick={() => setAsked('share')}
            >
              <Share2 size={18} aria-hidden />
              Share
            </button>
          )}
          {recording.mayDownload && versions.length > 0 && <DownloadMenu recording={recording} />}
          {isManager && state !== 'recording' && state !== 'deleting' && <MoreMenu onAsk={setAsked} />}
        </div>
      }
    >
      <div className="recording-page">
        {shown ? (
          <Watch
            title={title}
            startedAt={startedAt}
            files={shown.files}
            people={participants}
            durationMs={mainFile(shown.files)?.durationMs ?? durationMs}
            renew={onLook}
          />
        ) : (
          <NotYet recording={recording} onLook={onLook} />
        )}
        {ended !== undefined && <Note kind="info">{ended}</Note>}
        {(isManager || versions.length > 1) && recording.outputs.length > 0 && (
          <Versions
            recording={recording}
            shown={shown?.id}
            onShow={setPicked}
            onAsk={() => setAsked('version')}
            onLook={onLook}
          />
        )}
        {isManager && state !== 'recording' && <Tracks recordingId={id} />}
        {isManager && <RecordingFacts recording={recording} onChange={onChange} />}
      </div>
      {asked === 'share' && <ShareDialog recordingId={id} onClose={close} />}
      {asked === 'version' && <VersionDialog recordingId={id} onMade={onLook} onClose={close} />}
      {asked === 'rename' && <RenameDialog recording={recording} onChange={onChange} onClose={close} />}
      {asked === 'delete' && <DeleteDialog recording={recording} onClose={close} />}
    </Frame>
  )
}

/** In the place of the player while there is nothing to play. */
function NotYet({ recording, onLook }: { recording: Recording; onLook: () => Promise<void> }) {
  const { id, state, progress, role } = recording
  const { run, busy, error } = useAction(async () => {
    await api.post(path`/recordings/${id}/stop`)
    await onLook()
  })
  switch (state) {
    case 'recording':
      return (
        <div className="recording-still" data-testid="still-recording">
          <Disc size={30} aria-hidden className="recording-still-icon" />
          <p className="empty-title">This call is being recorded</p>
          <p className="soft">When it has ended, the video is made and appears here.</p>
          {role === 'manager' && (
            <button type="button" className="button" aria-disabled={busy} onClick={() => void run()}>
              <Square size={16} fill="currentColor" aria-hidden />
              Stop recording
            </button>
          )}
          <ErrorNote error={error} />
        </div>
      )
    case 'processing': {
      const held = holdWords(recording)
      return (
        <div className="recording-still" data-testid="processing">
          <p className="empty-title">The video is being made: {percent(progress)}</p>
          <progress value={progress} max={1} aria-label="Processing" />
          {held !== undefined && <Note kind="warning">{held}</Note>}
          <p className="soft">
            You can close this page; it goes on by itself. Nothing is lost if the server stops.
          </p>
        </div>
      )
    }
    case 'failed':
      return (
        <div data-testid="failed">
          <Note kind="error">{failureWords(recording)}</Note>
        </div>
      )
    case 'deleting':
      return <Note kind="info">It is being deleted, with all its files.</Note>
    case 'ready':
      return (
        <EmptyState title="No video was made">
          Only the tracks of each person were kept.
          {role === 'manager' && ' Make a version to watch it as one.'}
        </EmptyState>
      )
  }
}

function DownloadMenu({ recording }: { recording: Recording }) {
  return (
    <Menu
      label="Download"
      className="button icon"
      testId="download"
      side="below"
      icon={<Download size={18} aria-hidden />}
    >
      {(close) =>
        watchable(recording).map((output) => {
          const file = mainFile(output.files)
          return (
            file && (
              <a key={output.id} className="menu-item" href={downloadUrl(file)} download onClick={close}>
                <Download size={18} aria-hidden />
                <span>
                  {outputName(output)} ({formatBytes(file.bytes)})
                </span>
              </a>
            )
          )
        })
      }
    </Menu>
  )
}

function MoreMenu({ onAsk }: { onAsk: (question: Question) => void }) {
  return (
    <Menu
      label="More for this recording"
      className="button icon"
      testId="recording-more"
      side="below"
      icon={<EllipsisVertical size={18} aria-hidden />}
    >
      {(close) => {
        const ask = (question: Question) => () => {
          close()
          onAsk(question)
        }
        return (
          <>
            <MenuItem icon={<Pencil size={18} aria-hidden />} testId="rename" onClick={ask('rename')}>
              Rename
            </MenuItem>
            <MenuItem icon={<Layers size={18} aria-hidden />} testId="version" onClick={ask('version')}>
              Make another version
            </MenuItem>
            <MenuItem icon={<Trash2 size={18} aria-hidden />} testId="delete" onClick={ask('delete')}>
              Delete
            </MenuItem>
          </>
        )
      }}
    </Menu>
  )
}

interface RenameDialogProps {
  readonly recording: Recording
  readonly onChange: (recording: Recording) => void
  readonly onClose: () => void
}

const longestTitle = 200

function RenameDialog({ recording, onChange, onClose }: RenameDialogProps) {
  const [title, setTitle] = useState(recording.title)
  const rename = async () => {
    const wanted = title.trim()
    if (wanted === '') throw new ApiError('bad-request', 'It needs a title.', { status: 0 })
    const { id, version } = recording
    onChange(await api.patch<Recording>(path`/recordings/${id}`, { title: wanted }, { version }))
    toast('Renamed.')
  }
  return (
    <ConfirmDialog title="Rename the recording" confirm="Rename" onConfirm={rename} onClose={onClose}>
      <TextField label="Title" value={title} maxLength={longestTitle} onChange={setTitle} />
    </ConfirmDialog>
  )
}

function DeleteDialog({ recording, onClose }: { recording: Recording; onClose: () => void }) {
  const remove = async () => {
    await api.delete(path`/recordings/${recording.id}`)
    toast('Deleted.')
    navigate('/recordings')
  }
  return (
    <ConfirmDialog title="Delete the recording?" confirm="Delete" danger onConfirm={remove} onClose={onClose}>
      <p>“{recording.title}” is deleted with all its versions, tracks and links. This cannot be undone.</p>
    </ConfirmDialog>
  )
}
