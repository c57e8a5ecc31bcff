import { Type, type Static } from 'typebox'
import { joined, method, Nothing, ours } from './facts.ts'
import { Moment, PeerIdText } from './model.ts'

/** Recording of a room: who starts it, and that everybody knows. Merged into the lists of requests and notifications. */

export const liveRecordingStates = ['starting', 'recording', 'stopping'] as const

/** What everybody in a room may know of its recording. */
export const LiveRecording = Type.Object(
  {
    recordingId: Type.String(),
    state: Type.Unsafe<(typeof liveRecordingStates)[number]>({
      type: 'string',
      enum: [...liveRecordingStates],
    }),
    startedAt: Moment('When it began.'),
    by: Type.Optional(PeerIdText),
    notice: Type.String({ description: 'What people are to be told, as the operator configured it.' }),
    asksConsent: Type.Boolean({
      description:
        'Whether this client is recorded only after it agreed with `recording.consent`. Until then nothing of it is.',
    }),
  },
  { description: 'A recording that goes on.' },
)
export type LiveRecording = Static<typeof LiveRecording>

export const recordingRequests = {
  'recording.start': method(
    'Records the room from now on; everybody gets `recording.changed`. Starting twice answers with the one that goes on. Needs `record` or `moderate`. `unavailable` with `data.why` when this server has no room for one more: `capacity`, `disk`, `no-recorder`.',
    Nothing,
    Type.Object({ recording: LiveRecording }),
    joined,
  ),
  'recording.stop': method(
    'Ends the recording of the room; everybody gets `recording.changed`. Needs `record` or `moderate`. `not-found` when there is none.',
    Nothing,
    Nothing,
    joined,
  ),
  'recording.consent': method(
    'Agrees to being recorded, or takes that back: what was recorded until then stays.',
    Type.Object({ agrees: Type.Boolean() }),
    Nothing,
    joined,
  ),
} as const

export const recordingNotifications = {
  'recording.changed': ours(
    'The recording of the room began, changed or ended. Without `recording` there is none (any more). Whoever joins later finds it in the `room` of the answer to `join`.',
    Type.Object({
      recording: Type.Optional(LiveRecording),
      reason: Type.Optional(
        Type.String({
          description: 'Why it ended: stopped, disk-full, disk-error, recorder-died, room-closed.',
        }),
      ),
    }),
  ),
  'recording.health': ours(
    'To those who may stop it, every few seconds: how the recording goes.',
    Type.Object({
      recordingId: Type.String(),
      seconds: Type.Integer(),
      tracks: Type.Integer({ description: 'What is being recorded now.' }),
      packets: Type.Integer(),
      lostPackets: Type.Integer({ description: 'That never came, of all tracks since the beginning.' }),
      freeBytes: Type.Integer({ description: 'Left on the disk before the recording ends by itself.' }),
      waitingForConsent: Type.Array(PeerIdText, {
        description: 'Who is not recorded because they did not agree (yet).',
      }),
    }),
  ),
} as const
