import type { Config } from '../../../config/schema.ts'
import { loadConfig } from '../../../config/load.ts'
import { ApiKeys } from '../../auth/api-keys.ts'
import { Audit } from '../../audit/audit.ts'
import { SecretBox } from '../../auth/secret-box.ts'
import type { Db } from '../../db/database.ts'
import { randomId } from '../../lib/ids.ts'
import type { Mail } from '../../mail/mail.ts'
import { MeetingServices } from '../../meetings/meeting-services.ts'
import type { Asking } from '../../meetings/meetings.ts'
import type { LiveRooms } from '../../meetings/rooms.ts'
import type { AccountCaller } from '../../protocol/caller.ts'
import { silent } from './databases.ts'

/** Meetings over a database, without a server: mails and what rooms are told are written down. */
export interface MeetingStage {
  readonly services: MeetingServices
  readonly apiKeys: ApiKeys
  readonly config: Config
  readonly mails: Mail[]
  readonly told: string[]
  /** Another process over the same database, as after a restart. */
  again(): Promise<MeetingStage>
}

export const baseUrl = 'https://meet.example.org'

export async function meetingStage(
  db: Db,
  options: { settings?: Record<string, string>; mails?: boolean } = {},
): Promise<MeetingStage> {
  const { config } = loadConfig({ argv: [], env: options.settings ?? {}, cwd: '/tmp' })
  const box = new SecretBox('ab'.repeat(32))
  const apiKeys = new ApiKeys({ db, config, log: silent, box })
  const mails: Mail[] = []
  const told: string[] = []
  const services = new MeetingServices({
    db,
    box,
    config,
    log: silent,
    audit: new Audit({ db, log: silent, days: 1 }),
    apiKeys,
    mailer: {
      available: options.mails ?? true,
      send: async (mail) => {
        mails.push(mail)
      },
    },
    baseUrl: () => `${baseUrl}/`,
  })
  const rooms: LiveRooms = {
    openIds: () => [],
    accountsIn: () => [],
    remove: (id, identity) => told.push(`remove ${id} ${identity}`),
    end: (id) => told.push(`end ${id}`),
    leave: (id, identity) => told.push(`leave ${id} ${identity}`),
    isRecorded: () => false,
    recordPolicyChanged: (id, policy) => told.push(`record ${id} ${policy}`),
    change: (id, settings) => told.push(`change ${id} ${JSON.stringify(settings)}`),
  }
  services.live.hold(rooms)
  return { services, apiKeys, config, mails, told, again: () => meetingStage(db, options) }
}

/** Somebody with an account. */
export async function addAccount(
  db: Db,
  { name, role = 'host', settings = {} }: { name: string; role?: AccountCaller['role']; settings?: object },
): Promise<AccountCaller> {
  const accountId = `acc_${randomId()}`
  const email = `${name.toLowerCase()}@example.org`
  await db
    .insertInto('accounts')
    .values({ id: accountId, email, name, role, settings: JSON.stringify(settings), created_at: new Date() })
    .execute()
  return { kind: 'account', accountId, sessionId: undefined, role, email, name, byCookie: false }
}

export function asking(caller: Asking['caller'], now: Date): Asking {
  const id = caller.kind === 'account' ? caller.accountId : caller.keyId
  return { caller, actor: { kind: caller.kind, id }, now }
}
