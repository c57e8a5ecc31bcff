import { Migrator } from 'kysely/migration'
import type { Log } from '../lib/log.ts'
import { migrations } from './migrations/index.ts'
import type { Queryable } from './tables.ts'

/** Names of our own, so that another application may use Kysely in the same database. */
const tables = { migrationTableName: 'sluice_migration', migrationLockTableName: 'sluice_migration_lock' }

/**
 * Brings the tables to the newest state, or to that of `target`. Holds PostgreSQL's advisory lock meanwhile: of processes
 * that start together one migrates and the others wait.
 */
export async function migrate(db: Queryable, { log, target }: { log: Log; target?: string }): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    ...tables,
  })
  const { error, results } = await (target === undefined
    ? migrator.migrateToLatest()
    : migrator.migrateTo(target))
  for (const { migrationName, status } of results ?? []) {
    if (status === 'Success') log.info({ migration: migrationName }, 'migrated the database')
  }
  if (error === undefined) return
  if (error instanceof Error && error.message.startsWith('corrupted migrations')) {
    throw new Error('the database belongs to a newer Sluice than this one; start that one', { cause: error })
  }
  throw error
}
