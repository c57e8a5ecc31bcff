import type { Meeting, MeetingRecord } from '../api/types.ts'
import type { Address } from './invitees.ts'
import { nthOf, readRule, sameDays, weekdayOf, workdays, writeRule, type Repeat } from './repeat.ts'
import { addDays, toMoment, toWallTime, type WallTime } from './when.ts'

/** A meeting as the form holds it, what is wrong with it, and what is sent to the server. Values in, values out. */

export interface Draft {
  readonly title: string
  readonly description: string
  readonly start: WallTime
  readonly end: WallTime
  readonly zone: string
  /** `rule`: one that says more than the form can; it stays as it is. */
  readonly repeat: Repeat | { readonly rule: string } | undefined
  /** Empty: none. */
  readonly passcode: string
  readonly withPasscode: boolean
  readonly lobby: boolean
  readonly joinBeforeHost: boolean
  readonly record: MeetingRecord
  /** As typed; empty: as many as the server takes. */
  readonly most: string
  readonly invitees: readonly Address[]
}

export type DraftField = 'title' | 'start' | 'end' | 'repeat' | 'repeatEnd' | 'passcode' | 'most'

export const longestTitle = 200
export const longestDescription = 5000
/** The server ends meetings by itself after a day. */
const longestMinutes = 24 * 60
const mostTimes = 730

/** One hour from the next half or full hour on. */
export function emptyDraft(now: Date, zone: string): Draft {
  const half = 30 * 60_000
  const start = new Date(Math.ceil((now.getTime() + 1) / half) * half)
  return {
    title: '',
    description: '',
    start: toWallTime(start, zone),
    end: toWallTime(new Date(start.getTime() + 2 * half), zone),
    zone,
    repeat: undefined,
    passcode: '',
    withPasscode: false,
    lobby: false,
    joinBeforeHost: true,
    record: 'hosts',
    most: '',
    invitees: [],
  }
}

export function draftOf(meeting: Meeting, now: Date): Draft {
  const zone = meeting.timeZone
  const empty = emptyDraft(now, zone)
  const start = meeting.startsAt === undefined ? empty.start : toWallTime(new Date(meeting.startsAt), zone)
  const end =
    meeting.endsAt === undefined ? plusAnHour(start, zone) : toWallTime(new Date(meeting.endsAt), zone)
  const { recurrence: rule } = meeting
  return {
    ...empty,
    title: meeting.title,
    description: meeting.description,
    start,
    end,
    repeat: rule === undefined ? undefined : (readRule(rule, { date: start.date, zone }) ?? { rule }),
    passcode: meeting.passcode ?? '',
    withPasscode: meeting.hasPasscode,
    lobby: meeting.lobby,
    joinBeforeHost: meeting.joinBeforeHost,
    record: meeting.record,
    most: meeting.maxParticipants === undefined ? '' : String(meeting.maxParticipants),
    invitees: meeting.invitees.flatMap(({ email, name }) =>
      email === undefined ? [] : [{ email, ...(name ? { name } : {}) }],
    ),
  }
}

function plusAnHour(start: WallTime, zone: string): WallTime {
  return toWallTime(new Date((toMoment(start, zone)?.getTime() ?? 0) + 3_600_000), zone)
}

/** The end moves along, and so does a repetition that was only “on this day”. */
export function moveStart(draft: Draft, start: WallTime): Draft {
  const { zone, repeat } = draft
  const [before, after, end] = [draft.start, start, draft.end].map((time) => toMoment(time, zone)?.getTime())
  if (after === undefined) return { ...draft, start }
  const length = before === undefined || end === undefined || end <= before ? 3_600_000 : end - before
  return {
    ...draft,
    start,
    end: toWallTime(new Date(after + length), zone),
    repeat: repeat && !('rule' in repeat) ? followDay(repeat, draft.start.date, start.date) : repeat,
  }
}

function followDay(repeat: Repeat, from: string, to: string): Repeat {
  if (repeat.frequency === 'WEEKLY' && sameDays(repeat.on, [weekdayOf(from)])) {
    return { ...repeat, on: [weekdayOf(to)] }
  }
  return repeat.nth ? { ...repeat, nth: nthOf(to) } : repeat
}

/** What the list of repetitions offers first; everything else is `custom`. */
export type RepeatPreset = 'none' | 'daily' | 'weekdays' | 'weekly' | 'monthly' | 'custom'

export function presetOf(repeat: Draft['repeat'], date: string): RepeatPreset {
  if (repeat === undefined) return 'none'
  if ('rule' in repeat || repeat.every !== 1) return 'custom'
  if (repeat.frequency === 'DAILY') return 'daily'
  if (repeat.frequency === 'MONTHLY') return repeat.nth ? 'custom' : 'monthly'
  if (repeat.frequency !== 'WEEKLY') return 'custom'
  if (sameDays(repeat.on, workdays)) return 'weekdays'
  return sameDays(repeat.on, [weekdayOf(date)]) ? 'weekly' : 'custom'
}

export function repeatBy(preset: RepeatPreset, { start, repeat }: Draft): Draft['repeat'] {
  const before = repeat && !('rule' in repeat) ? repeat : undefined
  const base = { every: 1, on: [], nth: undefined, end: before?.end ?? ({ kind: 'never' } as const) }
  const day = weekdayOf(start.date)
  switch (preset) {
    case 'none':
      return undefined
    case 'daily':
      return { ...base, frequency: 'DAILY' }
    case 'weekdays':
      return { ...base, frequency: 'WEEKLY', on: workdays }
    case 'monthly':
      return { ...base, frequency: 'MONTHLY' }
    case 'weekly':
      return { ...base, frequency: 'WEEKLY', on: [day] }
    case 'custom':
      return before ?? { ...base, frequency: 'WEEKLY', on: [day] }
  }
}

/** What has to be mended before it can be sent, by field, in the order of the form. */
export function problemsOf(draft: Draft, now: Date, { isNew }: { isNew: boolean }): Map<DraftField, string> {
  const problems = new Map<DraftField, string>()
  const { zone, repeat } = draft
  const start = toMoment(draft.start, zone)
  const end = toMoment(draft.end, zone)
  if (draft.title.trim() === '') problems.set('title', 'Say what it is about.')
  if (!start) problems.set('start', 'Choose a day and a time.')
  else if (isNew && start < now) problems.set('start', 'This is in the past.')
  if (!end) problems.set('end', 'Choose a day and a time.')
  else if (start && end <= start) problems.set('end', 'It has to end after it starts.')
  else if (start && end.getTime() - start.getTime() > longestMinutes * 60_000) {
    problems.set('end', 'A meeting takes 24 hours at most. Let it repeat instead.')
  }
  if (repeat && !('rule' in repeat)) checkRepeat(repeat, draft.start.date, problems)
  if (draft.withPasscode && !/^\S{4,32}$/.test(draft.passcode)) {
    problems.set('passcode', '4 to 32 letters or digits, no spaces.')
  }
  if (draft.most.trim() !== '' && !/^([2-9]|[1-9]\d{1,3})$/.test(draft.most.trim())) {
    problems.set('most', 'A number from 2 on, or nothing.')
  }
  return problems
}

function checkRepeat(repeat: Repeat, date: string, problems: Map<DraftField, string>): void {
  const { frequency, every, on, end } = repeat
  if (!Number.isInteger(every) || every < 1 || every > 99) problems.set('repeat', 'Every 1 to 99.')
  else if (frequency === 'WEEKLY' && on.length === 0) problems.set('repeat', 'Choose at least one day.')
  if (end.kind === 'until' && !toMoment({ date: end.date, time: '00:00' }, 'UTC')) {
    problems.set('repeatEnd', 'Choose the last day.')
  } else if (end.kind === 'until' && end.date < date) {
    problems.set('repeatEnd', 'The last day is before the first one.')
  }
  if (end.kind === 'count' && !(Number.isInteger(end.count) && end.count >= 1 && end.count <= mostTimes)) {
    problems.set('repeatEnd', `1 to ${mostTimes} times.`)
  }
}

/** A last day to begin with: about two months later. */
export function suggestedLastDay(date: string): string {
  return addDays(date, 56)
}

/** What is sent. `null` takes away what a meeting had; a new one leaves such things out. */
export function inputOf(draft: Draft, { isNew }: { isNew: boolean }): Record<string, unknown> {
  const { zone, repeat, start, end } = draft
  const rule = repeat && ('rule' in repeat ? repeat.rule : writeRule(repeat, { date: start.date, zone }))
  const optional = {
    recurrence: rule,
    passcode: draft.withPasscode ? draft.passcode : undefined,
    maxParticipants: draft.most.trim() === '' ? undefined : Number(draft.most),
  }
  return {
    title: draft.title.trim(),
    description: draft.description.trim(),
    startsAt: toMoment(start, zone)?.toISOString(),
    endsAt: toMoment(end, zone)?.toISOString(),
    timeZone: zone,
    lobby: draft.lobby,
    joinBeforeHost: draft.joinBeforeHost,
    record: draft.record,
    invitees: draft.invitees,
    ...Object.fromEntries(
      Object.entries(optional)
        .filter(([, value]) => !isNew || value !== undefined)
        .map(([name, value]) => [name, value ?? null]),
    ),
  }
}
