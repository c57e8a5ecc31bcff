import type { Config } from '../../config/schema.ts'
import type { Queryable } from '../db/tables.ts'
import { AppError } from '../lib/app-error.ts'
import { isBackend, type AccountCaller, type KeyCaller } from '../protocol/caller.ts'
import { tiesTo, type Ties } from './access.store.ts'
import { findRecording, listRecordings, type RecordingFilter, type RecordingRow } from './recordings.store.ts'

/** Who may do what with which recordings. */

export type RecordingCaller = AccountCaller | KeyCaller
export type Attendees = Config['recordings']['attendees']

/** What somebody may do with a recording. manager: everything. viewer: watch, and download where `mayDownload`. */
export interface Rights {
  readonly role: 'manager' | 'viewer'
  readonly mayDownload: boolean
}

const everything: Rights = { role: 'manager', mayDownload: true }

/** Undefined: they may not even know that it exists. */
export function rightsOf(
  caller: RecordingCaller,
  ties: Ties | undefined,
  { attendees, state }: { attendees: Attendees; state: RecordingRow['state'] },
): Rights | undefined {
  if (isBackend(caller)) return everything
  if (!ties) return undefined
  const { hosts, owns, attended, invited } = ties
  if (hosts || owns) return everything
  const isViewer = (attended || invited) && attendees !== 'nothing' && state !== 'deleting'
  return isViewer ? { role: 'viewer', mayDownload: attendees === 'download' } : undefined
}

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
  const row = await findRecording(options.db, recordingId)
  const [seen] = row ? await seenAmong([row], options) : []
  if (!seen) throw noSuchRecording()
  return seen
}

/** The same for what only managers may do. Throws `forbidden` for viewers. */
export async function manageRecording(options: AccessOptions, recordingId: string): Promise<RecordingRow> {
  const { row, rights } = await seeRecording(options, recordingId)
  if (rights.role === 'manager') return row
  throw new AppError('forbidden', 'Only the host of the meeting and admins may do this.')
}

export const listsOf = ['me', 'all'] as const

/** Newest first. Throws `forbidden` for who asks for everybody's and may not. */
export function listFor(
  { db, caller, attendees }: AccessOptions,
  list: RecordingFilter & {
    readonly of?: (typeof listsOf)[number] | undefined
    readonly after: { at: Date; id: string } | undefined
    readonly limit: number
  },
): Promise<RecordingRow[]> {
  const { of, ...others } = list
  const isOwn = caller.kind === 'account' && of !== 'all'
  if (!isOwn && !isBackend(caller)) {
    throw new AppError('forbidden', 'Only admins and backends see what others recorded.')
  }
  return listRecordings(db, {
    ...others,
    viewer: isOwn ? caller : undefined,
    attendees: attendees !== 'nothing',
  })
}

/** Those of these rows that `caller` may know of. */
export async function seenAmong(
  rows: readonly RecordingRow[],
  { db, caller, attendees }: AccessOptions,
): Promise<SeenRecording[]> {
  const ids = rows.map(({ id }) => id)
  const ties = caller.kind === 'account' ? await tiesTo(db, caller, ids) : undefined
  return rows.flatMap((row) => {
    const rights = rightsOf(caller, ties?.get(row.id), { attendees, state: row.state })
    return rights ? { row, rights } : []
  })
}

export function noSuchRecording(): AppError {
  return new AppError('not-found', 'There is no such recording.')
}
