import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Config } from '../../config/schema.ts'
import type { Log } from '../../src/lib/log.ts'
import { DiskStore } from './disk-store.ts'
import { S3Store } from './s3-store.ts'

export { prefixOf } from './key-template.ts'
export { StorageError, type StorageErrorCode } from './storage-error.ts'

/** Where recordings are kept. Whatever it cannot do ends in a `StorageError`. */
export interface ObjectStore {
  readonly kind: 'disk' | 's3'
  /** What `prefixOf` makes the prefix of a new recording from. */
  readonly keyTemplate: string
  /** Undefined when there is none. */
  head(key: string): Promise<{ bytes: number; contentType: string | undefined } | undefined>
  /** Bytes `from` to `to`, inclusive; the whole without range. */
  read(key: string, range?: { from: number; to: number }): Promise<Readable>
  /** A URL anybody can open for `expiresSeconds`; undefined where files go through this server. */
  link(
    key: string,
    options: { expiresSeconds: number; downloadName?: string; contentType: string },
  ): Promise<string | undefined>
  /** Deletes everything of a recording, older versions and unfinished uploads too. Idempotent; throws when something is left. */
  deleteAll(prefix: string): Promise<void>
  /** Idempotent. */
  delete(key: string): Promise<void>
  /** Whether things can be written, read, listed and deleted; throws what a person should do. */
  check(): Promise<void>
}

export function openObjectStore(options: {
  storage: Config['storage']
  dataDir: string
  log: Log
}): ObjectStore {
  const { storage, dataDir, log } = options
  return storage.kind === 'disk' ? new DiskStore(join(dataDir, 'recordings')) : new S3Store(storage, { log })
}
