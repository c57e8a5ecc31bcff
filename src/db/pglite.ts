import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { LockedError, lockFile } from '../lib/file-lock.ts'
import type { Log } from '../lib/log.ts'
import { parsers } from './parsers.ts'

export interface EmbeddedDatabase {
  readonly pglite: PGlite
  /** Lets another process open the folder; call it after `pglite.close()`. */
  readonly release: () => void
}

/** The embedded database is in use by another process. */
export class DatabaseInUseError extends Error {
  constructor(folder: string) {
    super(
      `another Sluice uses the embedded database in ${folder}, and it serves one process at a time. ` +
        'Stop that one first, or give both a PostgreSQL (DATABASE_URL)',
    )
    this.name = 'DatabaseInUseError'
  }
}

/** Opens the embedded database in `<dataDir>/db`, and makes it at the first start. */
export async function openPglite({ dataDir, log }: { dataDir: string; log: Log }): Promise<EmbeddedDatabase> {
  const folder = join(dataDir, 'db')
  await mkdir(dataDir, { recursive: true })
  const release = lock(`${folder}.lock`, folder)
  try {
    if (!existsSync(folder)) {
      log.info({ folder }, 'making the embedded database; this takes a few seconds, once')
      // A first start that is cut short must not leave half a database behind.
      const unfinished = `${folder}.unfinished`
      await rm(unfinished, { recursive: true, force: true })
      await mkdir(unfinished, { mode: 0o700 })
      await (await PGlite.create(unfinished)).close()
      await rename(unfinished, folder)
    }
    return { pglite: await PGlite.create(folder, { parsers: { ...parsers } }), release }
  } catch (error) {
    release()
    throw error
  }
}

/** PGlite itself does not notice a second process, and two would destroy the files. */
function lock(path: string, folder: string): () => void {
  try {
    return lockFile(path)
  } catch (error) {
    if (error instanceof LockedError) throw new DatabaseInUseError(folder)
    throw error
  }
}
