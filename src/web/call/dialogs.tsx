import { useEffect, useState } from 'react'
import { getLocalDevices } from 'sluice-client'
import { DeviceChoice } from '../join/join-page.tsx'
import { CopyLink, LinkNote } from '../ui/copy-link.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { CheckField } from '../ui/fields.tsx'
import { changeSettings, useSettings, type Settings } from '../ui/settings.ts'
import { ShortcutDialog, type Shortcuts } from '../ui/shortcut-dialog.tsx'
import type { DeviceKind } from './call.ts'

export function InviteDialog({ link, onClose }: { link: string; onClose: () => void }) {
  return (
    <Dialog title="Invite people" onClose={onClose}>
      <p className="soft">Whoever opens this link lands in this room.</p>
      <LinkNote link={link} />
      <CopyLink link={link} />
    </Dialog>
  )
}

const shortcuts: Shortcuts = [
  ['M', 'Mute or unmute'],
  ['V', 'Camera on or off'],
  ['S', 'Share your screen, or stop'],
  ['H', 'Raise or lower your hand'],
  ['C', 'Open or close the chat'],
  ['P', 'Open or close the list of people'],
  ['G', 'Grid or speaker view'],
  ['?', 'This list'],
]

export function HelpDialog({ onClose }: { onClose: () => void }) {
  return <ShortcutDialog shortcuts={shortcuts} onClose={onClose} />
}

interface SettingsDialogProps {
  readonly inUse: (kind: DeviceKind) => string | undefined
  readonly onDevice: (kind: DeviceKind, deviceId: string) => void
  readonly onClose: () => void
}

const themes: readonly (readonly [Settings['theme'], string])[] = [
  ['auto', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
]

const selves: readonly (readonly [Settings['self'], string])[] = [
  ['auto', 'Automatic'],
  ['grid', 'In the grid'],
  ['float', 'Floating'],
  ['hidden', 'Hidden'],
]

export function SettingsDialog({ inUse, onDevice, onClose }: SettingsDialogProps) {
  const { theme, self, shortcuts: shortcutsOn } = useSettings()
  const [devices, setDevices] = useState<readonly MediaDeviceInfo[]>([])
  useEffect(() => {
    const list = () => void getLocalDevices().then(setDevices, () => undefined)
    list()
    navigator.mediaDevices?.addEventListener('devicechange', list)
    return () => navigator.mediaDevices?.removeEventListener('devicechange', list)
  }, [])
  const choose = (kind: MediaDeviceKind, deviceId: string) => {
    changeSettings(
      kind === 'videoinput'
        ? { cameraId: deviceId }
        : kind === 'audioinput'
          ? { microphoneId: deviceId }
          : { speakerId: deviceId },
    )
    onDevice(kind, deviceId)
  }
  return (
    <Dialog title="Settings" onClose={onClose}>
      <DeviceChoice
        media={{ devices, choose }}
        inUse={{ camera: inUse('videoinput'), microphone: inUse('audioinput') }}
      />
      <Choice
        label="Your own picture"
        name="self"
        options={selves}
        value={self}
        onChange={(value) => changeSettings({ self: value })}
      />
      <Choice
        label="Colours"
        name="theme"
        options={themes}
        value={theme}
        onChange={(value) => changeSettings({ theme: value })}
      />
      <CheckField
        label="Keyboard shortcuts of one letter"
        checked={shortcutsOn}
        onChange={(shortcuts) => changeSettings({ shortcuts })}
      />
    </Dialog>
  )
}

interface ChoiceProps<V extends string> {
  readonly label: string
  readonly name: string
  readonly options: readonly (readonly [V, string])[]
  readonly value: V
  readonly onChange: (value: V) => void
}

function Choice<V extends string>({ label, name, options, value, onChange }: ChoiceProps<V>) {
  return (
    <fieldset className="choice">
      <legend>{label}</legend>
      <div>
        {options.map(([each, text]) => (
          <label key={each}>
            <input type="radio" name={name} checked={each === value} onChange={() => onChange(each)} />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
