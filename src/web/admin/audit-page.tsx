import { ScrollText, X } from 'lucide-react'
import { useMemo } from 'react'
import type { AuditEntry } from '../api/types.ts'
import { usePages } from '../api/use-query.ts'
import { EmptyState } from '../ui/feedback.tsx'
import { Field, TextField } from '../ui/fields.tsx'
import { setAddressQuery, useAddressQuery } from '../ui/router.ts'
import { formatDateTime } from '../ui/time.ts'
import { ListState } from '../ui/table.tsx'
import { AdminFrame } from './admin-frame.tsx'
import { auditGroups, describeEntry, detailsOf, type Part } from './audit-sentences.ts'
import { useNames } from './use-names.ts'

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' })
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })

/** What was done, by whom and when. The filters stand in the address, so that a link shows the same. */
export function AuditPage() {
  const address = useAddressQuery()
  const chosen = (name: string) => address.get(name) ?? undefined
  const [action, actor, target, from, to] = ['action', 'actor', 'target', 'from', 'to'].map(chosen)
  const entries = usePages<AuditEntry>('/audit', {
    query: { action, actor, target, from: startOfDay(from), to: startOfDay(to, 1) },
  })
  const items = entries.items
  const nameOf = useNames(items ?? none)
  const days = useMemo(() => groupByDay(items ?? []), [items])
  const filtered = [action, actor, target, from, to].some((value) => value !== undefined)

  return (
    <AdminFrame>
      <div className="filters">
        <Field label="What">
          {(control) => (
            <select
              {...control}
              className="select"
              value={action ?? ''}
              onChange={(event) => setAddressQuery({ action: event.target.value })}
            >
              <option value="">Everything</option>
              {auditGroups.map(([group, actions]) => (
                <optgroup key={group} label={group}>
                  {Object.keys(actions).map((each) => (
                    <option key={each} value={each}>
                      {actionName(each)}
                    </option>
                  ))}
                </optgroup>
              ))}
            </select>
          )}
        </Field>
        <TextField
          label="From"
          type="date"
          value={from ?? ''}
          max={to}
          onChange={(value) => setAddressQuery({ from: value })}
        />
        <TextField
          label="To"
          type="date"
          value={to ?? ''}
          min={from}
          onChange={(value) => setAddressQuery({ to: value })}
        />
        {actor !== undefined && (
          <FilterChip
            text={`By ${nameOf(kindOf(items, actor), actor)}`}
            onClear={() => setAddressQuery({ actor: undefined })}
          />
        )}
        {target !== undefined && (
          <FilterChip
            text={`On ${nameOf(kindOf(items, target), target)}`}
            onClear={() => setAddressQuery({ target: undefined })}
          />
        )}
      </div>
      <ListState
        list={entries}
        empty={
          <EmptyState
            icon={<ScrollText size={24} aria-hidden />}
            title={filtered ? 'Nothing like that happened' : 'Nothing has happened yet'}
          >
            {filtered && 'Old entries are deleted after the time that the configuration says.'}
          </EmptyState>
        }
      >
        <div className="audit-list" data-testid="audit">
          {days.map(([title, ofDay]) => (
            <section key={title} aria-label={title}>
              <h2 className="audit-day">{title}</h2>
              <ul>
                {ofDay.map((entry) => (
                  <Entry key={entry.id} entry={entry} nameOf={nameOf} />
                ))}
              </ul>
            </section>
          ))}
        </div>
      </ListState>
    </AdminFrame>
  )
}

const none: readonly AuditEntry[] = []

function Entry({ entry, nameOf }: { entry: AuditEntry; nameOf: (kind: string, id: string) => string }) {
  const details = detailsOf(entry)
  return (
    <li className="audit-entry">
      <time dateTime={entry.at} title={formatDateTime(entry.at)}>
        {time.format(new Date(entry.at))}
      </time>
      <p>
        {describeEntry(entry).map((part, i) => (
          <PartText key={i} part={part} isActor={isSame(part, entry.actor)} nameOf={nameOf} />
        ))}
      </p>
      {details !== '' && <span className="audit-detail soft">{details}</span>}
    </li>
  )
}

function isSame(part: Part, actor: AuditEntry['actor']): boolean {
  return typeof part !== 'string' && part.id === actor.id && part.kind === actor.kind
}

interface PartTextProps {
  readonly part: Part
  readonly isActor: boolean
  readonly nameOf: (kind: string, id: string) => string
}

/** A name shows, when it is pressed, what else that one did or what else was done to it. */
function PartText({ part, isActor, nameOf }: PartTextProps) {
  if (typeof part === 'string') return part
  const name = nameOf(part.kind, part.id)
  return (
    <button
      type="button"
      className="link-button"
      title={part.id}
      onClick={() => setAddressQuery(isActor ? { actor: part.id } : { target: part.id })}
    >
      {name}
    </button>
  )
}

function FilterChip({ text, onClear }: { text: string; onClear: () => void }) {
  return (
    <button type="button" className="button small" onClick={onClear} aria-label={`${text}: stop filtering`}>
      {text}
      <X size={16} aria-hidden />
    </button>
  )
}

/** `account.logged-in` as people read it in a list. */
function actionName(action: string): string {
  const words = action.slice(action.indexOf('.') + 1).replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function kindOf(items: readonly AuditEntry[] | undefined, id: string): string {
  for (const { actor, target } of items ?? []) {
    if (actor.id === id) return actor.kind
    if (target?.id === id) return target.kind
  }
  return 'account'
}

/** Midnight of this device's time zone, `later` days after a date such as 2026-11-20. */
function startOfDay(date: string | undefined, later = 0): string | undefined {
  const [year, month, dayOfMonth] = (date ?? '').split('-').map(Number)
  if (!year || !month || !dayOfMonth) return undefined
  const moment = new Date(year, month - 1, dayOfMonth + later)
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString()
}

function groupByDay(entries: readonly AuditEntry[]): (readonly [string, AuditEntry[]])[] {
  const days = new Map<string, AuditEntry[]>()
  for (const entry of entries) {
    const title = day.format(new Date(entry.at))
    const ofDay = days.get(title) ?? []
    ofDay.push(entry)
    days.set(title, ofDay)
  }
  return [...days]
}
