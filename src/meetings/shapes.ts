import { Type, type Static } from 'typebox'
import { Metadata } from '../protocol/model.ts'
import { recordPolicies, type RecordPolicy } from '../protocol/recording.ts'
import { Email, Id, Input, Moment, MomentInput, oneOf, Version } from '../protocol/rest.ts'
import { calleeStatuses, callStatuses, callTypes } from './call-status.ts'
import { inviteeStatuses } from './invitees.store.ts'
import { listsOf } from './views.ts'
import { endReasons, meetingStatuses, type EndReason } from './status.ts'

/** Shapes of meetings and calls over REST. */

export const meetingId = Id('a meeting', 'mtg_4fGhT0aBx1LmQ8sK')
export const callId = Id('a call', 'call_9sKdT0aBx1LmQ8sK')

const optional = Type.Optional

export const ListOf = Type.Unsafe<(typeof listsOf)[number]>({
  type: 'string',
  enum: [...listsOf],
  description: 'me: own ones. all: everybody’s, for admins; API keys always get all.',
})

const text = (max: number, description: string, example: string) =>
  Type.String({ maxLength: max, description, examples: [example] })
const Name = Type.String({ minLength: 1, maxLength: 1024, examples: ['Ben'] })

const Title = text(200, 'What it is about.', 'Algebra, group B')
const Description = text(5000, 'Plain text.', 'Bring your exercise books.')
const TimeZone = text(64, 'IANA time zone in which it repeats and is written in calendars.', 'Europe/Berlin')
const Recurrence = text(
  256,
  'RFC 5545 rule: FREQ (DAILY, WEEKLY, MONTHLY or YEARLY) with INTERVAL, COUNT (at most 730) or UNTIL, BYDAY, BYMONTHDAY, BYMONTH, BYYEARDAY, BYWEEKNO, BYSETPOS, WKST.',
  'FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20270301T225959Z',
)
const Passcode = Type.String({
  minLength: 4,
  maxLength: 32,
  pattern: '^\\S+$',
  description: 'Whoever is neither host nor invited by account has to know it.',
  examples: ['473911'],
})
const Lobby = Type.Boolean({ description: 'Participants wait until a host lets them in.' })
const JoinBeforeHost = Type.Boolean({
  description: 'Participants may meet without a host. Otherwise they wait until one is there.',
})
const Record = oneOf(
  recordPolicies,
  'never: nobody records it. hosts: hosts start and stop recordings. always: besides, one begins by itself when somebody is there.',
)
const MaxParticipants = Type.Integer({
  minimum: 1,
  maximum: 100_000,
  description: 'Most people in it at a time, never more than the server allows in a room.',
  examples: [25],
})

const Invitee = Type.Object({
  email: optional(Email),
  name: optional(Name),
  status: oneOf(inviteeStatuses, 'What they answered.'),
  joined: optional(
    Type.Boolean({ description: 'Whether they were in it. Only when one meeting is asked for, for hosts.' }),
  ),
})

export const Meeting = Type.Object(
  {
    id: meetingId,
    code: Type.String({ description: 'What people type to join.', examples: ['abc-defg-hjk'] }),
    url: Type.String({
      description: 'What people open to join.',
      examples: ['https://meet.example.org/m/abc-defg-hjk'],
    }),
    title: Title,
    description: Description,
    hostId: optional(Id('the host’s account', 'acc_4fGhT0aBx1LmQ8sK')),
    hostName: Name,
    startsAt: optional(Moment('Start of the first occurrence. Left out: it was started without a schedule.')),
    endsAt: optional(Moment('End of the first occurrence.')),
    timeZone: TimeZone,
    recurrence: optional(Recurrence),
    nextStart: optional(Moment('Start of the occurrence that comes next or is under way. Left out: none.')),
    nextEnd: optional(Moment('Its end.')),
    hasPasscode: Type.Boolean(),
    passcode: optional(Passcode),
    lobby: Lobby,
    joinBeforeHost: JoinBeforeHost,
    record: Record,
    maxParticipants: optional(MaxParticipants),
    invitees: Type.Array(Invitee, {
      description: 'Hosts see addresses, others their own alone.',
    }),
    status: oneOf(
      meetingStatuses,
      'A meeting that repeats is scheduled again after each time, until it has ended for good.',
    ),
    active: Type.Integer({ description: 'People in it now.', examples: [0] }),
    recording: Type.Boolean({ description: 'Whether it is being recorded.' }),
    room: Type.String({
      description: 'Its room, for room tokens.',
      examples: ['meeting:mtg_4fGhT0aBx1LmQ8sK'],
    }),
    createdAt: Moment('When it was made.'),
    pastAt: optional(Moment('When it last took place, or was over.')),
    metadata: Metadata,
    role: oneOf(['host', 'invitee'], 'What the caller is in it. Admins and backends are hosts.'),
    version: Version,
  },
  { title: 'Meeting', description: 'A meeting, scheduled or not.' },
)
export type MeetingView = Static<typeof Meeting>

const Invitees = Type.Array(Input({ email: Email, name: optional(Name) }), {
  maxItems: 10_000,
  description: 'They get an invitation by mail. At most `limits.meetingInvitees`.',
})
const MeetingMetadata = Type.Record(Type.String({ maxLength: 128 }), Type.Unknown(), {
  description: 'Anything the application wants to keep with it, at most `limits.metadataBytes`.',
  examples: [{ course: 'algebra' }],
})

export const NewMeeting = Input({
  title: optional(Title),
  description: optional(Description),
  startsAt: optional(MomentInput('Left out: it starts now, without a schedule.')),
  endsAt: optional(MomentInput('An hour after startsAt by default.')),
  timeZone: optional(Type.String({ ...TimeZone, default: 'UTC' })),
  recurrence: optional(Recurrence),
  passcode: optional(Passcode),
  lobby: optional(Type.Boolean({ ...Lobby, default: false })),
  joinBeforeHost: optional(Type.Boolean({ ...JoinBeforeHost, default: true })),
  record: optional(Type.Unsafe<RecordPolicy>({ ...Record, default: 'hosts' })),
  maxParticipants: optional(MaxParticipants),
  invitees: optional(Invitees),
  metadata: optional(MeetingMetadata),
  hostAccountId: optional(Id('the account that hosts it; for admins and backends', 'acc_4fGhT0aBx1LmQ8sK')),
})
export type NewMeeting = Static<typeof NewMeeting>

const orNone = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>>(schema: T) =>
  Type.Union([schema, Type.Null()])

export const MeetingChange = Input(
  {
    title: optional(Title),
    description: optional(Description),
    startsAt: optional(MomentInput('Of the first occurrence.')),
    endsAt: optional(orNone(MomentInput('An hour after the start when null.'))),
    timeZone: optional(TimeZone),
    recurrence: optional(orNone(Recurrence)),
    passcode: optional(orNone(Passcode)),
    lobby: optional(Lobby),
    joinBeforeHost: optional(JoinBeforeHost),
    record: optional(Record),
    maxParticipants: optional(orNone(MaxParticipants)),
    invitees: optional(Invitees),
    metadata: optional(MeetingMetadata),
  },
  'What is left out stays; null takes away.',
)
export type MeetingChange = Static<typeof MeetingChange>

export const Occurrence = Type.Object({ start: Moment('Start.'), end: Moment('End.') })

/** What anybody with the code may know. */
export const MeetingSummary = Type.Object(
  {
    code: Meeting.properties.code,
    title: Title,
    hostName: Name,
    startsAt: optional(Moment('Start of the occurrence that comes next or is under way.')),
    endsAt: optional(Moment('Its end.')),
    opensAt: optional(Moment('From when participants may enter, if they may not yet.')),
    timeZone: TimeZone,
    recurrence: optional(Recurrence),
    status: Meeting.properties.status,
    hasPasscode: Type.Boolean(),
    lobby: Lobby,
    joinBeforeHost: JoinBeforeHost,
    record: Record,
    active: Meeting.properties.active,
  },
  { title: 'MeetingSummary', description: 'What whoever has the code may know.' },
)
export type MeetingSummary = Static<typeof MeetingSummary>

export const Entry = Type.Object(
  {
    token: Type.String({
      description: 'Room token, the `access_token` of the WebSocket.',
      examples: ['eyJhbGciOi…'],
    }),
    room: Meeting.properties.room,
    url: Type.String({ description: 'Path of the WebSocket.', examples: ['/ws'] }),
    identity: Type.String({ description: 'Who they are in the room.', examples: ['guest_0aBx1LmQ8sKd'] }),
    name: Name,
    role: oneOf(['host', 'participant'], 'Hosts moderate.'),
    expiresAt: Moment('When the token expires. Whoever is in the room then stays.'),
  },
  { title: 'Entry', description: 'What a client enters the room of a meeting or call with.' },
)

export const JoinMeeting = Input({
  name: optional(Name),
  passcode: optional(Type.String({ maxLength: 64, examples: ['473911'] })),
  guestToken: optional(
    Type.String({
      maxLength: 512,
      description: 'Of an answer before, so that the same browser is the same person.',
    }),
  ),
})
export const Joined = Type.Object(
  {
    ...Entry.properties,
    guestToken: optional(
      Type.String({
        description: 'Only for guests: keep it, and send it when joining again.',
        examples: ['q83vASNF…'],
      }),
    ),
    meeting: MeetingSummary,
  },
  { title: 'JoinedMeeting' },
)

const Attendance = Type.Object({
  identity: Type.String({ examples: ['acc_4fGhT0aBx1LmQ8sK'] }),
  accountId: optional(Id('an account', 'acc_4fGhT0aBx1LmQ8sK')),
  name: Name,
  joinedAt: Moment('When they first came.'),
  leftAt: optional(Moment('When they last left. Left out: they are there.')),
  seconds: Type.Integer({ description: 'How long they were there, all visits together.', examples: [3120] }),
  visits: Type.Integer({ description: 'How often they came.', examples: [1] }),
})

export const MeetingSession = Type.Object(
  {
    id: Type.String({ examples: ['ses_T0aBx1LmQ8sKd4fG'] }),
    startedAt: Moment('When it became live.'),
    endedAt: optional(Moment('Left out: it is live.')),
    endReason: optional(
      oneOf(
        Object.keys(endReasons) as EndReason[],
        Object.entries(endReasons)
          .map(([reason, about]) => `${reason}: ${about}`)
          .join(' '),
      ),
    ),
    attendances: Type.Array(Attendance),
  },
  { title: 'MeetingSession', description: 'A time that the meeting took place, and who was there.' },
)
export type MeetingSessionView = Static<typeof MeetingSession>

const Caller = Type.Object({ id: optional(Id('an account', 'acc_4fGhT0aBx1LmQ8sK')), name: Name })

export const Call = Type.Object(
  {
    id: callId,
    type: oneOf(callTypes, 'What it begins with.'),
    status: oneOf(
      callStatuses,
      'waiting: nobody has answered yet. active: somebody has. ended: it is over. cancelled: the caller gave up. failed: nobody answered, all declined, or the server could not go on; `endReason` says which.',
    ),
    role: oneOf(['caller', 'callee', 'other'], 'What the asking account is in it.'),
    caller: Caller,
    callees: Type.Array(
      Type.Object({
        id: Type.String({
          description: 'Account id; the e-mail address for whom was called by it, until they joined.',
          examples: ['acc_9sKdT0aBx1LmQ8sK'],
        }),
        name: Name,
        status: oneOf(calleeStatuses, 'missed: it rang until the end.'),
      }),
    ),
    startedAt: Moment('When it was made.'),
    ringsUntil: Moment('Until when it rings.'),
    answeredAt: optional(Moment('When the first callee joined.')),
    endedAt: optional(Moment('Left out: it goes on.')),
    seconds: optional(
      Type.Integer({ description: 'From the answer to the end, or to now.', examples: [95] }),
    ),
    endReason: MeetingSession.properties.endReason,
    room: Meeting.properties.room,
  },
  { title: 'Call', description: 'An instant call.' },
)
export type CallView = Static<typeof Call>
