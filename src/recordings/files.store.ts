import { sql, type Insertable, type Selectable } from 'kysely'
import type { Queryable, RecordingFilesTable } from '../db/tables.ts'

/** Files of recordings and of what was made of them. */

export type FileRow = Selectable<RecordingFilesTable>

/** Writes rows of files; a name that is there already is of the same file. */
export async function keepFiles(
  db: Queryable,
  rows: readonly Insertable<RecordingFilesTable>[],
): Promise<void> {
  // A statement takes 65535 parameters.
  for (let at = 0; at < rows.length; at += 1000) {
    await db
      .insertInto('recording_files')
      .values(rows.slice(at, at + 1000))
      .onConflict((conflict) =>
        conflict.columns(['recording_id', 'name']).doUpdateSet((set) => ({
          output_id: set.ref('excluded.output_id'),
          bytes: set.ref('excluded.bytes'),
          content_type: set.ref('excluded.content_type'),
          duration_ms: set.ref('excluded.duration_ms'),
          width: set.ref('excluded.width'),
          height: set.ref('excluded.height'),
        })),
      )
      .execute()
  }
}

/** Of the recordings and of what was made of them, without what is being removed. madeOnly: without the tracks, which are many. */
export function filesOf(
  db: Queryable,
  recordingIds: readonly string[],
  { madeOnly = false }: { madeOnly?: boolean } = {},
): Promise<FileRow[]> {
  if (recordingIds.length === 0) return Promise.resolve([])
  const files = shownFiles(db)
    .where('recording_files.recording_id', 'in', recordingIds)
    .orderBy('recording_files.name')
  return (madeOnly ? files.where('recording_files.output_id', 'is not', null) : files).execute()
}

/** Those of some tracks. */
export function filesOfTracks(
  db: Queryable,
  recordingId: string,
  trackIds: readonly string[],
): Promise<FileRow[]> {
  if (trackIds.length === 0) return Promise.resolve([])
  return shownFiles(db)
    .where('recording_files.recording_id', '=', recordingId)
    .where('recording_files.track_id', 'in', trackIds)
    .orderBy('recording_files.name')
    .execute()
}

export function findManifestFile(db: Queryable, recordingId: string): Promise<FileRow | undefined> {
  return shownFiles(db)
    .where('recording_files.recording_id', '=', recordingId)
    .where('recording_files.kind', '=', 'manifest')
    .executeTakeFirst()
}

export function findFile(db: Queryable, recordingId: string, fileId: string): Promise<FileRow | undefined> {
  return shownFiles(db)
    .where('recording_files.id', '=', fileId)
    .where('recording_files.recording_id', '=', recordingId)
    .executeTakeFirst()
}

/** Names of the files of an output. */
export async function fileNamesOf(db: Queryable, outputId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('recording_files')
    .select('name')
    .where('output_id', '=', outputId)
    .execute()
  return rows.map(({ name }) => name)
}

/** Whether anything of it was kept that something could be made of. */
export async function hasTracks(db: Queryable, recordingId: string): Promise<boolean> {
  const row = await db
    .selectFrom('recording_files')
    .select('id')
    .where('recording_id', '=', recordingId)
    .where('kind', '=', 'track')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Writes down how many bytes its files have together. */
export async function sumUp(db: Queryable, recordingId: string): Promise<void> {
  await db
    .updateTable('recordings')
    .set((row) => ({
      bytes: row
        .selectFrom('recording_files')
        .select((file) => file.fn.coalesce(file.fn.sum<number>('bytes'), sql<number>`0`).as('bytes'))
        .where('recording_id', '=', recordingId),
    }))
    .where('id', '=', recordingId)
    .execute()
}

function shownFiles(db: Queryable) {
  return db
    .selectFrom('recording_files')
    .leftJoin('recording_outputs', 'recording_outputs.id', 'recording_files.output_id')
    .selectAll('recording_files')
    .where((row) =>
      row.or([row('recording_files.output_id', 'is', null), row('recording_outputs.state', '=', 'ready')]),
    )
}
