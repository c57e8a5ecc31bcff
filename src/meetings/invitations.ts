import { setImmediate as turn } from 'node:timers/promises'
import type { LimitsConfig } from '../../config/schema.ts'
import type { SecretBox } from '../auth/secret-box.ts'
import type { Queryable } from '../db/tables.ts'
import { AppError, limitExceeded } from '../lib/app-error.ts'
import { Rate } from '../lib/rate.ts'
import type { Mail } from '../mail/mail.ts'
import { calendarType, invitationFile, zonesOf, type CalendarEvent } from './calendar.ts'
import { listInvitees, type InviteeRow } from './invitees.store.ts'
import {
  cancellationMail,
  changeMail,
  invitationMail,
  removalMail,
  type MailedMeeting,
  type MailText,
} from './mails.ts'
import type { MeetingRow, Trx } from './meetings.store.ts'
import { findPeople, findPeopleByEmail, type Person } from './people.store.ts'
import { nextOf, scheduleOf } from './running.ts'
import { hostNameOf, meetingUrl, passcodeOf, type MeetingCaller } from './views.ts'

/** What sends mails; src/mail. */
export interface Mailing {
  readonly available: boolean
  send(mail: Mail, db: Queryable): Promise<void>
}

export interface InvitationsOptions {
  readonly mailer: Mailing
  readonly box: SecretBox
  readonly limits: Pick<LimitsConfig, 'meetingMailsPerHour'>
  readonly baseUrl: () => string
}

interface Asked {
  readonly now: Date
  readonly caller: MeetingCaller
}

/** Senders that are remembered before those who owe nothing are forgotten. */
const sweepAbove = 10_000

/**
 * Mails to invitees, each with a file for their calendar. They are handed over in the transaction that changes the meeting:
 * nobody is told of what was not kept. Without a mail server nobody is, and invitees with an account find the meeting in
 * their list.
 */
export class Invitations {
  readonly #options: InvitationsOptions
  readonly #rates = new Map<string, Rate>()

  constructor(options: InvitationsOptions) {
    this.#options = options
  }

  async created(trx: Trx, row: MeetingRow, { now, caller }: Asked): Promise<void> {
    const invitees = await listInvitees(trx, [row.id])
    await this.#send(trx, row, invitees, { now, caller, kind: 'invitation', write: invitationMail })
  }

  /** `invitees` are those from before. */
  async changed(
    trx: Trx,
    options: Asked & { before: MeetingRow; after: MeetingRow; invitees: readonly InviteeRow[] },
  ): Promise<void> {
    const { before, after, invitees, now, caller } = options
    const kept = await listInvitees(trx, [after.id])
    const emails = new Set(kept.map(({ email }) => email))
    const known = new Set(invitees.map(({ email }) => email))
    const changes = changesOf(before, after)
    await this.#send(
      trx,
      after,
      kept.filter(({ email }) => !known.has(email)),
      { now, caller, kind: 'invitation', write: invitationMail },
    )
    await this.#send(
      trx,
      after,
      invitees.filter(({ email }) => !emails.has(email)),
      { now, caller, kind: 'invitation-removed', write: removalMail, isCancelled: true },
    )
    if (changes.length === 0) return
    await this.#send(
      trx,
      after,
      kept.filter(({ email }) => known.has(email)),
      { now, caller, kind: 'invitation-changed', write: (meeting) => changeMail(meeting, changes) },
    )
  }

  async cancelled(trx: Trx, row: MeetingRow, { now, caller }: Asked): Promise<void> {
    const invitees = await listInvitees(trx, [row.id])
    await this.#send(trx, row, invitees, {
      now,
      caller,
      kind: 'invitation-cancelled',
      write: cancellationMail,
      isCancelled: true,
    })
  }

  /** The same when the host's account goes. What they sent before does not stand in the way. */
  async withdrawn(trx: Trx, row: MeetingRow, now: Date): Promise<void> {
    const invitees = await listInvitees(trx, [row.id])
    await this.#send(trx, row, invitees, {
      now,
      caller: undefined,
      kind: 'invitation-cancelled',
      write: cancellationMail,
      isCancelled: true,
    })
  }

  /** To all, or to those of `emails` who are invited. Throws `not-supported` where no mails are sent. */
  async again(
    trx: Trx,
    row: MeetingRow,
    { emails, now, caller }: Asked & { emails: readonly string[] | undefined },
  ): Promise<number> {
    if (!this.#options.mailer.available) {
      throw new AppError('not-supported', 'This server sends no mail: it has no mail server.')
    }
    const wanted = emails && new Set(emails.map((email) => email.toLowerCase()))
    const invitees = await listInvitees(trx, [row.id])
    return this.#send(
      trx,
      row,
      invitees.filter(({ email }) => wanted?.has(email) ?? true),
      { now, caller, kind: 'invitation', write: invitationMail },
    )
  }

  /** Returns how many mails there were. Throws `limit-exceeded` for more than a host may send. */
  async #send(
    trx: Trx,
    row: MeetingRow,
    invitees: readonly InviteeRow[],
    options: {
      now: Date
      /** Whose mails are counted. Undefined: nobody's. */
      caller: MeetingCaller | undefined
      kind: string
      write: (meeting: MailedMeeting) => MailText
      isCancelled?: boolean
    },
  ): Promise<number> {
    const { mailer, box, baseUrl } = this.#options
    if (!mailer.available || invitees.length === 0) return 0
    const { now, caller, kind, write, isCancelled = false } = options
    const people = await findPeopleByEmail(
      trx,
      invitees.map(({ email }) => email),
    )
    const hosts = await findPeople(trx, row.host_id === null ? [] : [row.host_id])
    const host = row.host_id === null ? undefined : hosts.get(row.host_id)
    const readers = invitees.filter(
      ({ email }) => email !== host?.email && (people.get(email)?.wantsMail ?? true),
    )
    if (caller) this.#take(senderOf(row, caller), readers.length, now)

    const url = meetingUrl(baseUrl(), row.code!)
    const hostName = hostNameOf(row, hosts)
    const { subject, text, html } = write({
      title: row.title,
      description: row.description,
      hostName,
      schedule: scheduleOf(row),
      next: nextOf(row),
      url,
      code: row.code!,
      passcode: passcodeOf(row, box)?.reveal(),
    })
    const event = eventOf(row, { url, host, isCancelled })
    const zones = event && zonesOf([event])
    for (const { email: to, name, status } of readers) {
      // The embedded database answers within the same turn: nobody else would be heard until the last mail is written.
      await turn()
      const attendee = {
        email: to,
        name: name ?? people.get(to)?.name ?? to,
        status: status as 'invited',
      }
      const file = event && invitationFile({ ...event, attendee }, zones)
      await mailer.send(
        {
          to,
          kind,
          subject,
          text,
          html,
          ...(file
            ? {
                attachments: [
                  {
                    filename: 'invitation.ics',
                    contentType: `${calendarType}; method=${file.method}`,
                    content: file.content,
                  },
                ],
              }
            : {}),
        },
        trx,
      )
    }
    return readers.length
  }

  #take(sender: string, count: number, now: Date): void {
    const max = this.#options.limits.meetingMailsPerHour
    const nowMs = now.getTime()
    if (this.#rates.size > sweepAbove) {
      for (const [key, rate] of this.#rates) if (rate.isFull(nowMs)) this.#rates.delete(key)
    }
    const rate = this.#rates.get(sender) ?? new Rate({ perSecond: max / 3600, burst: max, nowMs })
    this.#rates.set(sender, rate)
    if (count > max || !rate.take(nowMs, count)) throw limitExceeded('meetingMailsPerHour', max)
  }
}

/** A meeting for calendars; undefined for one without a schedule. */
export function eventOf(
  row: MeetingRow,
  { url, host, isCancelled }: { url: string; host: Person | undefined; isCancelled: boolean },
): CalendarEvent | undefined {
  const schedule = scheduleOf(row)
  if (!schedule) return undefined
  return {
    id: row.id,
    sequence: row.sequence,
    title: row.title,
    description: row.description,
    url,
    schedule,
    isCancelled,
    organizer: { name: host?.name ?? row.host_name, email: host?.email },
    createdAt: row.created_at,
    changedAt: row.changed_at,
  }
}

function senderOf(row: MeetingRow, caller: MeetingCaller): string {
  return row.host_id ?? (caller.kind === 'account' ? caller.accountId : caller.keyId)
}

/** What of a change invitees have to know, in words. */
function changesOf(before: MeetingRow, after: MeetingRow): string[] {
  const time = (row: MeetingRow) => [row.starts_at?.getTime(), row.ends_at?.getTime(), row.time_zone]
  const isPasscodeNew =
    (before.passcode === null) !== (after.passcode === null) ||
    (before.passcode !== null && !Buffer.from(before.passcode).equals(after.passcode!))
  return [
    ...(String(time(before)) === String(time(after)) ? [] : ['the time']),
    ...(before.recurrence === after.recurrence ? [] : ['how it repeats']),
    ...(before.title === after.title ? [] : ['the title']),
    ...(before.description === after.description ? [] : ['the description']),
    ...(isPasscodeNew ? ['the passcode'] : []),
  ]
}
