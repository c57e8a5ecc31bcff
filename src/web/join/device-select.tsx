import { useId, type ReactNode } from 'react'

interface DeviceSelectProps {
  readonly label: string
  readonly kind: MediaDeviceKind
  readonly devices: readonly MediaDeviceInfo[]
  readonly value: string
  readonly onChange: (deviceId: string) => void
  readonly children?: ReactNode
}

const fallback = { audioinput: 'Microphone', videoinput: 'Camera', audiooutput: 'Speaker' }

export function DeviceSelect({ label, kind, devices, value, onChange, children }: DeviceSelectProps) {
  const id = useId()
  const own = devices.filter((device) => device.kind === kind && device.deviceId !== '')
  const known = own.some((device) => device.deviceId === value)
  const system = own.some((device) => device.deviceId === 'default')
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="device-row">
        <select
          id={id}
          className="select"
          value={known ? value : system ? 'default' : ''}
          disabled={own.length === 0}
          onChange={(event) => onChange(event.target.value)}
        >
          {!known && !system && (
            <option value="">{own.length === 0 ? 'None to choose from' : 'System default'}</option>
          )}
          {own.map((device, i) => (
            <option key={device.deviceId} value={device.deviceId}>
              {device.label || `${fallback[kind]} ${i + 1}`}
            </option>
          ))}
        </select>
        {children}
      </div>
    </div>
  )
}
