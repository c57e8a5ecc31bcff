import { Type, type Static } from 'typebox'
import { recordingEndReasons, type RecordingEndReason } from '../../recorder/manifest.ts'
import { RecordingHealth as Health } from '../protocol/recording.ts'
import { Id, Input, Moment, MomentInput, oneOf, Page, Version } from '../protocol/rest.ts'

/** Shapes of recordings over REST. */

export const recordingId = Id('a recording', 'rec_4fGhT0aBx1LmQ8sK')
export const outputId = Id('something made of a recording', 'out_9sKdT0aBx1LmQ8sK')
export const shareId = Id('a share', 'shr_T0aBx1LmQ8sKd4fG')

export const fileId = Id('a file', 'fil_4fGhT0aBx1LmQ8sK')
export const trackId = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'Id of a track, one of the recording.',
  examples: ['t3'],
})

const optional = Type.Optional
const Share0To1 = (description: string) => Type.Number({ minimum: 0, maximum: 1, description })

export const recordingStates = ['recording', 'processing', 'ready', 'failed', 'deleting'] as const
export const RecordingState = oneOf(
  recordingStates,
  'recording: it goes on. processing: its files are being finished, uploaded, and the video made of them. ready: there is something to watch. failed: nothing can be watched; `error` says why, and what was captured may still be in the tracks. deleting: it is being deleted.',
)
export type RecordingState = (typeof recordingStates)[number]

export type { RecordingEndReason as EndReason }
const EndReasonText = oneOf(
  recordingEndReasons,
  'stopped: somebody did. room-closed: everybody left, or the room was ended. disk-full, disk-error: the disk of the server. server-gone, recorder-died: a crash; what was captured until then is there. empty: nobody was there for too long. too-long: `recordings.maxHours`.',
)

const Failure = Type.Object(
  {
    code: Type.String({ examples: ['nothing-captured'] }),
    message: Type.String({ description: 'For people.' }),
  },
  { description: 'What went wrong.' },
)

const Person = Type.Object({
  kind: Type.String(),
  id: optional(Type.String()),
  name: optional(Type.String()),
})

/** Somebody who was recorded. */
export const RecordedParticipant = Type.Object({
  identity: Type.String({ examples: ['acc_4fGhT0aBx1LmQ8sK'] }),
  name: Type.String({ examples: ['Ana'] }),
  accountId: optional(Id('an account', 'acc_4fGhT0aBx1LmQ8sK')),
  color: Type.String({ description: 'Of their tile and their speaker marks.', examples: ['#3d6fd9'] }),
  speech: Type.Array(
    Type.Unsafe<[number, number]>({ type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 2 }),
    {
      description:
        'When they spoke: from, to, in milliseconds of the recording. Empty in lists of recordings.',
      examples: [[[1200, 5400]]],
    },
  ),
})
export type RecordedParticipant = Static<typeof RecordedParticipant>

/** Where the files of a recording are. */
const Upload = Type.Object(
  {
    state: oneOf(
      ['local', 'uploading', 'waiting', 'stored'],
      'local: this server keeps them itself. uploading. waiting: the bucket refused or is away, and is tried again at `nextTryAt`. stored: all of them, verified.',
    ),
    bytes: Type.Integer({ description: 'Uploaded so far.' }),
    totalBytes: Type.Integer(),
    error: optional(Type.String({ description: 'Why it waits.' })),
    nextTryAt: optional(Moment('When it is tried again.')),
  },
  { description: 'Where its files are.' },
)
export type UploadView = Static<typeof Upload>

export const layouts = ['grid', 'speaker', 'screen'] as const
export const Layout = oneOf(
  layouts,
  'grid: everybody alike, a shared screen large with the people beside it. speaker: who speaks is large, the others beside. screen: shared screens only, people alone while none is shared.',
)
export type Layout = (typeof layouts)[number]

export const pictureSizes = ['640x360', '1280x720', '1920x1080'] as const

export const NewOutput = Input(
  {
    kind: optional(
      Type.Unsafe<'video' | 'audio'>({
        type: 'string',
        enum: ['video', 'audio'],
        default: 'video',
        description: 'video: MP4 (H.264, AAC). audio: M4A (AAC).',
      }),
    ),
    layout: optional(Type.Unsafe<Layout>({ ...Layout, default: 'grid' })),
    size: optional(
      Type.Unsafe<(typeof pictureSizes)[number]>({
        type: 'string',
        enum: [...pictureSizes],
        default: '1280x720',
        description: 'Pixels.',
      }),
    ),
    names: optional(Type.Boolean({ default: true, description: 'Whether names are on the tiles.' })),
  },
  'What is to be made of the tracks.',
)
export type NewOutput = Static<typeof NewOutput>

export const outputStates = ['queued', 'running', 'ready', 'failed'] as const

/** A file somebody may fetch. */
export const RecordingFile = Type.Object(
  {
    id: fileId,
    kind: oneOf(
      ['video', 'audio', 'poster', 'preview', 'preview-index', 'track', 'manifest'],
      'poster: a picture of it. preview, preview-index: many small pictures in one, and WebVTT that says which is when.',
    ),
    name: Type.String({
      description: 'What it is called when it is downloaded.',
      examples: ['Algebra 2026-11-20 09.30 UTC.mp4'],
    }),
    contentType: Type.String({ examples: ['video/mp4'] }),
    bytes: Type.Integer(),
    durationMs: optional(Type.Integer()),
    width: optional(Type.Integer()),
    height: optional(Type.Integer()),
    url: Type.String({
      description: 'Path of this API that answers it, whole or in ranges; `?download=1` to save it.',
      examples: ['/api/v1/recordings/rec_4fGhT0aBx1LmQ8sK/files/fil_4fGhT0aBx1LmQ8sK'],
    }),
  },
  { title: 'RecordingFile' },
)
export type RecordingFileView = Static<typeof RecordingFile>

export const RecordingOutput = Type.Object(
  {
    id: outputId,
    kind: oneOf(['video', 'audio'], 'What it is.'),
    layout: optional(Layout),
    size: optional(Type.String({ examples: ['1280x720'] })),
    names: optional(Type.Boolean()),
    state: oneOf(outputStates, 'failed: `error` says why; made again by asking for it again.'),
    progress: Share0To1('How much of it is done.'),
    attempts: Type.Integer({ description: 'How often it was tried.' }),
    error: optional(Failure),
    createdAt: Moment('When it was asked for.'),
    finishedAt: optional(Moment('When it was ready or had failed.')),
    files: Type.Array(RecordingFile, {
      description: 'Empty until it is ready: the file itself, and its pictures.',
    }),
  },
  { title: 'RecordingOutput', description: 'Something made of the tracks of a recording.' },
)
export type RecordingOutputView = Static<typeof RecordingOutput>

export const Recording = Type.Object(
  {
    id: recordingId,
    title: Type.String({ examples: ['Algebra, group B'] }),
    room: Type.String({ examples: ['meeting:mtg_4fGhT0aBx1LmQ8sK'] }),
    meetingId: optional(Id('the meeting', 'mtg_4fGhT0aBx1LmQ8sK')),
    state: RecordingState,
    progress: Share0To1(
      'While it is processing: how much of it is done, uploading and making the video together.',
    ),
    startedAt: Moment('When it began.'),
    startedBy: Person,
    endedAt: optional(Moment('Left out: it goes on.')),
    endReason: optional(EndReasonText),
    durationMs: Type.Integer(),
    bytes: Type.Integer({ description: 'Of all its files.' }),
    participants: Type.Array(RecordedParticipant, {
      description: 'In the order of coming. In lists only the first 20, without `speech`.',
    }),
    participantCount: Type.Integer({ description: 'How many there are in all.' }),
    error: optional(Failure),
    upload: Upload,
    outputs: Type.Array(RecordingOutput, { description: 'Newest first.' }),
    expiresAt: optional(Moment('When it is deleted by itself.')),
    role: oneOf(
      ['manager', 'viewer'],
      'What the caller may do. manager: everything. viewer: watch, and download where `mayDownload`.',
    ),
    mayDownload: Type.Boolean(),
    version: Version,
  },
  { title: 'Recording' },
)
export type RecordingView = Static<typeof Recording>

export const RecordingChange = Input(
  {
    title: optional(Type.String({ minLength: 1, maxLength: 200, examples: ['Algebra, group B'] })),
    expiresAt: optional(
      Type.Union([MomentInput('When it is to be deleted by itself.'), Type.Null()], {
        description: 'null: never, unless somebody does.',
        examples: ['2027-01-01T00:00:00.000Z'],
      }),
    ),
  },
  'What is to change; the rest stays.',
)
export type RecordingChange = Static<typeof RecordingChange>

export const RecordingTrack = Type.Object(
  {
    id: trackId,
    participant: Type.String({ description: 'Their identity.' }),
    name: Type.String(),
    source: Type.String({ description: 'microphone, camera, screen, screen-audio or other.' }),
    codec: Type.String({ examples: ['vp8'] }),
    startMs: Type.Integer({ description: 'In milliseconds of the recording.' }),
    endMs: optional(Type.Integer()),
    endReason: optional(Type.String()),
    packets: Type.Integer(),
    lostPackets: Type.Integer(),
    files: Type.Array(
      Type.Object({
        ...RecordingFile.properties,
        offsetMs: Type.Number({ description: 'When its time 0 was, in milliseconds of the recording.' }),
        recovered: Type.Boolean({ description: 'Finished after a crash.' }),
      }),
      { description: 'In the order of time: a new one begins when the resolution or the clock changed.' },
    ),
    url: optional(
      Type.String({
        description:
          'Path of this API that answers the whole track as one file. Left out: nothing was captured.',
        examples: ['/api/v1/recordings/rec_4fGhT0aBx1LmQ8sK/tracks/t3/file'],
      }),
    ),
  },
  { title: 'RecordingTrack', description: 'What one person sent from one source.' },
)
export type RecordingTrackView = Static<typeof RecordingTrack>

export const RecordingTracks = Type.Object(
  {
    ...Page(RecordingTrack).properties,
    manifest: optional(RecordingFile),
  },
  {
    title: 'RecordingTracks',
    description: 'What was captured. `manifest` is JSON that says how it belongs together.',
  },
)

/** How a recording goes that goes on. */
export const RecordingHealth = Type.Object(Health.properties, { title: 'RecordingHealth' })
export type RecordingHealth = Static<typeof RecordingHealth>

export const NewShare = Input(
  {
    expiresInSeconds: optional(
      Type.Integer({
        minimum: 60,
        maximum: 31_536_000,
        default: 604_800,
        description: 'A week by default.',
      }),
    ),
    mayDownload: optional(
      Type.Boolean({ default: false, description: 'Whether people may save it, not only watch.' }),
    ),
  },
  'A link.',
)
export type NewShare = Static<typeof NewShare>

export const RecordingShare = Type.Object(
  {
    id: shareId,
    url: optional(
      Type.String({
        description: 'What people open. Told once, when it is made.',
        examples: ['https://meet.example.org/recordings/shared/q83vASNF…'],
      }),
    ),
    createdAt: Moment('When it was made.'),
    createdBy: Person,
    expiresAt: Moment('Until when it opens.'),
    mayDownload: Type.Boolean(),
    views: Type.Integer({ description: 'How often it was opened.' }),
  },
  { title: 'RecordingShare', description: 'A link that shows a recording to whoever has it.' },
)

export type RecordingShareView = Static<typeof RecordingShare>

/** What whoever has the link of a share may know. */
export const SharedRecording = Type.Object(
  {
    title: Type.String(),
    startedAt: Moment('When it began.'),
    durationMs: Type.Integer(),
    participants: Type.Array(Type.Pick(RecordedParticipant, ['name', 'color', 'speech'])),
    files: Type.Array(RecordingFile, {
      description: 'The video, or the audio, and its pictures. Empty while it is made.',
    }),
    mayDownload: Type.Boolean(),
    expiresAt: Moment('Until when the link opens.'),
  },
  { title: 'SharedRecording' },
)
export type SharedRecordingView = Static<typeof SharedRecording>
