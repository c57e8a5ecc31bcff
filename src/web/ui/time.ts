/** Moments and durations in the person's own language and time zone. Moments are ISO 8601 texts, as the server sends them. */

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })

export function formatDateTime(moment: string): string {
  return dateTime.format(new Date(moment))
}

export function formatDate(moment: string): string {
  return date.format(new Date(moment))
}

const steps = [
  ['minute', 60],
  ['hour', 3600],
  ['day', 86_400],
  ['week', 604_800],
] as const

/** "3 minutes ago", "yesterday"; the date when it is more than four weeks away. */
export function formatAgo(moment: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(moment) - now) / 1000)
  const distance = Math.abs(seconds)
  if (distance < 45) return relative.format(0, 'second')
  if (distance > 4 * 604_800) return formatDate(moment)
  const [unit, size] = steps.findLast(([, each]) => distance >= each * 0.9) ?? steps[0]
  return relative.format(Math.round(seconds / size), unit)
}

/** "45 s", "12 min", "1 h 5 min". */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
