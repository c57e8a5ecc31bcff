/** Moments, days and spans of time, as people read and type them. A zone is an IANA name, a language a BCP 47 tag. */

export interface Place {
  readonly zone: string
  /** Left out, the browser's. */
  readonly language?: string | undefined
}

/** What a date and a time field hold: `2026-11-20` and `09:30`. */
export interface WallTime {
  readonly date: string
  readonly time: string
}

const dayMs = 86_400_000

export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

const clocks = new Map<string, Intl.DateTimeFormat>()

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone)
  if (known) return known
  const clock = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  clocks.set(zone, clock)
  return clock
}

/** What the clock on the wall shows in a zone, written as if it were UTC, in milliseconds. */
function wallClock(at: number, zone: string): number {
  const parts = clockOf(zone).formatToParts(at)
  const of = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((part) => part.type === type)?.value ?? 0)
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
}

export function toWallTime(at: Date, zone: string): WallTime {
  const text = new Date(wallClock(at.getTime(), zone)).toISOString()
  return { date: text.slice(0, 10), time: text.slice(11, 16) }
}

/**
 * The moment at which the clocks of a zone show this; undefined for what is no date or no time. A time that a change of
 * clocks leaves out is the one as much later; of one that comes twice the first counts, as in calendars.
 */
export function toMoment({ date, time }: WallTime, zone: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(date) || !/^\d\d:\d\d$/.test(time)) return undefined
  const wanted = Date.parse(`${date}T${time}:00Z`)
  if (Number.isNaN(wanted) || !new Date(wanted).toISOString().startsWith(date)) return undefined
  const offsetAt = (at: number) => wallClock(at, zone) - at
  const earlier = wanted - offsetAt(wanted - dayMs)
  const later = wanted - offsetAt(wanted + dayMs)
  return new Date(wallClock(earlier, zone) !== wanted && wallClock(later, zone) === wanted ? later : earlier)
}

/** Days in a calendar, no matter how long they are. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10)
}

/** From one moment's day to another's, in a zone. */
export function daysBetween(from: Date, to: Date, zone: string): number {
  const day = (at: Date) => Date.parse(`${toWallTime(at, zone).date}T00:00:00Z`)
  return Math.round((day(to) - day(from)) / dayMs)
}

/** “Today”, “Tomorrow”, “Friday, 20 November”, with the year when it is another one. */
export function dayWords(at: Date, { now, ...place }: Place & { now: Date }): string {
  const { zone, language } = place
  const days = daysBetween(now, at, zone)
  if (Math.abs(days) <= 1) {
    return upper(new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(days, 'day'), language)
  }
  const sameYear = toWallTime(at, zone).date.slice(0, 4) === toWallTime(now, zone).date.slice(0, 4)
  return upper(
    new Intl.DateTimeFormat(language, {
      timeZone: zone,
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      ...(sameYear ? {} : { year: 'numeric' }),
    }).format(at),
    language,
  )
}

function upper(text: string, language: string | undefined): string {
  const [first = '', ...rest] = text
  return first.toLocaleUpperCase(language) + rest.join('')
}

export function timeWords(at: Date, { zone, language }: Place): string {
  return new Intl.DateTimeFormat(language, { timeZone: zone, timeStyle: 'short' }).format(at)
}

/** “09:00–10:30”; the day of the end is told when it is another one. */
export function spanWords(from: Date, to: Date | undefined, { zone, language }: Place): string {
  if (to === undefined || to.getTime() <= from.getTime()) return timeWords(from, { zone, language })
  const format = new Intl.DateTimeFormat(language, {
    timeZone: zone,
    hour: 'numeric',
    minute: '2-digit',
    ...(daysBetween(from, to, zone) === 0 ? {} : { day: 'numeric', month: 'short' }),
  })
  return format.formatRange(from, to)
}

/** “20 Nov 2026, 09:00”: a moment of which the day matters as much as the time. */
export function momentWords(at: Date, { zone, language }: Place): string {
  return new Intl.DateTimeFormat(language, {
    timeZone: zone,
    dateStyle: 'medium',
    timeStyle: 'short',
  }).format(at)
}

/** The name of a zone in words, as it is at a moment: “Central European Standard Time”. */
export function zoneWords(zone: string, at: Date, language?: string): string {
  const part = (timeZoneName: 'long' | 'shortOffset') =>
    new Intl.DateTimeFormat(language, { timeZone: zone, timeZoneName })
      .formatToParts(at)
      .find(({ type }) => type === 'timeZoneName')?.value
  const [long = zone, offset = ''] = [part('long'), part('shortOffset')]
  return long.startsWith('GMT') || long.startsWith('UTC') || offset === '' ? long : `${long} (${offset})`
}

/** “GMT+1”. */
export function zoneOffset(zone: string, at: Date): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'shortOffset' }).formatToParts(
    at,
  )
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
}

/** “1 hr 5 min”, “40 sec”: whole minutes from one minute on. */
export function durationWords(seconds: number, language?: string): string {
  const whole = Math.max(0, Math.round(seconds))
  const unit = (value: number, name: 'hour' | 'minute' | 'second') =>
    new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value)
  if (whole < 60) return unit(whole, 'second')
  const minutes = Math.round(whole / 60)
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return [...(hours > 0 ? [unit(hours, 'hour')] : []), ...(rest > 0 ? [unit(rest, 'minute')] : [])].join(' ')
}

/** “in 5 minutes”, “3 hours ago”: in the largest unit that says enough. */
export function fromNowWords(at: Date, now: Date, language?: string): string {
  const minutes = Math.round((at.getTime() - now.getTime()) / 60_000)
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  if (Math.abs(minutes) < 60) return format.format(minutes, 'minute')
  const hours = Math.round(minutes / 60)
  return Math.abs(hours) < 24 ? format.format(hours, 'hour') : format.format(Math.round(hours / 24), 'day')
}

/** The zones to choose from, by region; those in `also` are there in any case. */
export function zonesByRegion(also: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const known = new Set([...Intl.supportedValuesOf('timeZone'), 'UTC', ...also.filter(isZone)])
  const regions = new Map<string, string[]>()
  for (const zone of [...known].sort()) {
    const region = zone.includes('/') ? zone.slice(0, zone.indexOf('/')) : 'Other'
    regions.set(region, [...(regions.get(region) ?? []), zone])
  }
  return regions
}

/** `America/Argentina/Buenos_Aires` is “Argentina, Buenos Aires”. */
export function cityOf(zone: string): string {
  return (zone.includes('/') ? zone.slice(zone.indexOf('/') + 1) : zone)
    .replaceAll('/', ', ')
    .replaceAll('_', ' ')
}
