import { RRuleTemporal } from 'rrule-temporal'
import { toText } from 'rrule-temporal/totext'
import { Temporal } from 'temporal-polyfill'
import { AppError } from '../lib/app-error.ts'

/**
 * When meetings take place. Rules of RFC 5545 in the time zone of the meeting: what begins at nine begins at nine in summer
 * and in winter. Values in, values out.
 */

export interface Schedule {
  /** Of the first occurrence. */
  readonly startsAt: Date
  readonly endsAt: Date
  /** IANA. */
  readonly timeZone: string
  /** A rule that `checkRule` gave back. */
  readonly recurrence: string | undefined
}

export interface Occurrence {
  readonly start: Date
  readonly end: Date
}

/** A meeting that does not say when it ends is taken to last so long, in milliseconds. */
export const usualLengthMs = 3_600_000
/** No occurrence is longer, in milliseconds. */
const maxLengthMs = 7 * 86_400_000
const ruleLength = 256
/** Two years of a daily meeting. */
const maxCount = 730
/** How far ahead a rule is looked at for the next occurrence: the longest wait is that for February 29th over a skipped leap year. */
const horizonYears = 10
/**
 * Periods and days that the library tries before it gives up: bounds on work, above what the longest COUNT needs. A day is
 * looked at sooner than a year.
 */
const maxDays = 6000
const maxLongerPeriods = 1500
const maxCandidateEvaluations = 6000

const frequencies = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const

const list = (item: string) => new RegExp(`^${item}(,${item}){0,59}$`)
const day = '(MO|TU|WE|TH|FR|SA|SU)'

/** What each part of a rule may be. Times of day are not among them: the first start says when. */
const parts: Readonly<Record<string, RegExp>> = {
  FREQ: new RegExp(`^(${frequencies.join('|')})$`),
  INTERVAL: /^[1-9]\d{0,2}$/,
  COUNT: /^[1-9]\d{0,2}$/,
  UNTIL: /^\d{8}(T\d{6}Z)?$/,
  BYDAY: list(`([+-]?[1-9]\\d?)?${day}`),
  BYMONTHDAY: list('-?[1-9]\\d?'),
  BYYEARDAY: list('-?[1-9]\\d{0,2}'),
  BYWEEKNO: list('-?[1-9]\\d?'),
  BYMONTH: list('[1-9]\\d?'),
  BYSETPOS: list('[+-]?[1-9]\\d{0,2}'),
  WKST: new RegExp(`^${day}$`),
}

/** Throws `bad-request`. */
export function checkTimeZone(name: string): void {
  if (!isTimeZone(name)) throw wrong('timeZone', 'is no IANA time zone, such as Europe/Berlin')
}

function isTimeZone(name: string): boolean {
  // Fixed offsets have no summer time, and calendars do not know them as zones.
  if (!/^[A-Za-z][\w+-]*(\/[\w+-]+)*$/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/**
 * The schedule with its rule in one form, its first start on the first occurrence, and an end. Throws `bad-request` for
 * anything that makes no sense.
 */
export function checkSchedule(wanted: {
  startsAt: Date
  endsAt: Date | undefined
  timeZone: string
  recurrence: string | undefined
}): Schedule {
  const { startsAt, timeZone } = wanted
  checkTimeZone(timeZone)
  const year = startsAt.getUTCFullYear()
  if (!(year >= 1970 && year <= 2200)) throw wrong('startsAt', 'is out of reach')
  const endsAt = wanted.endsAt ?? new Date(startsAt.getTime() + usualLengthMs)
  const lengthMs = endsAt.getTime() - startsAt.getTime()
  if (!(lengthMs > 0)) throw wrong('endsAt', 'must be after startsAt')
  if (lengthMs > maxLengthMs) throw wrong('endsAt', 'is more than seven days after startsAt')
  if (wanted.recurrence === undefined) return { startsAt, endsAt, timeZone, recurrence: undefined }

  const recurrence = checkRule(wanted.recurrence, { startsAt, timeZone })
  const [first] = occurrences({ startsAt, endsAt, timeZone, recurrence }, { from: startsAt, limit: 1 })
  if (!first) throw wrong('recurrence', `has no occurrence within ${horizonYears} years`)
  return { startsAt: first.start, endsAt: first.end, timeZone, recurrence }
}

/** The rule in one form: upper case, each part once, an end that every calendar reads alike. Throws `bad-request`. */
function checkRule(text: string, { startsAt, timeZone }: { startsAt: Date; timeZone: string }): string {
  const rule = text
    .trim()
    .toUpperCase()
    .replace(/^RRULE:/, '')
  if (rule.length > ruleLength) throw wrong('recurrence', `has more than ${ruleLength} characters`)
  const found = new Map<string, string>()
  for (const part of rule.split(';')) {
    const [name = '', value = ''] = part.split('=', 2)
    const form = Object.hasOwn(parts, name) ? parts[name] : undefined
    if (!form) throw wrong('recurrence', `cannot have ${name.slice(0, 20) || 'an empty part'}`)
    if (!form.test(value)) throw wrong('recurrence', `has ${name} that cannot be used`)
    if (found.has(name)) throw wrong('recurrence', `has ${name} twice`)
    found.set(name, value)
  }
  if (!found.has('FREQ')) throw wrong('recurrence', 'needs FREQ')
  if (found.has('COUNT') && found.has('UNTIL')) throw wrong('recurrence', 'has both COUNT and UNTIL')
  if (Number(found.get('COUNT') ?? 1) > maxCount) throw wrong('recurrence', `has COUNT above ${maxCount}`)
  const until = found.get('UNTIL')
  if (until !== undefined) found.set('UNTIL', utcUntil(until, timeZone))
  const checked = [...found].map(([name, value]) => `${name}=${value}`).join(';')
  try {
    rrule({ startsAt, timeZone, recurrence: checked })
  } catch {
    throw wrong('recurrence', 'contradicts itself')
  }
  return checked
}

/** A day as the last moment of it there: RFC 5545 wants a moment in UTC where the start is one. */
function utcUntil(until: string, timeZone: string): string {
  const [, year, month, dayOfMonth, time] = /^(\d{4})(\d\d)(\d\d)(T\d{6}Z)?$/.exec(until)!
  try {
    const date = Temporal.PlainDate.from(`${year}-${month}-${dayOfMonth}`)
    if (time !== undefined) {
      const clock = `${time.slice(1, 3)}:${time.slice(3, 5)}:${time.slice(5, 7)}`
      Temporal.PlainTime.from(clock)
      return until
    }
    const instant = date
      .toZonedDateTime({ timeZone, plainTime: '23:59:59' })
      .toInstant()
      .toString({ smallestUnit: 'second' })
    return instant.replace(/[-:]/g, '')
  } catch {
    throw wrong('recurrence', 'has UNTIL that is no date')
  }
}

/** Occurrences that end after `from` and start before `to`, earliest first, at most `limit`. */
export function occurrences(
  schedule: Schedule,
  { from, to, limit }: { from: Date; to?: Date; limit: number },
): Occurrence[] {
  const { startsAt, endsAt, recurrence } = schedule
  const lengthMs = endsAt.getTime() - startsAt.getTime()
  const latest = to ?? yearsAfter(from > startsAt ? from : startsAt, horizonYears)
  const isWithin = ({ start, end }: Occurrence): boolean => end > from && start < latest
  if (recurrence === undefined) return [{ start: startsAt, end: endsAt }].filter(isWithin).slice(0, limit)

  const rule = rrule(schedule)
  const found: Occurrence[] = []
  const add = (starts: readonly Temporal.ZonedDateTime[]): void => {
    for (const start of starts) {
      const one = { start: new Date(start.epochMilliseconds), end: lengthOf(start, schedule) }
      if (found.length < limit && isWithin(one)) found.push(one)
    }
  }
  // Counting starts from the first one wherever it is asked from.
  if (recurrence.includes('COUNT=')) {
    add(atMost(() => rule.all()))
    return found
  }
  // The library is fast for a stretch of time, and slow one by one: stretches that grow until there are enough.
  let after = new Date(Math.max(from.getTime() - lengthMs, startsAt.getTime()) - 1)
  let stretchMs = periodMs(recurrence) * Math.max(limit, 5)
  while (found.length < limit && after < latest) {
    const until = new Date(Math.min(after.getTime() + stretchMs, latest.getTime()))
    add(atMost(() => rule.between(after, until)))
    // Both ends of a stretch are left out of it.
    after = until < latest ? new Date(until.getTime() - 1) : latest
    stretchMs *= 2
  }
  return found
}

/** The first occurrence that starts after `moment` (or then, with `inclusive`); undefined when there is none. */
export function nextOccurrence(
  schedule: Schedule,
  moment: Date,
  { inclusive = false }: { inclusive?: boolean } = {},
): Occurrence | undefined {
  const { startsAt, endsAt, recurrence } = schedule
  if (recurrence === undefined) {
    const isAhead = startsAt > moment || (inclusive && startsAt.getTime() === moment.getTime())
    return isAhead ? { start: startsAt, end: endsAt } : undefined
  }
  const next = nextOf(rrule(schedule), moment, inclusive)
  if (next === undefined) return undefined
  const start = new Date(next.epochMilliseconds)
  if (start > yearsAfter(moment > startsAt ? moment : startsAt, horizonYears)) return undefined
  return { start, end: lengthOf(next, schedule) }
}

/**
 * By when the last occurrence is over, or later. Not looked for: in a calendar of many meetings that takes a minute. Undefined
 * when there is no last one.
 */
export function lastEnd(schedule: Schedule): Date | undefined {
  const { startsAt, endsAt, recurrence } = schedule
  if (recurrence === undefined) return endsAt
  const lengthMs = endsAt.getTime() - startsAt.getTime()
  const until = /UNTIL=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(recurrence)
  if (until) {
    const [, year, month, dayOfMonth, hour, minute, second] = until
    const at = Date.parse(`${year}-${month}-${dayOfMonth}T${hour}:${minute}:${second}Z`)
    return new Date(at + lengthMs)
  }
  const count = /COUNT=(\d+)/.exec(recurrence)?.[1]
  if (count === undefined) return undefined
  const lastMs = endsAt.getTime() + (Number(count) - 1) * periodMs(recurrence)
  // A day more, for clocks that change. A rule with other parts may leave periods out.
  if (/^(FREQ=DAILY|FREQ=WEEKLY(;BYDAY=[^;]*)?);(COUNT|INTERVAL)=[^B]*$/.test(recurrence))
    return new Date(lastMs + 86_400_000)
  return new Date(Math.max(lastMs, yearsAfter(endsAt, horizonYears).getTime()))
}

/** The rule in words: every week on Monday. The time stands beside it already, in 24 hours. Undefined when it does not repeat. */
export function repetitionText(schedule: Schedule): string | undefined {
  if (schedule.recurrence === undefined) return undefined
  return toText(rrule(schedule), 'en', { excludeTzAbbreviation: true }).replace(/ at [\d:]+ [AP]M/, '')
}

/**
 * An occurrence lasts as long on the clock as the first one does: what ends at ten ends at ten on the day the clocks change.
 */
function lengthOf(start: Temporal.ZonedDateTime, { startsAt, endsAt, timeZone }: Schedule): Date {
  const first = zoned(startsAt, timeZone).toPlainDateTime()
  const length = first.until(zoned(endsAt, timeZone).toPlainDateTime())
  const end = new Date(start.toPlainDateTime().add(length).toZonedDateTime(timeZone).epochMilliseconds)
  const startMs = start.epochMilliseconds
  // On the day an hour is skipped or repeated, that may come out as nothing.
  return end.getTime() > startMs ? end : new Date(startMs + endsAt.getTime() - startsAt.getTime())
}

/** How far apart occurrences are, more or less. */
function periodMs(recurrence: string): number {
  const frequency = /FREQ=([A-Z]+)/.exec(recurrence)?.[1]
  const days = { DAILY: 1, WEEKLY: 7, MONTHLY: 31, YEARLY: 366 }[frequency as (typeof frequencies)[number]]
  return days * Number(/INTERVAL=(\d+)/.exec(recurrence)?.[1] ?? 1) * 86_400_000
}

/** Nothing where the library gives up. */
function atMost(find: () => Temporal.ZonedDateTime[]): Temporal.ZonedDateTime[] {
  try {
    return find()
  } catch (error) {
    if (isTooMuch(error)) return []
    throw error
  }
}

/** Nothing, too, for a rule whose days the library does not find before it gives up: February 30th. */
function nextOf(
  rule: RRuleTemporal<Temporal.ZonedDateTime>,
  after: Date,
  inclusive: boolean,
): Temporal.ZonedDateTime | undefined {
  try {
    return rule.next(after, inclusive) ?? undefined
  } catch (error) {
    if (isTooMuch(error)) return undefined
    throw error
  }
}

/** The library gave up. */
function isTooMuch(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Maximum')
}

function rrule({ startsAt, timeZone, recurrence }: Pick<Schedule, 'startsAt' | 'timeZone' | 'recurrence'>) {
  return new RRuleTemporal<Temporal.ZonedDateTime>({
    rruleString: recurrence!,
    dtstart: zoned(startsAt, timeZone),
    temporal: Temporal,
    maxIterations: recurrence!.includes('FREQ=DAILY') ? maxDays : maxLongerPeriods,
    maxCandidateEvaluations,
  })
}

function zoned(date: Date, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(date.getTime()).toZonedDateTimeISO(timeZone)
}

function yearsAfter(date: Date, years: number): Date {
  const later = new Date(date)
  later.setUTCFullYear(later.getUTCFullYear() + years)
  return later
}

function wrong(field: string, problem: string): AppError {
  return new AppError('bad-request', `${field} ${problem}.`, { path: `body.${field}` })
}
