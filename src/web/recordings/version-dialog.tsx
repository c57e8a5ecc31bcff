import { useState } from 'react'
import { api, path } from '../api/client.ts'
import type { RecordingLayout } from '../api/types.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { toast } from '../ui/feedback.tsx'
import { CheckField, Segmented, SelectField } from '../ui/fields.tsx'
import { layoutNames, sizeNames } from './words.ts'

interface VersionDialogProps {
  readonly recordingId: string
  readonly onMade: () => Promise<void>
  readonly onClose: () => void
}

const hints: Record<RecordingLayout, string> = {
  grid: 'A shared screen is large, with the people beside it.',
  speaker: 'The others are beside them.',
  screen: 'While none is shared, the people are shown.',
}

/** Asks what is to be made of the tracks. What is there already comes at once. */
export function VersionDialog({ recordingId, onMade, onClose }: VersionDialogProps) {
  const [kind, setKind] = useState<'video' | 'audio'>('video')
  const [layout, setLayout] = useState<RecordingLayout>('speaker')
  const [size, setSize] = useState('1280x720')
  const [names, setNames] = useState(true)
  const make = async () => {
    const wanted = kind === 'audio' ? { kind } : { kind, layout, size, names }
    await api.post(path`/recordings/${recordingId}/outputs`, wanted)
    await onMade()
    toast('It is being made. The list of versions shows how far it is.')
  }
  return (
    <ConfirmDialog title="Make another version" confirm="Make it" onConfirm={make} onClose={onClose}>
      <Segmented
        label="What"
        value={kind}
        options={[
          ['video', 'Video'],
          ['audio', 'Sound only'],
        ]}
        onChange={setKind}
      />
      {kind === 'video' && (
        <>
          <SelectField
            label="What is large"
            value={layout}
            options={Object.entries(layoutNames) as [RecordingLayout, string][]}
            hint={hints[layout]}
            onChange={setLayout}
          />
          <SelectField
            label="Size"
            value={size}
            options={Object.entries(sizeNames)}
            hint="A larger one takes longer to make, and more room."
            onChange={setSize}
          />
          <CheckField label="Names on the pictures" checked={names} onChange={setNames} />
        </>
      )}
    </ConfirmDialog>
  )
}
