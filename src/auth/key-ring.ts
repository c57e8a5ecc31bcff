import type { Config } from '../../config/schema.ts'
import { openDatabase, type Db } from '../db/database.ts'
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

  constructor({ config, log }: { config: Config; log: Log }) {
    this.#config = config
    this.#log = log
  }

  /** Throws what `openDatabase` throws; the next call tries again. */
  async keys(): Promise<ApiKeys> {
    this.#opened ??= this.#open()
    try {
      return (await this.#opened).keys
    } catch (error) {
      this.#opened = undefined
      throw error
    }
  }

  async close(): Promise<void> {
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
