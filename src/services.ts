import type { Config } from '../config/schema.ts'
import { Audit } from './audit/audit.ts'
import { ApiKeys } from './auth/api-keys.ts'
import { SecretBox } from './auth/secret-box.ts'
import { openDatabase, type Db } from './db/database.ts'
import { Chores } from './lib/chores.ts'
import type { Log } from './lib/log.ts'
import { Mailer } from './mail/mailer.ts'

/** Everything that lies over the database. */
export interface Services {
  readonly db: Db
  readonly audit: Audit
  readonly apiKeys: ApiKeys
  readonly mailer: Mailer
  close(): Promise<void>
}

export interface ServicesOptions {
  readonly config: Config
  readonly log: Log
}

/** How often what is too old is deleted. */
const choresMs = 3_600_000

/** Opens the database and what lies over it. Throws what `openDatabase` throws. */
export async function openServices({ config, log }: ServicesOptions): Promise<Services> {
  const { dataDir } = config
  const db = await openDatabase({ url: config.database.url, dataDir, log })
  try {
    const box = await SecretBox.create({ dataDir, encryptionKey: config.auth.encryptionKey })
    const audit = new Audit({ db, log, days: config.audit.days })
    const apiKeys = new ApiKeys({ db, config, log, box })
    const mailer = await Mailer.create({ config, db, box, log })
    const chores = new Chores({
      everyMs: choresMs,
      log,
      chores: {
        'forget the audit log': (now) => audit.forget(now),
        'forget mails': (now) => mailer.forget(now),
      },
    })
    const close = async () => {
      await Promise.all([chores.close(), mailer.close()])
      await db.close()
    }
    return { db, audit, apiKeys, mailer, close }
  } catch (error) {
    await db.close()
    throw error
  }
}
