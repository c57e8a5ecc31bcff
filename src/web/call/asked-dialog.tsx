import { Mic, MonitorUp, Video } from 'lucide-react'
import { Dialog } from '../ui/dialog.tsx'
import type { Askable, Call } from './call.ts'
import { requests } from './happenings.ts'

interface AskedDialogProps {
  readonly call: Call
  readonly by: string | undefined
  readonly what: Askable
  readonly onClose: () => void
}

const icons = { microphone: Mic, camera: Video, screen: MonitorUp }

/** A host asks for something; whatever is pressed by accident changes nothing. */
export function AskedDialog({ call, by, what, onClose }: AskedDialogProps) {
  const { ask, yes, no } = requests[what]
  const Icon = icons[what]
  const accept = () => {
    onClose()
    if (what === 'microphone') call.setMicrophone(true)
    else if (what === 'camera') call.setCamera(true)
    else call.setScreen(true)
  }
  return (
    <Dialog title={`${by ?? 'A host'} ${ask}`} onClose={onClose}>
      <p className="soft">It is up to you.</p>
      <div className="form-actions">
        <button type="button" className="button primary" data-testid="asked-yes" onClick={accept}>
          <Icon size={18} aria-hidden />
          {yes}
        </button>
        <button type="button" className="button" data-testid="asked-no" onClick={onClose}>
          {no}
        </button>
      </div>
    </Dialog>
  )
}
