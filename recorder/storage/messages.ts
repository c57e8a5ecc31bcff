import type { StorageSettings } from './failures.ts'
import type { StorageErrorCode } from './storage-error.ts'
import type { StorageTiming } from './timing.ts'

/** What the server and the process that uploads say to each other. Both are started from the same files, so types suffice. */

/** Where the files of a recording are. */
export interface UploadState {
  /**
   * local: there is no bucket. waiting: it refused or is away, and is tried again at `nextTryAt`. stored: everything is there,
   * verified.
   */
  readonly state: 'local' | 'uploading' | 'waiting' | 'stored'
  /** Arrived so far. */
  readonly bytes: number
  readonly totalBytes: number
  /** Why it waits, for the operator. */
  readonly error?: string
  readonly nextTryAt?: Date
}

export interface FolderToUpload {
  readonly recordingId: string
  readonly folder: string
  readonly prefix: string
}

export interface FolderToRestore extends FolderToUpload {
  /** All of them if left out. */
  readonly names?: readonly string[]
}

export type ToUploader =
  | { readonly type: 'begin'; readonly storage: StorageSettings; readonly timing: StorageTiming }
  | { readonly type: 'follow'; readonly upload: FolderToUpload }
  /** `round` counts how often this was said of a recording, so that an answer tells which one it answers. */
  | { readonly type: 'complete'; readonly upload: FolderToUpload; readonly round: number }
  | { readonly type: 'forget'; readonly id: number; readonly recordingId: string }
  | { readonly type: 'restore'; readonly id: number; readonly upload: FolderToRestore }

export type FromUploader =
  | {
      readonly type: 'state'
      readonly recordingId: string
      readonly state: UploadState
      /** The last `complete` that it takes into account. */
      readonly round: number
    }
  | {
      readonly type: 'done'
      readonly id: number
      readonly error?: { readonly code: StorageErrorCode; readonly message: string }
    }
