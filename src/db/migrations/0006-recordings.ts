import { sql, type ColumnDefinitionBuilder, type Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('meetings')
    .addColumn('record', 'text', (column) => column.notNull().defaultTo('hosts'))
    .execute()

  await db.schema
    .createTable('recordings')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('room_id', 'text', (column) => column.notNull())
    .addColumn('meeting_id', 'text', (column) => column.references('meetings.id').onDelete('set null'))
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('started_at', 'timestamptz', (column) => column.notNull())
    .addColumn('started_by', 'jsonb')
    .addColumn('ended_at', 'timestamptz')
    .addColumn('end_reason', 'text')
    .addColumn('duration_ms', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('bytes', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('storage', 'text', (column) => column.notNull())
    .addColumn('prefix', 'text', (column) => column.notNull())
    .addColumn('upload', 'jsonb')
    .addColumn('is_local', 'boolean', (column) => column.notNull().defaultTo(true))
    .addColumn('stored_at', 'timestamptz')
    .addColumn('error', 'jsonb')
    .addColumn('expires_at', 'timestamptz')
    .addColumn('version', 'integer', (column) => column.notNull().defaultTo(1))
    .execute()
  await index(db, 'recordings', ['started_at', 'id'])
  await index(db, 'recordings', ['meeting_id', 'started_at'])
  await index(db, 'recordings', ['room_id', 'started_at'])
  await index(db, 'recordings', ['state'])
  await index(db, 'recordings', ['expires_at'])
  await db.schema
    .createIndex('recordings_by_starter')
    .on('recordings')
    .expression(sql`(started_by ->> 'id')`)
    .execute()

  await db.schema
    .createTable('recording_participants')
    .addColumn('recording_id', 'text', (column) => cascade(column, 'recordings.id'))
    .addColumn('identity', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.references('accounts.id').onDelete('set null'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('speech', 'jsonb')
    .addPrimaryKeyConstraint('recording_participants_key', ['recording_id', 'identity'])
    .execute()
  await index(db, 'recording_participants', ['account_id'])

  await db.schema
    .createTable('recording_outputs')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('recording_id', 'text', (column) => cascade(column, 'recordings.id'))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('options', 'jsonb')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('progress', 'double precision', (column) => column.notNull().defaultTo(0))
    .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('next_attempt_at', 'timestamptz')
    .addColumn('error', 'jsonb')
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .addColumn('finished_at', 'timestamptz')
    .execute()
  await index(db, 'recording_outputs', ['recording_id', 'created_at'])
  await index(db, 'recording_outputs', ['state', 'next_attempt_at'])

  await db.schema
    .createTable('recording_files')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('recording_id', 'text', (column) => cascade(column, 'recordings.id'))
    .addColumn('output_id', 'text', (column) => column.references('recording_outputs.id').onDelete('cascade'))
    .addColumn('track_id', 'text')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('content_type', 'text', (column) => column.notNull())
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .addColumn('duration_ms', 'bigint')
    .addColumn('width', 'integer')
    .addColumn('height', 'integer')
    .addUniqueConstraint('recording_files_name', ['recording_id', 'name'])
    .execute()
  await index(db, 'recording_files', ['output_id'])

  await db.schema
    .createTable('recording_shares')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('recording_id', 'text', (column) => cascade(column, 'recordings.id'))
    .addColumn('token_hash', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .addColumn('created_by', 'jsonb')
    .addColumn('expires_at', 'timestamptz', (column) => column.notNull())
    .addColumn('may_download', 'boolean', (column) => column.notNull())
    .addColumn('views', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
  await index(db, 'recording_shares', ['recording_id', 'created_at'])
}

function cascade(column: ColumnDefinitionBuilder, to: string): ColumnDefinitionBuilder {
  return column.notNull().references(to).onDelete('cascade')
}

function index(db: Kysely<unknown>, table: string, columns: string[]): Promise<void> {
  return db.schema
    .createIndex(`${table}_by_${columns.join('_')}`)
    .on(table)
    .columns(columns)
    .execute()
}
