import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('outgoing_mails')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('content', 'bytea')
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('next_attempt_at', 'timestamptz')
    .addColumn('taken', 'boolean', (column) => column.notNull().defaultTo(false))
    .addColumn('finished_at', 'timestamptz')
    .addColumn('outcome', 'text')
    .addColumn('last_error', 'text')
    .execute()
  await db.schema.createIndex('outgoing_mails_due').on('outgoing_mails').column('next_attempt_at').execute()
  await db.schema.createIndex('outgoing_mails_finished').on('outgoing_mails').column('finished_at').execute()
}
