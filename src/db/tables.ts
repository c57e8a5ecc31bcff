import type { ColumnType, Generated, Kysely } from 'kysely'

/** Every table as the newest migration leaves it. Columns are named as in SQL. */
export interface Tables {
  api_keys: ApiKeysTable
  audit_log: AuditLogTable
  accounts: AccountsTable
  account_sessions: AccountSessionsTable
  refresh_tokens: RefreshTokensTable
  mail_tokens: MailTokensTable
  second_factors: SecondFactorsTable
  recovery_codes: RecoveryCodesTable
  signing_keys: SigningKeysTable
  outgoing_mails: OutgoingMailsTable
  meetings: MeetingsTable
  meeting_invitees: MeetingInviteesTable
  meeting_sessions: MeetingSessionsTable
  attendances: AttendancesTable
  calls: CallsTable
  call_callees: CallCalleesTable
  calendar_feeds: CalendarFeedsTable
  recordings: RecordingsTable
  recording_participants: RecordingParticipantsTable
  recording_outputs: RecordingOutputsTable
  recording_files: RecordingFilesTable
  recording_shares: RecordingSharesTable
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
  /** backend: shown to admins. server: made by this server for the tokens that it issues. */
  kind: Generated<string>
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

export interface AccountsTable {
  id: string
  /** In lower case. */
  email: string
  email_verified_at: Generated<Date | null>
  name: string
  role: string
  /** PHC string. Null: logs in through the external issuer, or never did. */
  password_hash: Generated<string | null>
  /** Who vouches for this account, and the name it has there. */
  issuer: Generated<string | null>
  subject: Generated<string | null>
  settings: ColumnType<Record<string, unknown>, string | undefined, string>
  /** When its owner agreed to what the registration page says. */
  consent_at: Generated<Date | null>
  disabled_at: Generated<Date | null>
  created_at: Timestamp
  version: Generated<number>
}

export interface AccountSessionsTable {
  id: string
  account_id: string
  created_at: Timestamp
  last_seen_at: Timestamp
  expires_at: Timestamp
  address: string
  user_agent: string
}

export interface RefreshTokensTable {
  /** SHA-256 of the token. */
  hash: Uint8Array
  session_id: string
  expires_at: Timestamp
  /** When another was given for it. */
  replaced_at: Generated<Date | null>
}

/** Links in mails that let somebody in: each works once. */
export interface MailTokensTable {
  /** SHA-256 of the token. */
  hash: Uint8Array
  account_id: string
  purpose: string
  /** The address it was sent to. */
  email: string
  expires_at: Timestamp
}

export interface SecondFactorsTable {
  account_id: string
  /** Encrypted (src/auth/secret-box.ts). */
  secret: Uint8Array
  /** Null until a first code was right. */
  confirmed_at: Generated<Date | null>
  /** The time step of the last code that was taken: none is taken twice. */
  last_step: Generated<number>
  failures: Generated<number>
  failing_since: Generated<Date | null>
}

export interface RecoveryCodesTable {
  account_id: string
  /** SHA-256 of the code. */
  hash: Uint8Array
}

export interface SigningKeysTable {
  id: string
  /** Counts up: of two processes that rotate at once, one makes the next. */
  generation: number
  /** Encrypted (src/auth/secret-box.ts). */
  private_key: Uint8Array
  public_key: ColumnType<Record<string, unknown>, string, string>
  created_at: Timestamp
}

/** Meetings, and calls: what both have. */
export interface MeetingsTable {
  id: string
  /** meeting or call. */
  kind: string
  /** Null for calls. */
  code: string | null
  title: string
  description: string
  /** Null when a backend made it, or the account was deleted. */
  host_id: string | null
  /** Shown when there is no account. */
  host_name: string
  /** Of the first occurrence. Null: no schedule. */
  starts_at: Date | null
  ends_at: Date | null
  /** IANA. */
  time_zone: string
  /** RFC 5545 rule. */
  recurrence: string | null
  /** Of the occurrence that is under way or comes next. Null: none. */
  next_start: Date | null
  next_end: Date | null
  /** Encrypted (src/auth/secret-box.ts). */
  passcode: Uint8Array | null
  lobby: boolean
  join_before_host: boolean
  max_participants: number | null
  metadata: Json
  /** `MeetingStatus`. */
  status: string
  /** RFC 5545 SEQUENCE: grows with changes that calendars must know. */
  sequence: Generated<number>
  version: Generated<number>
  created_at: Timestamp
  changed_at: Timestamp
  /** When something may be due. Null: never. */
  check_at: Date | null
  /** When it last ended, of itself or by somebody. Null: not yet. */
  past_at: Generated<Date | null>
  /** never, hosts (when one of them starts it) or always. */
  record: Generated<string>
}

export interface MeetingInviteesTable {
  meeting_id: string
  /** In lower case. */
  email: string
  name: string | null
  /** invited, accepted or declined. */
  status: string
  position: number
}

/** Each time a meeting took place. */
export interface MeetingSessionsTable {
  id: string
  meeting_id: string
  started_at: Timestamp
  /** The occurrence it belongs to; null when it was started out of schedule. */
  occurrence_start: Date | null
  occurrence_end: Date | null
  /** Null while somebody is there. */
  empty_since: Date | null
  /** Whether anybody ever came. */
  joined: Generated<boolean>
  ended_at: Generated<Date | null>
  /** `EndReason`. */
  end_reason: Generated<string | null>
}

/** Somebody in a session, all their visits together. */
export interface AttendancesTable {
  session_id: string
  identity: string
  account_id: string | null
  name: string
  joined_at: Timestamp
  /** Null while they are there. */
  left_at: Date | null
  visits: number
  /** Length of the visits before the last one, in milliseconds. */
  earlier_ms: number
  /** Start of the last visit. */
  visit_start: Timestamp
  seen_at: Timestamp
  /** The process whose room they are in. */
  process_id: string | null
}

/** What a call has besides what meetings have. */
export interface CallsTable {
  id: string
  type: string
  /** `CallStatus`. */
  status: string
  rings_until: Timestamp
  /** Since when fewer than two are in an answered call. */
  alone_since: Generated<Date | null>
  answered_at: Generated<Date | null>
  ended_at: Generated<Date | null>
  end_reason: Generated<string | null>
}

export interface CallCalleesTable {
  call_id: string
  position: number
  /** Null when nobody has that address. */
  account_id: string | null
  /** Account id or e-mail address, as the caller wrote it. */
  called_as: string
  /** `CalleeStatus`. */
  status: string
}

export interface CalendarFeedsTable {
  account_id: string
  /** SHA-256 of the secret part of the address. */
  token_hash: string
  created_at: Timestamp
}

export interface RecordingsTable {
  id: string
  room_id: string
  /** Null: of a room that is no meeting's, or the meeting was deleted. */
  meeting_id: string | null
  title: string
  /** `RecordingState`. */
  state: string
  started_at: Timestamp
  /** kind, id and name of who started it. */
  started_by: Json
  ended_at: Generated<Date | null>
  /** `EndReason`. */
  end_reason: Generated<string | null>
  duration_ms: Generated<number>
  /** Of all its files. */
  bytes: Generated<number>
  /** Which machine has its folder, as `os.hostname` and the data folder say it. */
  host: string
  /** disk or s3. */
  storage: string
  /** Of its objects in the storage. */
  prefix: string
  /** Where its files are on their way (`UploadView`). */
  upload: Json
  /** Whether its tracks are in the data folder. */
  is_local: Generated<boolean>
  /** Since when everything is in the storage, verified. */
  stored_at: Generated<Date | null>
  /** code and message. */
  error: Json
  expires_at: Generated<Date | null>
  version: Generated<number>
}

export interface RecordingParticipantsTable {
  recording_id: string
  identity: string
  name: string
  account_id: string | null
  /** In the order of coming. */
  position: number
  /** `[from, to]` in milliseconds of the recording, wrapped in an object: `{ spans }`. */
  speech: Json
}

export interface RecordingOutputsTable {
  id: string
  recording_id: string
  /** video or audio. */
  kind: string
  /** layout, size, names. */
  options: Json
  /** queued, running, ready or failed. */
  state: string
  /** 0 to 1. */
  progress: Generated<number>
  attempts: Generated<number>
  next_attempt_at: Generated<Date | null>
  error: Json
  created_at: Timestamp
  finished_at: Generated<Date | null>
}

export interface RecordingFilesTable {
  id: string
  recording_id: string
  /** Null: of the recording itself. */
  output_id: string | null
  track_id: string | null
  /** video, audio, poster, preview, preview-index, track or manifest. */
  kind: string
  /** In the folder of the recording and behind its prefix. */
  name: string
  content_type: string
  bytes: number
  duration_ms: number | null
  width: number | null
  height: number | null
}

export interface RecordingSharesTable {
  id: string
  recording_id: string
  /** SHA-256 of what the link holds. */
  token_hash: string
  created_at: Timestamp
  created_by: Json
  expires_at: Timestamp
  may_download: boolean
  views: Generated<number>
}

/** What store functions take first: the database, or a transaction in it. */
export type Queryable = Kysely<Tables>
