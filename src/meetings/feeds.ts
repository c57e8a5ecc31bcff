import { createHash, randomBytes } from 'node:crypto'
import type { Db } from '../db/database.ts'
import { AppError } from '../lib/app-error.ts'
import { calendarFile, type CalendarEvent } from './calendar.ts'
import { accountOfFeed, deleteFeed, listForCalendar, putFeed } from './feeds.store.ts'
import { eventOf } from './invitations.ts'
import type { Meetings } from './meetings.ts'
import { findMeeting, type MeetingRow } from './meetings.store.ts'
import { findPeople, type Person } from './people.store.ts'
import { usualLengthMs } from './recurrence.ts'
import { meetingUrl, type MeetingCaller } from './views.ts'

export interface FeedsOptions {
  readonly db: Db
  readonly meetings: Meetings
  readonly baseUrl: () => string
}

/** Meetings that are over stay in a feed for so long, in milliseconds. */
const keptMs = 90 * 86_400_000
const feedName = 'Meetings'

/** Meetings for calendar programs: one as a file, all of somebody's at a secret address. */
export class Feeds {
  readonly #options: FeedsOptions

  constructor(options: FeedsOptions) {
    this.#options = options
  }

  /** A new secret address; the one before is no longer answered. */
  async create(accountId: string, now: Date): Promise<string> {
    const token = randomBytes(32).toString('base64url')
    await putFeed(this.#options.db, { account_id: accountId, token_hash: hashOf(token), created_at: now })
    return `${this.#options.baseUrl()}/api/v1/calendar/${token}.ics`
  }

  async delete(accountId: string): Promise<void> {
    await deleteFeed(this.#options.db, accountId)
  }

  /** What is at such an address. Throws `not-found`. */
  async read(token: string, now: Date): Promise<string> {
    const { db } = this.#options
    const viewer = await accountOfFeed(db, hashOf(token))
    if (!viewer) throw new AppError('not-found', 'There is no such calendar.')
    const rows = await listForCalendar(db, { viewer, since: new Date(now.getTime() - keptMs) })
    return this.#file(rows)
  }

  /** One meeting. Throws `not-found`. */
  async file(meetingId: string, caller: MeetingCaller): Promise<string> {
    await this.#options.meetings.get(meetingId, caller)
    const row = await findMeeting(this.#options.db, meetingId)
    return this.#file(row ? [row] : [])
  }

  async #file(rows: readonly MeetingRow[]): Promise<string> {
    const { db, baseUrl } = this.#options
    const hosts = await findPeople(
      db,
      rows.flatMap(({ host_id: id }) => id ?? []),
    )
    return calendarFile(
      rows.map((row) => this.#event(row, { hosts, baseUrl: baseUrl() })),
      feedName,
    )
  }

  #event(
    row: MeetingRow,
    { hosts, baseUrl }: { hosts: ReadonlyMap<string, Person>; baseUrl: string },
  ): CalendarEvent {
    const host = row.host_id === null ? undefined : hosts.get(row.host_id)
    const url = meetingUrl(baseUrl, row.code!)
    const isCancelled = row.status === 'cancelled'
    const { starts_at: startsAt, created_at: start } = row
    // One without a schedule was at the time it was made.
    const timed = startsAt
      ? row
      : { ...row, starts_at: start, ends_at: new Date(start.getTime() + usualLengthMs) }
    return eventOf(timed, { url, host, isCancelled })!
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
