import { Type, type Static, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { RecorderErrorCode } from './recorder-error.ts'
import {
  recordingEndReasons,
  trackEndReasons,
  type Manifest,
  type RecordingEndReason,
  type Track,
  type TrackStatistics,
} from './manifest.ts'

/** What the server and the recorder process say to each other. Requests are checked: a mistake must not harm recordings. */

const oneOf = <const T extends readonly string[]>(values: T) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values] })
const RecordingId = Type.String({ minLength: 1, maxLength: 128 })
/** Part of file names. */
const TrackId = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' })
const text = (maxLength: number) => Type.String({ maxLength })
const strict = { additionalProperties: false }

const requests = {
  start: Type.Object(
    {
      recordingId: RecordingId,
      /** An absolute path, made if it is not there. One folder holds one recording. */
      folder: Type.String({ pattern: '^/', maxLength: 4000 }),
      /** The recording ends by itself before less than this is free. */
      minFreeBytes: Type.Number({ minimum: 0 }),
    },
    strict,
  ),
  addTap: Type.Object(
    {
      recordingId: RecordingId,
      /** Unique in the recording. */
      trackId: TrackId,
      participantId: text(1024),
      displayName: text(1024),
      source: text(64),
      mimeType: text(64),
      clockRate: Type.Integer({ minimum: 1000, maximum: 1_000_000 }),
      payloadType: Type.Integer({ minimum: 0, maximum: 127 }),
      /** Id of the header extension that tells how loud a packet is (RFC 6464), if there is one. */
      audioLevelId: Type.Optional(Type.Integer({ minimum: 1, maximum: 255 })),
      /** Where mediasoup's PlainTransport sends from. */
      from: Type.Object({ ip: text(64), port: Type.Integer({ minimum: 1, maximum: 65_535 }) }, strict),
    },
    strict,
  ),
  updateTap: Type.Object({ recordingId: RecordingId, trackId: TrackId, displayName: text(1024) }, strict),
  removeTap: Type.Object(
    { recordingId: RecordingId, trackId: TrackId, reason: oneOf(trackEndReasons) },
    strict,
  ),
  stop: Type.Object({ recordingId: RecordingId, reason: oneOf(recordingEndReasons) }, strict),
  statistics: Type.Undefined(),
} satisfies Record<RecorderMethod, TSchema>

export type StartRecording = Static<typeof requests.start>
export type AddTap = Static<typeof requests.addTap>

export interface TapStatistics extends TrackStatistics {
  readonly trackId: string
  readonly participantId: string
  readonly source: string
  readonly files: number
  /** Since when nothing has come; undefined if nothing ever did. */
  readonly quietForMs: number | undefined
}

export interface RecordingStatistics {
  readonly recordingId: string
  readonly durationMs: number
  /** Of all tracks since the beginning, those that have ended, too. */
  readonly packets: number
  readonly lost: number
  /** What may still be written before the recording ends by itself; as of some seconds ago. */
  readonly freeBytes: number
  /** What is recorded now. */
  readonly tracks: readonly TapStatistics[]
}

export interface RecorderStatistics {
  /** CPU time of the process since it started, in milliseconds. */
  readonly cpuMs: number
  readonly memoryBytes: number
  /** The longest time for which nothing was read since this was asked last; above 500 the kernel may have thrown packets away. */
  readonly longestPauseMs: number
  readonly recordings: readonly RecordingStatistics[]
}

/** What comes back. */
interface Answers {
  start: undefined
  addTap: { port: number }
  updateTap: undefined
  removeTap: Track | undefined
  stop: Manifest
  statistics: RecorderStatistics
}
export type RecorderMethod = keyof Answers

/** Requests to the recorder: what goes in and what comes back. */
export type RecorderRequests = {
  [M in RecorderMethod]: { in: Static<(typeof requests)[M]>; out: Answers[M] }
}

export type ToRecorder = {
  [M in RecorderMethod]: { readonly id: number; readonly method: M; readonly data: RecorderRequests[M]['in'] }
}[RecorderMethod]

export type FromRecorder =
  | { readonly ready: true }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly code: RecorderErrorCode; readonly message: string } }
  /** A recording has ended, by itself or because it was told to. */
  | { readonly ended: string; readonly reason: RecordingEndReason }

const validators = new Map(
  Object.entries(requests).map(([method, schema]) => [method, Compile(schema)] as const),
)

/** What is wrong with a message; undefined if it is a request. */
export function whyNoRequest(message: unknown): string | undefined {
  const { id, method, data } = (message ?? {}) as { id?: unknown; method?: unknown; data?: unknown }
  if (!Number.isSafeInteger(id)) return 'the message has no id'
  const validator = typeof method === 'string' ? validators.get(method) : undefined
  if (!validator) return `there is no request ${String(method)}`
  if (validator.Check(data)) return undefined
  const [first] = validator.Errors(data)
  return `${String(method)}${first?.instancePath ?? ''}: ${first?.message ?? 'does not fit'}`
}
