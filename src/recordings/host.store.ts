import { sql } from 'kysely'
import type { Queryable } from '../db/tables.ts'
import type { OutputRow } from './outputs.store.ts'
import { fromRecordings, type RecordingRow } from './recordings.store.ts'
import type { RecordingState } from './shapes.ts'

/** What is to be looked after on a machine: rows by the host that has their folder, and by what is due. */

/** Recordings of a machine in one of these states, oldest first. */
export function recordingsOf(
  db: Queryable,
  host: string,
  states: readonly RecordingState[],
): Promise<RecordingRow[]> {
  return fromRecordings(db)
    .where('host', '=', host)
    .where('state', 'in', states)
    .orderBy('started_at')
    .orderBy('id')
    .execute()
}

/** Those of a machine that began to be processed and whose files were not listed yet, oldest first. */
export function unlistedRecordings(db: Queryable, host: string): Promise<RecordingRow[]> {
  return fromRecordings(db)
    .where('host', '=', host)
    .where('state', '=', 'processing')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('recording_files')
            .select('recording_files.id')
            .whereRef('recording_files.recording_id', '=', 'recordings.id')
            .where('recording_files.kind', '=', 'manifest'),
        ),
      ),
    )
    .orderBy('started_at')
    .execute()
}

/** Those that are over and not all in the bucket yet. */
export function unstoredRecordings(db: Queryable, host: string): Promise<RecordingRow[]> {
  return fromRecordings(db)
    .where('host', '=', host)
    .where('storage', '=', 's3')
    .where('stored_at', 'is', null)
    .where('state', 'in', ['processing', 'ready', 'failed'])
    .orderBy('started_at')
    .execute()
}

/** Those that the bucket has had for long enough, and of which nothing is being made. */
export function storedSince(db: Queryable, host: string, before: Date): Promise<RecordingRow[]> {
  return fromRecordings(db)
    .where('host', '=', host)
    .where('storage', '=', 's3')
    .where('is_local', '=', true)
    .where('stored_at', '<=', before)
    .where('state', 'in', ['ready', 'failed'])
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('recording_outputs')
            .select('recording_outputs.id')
            .whereRef('recording_outputs.recording_id', '=', 'recordings.id')
            .where('recording_outputs.state', 'in', ['queued', 'running', 'removing']),
        ),
      ),
    )
    .orderBy('stored_at')
    .limit(1000)
    .execute()
}

const mayExpire: readonly RecordingState[] = ['processing', 'ready', 'failed']

/** Ids of those that are to be deleted by now. */
export async function expiredRecordings(db: Queryable, now: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('recordings')
    .select('id')
    .where('expires_at', '<=', now)
    .where('state', 'in', mayExpire)
    .orderBy('expires_at')
    .limit(1000)
    .execute()
  return rows.map(({ id }) => id)
}

/** From now on nobody gets it. Gives whether that is still so: somebody may have kept it, or deleted it, since it was listed. */
export async function markExpired(db: Queryable, id: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('recordings')
    .set({ state: 'deleting', error: null })
    .where('id', '=', id)
    .where('expires_at', '<=', now)
    .where('state', 'in', mayExpire)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Which of these ids have a row, and of which machine it is. */
export function hostsOf(db: Queryable, ids: readonly string[]): Promise<{ id: string; host: string }[]> {
  if (ids.length === 0) return Promise.resolve([])
  return db.selectFrom('recordings').select(['id', 'host']).where('id', 'in', ids).execute()
}

/** These are of that machine from now on. */
export async function adopt(db: Queryable, ids: readonly string[], host: string): Promise<void> {
  if (ids.length === 0) return
  await db.updateTable('recordings').set({ host }).where('id', 'in', ids).execute()
}

/** Those whose files should be in the data folder of a machine. */
export function localRecordings(db: Queryable, host: string): Promise<RecordingRow[]> {
  return fromRecordings(db)
    .where('host', '=', host)
    .where('is_local', '=', true)
    .where('state', '<>', 'deleting')
    .execute()
}

/** Ids of those whose files are only in the bucket. */
export async function awayRecordings(db: Queryable, host: string): Promise<string[]> {
  const rows = await db
    .selectFrom('recordings')
    .select('id')
    .where('host', '=', host)
    .where('is_local', '=', false)
    .where('state', '<>', 'deleting')
    .execute()
  return rows.map(({ id }) => id)
}

/** Ids of those that are being deleted: of this machine, and of others those in a bucket whose row has not this code. */
export async function recordingsBeingDeleted(
  db: Queryable,
  { host, except }: { host: string; except: string },
): Promise<string[]> {
  const rows = await db
    .selectFrom('recordings')
    .select('id')
    .where('state', '=', 'deleting')
    .where((row) =>
      row.or([
        row('host', '=', host),
        row.and([
          row('storage', '=', 's3'),
          sql<boolean>`recordings.error ->> 'code' is distinct from ${except}`,
        ]),
      ]),
    )
    .orderBy('started_at')
    .orderBy('id')
    .execute()
  return rows.map(({ id }) => id)
}

/** Ids of what is to be made on a machine. */
export async function waitingOutputIds(db: Queryable, host: string): Promise<string[]> {
  const rows = await db
    .selectFrom('recording_outputs')
    .innerJoin('recordings', 'recordings.id', 'recording_outputs.recording_id')
    .select('recording_outputs.id')
    .where('recordings.host', '=', host)
    .where('recording_outputs.state', 'in', ['queued', 'running'])
    .execute()
  return rows.map(({ id }) => id)
}

/** Outputs that are being removed, of recordings of a machine. */
export function outputsBeingRemoved(db: Queryable, host: string): Promise<OutputRow[]> {
  return outputsKept(db, host).where('recording_outputs.state', '=', 'removing').execute()
}

/** Outputs of recordings of a machine that failed with this code. */
export function outputsFailedFor(db: Queryable, host: string, code: string): Promise<OutputRow[]> {
  return outputsKept(db, host)
    .where('recording_outputs.state', '=', 'failed')
    .where(sql`recording_outputs.error ->> 'code'`, '=', code)
    .execute()
}

/** Those of recordings that are not being deleted. */
function outputsKept(db: Queryable, host: string) {
  return db
    .selectFrom('recording_outputs')
    .innerJoin('recordings', 'recordings.id', 'recording_outputs.recording_id')
    .selectAll('recording_outputs')
    .where('recordings.host', '=', host)
    .where('recordings.state', '<>', 'deleting')
    .$narrowType<OutputRow>()
}
