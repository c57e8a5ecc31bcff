import type { ColumnType, Generated, Kysely } from 'kysely'

/** Every table as the newest migration leaves it. Columns are named as in SQL. */
export interface Tables {
  api_keys: ApiKeysTable
  audit_log: AuditLogTable
  outgoing_mails: OutgoingMailsTable
}

/** JSON: read as what it holds, written as text. */
type Json = ColumnType<Record<string, unknown> | null, string | null, string | null>

/** A moment: read as a `Date`, written as one. */
type Timestamp = ColumnType<Date, Date, Date>

export interface ApiKeysTable {
  id: string
  name: string
  /** Encrypted (src/auth/secret-box.ts). Null when revoked. */
  secret: Uint8Array | null
  created_at: Timestamp
  last_used_at: Generated<Date | null>
  revoked_at: Generated<Date | null>
}

export interface AuditLogTable {
  id: string
  at: Timestamp
  action: string
  actor_kind: string
  actor_id: string | null
  target_kind: string | null
  target_id: string | null
  address: string | null
  data: Json
}

export interface OutgoingMailsTable {
  id: string
  kind: string
  /** Encrypted (src/auth/secret-box.ts). Null when it is no longer on its way. */
  content: Uint8Array | null
  created_at: Timestamp
  /** Tries so far, with the one under way. */
  attempts: Generated<number>
  /** Null when it is no longer on its way. */
  next_attempt_at: Date | null
  /** Whether a process has it, until `next_attempt_at`. */
  taken: Generated<boolean>
  finished_at: Generated<Date | null>
  /** `MailOutcome`. */
  outcome: Generated<string | null>
  /** Without anything of the mail. */
  last_error: Generated<string | null>
}

/** What store functions take first: the database, or a transaction in it. */
export type Queryable = Kysely<Tables>
