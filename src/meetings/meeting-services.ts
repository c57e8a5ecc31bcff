import type { Config } from '../../config/schema.ts'
import type { ApiKeys } from '../auth/api-keys.ts'
import type { AccountHooks } from '../auth/accounts.ts'
import type { Audit } from '../audit/audit.ts'
import type { SecretBox } from '../auth/secret-box.ts'
import type { Db } from '../db/database.ts'
import type { Log } from '../lib/log.ts'
import { Calls } from './calls.ts'
import { Feeds } from './feeds.ts'
import { Invitations, type Mailing } from './invitations.ts'
import { Joining } from './joining.ts'
import { LiveMeetings } from './live-meetings.ts'
import { Meetings } from './meetings.ts'
import type { Trx } from './meetings.store.ts'
import { forgetAccount, isExpected, meetingDataOf } from './personal-data.ts'

export interface MeetingServicesOptions {
  readonly db: Db
  readonly box: SecretBox
  readonly config: Config
  readonly log: Log
  readonly audit: Audit
  readonly apiKeys: ApiKeys
  readonly mailer: Mailing
  /** What people reach this server by, for links. */
  readonly baseUrl: () => string
}

/** Everything about meetings and calls, connected. */
export class MeetingServices {
  readonly live: LiveMeetings
  readonly meetings: Meetings
  readonly joining: Joining
  readonly calls: Calls
  readonly feeds: Feeds
  readonly #forget: (account: { id: string; email: string }, trx: Trx) => Promise<void>

  constructor(options: MeetingServicesOptions) {
    const { config, mailer, box } = options
    const baseUrl = () => options.baseUrl().replace(/\/$/, '')
    this.live = new LiveMeetings(options)
    const invitations = new Invitations({ mailer, box, limits: config.limits, baseUrl })
    this.meetings = new Meetings({ ...options, baseUrl, live: this.live, invitations })
    this.joining = new Joining(options)
    this.calls = new Calls({ ...options, live: this.live, joining: this.joining })
    this.feeds = new Feeds({ ...options, baseUrl, meetings: this.meetings })
    this.#forget = (account, trx) => forgetAccount(account, trx, { config, invitations, now: new Date() })
  }

  /** What belongs to accounts here: it is copied for them, and goes with them. */
  attach(hooks: AccountHooks): void {
    hooks.exporters.push(async (accountId, db) => ['meetings', await meetingDataOf(accountId, db)])
    hooks.deleted.push((account, trx) => this.#forget(account, trx as Trx))
    hooks.invited.push(isExpected)
  }

  /** Before the database. */
  close(): Promise<void> {
    return this.live.close()
  }
}
