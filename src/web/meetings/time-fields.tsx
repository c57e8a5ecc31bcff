import { useId } from 'react'
import type { WallTime } from './when.ts'

interface TimeFieldsProps {
  readonly legend: string
  readonly value: WallTime
  readonly onChange: (value: WallTime) => void
  readonly error?: string | undefined
  readonly testId: string
}

/** A day and a time, which belong together. */
export function TimeFields({ legend, value, onChange, error, testId }: TimeFieldsProps) {
  const id = useId()
  const described = error === undefined ? {} : { 'aria-describedby': id, 'aria-invalid': true }
  return (
    <fieldset className="time-fields">
      <legend className="field-label">{legend}</legend>
      <div className="time-pair">
        <input
          type="date"
          className="input"
          aria-label={`${legend}: day`}
          data-testid={`${testId}-date`}
          {...described}
          value={value.date}
          max="9999-12-31"
          onChange={(event) => onChange({ ...value, date: event.target.value })}
        />
        <input
          type="time"
          className="input"
          aria-label={`${legend}: time`}
          data-testid={`${testId}-time`}
          {...described}
          value={value.time}
          onChange={(event) => onChange({ ...value, time: event.target.value })}
        />
      </div>
      {error !== undefined && (
        <p id={id} className="field-error" role="alert">
          {error}
        </p>
      )}
    </fieldset>
  )
}
