import type { Config } from '../../config/schema.ts'
import type { Db } from '../db/database.ts'
import type { Log } from '../lib/log.ts'
import type { Home } from './home.ts'
import type { InTurn } from './in-turn.ts'
import type { Objects, Uploads } from './ports.ts'

/** What the parts that look after recordings share. */
export interface Core {
  readonly db: Db
  readonly config: Pick<Config, 'recordings' | 'storage'>
  readonly log: Log
  readonly home: Home
  readonly objects: Objects
  readonly uploads: Uploads
  /** By recording: bringing its files here and taking them away. */
  readonly folders: InTurn<string>
  /** Tells whoever listens that something about a recording is not as it was. */
  readonly changed: (recordingId: string) => void
}

/** Bytes that must stay free on the disk of the data folder. */
export function minFreeBytes(config: Core['config']): number {
  return config.recordings.minFreeMegabytes * 1_000_000
}
