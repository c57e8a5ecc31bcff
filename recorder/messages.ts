import type { Manifest, RecordingEndReason, Track, TrackEndReason, TrackStatistics } from './manifest.ts'

/** What the server and the recorder process say to each other. Both are started from the same files, so types suffice. */

export interface StartRecording {
  readonly recordingId: string
  /** Made if it is not there. One folder holds one recording. */
  readonly folder: string
  /** The recording ends by itself before less than this is free. */
  readonly minFreeBytes: number
}

export interface AddTap {
  readonly recordingId: string
  /** Unique in the recording; part of file names: letters, digits, - and _ only. */
  readonly trackId: string
  readonly participantId: string
  readonly displayName: string
  readonly source: string
  readonly mimeType: string
  readonly clockRate: number
  readonly payloadType: number
  /** Where mediasoup's PlainTransport sends from. */
  readonly from: { readonly ip: string; readonly port: number }
}

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
  readonly tracks: readonly TapStatistics[]
}

export interface RecorderStatistics {
  /** CPU time of the process since it started, in milliseconds. */
  readonly cpuMs: number
  readonly memoryBytes: number
  readonly recordings: readonly RecordingStatistics[]
}

/** Requests to the recorder: what goes in and what comes back. */
export interface RecorderRequests {
  start: { in: StartRecording; out: undefined }
  addTap: { in: AddTap; out: { port: number } }
  removeTap: { in: { recordingId: string; trackId: string; reason: TrackEndReason }; out: Track | undefined }
  stop: { in: { recordingId: string; reason: RecordingEndReason }; out: Manifest }
  statistics: { in: undefined; out: RecorderStatistics }
}
export type RecorderMethod = keyof RecorderRequests

export type ToRecorder = {
  [M in RecorderMethod]: { readonly id: number; readonly method: M; readonly data: RecorderRequests[M]['in'] }
}[RecorderMethod]

export type FromRecorder =
  | { readonly ready: true }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
  /** A recording has ended, by itself or because it was told to. */
  | { readonly ended: string; readonly reason: RecordingEndReason }
