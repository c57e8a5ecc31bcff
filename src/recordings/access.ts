import { sql, type Selectable } from 'kysely'
import type { Config } from '../../config/schema.ts'
import type { Queryable, RecordingsTable } from '../db/tables.ts'
import { AppError } from '../lib/app-error.ts'
import { isBackend, type AccountCaller, type KeyCaller } from '../protocol/caller.ts'
import type { RecordingState } from './shapes.ts'

/** Who may do what with which recordings. */

export type RecordingCaller = AccountCaller | KeyCaller
export type Attendees = Config['recordings']['attendees']

/** What somebody may do with a recording. manager: everything. viewer: watch, and download where `mayDownload`. */
export interface Rights {
  readonly role: 'manager' | 'viewer'
  readonly mayDownload: boolean
}

/** What ties an account to a recording. */
export interface Ties {
  /** Hosts the meeting that was recorded. */
  readonly hosts: boolean
  /** Started the recording of a room that is no meeting's, or whose meeting was deleted. */
  readonly owns: boolean
  /** Was there while it was recorded. */
  readonly attended: boolean
  /** Is invited to the meeting. */
  readonly invited: boolean
}

export const noTies: Ties = { hosts: false, owns: false, attended: false, invited: false }
const everything: Rights = { role: 'manager', mayDownload: true }

/** Undefined: they may not even know that it exists. */
export function rightsOf(
  caller: RecordingCaller,
  { hosts, owns, attended, invited }: Ties,
  { attendees, state }: { attendees: Attendees; state: RecordingState },
): Rights | undefined {
  if (isBackend(caller) || hosts || owns) return everything
  const isViewer = (attended || invited) && attendees !== 'nothing' && state !== 'deleting'
  return isViewer ? { role: 'viewer', mayDownload: attendees === 'download' } : undefined
}

export type RecordingRow = Selectable<RecordingsTable>

/** A recording with what its asker may do. */
export interface SeenRecording {
  readonly row: RecordingRow
  readonly rights: Rights
}

export interface AccessOptions {
  readonly db: Queryable
  readonly attendees: Attendees
  readonly caller: RecordingCaller
}

/** Throws `not-found` for a recording that there is not, and for one that `caller` may not know of. */
export async function seeRecording(options: AccessOptions, recordingId: string): Promise<SeenRecording> {
  const found = await withTies(options).where('recordings.id', '=', recordingId).executeTakeFirst()
  const seen = found && seenOf(found, options)
  if (!seen) throw noSuchRecording()
  return seen
}

/** The same for what only managers may do. Throws `forbidden` for viewers. */
export async function manageRecording(options: AccessOptions, recordingId: string): Promise<RecordingRow> {
  const { row, rights } = await seeRecording(options, recordingId)
  if (rights.role === 'manager') return row
  throw new AppError('forbidden', 'Only the host of the meeting and admins may do this.')
}

export interface RecordingFilter {
  readonly roomId?: string | undefined
  readonly meetingId?: string | undefined
  readonly state?: RecordingState | undefined
  /** Of its start: not before. */
  readonly from?: Date | undefined
  /** Of its start: before. */
  readonly to?: Date | undefined
}

/** Newest first. `of` me: those that an account is tied to; all: everybody's, which only admins and backends may ask for. */
export async function listSeenRecordings(
  options: AccessOptions,
  list: {
    readonly filter: RecordingFilter
    readonly of: 'me' | 'all' | undefined
    readonly after: { at: Date; id: string } | undefined
    readonly limit: number
  },
): Promise<SeenRecording[]> {
  const { db, caller, attendees } = options
  const { filter, of, after, limit } = list
  const { roomId, meetingId, state, from, to } = filter
  let query = withTies(options)
    .orderBy('recordings.started_at', 'desc')
    .orderBy('recordings.id', 'desc')
    .limit(limit)
  if (caller.kind === 'account' && of !== 'all') {
    query = query.where('recordings.id', 'in', idsSeenBy(db, caller, attendees))
  } else if (!isBackend(caller)) {
    throw new AppError('forbidden', 'Only admins and backends see what others recorded.')
  }
  if (roomId !== undefined) query = query.where('recordings.room_id', '=', roomId)
  if (meetingId !== undefined) query = query.where('recordings.meeting_id', '=', meetingId)
  if (state !== undefined) query = query.where('recordings.state', '=', state)
  if (from) query = query.where('recordings.started_at', '>=', from)
  if (to) query = query.where('recordings.started_at', '<', to)
  if (after) {
    query = query.where((row) =>
      row.or([
        row('recordings.started_at', '<', after.at),
        row.and([row('recordings.started_at', '=', after.at), row('recordings.id', '<', after.id)]),
      ]),
    )
  }
  const found = await query.execute()
  return found.flatMap((row) => seenOf(row, options) ?? [])
}

type TiedRow = RecordingRow & Ties

function seenOf(
  { hosts, owns, attended, invited, ...row }: TiedRow,
  options: AccessOptions,
): SeenRecording | undefined {
  const { caller, attendees } = options
  const ties = { hosts, owns, attended, invited }
  const rights = rightsOf(caller, ties, { attendees, state: row.state as RecordingState })
  return rights && { row, rights }
}

/** Recordings with what ties the caller to each. */
function withTies({ db, caller }: AccessOptions) {
  const account = caller.kind === 'account' ? caller : nobody
  return db
    .selectFrom('recordings')
    .selectAll('recordings')
    .select((row) => [
      row
        .exists(
          row
            .selectFrom('meetings')
            .select('meetings.id')
            .whereRef('meetings.id', '=', 'recordings.meeting_id')
            .where('meetings.host_id', '=', account.accountId),
        )
        .$castTo<boolean>()
        .as('hosts'),
      isOwnedBy(account.accountId).as('owns'),
      row
        .exists(
          row
            .selectFrom('recording_participants')
            .select('recording_id')
            .whereRef('recording_id', '=', 'recordings.id')
            .where('account_id', '=', account.accountId),
        )
        .$castTo<boolean>()
        .as('attended'),
      row
        .exists(
          row
            .selectFrom('meeting_invitees')
            .select('meeting_invitees.meeting_id')
            .whereRef('meeting_invitees.meeting_id', '=', 'recordings.meeting_id')
            .where('email', '=', account.email.toLowerCase()),
        )
        .$castTo<boolean>()
        .as('invited'),
    ])
}

/** An API key is tied to nothing: no account has an empty id or address. */
const nobody = { accountId: '', email: '' }

function isOwnedBy(accountId: string) {
  return sql<boolean>`(recordings.meeting_id is null and recordings.started_by ->> 'kind' = 'account'
    and recordings.started_by ->> 'id' = ${accountId}) is true`
}

/** The same as ids, each part by an index of its own. */
function idsSeenBy(db: Queryable, { accountId, email }: AccountCaller, attendees: Attendees) {
  const managed = db
    .selectFrom('recordings')
    .innerJoin('meetings', 'meetings.id', 'recordings.meeting_id')
    .select('recordings.id as id')
    .where('meetings.host_id', '=', accountId)
    .union(db.selectFrom('recordings').select('recordings.id as id').where(isOwnedBy(accountId)))
  if (attendees === 'nothing') return managed
  return managed
    .union(
      db
        .selectFrom('recording_participants')
        .innerJoin('recordings', 'recordings.id', 'recording_participants.recording_id')
        .select('recordings.id as id')
        .where('recording_participants.account_id', '=', accountId)
        .where('recordings.state', '!=', 'deleting'),
    )
    .union(
      db
        .selectFrom('meeting_invitees')
        .innerJoin('recordings', 'recordings.meeting_id', 'meeting_invitees.meeting_id')
        .select('recordings.id as id')
        .where('meeting_invitees.email', '=', email.toLowerCase())
        .where('recordings.state', '!=', 'deleting'),
    )
}

export function noSuchRecording(): AppError {
  return new AppError('not-found', 'There is no such recording.')
}
