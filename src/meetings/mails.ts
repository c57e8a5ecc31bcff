import { linkedLines, oneLine, paragraphs } from '../lib/html.ts'
import { repetitionText, type Occurrence, type Schedule } from './recurrence.ts'

/** What mails about meetings say. Values in, text out. */

export interface MailedMeeting {
  readonly title: string
  readonly description: string
  readonly hostName: string
  readonly schedule: Schedule | undefined
  /** The occurrence that comes next. */
  readonly next: Occurrence | undefined
  readonly url: string
  readonly code: string
  readonly passcode: string | undefined
}

export interface MailText {
  readonly subject: string
  readonly text: string
  readonly html: string
}

export function invitationMail(meeting: MailedMeeting): MailText {
  return {
    subject: subjectOf('Invitation', meeting),
    ...written(
      `${meeting.hostName} invites you to a meeting.`,
      factsOf(meeting),
      meeting.description,
      wayIn(meeting),
    ),
  }
}

/** `changes` names what is different now. */
export function changeMail(meeting: MailedMeeting, changes: readonly string[]): MailText {
  return {
    subject: subjectOf('Changed', meeting),
    ...written(
      `${meeting.hostName} has changed a meeting that you are invited to: ${changes.join(', ')}.`,
      factsOf(meeting),
      meeting.description,
      wayIn(meeting),
    ),
  }
}

export function cancellationMail(meeting: MailedMeeting): MailText {
  return {
    subject: subjectOf('Cancelled', meeting),
    ...written(`${meeting.hostName} has cancelled this meeting. It does not take place.`, factsOf(meeting)),
  }
}

/** For whom is no longer invited to a meeting that takes place. */
export function removalMail(meeting: MailedMeeting): MailText {
  return {
    subject: subjectOf('No longer invited', meeting),
    ...written(`${meeting.hostName} has taken back your invitation to this meeting.`, factsOf(meeting)),
  }
}

function subjectOf(what: string, { title, next, schedule }: MailedMeeting): string {
  const when = next && schedule ? ` (${moment(next.start, schedule.timeZone)})` : ''
  return oneLine(`${what}: ${title}${when}`)
}

function factsOf(meeting: MailedMeeting): string {
  const { title, schedule, next } = meeting
  const repetition = schedule && repetitionText(schedule)
  return [
    oneLine(title),
    ...(schedule && next ? [`${span(next, schedule.timeZone)} (${schedule.timeZone})`] : []),
    ...(repetition === undefined ? [] : [`Repeats ${repetition}`]),
  ].join('\n')
}

function wayIn({ url, code, passcode }: MailedMeeting): string {
  return [`Join: ${url}`, `Code: ${code}`, ...(passcode === undefined ? [] : [`Passcode: ${passcode}`])].join(
    '\n',
  )
}

/** Parts that are empty are left out. */
function written(...parts: readonly string[]): { text: string; html: string } {
  return paragraphs(
    parts.filter((part) => part !== ''),
    linkedLines,
  )
}

const clock = { hour: '2-digit', minute: '2-digit' } as const
const day = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } as const

function span({ start, end }: Occurrence, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { ...day, ...clock, timeZone }).formatRange(start, end)
}

function moment(date: Date, timeZone: string): string {
  const options = { weekday: 'short', day: 'numeric', month: 'short', ...clock, timeZone } as const
  return new Intl.DateTimeFormat('en-GB', options).format(date)
}
