import { useState } from 'react'
import { Field, Segmented, SelectField, TextField } from '../ui/fields.tsx'
import { presetOf, repeatBy, suggestedLastDay, type Draft, type RepeatPreset } from './draft.ts'
import {
  describeRepeat,
  nthOf,
  nthWords,
  weekdayNames,
  weekdayOf,
  weekdays,
  type Frequency,
  type Repeat,
  type RepeatEnd,
} from './repeat.ts'

interface RepeatFieldsProps {
  readonly draft: Draft
  readonly onChange: (repeat: Draft['repeat']) => void
  readonly error: string | undefined
  readonly endError: string | undefined
}

export function RepeatFields({ draft, onChange, error, endError }: RepeatFieldsProps) {
  const { repeat, start, zone } = draft
  const date = start.date === '' ? '2026-01-01' : start.date
  const [custom, setCustom] = useState(presetOf(repeat, date) === 'custom')
  const preset = custom ? 'custom' : presetOf(repeat, date)
  const options: readonly (readonly [RepeatPreset, string])[] = [
    ['none', 'Does not repeat'],
    ['daily', 'Every day'],
    ['weekdays', 'Every weekday, Monday to Friday'],
    ['weekly', `Every week on ${weekdayNames[weekdayOf(date)]}`],
    ['monthly', `Every month on day ${Number(date.slice(8))}`],
    ['custom', 'Otherwise…'],
  ]
  return (
    <>
      <SelectField
        label="Repeat"
        value={preset}
        options={options}
        onChange={(next) => {
          setCustom(next === 'custom')
          onChange(repeatBy(next, draft))
        }}
        hint={
          repeat && 'rule' in repeat
            ? `It repeats by a rule that this form cannot show (${repeat.rule}). It stays unless you choose another one.`
            : undefined
        }
      />
      {repeat && !('rule' in repeat) && (
        <div className="repeat-more">
          {preset === 'custom' && (
            <CustomRepeat repeat={repeat} date={date} error={error} onChange={onChange} />
          )}
          <RepeatEndFields
            end={repeat.end}
            date={date}
            error={endError}
            onChange={(end) => onChange({ ...repeat, end })}
          />
          <p className="repeat-words" role="status">
            {error === undefined && endError === undefined && describeRepeat(repeat, { date, zone })}
          </p>
        </div>
      )}
    </>
  )
}

interface CustomRepeatProps {
  readonly repeat: Repeat
  readonly date: string
  readonly error: string | undefined
  readonly onChange: (repeat: Repeat) => void
}

const units: readonly (readonly [Frequency, string])[] = [
  ['DAILY', 'days'],
  ['WEEKLY', 'weeks'],
  ['MONTHLY', 'months'],
  ['YEARLY', 'years'],
]

function CustomRepeat({ repeat, date, error, onChange }: CustomRepeatProps) {
  const { frequency, every, on, nth } = repeat
  const here = nthOf(date)
  const toggle = (day: (typeof weekdays)[number]) =>
    onChange({ ...repeat, on: weekdays.filter((each) => on.includes(each) !== (each === day)) })
  return (
    <>
      <div className="form-row repeat-every">
        <TextField
          label="Every"
          type="number"
          min={1}
          max={99}
          inputMode="numeric"
          value={Number.isNaN(every) ? '' : String(every)}
          error={frequency === 'WEEKLY' && on.length === 0 ? undefined : error}
          onChange={(text) => onChange({ ...repeat, every: text === '' ? NaN : Number(text) })}
        />
        <SelectField
          label="Unit"
          value={frequency}
          options={units}
          onChange={(next) =>
            onChange({
              ...repeat,
              frequency: next,
              on: next === 'WEEKLY' && on.length === 0 ? [weekdayOf(date)] : on,
              nth: undefined,
            })
          }
        />
      </div>
      {frequency === 'WEEKLY' && (
        <fieldset className="weekdays">
          <legend className="field-label">On</legend>
          <div>
            {weekdays.map((day) => (
              <label key={day}>
                <input type="checkbox" checked={on.includes(day)} onChange={() => toggle(day)} />
                <span aria-hidden>{weekdayNames[day].slice(0, 2)}</span>
                <span className="visually-hidden">{weekdayNames[day]}</span>
              </label>
            ))}
          </div>
          {on.length === 0 && error !== undefined && (
            <p className="field-error" role="alert">
              {error}
            </p>
          )}
        </fieldset>
      )}
      {frequency === 'MONTHLY' && (
        <SelectField
          label="On"
          value={nth ? 'weekday' : 'day'}
          options={[
            ['day', `Day ${Number(date.slice(8))} of the month`],
            ['weekday', `The ${nthWords(here.which)} ${weekdayNames[here.weekday]} of the month`],
          ]}
          onChange={(next) => onChange({ ...repeat, nth: next === 'weekday' ? here : undefined })}
          hint={
            !nth && Number(date.slice(8)) > 28
              ? 'Months that are too short for this day are left out.'
              : undefined
          }
        />
      )}
    </>
  )
}

interface RepeatEndProps {
  readonly end: RepeatEnd
  readonly date: string
  readonly error: string | undefined
  readonly onChange: (end: RepeatEnd) => void
}

function RepeatEndFields({ end, date, error, onChange }: RepeatEndProps) {
  const choose = (kind: RepeatEnd['kind']) => {
    if (kind === 'until') onChange({ kind, date: suggestedLastDay(date) })
    else if (kind === 'count') onChange({ kind, count: 10 })
    else onChange({ kind })
  }
  return (
    <div className="repeat-end">
      <div className="field">
        <span className="field-label" aria-hidden>
          Ends
        </span>
        <Segmented
          label="The repetition ends"
          value={end.kind}
          options={[
            ['never', 'Never'],
            ['until', 'On a day'],
            ['count', 'After'],
          ]}
          onChange={choose}
        />
      </div>
      {end.kind === 'until' && (
        <Field label="Last day" error={error}>
          {(control) => (
            <input
              {...control}
              type="date"
              className="input"
              min={date}
              max="9999-12-31"
              value={end.date}
              onChange={(event) => onChange({ kind: 'until', date: event.target.value })}
            />
          )}
        </Field>
      )}
      {end.kind === 'count' && (
        <TextField
          label="Number of times"
          type="number"
          min={1}
          inputMode="numeric"
          value={Number.isNaN(end.count) ? '' : String(end.count)}
          error={error}
          onChange={(text) => onChange({ kind: 'count', count: text === '' ? NaN : Number(text) })}
        />
      )}
    </div>
  )
}
