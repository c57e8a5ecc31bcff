import type { Kysely } from 'kysely'

/**
 * An index as migrations make most of them, named by its table and columns: `meetings_by_status_next_start`. As migrations that
 * have run, it is not changed.
 */
export function createIndex(db: Kysely<unknown>, table: string, columns: string[]): Promise<void> {
  return db.schema
    .createIndex(`${table}_by_${columns.join('_')}`)
    .on(table)
    .columns(columns)
    .execute()
}
