import { addDays, toMoment, toWallTime } from './when.ts'

/** Repetition as the form edits it, and the RFC 5545 rule that the server keeps. Values in, values out. */

export const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const
export type Weekday = (typeof weekdays)[number]

export const weekdayNames: Record<Weekday, string> = {
  MO: 'Monday',
  TU: 'Tuesday',
  WE: 'Wednesday',
  TH: 'Thursday',
  FR: 'Friday',
  SA: 'Saturday',
  SU: 'Sunday',
}

export const workdays: readonly Weekday[] = ['MO', 'TU', 'WE', 'TH', 'FR']

export type Frequency = 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY'

export type RepeatEnd =
  | { readonly kind: 'never' }
  /** The last day on which it may begin, as in a date field. */
  | { readonly kind: 'until'; readonly date: string }
  | { readonly kind: 'count'; readonly count: number }

export interface Repeat {
  readonly frequency: Frequency
  /** Every second week: 2. */
  readonly every: number
  /** Of WEEKLY, in the order of the week. */
  readonly on: readonly Weekday[]
  /** Of MONTHLY: `nth` weekday of the month (−1 is the last) instead of the same date. */
  readonly nth?: { readonly which: number; readonly weekday: Weekday } | undefined
  readonly end: RepeatEnd
}

/** What a meeting begins with, for what a rule leaves to it. */
export interface RepeatStart {
  /** As in a date field, in the meeting's zone. */
  readonly date: string
  readonly zone: string
}

export function weekdayOf(date: string): Weekday {
  return weekdays[(new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7] ?? 'MO'
}

/** The third Tuesday is 3; what may be missing in a shorter month counts as the last. */
export function nthOf(date: string): { which: number; weekday: Weekday } {
  const which = Math.ceil(Number(date.slice(8)) / 7)
  return { which: which === 5 ? -1 : which, weekday: weekdayOf(date) }
}

export function writeRule(repeat: Repeat, { zone }: RepeatStart): string {
  const { frequency, every, on, nth, end } = repeat
  const parts = [`FREQ=${frequency}`]
  if (every > 1) parts.push(`INTERVAL=${every}`)
  if (frequency === 'WEEKLY' && on.length > 0) parts.push(`BYDAY=${inOrder(on).join(',')}`)
  if (frequency === 'MONTHLY' && nth) parts.push(`BYDAY=${nth.which}${nth.weekday}`)
  if (end.kind === 'count') parts.push(`COUNT=${end.count}`)
  if (end.kind === 'until') parts.push(`UNTIL=${lastSecondOf(end.date, zone)}`)
  return parts.join(';')
}

/** A rule as the form can show it; undefined for one that says more than the form can. */
export function readRule(rule: string, { date, zone }: RepeatStart): Repeat | undefined {
  const parts = new Map<string, string>()
  for (const part of rule
    .trim()
    .replace(/^RRULE:/i, '')
    .split(';')) {
    const [name = '', value = ''] = part.split('=')
    parts.set(name.toUpperCase(), value.toUpperCase())
  }
  const take = (name: string) => {
    const value = parts.get(name)
    parts.delete(name)
    return value
  }
  const frequency = take('FREQ')
  if (!isFrequency(frequency)) return undefined
  const every = Number(take('INTERVAL') ?? 1)
  const count = take('COUNT')
  const until = take('UNTIL')
  const days = take('BYDAY')?.split(',')
  const weekStart = take('WKST')
  if (!Number.isInteger(every) || every < 1 || (weekStart ?? 'MO') !== 'MO') return undefined
  const end = readEnd(count, until, zone)
  if (!end) return undefined

  let on: Weekday[] = []
  let nth: Repeat['nth']
  const dayOfMonth = take('BYMONTHDAY')
  if (dayOfMonth !== undefined && (frequency !== 'MONTHLY' || Number(dayOfMonth) !== Number(date.slice(8)))) {
    return undefined
  }
  if (frequency === 'WEEKLY') {
    on = inOrder(days?.filter(isWeekday) ?? [weekdayOf(date)])
    if (days && on.length !== days.length) return undefined
  } else if (days !== undefined) {
    const match = /^(-1|[1-4])([A-Z]{2})$/.exec(days.join(','))
    const weekday = match?.[2]
    if (frequency !== 'MONTHLY' || dayOfMonth !== undefined || !isWeekday(weekday)) return undefined
    nth = { which: Number(match?.[1]), weekday }
  }
  return parts.size > 0 ? undefined : { frequency, every, on, nth, end }
}

/** “Every week on Monday and Thursday, until 18 December 2026”; for a rule beyond the form, that it has one. */
export function repeatWords(rule: string, start: RepeatStart): string {
  const repeat = readRule(rule, start)
  if (!repeat) return 'Repeats by a rule of its own'
  return describeRepeat(repeat, start)
}

export function describeRepeat({ frequency, every, on, nth, end }: Repeat, { date }: RepeatStart): string {
  const unit = { DAILY: 'day', WEEKLY: 'week', MONTHLY: 'month', YEARLY: 'year' }[frequency]
  let text = every === 1 ? `Every ${unit}` : `Every ${every} ${unit}s`
  if (frequency === 'WEEKLY') {
    if (every === 1 && sameDays(on, workdays)) text = 'Every weekday, Monday to Friday'
    else if (every === 1 && on.length === 7) text = 'Every day'
    else text += ` on ${list(inOrder(on).map((day) => weekdayNames[day]))}`
  }
  if (frequency === 'MONTHLY' && nth) text += ` on the ${nthWords(nth.which)} ${weekdayNames[nth.weekday]}`
  else if (frequency === 'MONTHLY') text += ` on day ${Number(date.slice(8))}`
  if (frequency === 'YEARLY') text += ` on ${longDate(date, false)}`
  if (end.kind === 'until') text += `, until ${longDate(end.date, true)}`
  if (end.kind === 'count') text += end.count === 1 ? ', once' : `, ${end.count} times`
  return text
}

export function nthWords(which: number): string {
  return which === -1 ? 'last' : (['first', 'second', 'third', 'fourth'][which - 1] ?? `${which}th`)
}

function longDate(date: string, year: boolean): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: 'UTC',
    day: 'numeric',
    month: 'long',
    ...(year ? { year: 'numeric' } : {}),
  }).format(new Date(`${date}T00:00:00Z`))
}

function list(names: readonly string[]): string {
  return new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(names)
}

function inOrder(days: readonly Weekday[]): Weekday[] {
  return weekdays.filter((day) => days.includes(day))
}

export function sameDays(some: readonly Weekday[], others: readonly Weekday[]): boolean {
  return some.length === others.length && some.every((day) => others.includes(day))
}

/** UNTIL is a moment in UTC: the last one of that day in the meeting's zone. */
function lastSecondOf(date: string, zone: string): string {
  const next = toMoment({ date: addDays(date, 1), time: '00:00' }, zone)
  const last = new Date((next?.getTime() ?? 0) - 1000)
  return `${last.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

function readEnd(count: string | undefined, until: string | undefined, zone: string): RepeatEnd | undefined {
  if (count !== undefined) {
    const number = Number(count)
    return until === undefined && Number.isInteger(number) && number > 0
      ? { kind: 'count', count: number }
      : undefined
  }
  if (until === undefined) return { kind: 'never' }
  const match = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/.exec(until)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, utc] = match
  const date = `${year}-${month}-${day}`
  if (utc !== 'Z') return { kind: 'until', date }
  const at = new Date(`${date}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(at.getTime()) ? undefined : { kind: 'until', date: toWallTime(at, zone).date }
}

function isFrequency(text: string | undefined): text is Frequency {
  return text === 'DAILY' || text === 'WEEKLY' || text === 'MONTHLY' || text === 'YEARLY'
}

function isWeekday(text: string | undefined): text is Weekday {
  return weekdays.some((day) => day === text)
}
