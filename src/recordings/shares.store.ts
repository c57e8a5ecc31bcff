import type { Insertable, Selectable } from 'kysely'
import type { Queryable, RecordingSharesTable } from '../db/tables.ts'
import type { Trx } from './recordings.store.ts'

/** Rows of links that share recordings. */

export type ShareRow = Selectable<RecordingSharesTable>

/** Undefined where there are `max` already; those that are over make room. Who asks holds the row of the recording. */
export async function insertShare(
  trx: Trx,
  row: Insertable<RecordingSharesTable>,
  { max, now }: { max: number; now: Date },
): Promise<boolean> {
  await trx
    .deleteFrom('recording_shares')
    .where('recording_id', '=', row.recording_id)
    .where('expires_at', '<=', now)
    .execute()
  const { count } = await trx
    .selectFrom('recording_shares')
    .select((share) => share.fn.countAll<number>().as('count'))
    .where('recording_id', '=', row.recording_id)
    .executeTakeFirstOrThrow()
  if (count >= max) return false
  await trx.insertInto('recording_shares').values(row).execute()
  return true
}

/** Those that still open, newest first. */
export function openShares(db: Queryable, recordingId: string, now: Date): Promise<ShareRow[]> {
  return db
    .selectFrom('recording_shares')
    .selectAll()
    .where('recording_id', '=', recordingId)
    .where('expires_at', '>', now)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
}

/** Gives whether there was one. */
export async function deleteShare(db: Queryable, recordingId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('recording_shares')
    .where('id', '=', id)
    .where('recording_id', '=', recordingId)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** The share of a link that opens now. */
export function findShare(db: Queryable, tokenHash: string, now: Date): Promise<ShareRow | undefined> {
  return db
    .selectFrom('recording_shares')
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .where('expires_at', '>', now)
    .executeTakeFirst()
}

export async function countView(db: Queryable, id: string): Promise<void> {
  await db
    .updateTable('recording_shares')
    .set((row) => ({ views: row('views', '+', 1) }))
    .where('id', '=', id)
    .execute()
}
