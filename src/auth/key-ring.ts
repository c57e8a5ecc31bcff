import type { Config } from '../../config/schema.ts'
import { openDatabase, type Db } from '../db/database.ts'
import { AppError } from '../lib/app-error.ts'
import type { Log } from '../lib/log.ts'
import { ApiKeys } from './api-keys.ts'

/**
 * The API keys, and the database they lie in, opened once when they are first needed: whoever only tries Sluice out needs
 * neither, and the embedded database takes several hundred MB of memory.
 */
export class KeyRing {
  readonly #config: Config
  readonly #log: Log
  #opened: Promise<{ db: Db; keys: ApiKeys }> | undefined
  #closed = false

  constructor({ config, log }: { config: Config; log: Log }) {
    this.#config = config
    this.#log = log
  }

  /** Throws what `openDatabase` throws; the next call tries again. */
  async keys(): Promise<ApiKeys> {
    if (this.#closed) throw new AppError('unavailable', 'The server is closing.')
    const opened = (this.#opened ??= this.#open())
    try {
      return (await opened).keys
    } catch (error) {
      // Others may have waited for the same failure, and somebody may be trying again already.
      if (this.#opened === opened) this.#opened = undefined
      throw error
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const opened = await this.#opened?.catch(() => undefined)
    await opened?.db.close()
  }

  async #open(): Promise<{ db: Db; keys: ApiKeys }> {
    const { dataDir, database } = this.#config
    const db = await openDatabase({ url: database.url, dataDir, log: this.#log })
    try {
      return { db, keys: await ApiKeys.create({ db, config: this.#config, log: this.#log }) }
    } catch (error) {
      await db.close()
      throw error
    }
  }
}
