import type { Config } from '../config/schema.ts'
import { Audit } from './audit/audit.ts'
import { AccountServices } from './auth/account-services.ts'
import { ApiKeys } from './auth/api-keys.ts'
import { SecretBox } from './auth/secret-box.ts'
import { openDatabase, type Db } from './db/database.ts'
import { Chores } from './lib/chores.ts'
import type { Secret } from './lib/ids.ts'
import type { Log } from './lib/log.ts'
import { Mailer } from './mail/mailer.ts'
import { MeetingServices } from './meetings/meeting-services.ts'
import { Library } from './recordings/library.ts'
import { openRecordings } from './recordings/open-recordings.ts'
import { attachRecordings } from './recordings/personal-data.ts'
import type { Recordings } from './recordings/recordings.ts'
import { urlOf } from './start-summary.ts'

/** Everything that lies over the database. */
export interface Services {
  readonly db: Db
  readonly audit: Audit
  readonly apiKeys: ApiKeys
  readonly mailer: Mailer
  readonly accounts: AccountServices
  readonly meetings: MeetingServices
  /** Looked after only from their `start` on: a tool that opens the database for a moment does not. */
  readonly recordings: Recordings
  readonly library: Library
  close(): Promise<void>
}

export interface ServicesOptions {
  readonly config: Config
  readonly log: Log
  /** What people reach this server by, for links. Left out: as configured. */
  readonly baseUrl?: () => string
  /** Cores that no media worker is on, for what is made of recordings. None leaves that to the system. */
  readonly spareCores?: readonly number[]
  /** Makes whoever registers with it the first admin. */
  readonly setUpCode?: Secret
}

/** How often what is too old is deleted. */
const choresMs = 3_600_000

/** Opens the database and what lies over it. Throws what `openDatabase` throws. */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const { config, log, baseUrl = () => urlOf(config.http, { port: config.http.port }) } = options
  const { dataDir } = config
  const db = await openDatabase({ url: config.database.url, dataDir, log })
  try {
    const box = await SecretBox.create({ dataDir, encryptionKey: config.auth.encryptionKey })
    const audit = new Audit({ db, log, days: config.audit.days })
    const apiKeys = new ApiKeys({ db, config, log, box })
    const mailer = await Mailer.create({ config, db, box, log })
    const meetings = new MeetingServices({ db, box, config, log, audit, apiKeys, mailer, baseUrl })
    const { setUpCode } = options
    const accounts = new AccountServices({ db, box, config, log, audit, mailer, baseUrl, setUpCode })
    // While meetings still say who their host was.
    attachRecordings(accounts.hooks)
    meetings.attach(accounts.hooks)
    const chores = new Chores({
      everyMs: choresMs,
      log,
      chores: {
        'forget the audit log': (now) => audit.forget(now),
        'forget mails': (now) => mailer.forget(now),
        'forget log-ins': (now) => accounts.forget(now),
      },
    })
    const recordings = openRecordings({ db, config, log, spareCores: options.spareCores ?? [] })
    const library = new Library({ db, config, audit, recordings, baseUrl, log })
    const close = async () => {
      accounts.close()
      await recordings.close()
      await meetings.close()
      await Promise.all([chores.close(), mailer.close()])
      await db.close()
    }
    return { db, audit, apiKeys, mailer, accounts, meetings, recordings, library, close }
  } catch (error) {
    await db.close()
    throw error
  }
}
