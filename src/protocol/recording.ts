import { Type, type Static } from 'typebox'
import { joined, method, Nothing, ours } from './facts.ts'
import { LiveRecording, PeerIdText } from './model.ts'

/** Recording of a room: who starts it, and that everybody knows. Merged into the lists of requests and notifications. */

export type { LiveRecording } from './model.ts'

/** Whether a meeting may be recorded: by nobody, by its hosts, or by itself. */
export const recordPolicies = ['never', 'hosts', 'always'] as const
export type RecordPolicy = (typeof recordPolicies)[number]

export const recordingRequests = {
  'recording.start': method(
    'Records the room from now on; everybody gets `recording.changed`. Starting twice answers with the one that goes on. Needs `record` or `moderate`. `forbidden` with `data.why` `policy` where the meeting is not to be recorded; `unavailable` with `data.why` when this server cannot record one more: `capacity`, `disk`, `no-recorder`, `disabled`.',
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
    'Agrees to being recorded, or takes that back: what was recorded until then stays. It counts for the recording that goes on, for the identity of a token also after it connected again; others say it again then. `not-found` when there is none.',
    Type.Object({ agrees: Type.Boolean() }),
    Nothing,
    joined,
  ),
} as const

export const healthWarnings = ['cpu', 'tracks', 'no-media'] as const

/** How a recording goes. */
export const RecordingHealth = Type.Object({
  recordingId: Type.String(),
  seconds: Type.Integer(),
  tracks: Type.Integer({ description: 'What is being recorded now.' }),
  failedTracks: Type.Integer({
    description: 'What is published now and could not be recorded (yet: it is tried again some times).',
  }),
  packets: Type.Integer({ description: 'Of all tracks since the beginning.' }),
  lostPackets: Type.Integer({ description: 'That never came, of all tracks since the beginning.' }),
  freeBytes: Type.Integer({ description: 'Left on the disk before the recording ends by itself.' }),
  waitingForConsent: Type.Array(PeerIdText, {
    description: 'Where consent is asked: who is not recorded because they did not agree (yet).',
  }),
  untold: Type.Array(PeerIdText, {
    description:
      'Where no consent is asked: who is not recorded because their client, one of mediasoup-demo, could not be told (yet).',
  }),
  warnings: Type.Array(
    Type.Unsafe<(typeof healthWarnings)[number]>({ type: 'string', enum: [...healthWarnings] }),
    {
      description:
        'cpu: the recorder takes more than `recordings.maxCpu`, and files may begin to have holes. tracks: something cannot be recorded. no-media: the room has no media worker for the moment, and the recording waits for it.',
    },
  ),
})
export type RecordingHealth = Static<typeof RecordingHealth>

export const recordingNotifications = {
  'recording.changed': ours(
    'The recording of the room began, changed or ended. Without `recording` there is none (any more). Whoever joins later finds it in the answer to `room.get`, and gets this after `join`.',
    Type.Object({
      recording: Type.Optional(LiveRecording),
      reason: Type.Optional(
        Type.String({
          description:
            'Why one ended: stopped, disk-full, disk-error, recorder-died, room-closed, empty, too-long. With `recording`, another one took its place.',
        }),
      ),
    }),
  ),
  'recording.health': ours(
    'To those who may stop it, every few seconds: how the recording goes.',
    RecordingHealth,
  ),
  'recording.failed': ours(
    'To those who may start one: the recording that is to begin by itself could not. It is tried again.',
    Type.Object({
      why: Type.String({ description: 'As in `data.why` of the refusal of `recording.start`.' }),
    }),
  ),
} as const
