import { Type } from 'typebox'
import type { Api, Call } from '../http/api.ts'
import { AppError } from '../lib/app-error.ts'
import { defaultPageLimit, Input, MomentInput, Page, PageQuery } from '../protocol/rest.ts'
import { listsOf, type RecordingCaller } from './access.ts'
import { personOf, type Asking, type Library } from './library.ts'
import type { LiveRecordings } from './live-recordings.ts'
import {
  NewOutput,
  outputId,
  Recording,
  RecordingChange,
  RecordingHealth,
  recordingId,
  RecordingOutput,
  RecordingState,
  RecordingTracks,
  type RecordingView,
} from './shapes.ts'

const tag = 'Recordings'
const params = Type.Object({ recordingId })
const outputParams = Type.Object({ recordingId, outputId })
const meetingId = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'Id of the meeting.',
  examples: ['mtg_4fGhT0aBx1LmQ8sK'],
})
const room = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: 'Id of the room.',
  examples: ['algebra-7b'],
})

/** Making a video takes minutes of two cores: nobody asks for many by mistake. */
const outputLimit = { max: 60, seconds: 60, by: 'caller' } as const

export interface RecordingRoutesOptions {
  readonly library: () => Promise<Library>
  readonly live: Pick<LiveRecordings, 'start' | 'stop' | 'of' | 'health'>
  /** The room of a meeting, and whether the caller is its host. Throws `not-found`. */
  readonly meeting: (
    meetingId: string,
    caller: RecordingCaller,
  ) => Promise<{ readonly room: string; readonly role: 'host' | 'invitee' }>
}

export function recordingRoutes(api: Api, { library, live, meeting }: RecordingRoutesOptions): void {
  /** Starts it; one that goes on already is what is answered, with another status. */
  const start = async (
    roomId: string,
    { caller, actor, now, status }: Pick<Call<'member'>, 'caller' | 'actor' | 'now' | 'status'>,
  ): Promise<RecordingView> => {
    const before = live.of(roomId)?.recordingId
    const { recordingId: id } = await live.start(roomId, { by: personOf(caller) }).catch(asNotLive)
    const kept = await library()
    if (id === before) status(200)
    else await kept.steered('recording.started', { recordingId: id, roomId }, { actor, now })
    return kept.get(id, { caller, now })
  }

  api.add(
    'POST',
    '/rooms/:room/recordings',
    'backend',
    {
      id: 'recordRoom',
      tag,
      about:
        'Records an open room from now on; everybody in it is told. One that goes on already is the answer, with 200. `data.why` of `conflict`: not-live; of `unavailable`: disabled, capacity, disk or no-recorder; of `forbidden`: policy, for a meeting that is never recorded.',
      params: Type.Object({ room }),
      answer: Recording,
      status: [201, 200],
      versioned: true,
      errors: ['conflict', 'forbidden'],
    },
    async (call) => start(call.params.room, call),
  )

  api.add(
    'POST',
    '/meetings/:meetingId/recordings',
    'member',
    {
      id: 'recordMeeting',
      tag,
      about: 'Records a live meeting from now on; for its host. The same as for a room.',
      params: Type.Object({ meetingId }),
      answer: Recording,
      status: [201, 200],
      versioned: true,
      errors: ['not-found', 'conflict', 'forbidden'],
    },
    async (call) => {
      const { room: roomId, role } = await meeting(call.params.meetingId, call.caller)
      if (role !== 'host') throw new AppError('forbidden', 'Only the host may do this.')
      return start(roomId, call)
    },
  )

  api.add(
    'GET',
    '/recordings',
    'member',
    {
      id: 'listRecordings',
      tag,
      about:
        'Recordings that the caller may see, newest first. Those of meetings they host, those they started in rooms, and, as `recordings.attendees` says, those of calls they were in or are invited to. With `of=all`, which API keys always get, everybody’s, for admins.',
      query: Input({
        of: Type.Optional(
          Type.Unsafe<(typeof listsOf)[number]>({
            type: 'string',
            enum: [...listsOf],
            default: 'me',
            description: 'all: everybody’s, for admins.',
          }),
        ),
        roomId: Type.Optional(
          Type.String({ maxLength: 1024, description: 'Only of this room.', examples: ['algebra-7b'] }),
        ),
        meetingId: Type.Optional({ ...meetingId, description: 'Only of this meeting.' }),
        state: Type.Optional(RecordingState),
        search: Type.Optional(
          Type.String({ minLength: 1, maxLength: 200, description: 'Part of the title.' }),
        ),
        from: Type.Optional(MomentInput('Only those that began then or later.')),
        to: Type.Optional(MomentInput('Only those that began before.')),
        ...PageQuery,
      }),
      answer: Page(Recording),
    },
    async ({ query, caller, now }) => {
      const { limit = defaultPageLimit, from, to, of, cursor, meetingId: ofMeeting, ...others } = query
      const filter = { ...others, meetingId: ofMeeting, from: dateOf('from', from), to: dateOf('to', to) }
      return (await library()).list({ caller, now }, { ...filter, of, limit, cursor })
    },
  )

  api.add(
    'GET',
    '/recordings/:recordingId',
    'member',
    {
      id: 'getRecording',
      tag,
      about: 'One recording.',
      params,
      answer: Recording,
      versioned: true,
      errors: ['not-found'],
    },
    async ({ params: { recordingId: id }, caller, now }) => (await library()).get(id, { caller, now }),
  )

  api.add(
    'PATCH',
    '/recordings/:recordingId',
    'member',
    {
      id: 'updateRecording',
      tag,
      about:
        'Renames a recording, or changes when it is deleted by itself; for managers. Only admins and API keys keep one for longer than `recordings.keepDays`: `data.why` of `forbidden` is retention then, and `data.until` the last moment for others. `conflict` (not-ready): one that is not ready yet cannot be kept for ever.',
      params,
      body: RecordingChange,
      answer: Recording,
      versioned: true,
      errors: ['not-found', 'conflict'],
    },
    async ({ params: { recordingId: id }, body, version, ...call }) =>
      (await library()).change(id, body, { ...askingOf(call), version }),
  )

  api.add(
    'DELETE',
    '/recordings/:recordingId',
    'member',
    {
      id: 'deleteRecording',
      tag,
      about:
        'Deletes a recording with everything made of it, here and in the bucket; for managers. 202: nobody gets it any more, and the rest goes as soon as the bucket answers. One that goes on is stopped first (`conflict`).',
      params,
      status: [204, 202],
      errors: ['not-found', 'conflict'],
    },
    async ({ params: { recordingId: id }, status, ...call }) => {
      if ((await (await library()).remove(id, askingOf(call))) === 'deleting') status(202)
    },
  )

  api.add(
    'POST',
    '/recordings/:recordingId/stop',
    'member',
    {
      id: 'stopRecording',
      tag,
      about: 'Ends a recording that goes on; for managers. It is processed next.',
      params,
      answer: Recording,
      versioned: true,
      errors: ['not-found', 'conflict'],
    },
    async ({ params: { recordingId: id }, caller, actor, now }) => {
      const kept = await library()
      const { room_id: roomId } = await kept.managed(id, caller)
      if (live.of(roomId)?.recordingId !== id) throw notGoingOn()
      await live.stop(roomId)
      await kept.steered('recording.stopped', { recordingId: id, roomId }, { actor, now })
      return kept.get(id, { caller, now })
    },
  )

  api.add(
    'GET',
    '/recordings/:recordingId/health',
    'member',
    {
      id: 'getRecordingHealth',
      tag,
      about:
        'How a recording goes that goes on, as of the last few seconds; for managers. `unavailable` in the first of them.',
      params,
      answer: RecordingHealth,
      errors: ['not-found', 'conflict'],
    },
    async ({ params: { recordingId: id }, caller }) => {
      const { room_id: roomId } = await (await library()).managed(id, caller)
      if (live.of(roomId)?.recordingId !== id) throw notGoingOn()
      const health = live.health(id)
      if (!health) throw new AppError('unavailable', 'Not known yet. Try again in a few seconds.')
      return health
    },
  )

  api.add(
    'GET',
    '/recordings/:recordingId/tracks',
    'member',
    {
      id: 'listRecordingTracks',
      tag,
      about:
        'What was captured, track by track, in the order of coming; for managers. Empty until the recording has ended.',
      params,
      query: Input(PageQuery),
      answer: RecordingTracks,
      errors: ['not-found'],
    },
    async ({ params: { recordingId: id }, query: { limit = defaultPageLimit, cursor }, caller }) =>
      (await library()).tracks(id, { caller, limit, cursor }),
  )

  api.add(
    'POST',
    '/recordings/:recordingId/outputs',
    'member',
    {
      id: 'makeRecordingOutput',
      tag,
      about:
        'Makes a video or a sound file of the tracks, in the background; for managers. What is left out is as configured. The same options again answer with the same output (200), and try one again that has failed.',
      params,
      body: NewOutput,
      answer: RecordingOutput,
      status: [202, 200],
      errors: ['not-found', 'conflict', 'limit-exceeded'],
      limits: [outputLimit],
    },
    async ({ params: { recordingId: id }, body, status, ...call }) => {
      const { output, isNew } = await (await library()).makeOutput(id, body, askingOf(call))
      if (!isNew) status(200)
      return output
    },
  )

  api.add(
    'DELETE',
    '/recordings/:recordingId/outputs/:outputId',
    'member',
    {
      id: 'deleteRecordingOutput',
      tag,
      about: 'Deletes something made of a recording, or gives up making it; for managers. The tracks stay.',
      params: outputParams,
      errors: ['not-found'],
    },
    async ({ params: { recordingId: id, outputId: ofIt }, ...call }) =>
      (await library()).removeOutput(id, ofIt, askingOf(call)),
  )
}

function askingOf({ caller, actor, now }: Asking): Asking {
  return { caller, actor, now }
}

function notGoingOn(): AppError {
  return new AppError('conflict', 'This recording does not go on.', { why: 'not-recording' })
}

/** The room of what was found is not open: that is its state, not its absence. */
function asNotLive(error: unknown): never {
  if (error instanceof AppError && error.code === 'not-found') {
    throw new AppError('conflict', 'This room is not open: nobody is in it.', { why: 'not-live' })
  }
  throw error
}

/** Throws `bad-request` for a moment that is none, though it is written like one. */
function dateOf(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const date = new Date(text)
  if (!Number.isNaN(date.getTime())) return date
  throw new AppError('bad-request', `${name} is no moment.`, { path: `query.${name}` })
}
