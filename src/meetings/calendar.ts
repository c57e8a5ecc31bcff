import {
  default as ical,
  ICalAlarmType,
  ICalAttendeeRole,
  ICalAttendeeStatus,
  ICalCalendarMethod,
  ICalEventStatus,
} from 'ical-generator'
import { Temporal } from 'temporal-polyfill'
import { oneLine } from '../lib/html.ts'
import { lastEnd, type Schedule } from './recurrence.ts'
import { timeZoneComponent } from './time-zone.ts'

/** Meetings as calendars read them (RFC 5545, and RFC 5546 for invitations). Values in, text out. */

export const calendarType = 'text/calendar; charset=utf-8'

export interface CalendarEvent {
  readonly id: string
  /** Grows with each change: a calendar keeps the highest. */
  readonly sequence: number
  readonly title: string
  readonly description: string
  /** Where to join. */
  readonly url: string
  readonly schedule: Schedule
  readonly isCancelled: boolean
  readonly organizer: Contact
  readonly attendee?: Contact & { readonly status: 'invited' | 'accepted' | 'declined' }
  readonly createdAt: Date
  readonly changedAt: Date
}

export interface Contact {
  readonly name: string
  readonly email?: string | undefined
}

/** Calendars remind so long before, in seconds. */
const remindSeconds = 600
/** An endless rule is written out with the clock changes of so many years. */
const zoneYears = 10
/** How often calendars should look at a feed, in seconds. */
const refreshSeconds = 3600

/** An invitation, its change or its withdrawal, to be attached to a mail. */
export function invitationFile(
  event: CalendarEvent,
  zones: Zones = zonesOf([event]),
): { method: 'REQUEST' | 'CANCEL'; content: string } {
  const method = event.isCancelled ? ICalCalendarMethod.CANCEL : ICalCalendarMethod.REQUEST
  return { method, content: calendar([event], { method, zones }) }
}

/** Somebody's calendar, or one meeting of it. */
export function calendarFile(events: readonly CalendarEvent[], name: string): string {
  return calendar(events, { method: ICalCalendarMethod.PUBLISH, name, zones: zonesOf(events) })
}

/** What calendars have to know about the zones that are named in a file, by their names. */
export type Zones = (timeZone: string) => string

/** What files with these events say about zones: written once, since that takes longer than all the rest. */
export function zonesOf(events: readonly CalendarEvent[]): Zones {
  const spans = spansOf(events)
  const written = new Map<string, string>()
  return (timeZone) => {
    const known = written.get(timeZone)
    if (known !== undefined) return known
    const text = timeZoneComponent(timeZone, spans.get(timeZone)!)
    written.set(timeZone, text)
    return text
  }
}

function calendar(
  events: readonly CalendarEvent[],
  { method, name, zones }: { method: ICalCalendarMethod; name?: string; zones: Zones },
): string {
  const file = ical({
    prodId: { company: 'Sluice', product: 'Sluice', language: 'EN' },
    method,
    ...(name === undefined ? {} : { name: oneLine(name), ttl: refreshSeconds }),
    timezone: { name: null, generator: zones },
  })
  for (const event of events) {
    const { schedule, organizer, attendee } = event
    const { recurrence, timeZone } = schedule
    // Only what repeats needs the zone: its clock says when. A single moment is the same everywhere.
    const isZoned = recurrence !== undefined && timeZone !== 'UTC'
    const created = file.createEvent({
      id: `${event.id}@sluice`,
      sequence: event.sequence,
      stamp: event.changedAt,
      created: event.createdAt,
      lastModified: event.changedAt,
      start: isZoned ? zoned(schedule.startsAt, timeZone) : schedule.startsAt,
      end: isZoned ? zoned(schedule.endsAt, timeZone) : schedule.endsAt,
      timezone: isZoned ? timeZone : null,
      ...(recurrence === undefined ? {} : { repeating: `RRULE:${recurrence}` }),
      summary: oneLine(event.title),
      description: [event.description, event.url].filter(Boolean).join('\n\n').replace(/\r\n?/g, '\n'),
      location: event.url,
      url: event.url,
      status: event.isCancelled ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    })
    if (organizer.email !== undefined) {
      created.organizer({ name: oneLine(organizer.name), email: organizer.email })
    }
    if (attendee?.email !== undefined) {
      created.createAttendee({
        name: oneLine(attendee.name),
        email: attendee.email,
        role: ICalAttendeeRole.REQ,
        status: attendeeStatuses[attendee.status],
        rsvp: attendee.status === 'invited',
      })
    }
    if (!event.isCancelled) {
      created.createAlarm({
        type: ICalAlarmType.display,
        triggerBefore: remindSeconds,
        description: oneLine(event.title),
      })
    }
  }
  return `${file.toString()}\r\n`
}

const attendeeStatuses = {
  invited: ICalAttendeeStatus.NEEDSACTION,
  accepted: ICalAttendeeStatus.ACCEPTED,
  declined: ICalAttendeeStatus.DECLINED,
} as const

/** What of each zone's clock the events need. */
function spansOf(events: readonly CalendarEvent[]): Map<string, { from: Date; to: Date }> {
  const spans = new Map<string, { from: Date; to: Date }>()
  for (const { schedule } of events) {
    const { startsAt, timeZone } = schedule
    const to = lastEnd(schedule) ?? new Date(startsAt.getTime() + zoneYears * 366 * 86_400_000)
    const span = spans.get(timeZone)
    spans.set(timeZone, {
      from: span && span.from < startsAt ? span.from : startsAt,
      to: span && span.to > to ? span.to : to,
    })
  }
  return spans
}

function zoned(date: Date, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(date.getTime()).toZonedDateTimeISO(timeZone)
}
