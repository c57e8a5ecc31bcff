import { Type } from 'typebox'
import type { Api } from '../http/api.ts'
import { AppError } from '../lib/app-error.ts'
import { defaultPageLimit, Email, Input, MomentInput, Page, PageQuery } from '../protocol/rest.ts'
import { inviteeStatuses } from './invitees.store.ts'
import type { Joining } from './joining.ts'
import { shownOccurrences, type Meetings } from './meetings.ts'
import { meetingLists } from './meetings.store.ts'
import {
  Joined,
  JoinMeeting,
  ListOf,
  Meeting,
  MeetingChange,
  meetingId,
  MeetingSession,
  MeetingSummary,
  NewMeeting,
  Occurrence,
} from './shapes.ts'

const tag = 'Meetings'
const params = Type.Object({ meetingId })
const codeParams = Type.Object({
  code: Type.String({
    minLength: 1,
    maxLength: 64,
    description: 'Of the meeting.',
    examples: ['abc-defg-hjk'],
  }),
})
/** Codes cannot be guessed; this keeps those who try from being a burden. */
const codeLimit = { max: 120, seconds: 60, by: 'address' } as const

export interface MeetingRoutesOptions {
  readonly meetings: () => Promise<Meetings>
  readonly joining: () => Promise<Joining>
  /** What an address is counted by. */
  readonly subscriberOf: (ip: string) => string
}

export function meetingRoutes(api: Api, { meetings, joining, subscriberOf }: MeetingRoutesOptions): void {
  api.add(
    'POST',
    '/meetings',
    'host',
    {
      id: 'createMeeting',
      tag,
      about:
        'Makes a meeting. With startsAt it is scheduled, without it is live at once. Invitees get a mail. A first start that its rule does not name moves to the first that it does.',
      body: NewMeeting,
      answer: Meeting,
      status: 201,
      versioned: true,
      errors: ['limit-exceeded'],
    },
    async ({ body, caller, actor, now }) => (await meetings()).create(body, { caller, actor, now }),
  )

  api.add(
    'GET',
    '/meetings',
    'member',
    {
      id: 'listMeetings',
      tag,
      about:
        'Meetings that the caller hosts, is invited to or took part in. With `of=all`, which API keys always get, everybody’s, for admins. live and all: newest first. upcoming: next first. past: those that took place or are over, last one first; one that repeats is among them and among the upcoming.',
      query: Input({
        when: Type.Optional(
          Type.Unsafe<(typeof meetingLists)[number]>({
            type: 'string',
            enum: [...meetingLists],
            default: 'all',
            description: 'Which.',
          }),
        ),
        of: Type.Optional(ListOf),
        ...PageQuery,
      }),
      answer: Page(Meeting),
    },
    async ({ query, caller }) => {
      const { when = 'all', of, limit = defaultPageLimit, cursor } = query
      return (await meetings()).list(caller, { list: when, of, limit, cursor })
    },
  )

  api.add(
    'GET',
    '/meetings/:meetingId',
    'member',
    {
      id: 'getMeeting',
      tag,
      about: 'One meeting.',
      params,
      answer: Meeting,
      versioned: true,
      errors: ['not-found'],
    },
    async ({ params, caller }) => (await meetings()).get(params.meetingId, caller),
  )

  api.add(
    'PATCH',
    '/meetings/:meetingId',
    'member',
    {
      id: 'updateMeeting',
      tag,
      about:
        'Changes a meeting; for its host. Invitees are told by mail what is different, if it concerns them. Lobby, joinBeforeHost, maxParticipants and title of a live one hold at once; `record` holds at once, too: `never` ends a recording that goes on, `always` begins one.',
      params,
      body: MeetingChange,
      answer: Meeting,
      versioned: true,
      errors: ['not-found', 'conflict', 'limit-exceeded'],
    },
    async ({ params, body, caller, actor, now, version }) =>
      (await meetings()).change(params.meetingId, body, { caller, actor, now, version }),
  )

  api.add(
    'DELETE',
    '/meetings/:meetingId',
    'member',
    {
      id: 'deleteMeeting',
      tag,
      about:
        'Deletes a meeting with its history; for its host. A live one ends, invitees of one still to come are told.',
      params,
      errors: ['not-found', 'limit-exceeded'],
    },
    async ({ params, caller, actor, now }) =>
      (await meetings()).delete(params.meetingId, { caller, actor, now }),
  )

  for (const [verb, id, about] of [
    ['start', 'startMeeting', 'Makes it live, before its time if need be; for its host.'],
    [
      'end',
      'endMeeting',
      'Ends it for everybody in it; for its host. One that repeats is scheduled for its next time.',
    ],
    [
      'cancel',
      'cancelMeeting',
      'Cancels it for good, with all its times to come; for its host. Invitees are told.',
    ],
  ] as const) {
    api.add(
      'POST',
      `/meetings/:meetingId/${verb}`,
      'member',
      {
        id,
        tag,
        about,
        params,
        answer: Meeting,
        versioned: true,
        errors: ['not-found', 'conflict', 'limit-exceeded'],
      },
      async ({ params, caller, actor, now }) =>
        (await meetings())[verb](params.meetingId, { caller, actor, now }),
    )
  }

  api.add(
    'POST',
    '/meetings/:meetingId/leave',
    'account',
    {
      id: 'leaveMeeting',
      tag,
      about: 'Ends the caller’s own connection to it, wherever that is open.',
      params,
      errors: ['not-found'],
    },
    async ({ params, caller }) => (await meetings()).leave(params.meetingId, caller),
  )

  api.add(
    'PUT',
    '/meetings/:meetingId/response',
    'account',
    {
      id: 'respondToInvitation',
      tag,
      about: 'What an invitee says to the invitation.',
      params,
      body: Input({
        status: Type.Unsafe<(typeof inviteeStatuses)[number]>({
          type: 'string',
          enum: [...inviteeStatuses],
          examples: ['accepted'],
        }),
      }),
      errors: ['not-found'],
    },
    async ({ params, body, caller }) => (await meetings()).respond(params.meetingId, body.status, caller),
  )

  api.add(
    'POST',
    '/meetings/:meetingId/invitations',
    'member',
    {
      id: 'inviteAgain',
      tag,
      about: 'Sends the invitation again, to all invitees or to some; for the host.',
      params,
      body: Input({
        emails: Type.Optional(
          Type.Array(Email, { maxItems: 10_000, description: 'Of invitees. Left out: all.' }),
        ),
      }),
      answer: Type.Object({ sent: Type.Integer({ description: 'How many mails.', examples: [12] }) }),
      status: 202,
      errors: ['not-found', 'conflict', 'limit-exceeded', 'not-supported'],
    },
    async ({ params, body, caller, actor, now }) => ({
      sent: await (await meetings()).inviteAgain(params.meetingId, body.emails, { caller, actor, now }),
    }),
  )

  api.add(
    'GET',
    '/meetings/:meetingId/occurrences',
    'member',
    {
      id: 'listOccurrences',
      tag,
      about: `When it takes place, earliest first, at most ${shownOccurrences}.`,
      params,
      query: Input({
        from: Type.Optional(MomentInput('Those that are not over by then. Left out: now.')),
        to: Type.Optional(MomentInput('Those that begin before.')),
      }),
      answer: Type.Object({ items: Type.Array(Occurrence) }),
      errors: ['not-found'],
    },
    async ({ params, query, caller, now }) => {
      const { from, to } = query
      const found = await (
        await meetings()
      ).occurrences(params.meetingId, {
        from: from === undefined ? now : dateOf(from, 'query.from'),
        to: to === undefined ? undefined : dateOf(to, 'query.to'),
        caller,
      })
      return {
        items: found.map(({ start, end }) => ({ start: start.toISOString(), end: end.toISOString() })),
      }
    },
  )

  api.add(
    'GET',
    '/meetings/:meetingId/attendance',
    'member',
    {
      id: 'getAttendance',
      tag,
      about:
        'Who was there each time, newest time first; for the host. Waiting in the lobby is not being there, and a reconnect within a minute is the same visit.',
      params,
      answer: Type.Object({ sessions: Type.Array(MeetingSession) }),
      errors: ['not-found'],
    },
    async ({ params, caller, actor, now }) => ({
      sessions: await (await meetings()).attendance(params.meetingId, { caller, actor, now }),
    }),
  )

  api.add(
    'GET',
    '/meetings/by-code/:code',
    'anyone',
    {
      id: 'getMeetingByCode',
      tag,
      about: 'What whoever has the code may know.',
      params: codeParams,
      answer: MeetingSummary,
      errors: ['not-found'],
      limits: [codeLimit],
    },
    async ({ params, now }) => (await joining()).summary(params.code, now),
  )

  api.add(
    'POST',
    '/meetings/by-code/:code/join',
    'anyone',
    {
      id: 'joinMeeting',
      tag,
      about:
        'A room token for a meeting. Somebody who is logged in comes as themself; others say a name, and the passcode if there is one. `data.why` of `forbidden`: passcode-needed, wrong-passcode; of `conflict`: ended, cancelled, or too-early with `data.opensAt`.',
      params: codeParams,
      body: JoinMeeting,
      answer: Joined,
      errors: ['not-found', 'forbidden', 'conflict'],
      limits: [codeLimit],
    },
    async ({ params, body, caller, address, now }) => {
      const { name, passcode, guestToken } = body
      const by = { address: subscriberOf(address), now }
      return (await joining()).join(params.code, { caller, name, passcode, guestToken, ...by })
    },
  )
}

/** Throws `bad-request` for a moment that is none, though it is written like one: second 60. */
function dateOf(text: string, path: string): Date {
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw new AppError('bad-request', `${path} is no moment.`, { path })
  return date
}
