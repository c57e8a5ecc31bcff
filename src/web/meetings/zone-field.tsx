import { useMemo } from 'react'
import { Field } from '../ui/fields.tsx'
import { cityOf, ownZone, zoneOffset, zonesByRegion } from './when.ts'

interface ZoneFieldProps {
  readonly value: string
  readonly onChange: (zone: string) => void
  /** The offsets shown are those of this moment. */
  readonly at: Date
}

export function ZoneField({ value, onChange, at }: ZoneFieldProps) {
  const regions = useMemo(() => zonesByRegion([value, ownZone()]), [value])
  return (
    <Field
      label="Time zone"
      hint={
        value === ownZone() ? undefined : 'Not the one of this computer. Everybody sees the times in theirs.'
      }
    >
      {(control) => (
        <select
          {...control}
          className="select"
          value={value}
          onChange={(event) => onChange(event.target.value)}
          data-testid="meeting-zone"
        >
          {[...regions].map(([region, zones]) => (
            <optgroup key={region} label={region}>
              {zones.map((zone) => (
                <option key={zone} value={zone}>
                  {cityOf(zone)}
                  {zone === value && ` (${zoneOffset(zone, at)})`}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      )}
    </Field>
  )
}
