import { DatabaseSync } from 'node:sqlite'

/** Another process holds the lock. */
export class LockedError extends Error {
  constructor(path: string) {
    super(`another process holds ${path}`)
    this.name = 'LockedError'
  }
}

/**
 * Takes a lock on a file, which is made if it is not there; gives what releases it. SQLite's lock is one of the operating
 * system: it ends with its process, however that ends. Throws `LockedError` when another one has it.
 */
export function lockFile(path: string): () => void {
  const file = new DatabaseSync(path)
  try {
    file.exec('begin exclusive')
  } catch (error) {
    file.close()
    if ((error as { errcode?: number }).errcode === sqliteBusy) throw new LockedError(path)
    throw error
  }
  return () => file.close()
}

const sqliteBusy = 5
