import { Layers, Play, RotateCcw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { api, path } from '../api/client.ts'
import type { Recording, RecordingOutput } from '../api/types.ts'
import { useAction } from '../api/use-query.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { Chip, ErrorNote } from '../ui/feedback.tsx'
import { Section } from '../ui/frame.tsx'
import { formatBytes } from '../ui/time.ts'
import { mainFile } from './media.ts'
import { outputName, percent, sentence } from './words.ts'

interface VersionsProps {
  readonly recording: Recording
  /** What is in the player. */
  readonly shown: string | undefined
  readonly onShow: (outputId: string) => void
  readonly onAsk: () => void
  readonly onLook: () => Promise<void>
}

/** What was made of the tracks, and what is being made. */
export function Versions({ recording, shown, onShow, onAsk, onLook }: VersionsProps) {
  const { id, role, outputs } = recording
  const isManager = role === 'manager'
  const { run, error } = useAction(async (act: () => Promise<unknown>) => {
    await act()
    await onLook()
  })
  const again = ({ kind, layout, size, names }: RecordingOutput) =>
    run(() => api.post(path`/recordings/${id}/outputs`, { kind, layout, size, names }))
  const [leaving, setLeaving] = useState<RecordingOutput>()
  const remove = async (output: RecordingOutput) => {
    await api.delete(path`/recordings/${id}/outputs/${output.id}`)
    await onLook()
  }
  return (
    <Section
      title="Versions"
      testId="versions"
      actions={
        isManager && (
          <button type="button" className="button small" data-testid="new-version" onClick={onAsk}>
            <Layers size={16} aria-hidden />
            Make another
          </button>
        )
      }
    >
      <ErrorNote error={error} />
      <ul className="versions">
        {outputs.map((output) => (
          <Version
            key={output.id}
            output={output}
            isShown={output.id === shown}
            isManager={isManager}
            canRemove={isManager && outputs.length > 1}
            onShow={() => onShow(output.id)}
            onAgain={() => void again(output)}
            onRemove={() => setLeaving(output)}
          />
        ))}
      </ul>
      {leaving && (
        <ConfirmDialog
          title="Delete this version?"
          confirm="Delete"
          danger
          onConfirm={() => remove(leaving)}
          onClose={() => setLeaving(undefined)}
        >
          <p>“{outputName(leaving)}” is deleted. It can be made again as long as the tracks are there.</p>
        </ConfirmDialog>
      )}
    </Section>
  )
}

interface VersionProps {
  readonly output: RecordingOutput
  readonly isShown: boolean
  readonly isManager: boolean
  readonly canRemove: boolean
  readonly onShow: () => void
  readonly onAgain: () => void
  readonly onRemove: () => void
}

function Version({ output, isShown, isManager, canRemove, onShow, onAgain, onRemove }: VersionProps) {
  const { state, progress, error } = output
  const name = outputName(output)
  const bytes = mainFile(output.files)?.bytes
  return (
    <li data-testid="version-row" data-state={state}>
      <div className="version-what">
        <span className="version-name">{name}</span>
        {state === 'ready' && bytes !== undefined && <span className="soft">{formatBytes(bytes)}</span>}
        {state === 'queued' && (
          <span className="soft">{error ? sentence(error.message) : 'Waits for its turn'}</span>
        )}
        {state === 'running' && <progress value={progress} max={1} aria-label={`Making: ${name}`} />}
        {state === 'failed' && (
          <span className="recording-why">{sentence(error?.message ?? 'It could not be made')}</span>
        )}
      </div>
      {state === 'running' && <span className="soft version-percent">{percent(progress)}</span>}
      {state === 'ready' &&
        (isShown ? (
          <Chip kind="good">Shown above</Chip>
        ) : (
          <button type="button" className="button small" aria-label={`Watch: ${name}`} onClick={onShow}>
            <Play size={16} aria-hidden />
            Watch
          </button>
        ))}
      {state === 'failed' && isManager && (
        <button type="button" className="button small" aria-label={`Make again: ${name}`} onClick={onAgain}>
          <RotateCcw size={16} aria-hidden />
          Make again
        </button>
      )}
      {canRemove && (
        <button
          type="button"
          className="icon-button"
          aria-label={`Delete: ${name}`}
          title="Delete this version"
          onClick={onRemove}
        >
          <Trash2 size={18} aria-hidden />
        </button>
      )}
    </li>
  )
}
