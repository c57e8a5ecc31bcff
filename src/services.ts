import type { Config } from '../config/schema.ts'
import { Audit } from './audit/audit.ts'
import { ApiKeys } from './auth/api-keys.ts'
import { SecretBox } from './auth/secret-box.ts'
import { openDatabase, type Db } from './db/database.ts'
import type { Log } from './lib/log.ts'

/** Everything that lies over the database. */
export interface Services {
  readonly db: Db
  readonly audit: Audit
  readonly apiKeys: ApiKeys
  close(): Promise<void>
}

export interface ServicesOptions {
  readonly config: Config
  readonly log: Log
}

/** Opens the database and what lies over it. Throws what `openDatabase` throws. */
export async function openServices({ config, log }: ServicesOptions): Promise<Services> {
  const { dataDir } = config
  const db = await openDatabase({ url: config.database.url, dataDir, log })
  try {
    const box = await SecretBox.create({ dataDir, encryptionKey: config.auth.encryptionKey })
    const audit = new Audit({ db, log, days: config.audit.days })
    const apiKeys = new ApiKeys({ db, config, log, box })
    return { db, audit, apiKeys, close: () => db.close() }
  } catch (error) {
    await db.close()
    throw error
  }
}
