import type { Migration } from 'kysely/migration'
import * as apiKeys from './0001-api-keys.ts'
import * as auditLog from './0002-audit-log.ts'
import * as accounts from './0003-accounts.ts'
import * as outgoingMails from './0004-outgoing-mails.ts'
import * as meetings from './0005-meetings.ts'
import * as recordings from './0006-recordings.ts'

/** All migrations by name, oldest first. Names sort in this order and never change. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-api-keys': apiKeys,
  '0002-audit-log': auditLog,
  '0003-accounts': accounts,
  '0004-outgoing-mails': outgoingMails,
  '0005-meetings': meetings,
  '0006-recordings': recordings,
}
