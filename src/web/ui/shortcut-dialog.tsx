import { Dialog } from './dialog.tsx'
import { useSettings } from './settings.ts'
import './shortcut-dialog.css'

/** Keys, and what each does. */
export type Shortcuts = readonly (readonly [key: string, what: string])[]

export function ShortcutDialog({ shortcuts, onClose }: { shortcuts: Shortcuts; onClose: () => void }) {
  const { shortcuts: on } = useSettings()
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl className="shortcuts">
        {shortcuts.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p className="soft">
        {on
          ? 'They rest while you write. They can be switched off in the settings of a call.'
          : 'They are switched off in the settings of a call.'}
      </p>
    </Dialog>
  )
}
