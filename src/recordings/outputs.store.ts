import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Queryable, RecordingOutputsTable } from '../db/tables.ts'

/** What was made of recordings, or is to be. */

export interface OutputRow extends Selectable<RecordingOutputsTable> {
  readonly kind: 'video' | 'audio'
  readonly state: OutputState
}

/** removing: it is shown to nobody any more, and its files are being deleted. */
export type OutputState = 'queued' | 'running' | 'ready' | 'failed' | 'removing'

export async function insertOutput(db: Queryable, row: Insertable<RecordingOutputsTable>): Promise<void> {
  await db.insertInto('recording_outputs').values(row).execute()
}

/** Newest first, without those that are being removed. */
export function outputsOf(db: Queryable, recordingIds: readonly string[]): Promise<OutputRow[]> {
  if (recordingIds.length === 0) return Promise.resolve([])
  return fromOutputs(db)
    .where('recording_id', 'in', recordingIds)
    .where('state', '<>', 'removing')
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
}

export function findOutput(
  db: Queryable,
  recordingId: string,
  outputId: string,
): Promise<OutputRow | undefined> {
  return fromOutputs(db)
    .where('id', '=', outputId)
    .where('recording_id', '=', recordingId)
    .where('state', '<>', 'removing')
    .executeTakeFirst()
}

/** Gives whether there was such a row in one of these states. */
export async function moveOutput(
  db: Queryable,
  id: string,
  change: Omit<Updateable<RecordingOutputsTable>, 'id' | 'recording_id'>,
  onlyFrom?: readonly OutputState[],
): Promise<boolean> {
  let query = db.updateTable('recording_outputs').set(change).where('id', '=', id)
  if (onlyFrom) query = query.where('state', 'in', onlyFrom)
  const { numUpdatedRows } = await query.executeTakeFirst()
  return numUpdatedRows > 0n
}

/** With the rows of its files. */
export async function deleteOutput(db: Queryable, id: string): Promise<void> {
  await db.deleteFrom('recording_outputs').where('id', '=', id).execute()
}

function fromOutputs(db: Queryable) {
  return db.selectFrom('recording_outputs').selectAll('recording_outputs').$narrowType<OutputRow>()
}
