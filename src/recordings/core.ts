import type { Config } from '../../config/schema.ts'
import type { renderInThread } from '../../recorder/outputs/render-in-thread.ts'
import type { ObjectStore } from '../../recorder/storage/object-store.ts'
import type { Uploads as UploadProcess, UploadState } from '../../recorder/storage/uploads.ts'
import type { Db } from '../db/database.ts'
import type { Log } from '../lib/log.ts'
import type { InTurn } from './in-turn.ts'
import type { Manifests } from './manifests.ts'
import type { RecordingsFolder } from './recordings-folder.ts'

// What is needed of the recorder’s parts, so that tests can hand in others.
export type Objects = Omit<ObjectStore, 'check'>
export type Uploads = Pick<UploadProcess, 'follow' | 'complete' | 'forget' | 'restore' | 'close'>
export type CreateUploads = (onChanged: (recordingId: string, state: UploadState) => void) => Uploads
export type Render = typeof renderInThread

/** What the parts that look after recordings share. */
export interface Core {
  readonly db: Db
  readonly config: Pick<Config, 'recordings' | 'storage'>
  readonly log: Log
  readonly home: RecordingsFolder
  readonly manifests: Manifests
  readonly objects: Objects
  readonly uploads: Uploads
  /** By recording: bringing its files here and taking them away. */
  readonly folders: InTurn<string>
  /** Tells whoever listens that something about a recording is not as it was. */
  readonly changed: (recordingId: string) => void
}

/** Bytes that must stay free on the disk of the data folder. */
export function minFreeBytes(config: Pick<Config, 'recordings'>): number {
  return config.recordings.minFreeMegabytes * 1_000_000
}
