import { sql, type Kysely } from 'kysely'
import { createIndex } from './create-index.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  // Keys of this server itself, for the room tokens that it issues.
  await db.schema
    .alterTable('api_keys')
    .addColumn('kind', 'text', (column) => column.notNull().defaultTo('backend'))
    .execute()

  await db.schema
    .createTable('meetings')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('code', 'text', (column) => column.unique())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('host_id', 'text', (column) => column.references('accounts.id').onDelete('set null'))
    .addColumn('host_name', 'text', (column) => column.notNull())
    .addColumn('starts_at', 'timestamptz')
    .addColumn('ends_at', 'timestamptz')
    .addColumn('time_zone', 'text', (column) => column.notNull())
    .addColumn('recurrence', 'text')
    .addColumn('next_start', 'timestamptz')
    .addColumn('next_end', 'timestamptz')
    .addColumn('passcode', 'bytea')
    .addColumn('lobby', 'boolean', (column) => column.notNull())
    .addColumn('join_before_host', 'boolean', (column) => column.notNull())
    .addColumn('max_participants', 'integer')
    .addColumn('metadata', 'jsonb')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('sequence', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('version', 'integer', (column) => column.notNull().defaultTo(1))
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .addColumn('changed_at', 'timestamptz', (column) => column.notNull())
    .addColumn('check_at', 'timestamptz')
    .addColumn('past_at', 'timestamptz')
    .execute()
  await createIndex(db, 'meetings', ['host_id', 'created_at'])
  await createIndex(db, 'meetings', ['status', 'next_start'])
  await createIndex(db, 'meetings', ['check_at'])
  await createIndex(db, 'meetings', ['past_at'])
  await createIndex(db, 'meetings', ['created_at'])

  await db.schema
    .createTable('meeting_invitees')
    .addColumn('meeting_id', 'text', (column) =>
      column.notNull().references('meetings.id').onDelete('cascade'),
    )
    .addColumn('email', 'text', (column) => column.notNull())
    .addColumn('name', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('meeting_invitees_key', ['meeting_id', 'email'])
    .execute()
  await createIndex(db, 'meeting_invitees', ['email'])

  await db.schema
    .createTable('meeting_sessions')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('meeting_id', 'text', (column) =>
      column.notNull().references('meetings.id').onDelete('cascade'),
    )
    .addColumn('started_at', 'timestamptz', (column) => column.notNull())
    .addColumn('occurrence_start', 'timestamptz')
    .addColumn('occurrence_end', 'timestamptz')
    .addColumn('empty_since', 'timestamptz')
    .addColumn('joined', 'boolean', (column) => column.notNull().defaultTo(false))
    .addColumn('ended_at', 'timestamptz')
    .addColumn('end_reason', 'text')
    .execute()
  await createIndex(db, 'meeting_sessions', ['meeting_id', 'started_at'])
  // Whatever two processes do at once: a meeting runs once at a time.
  await db.schema
    .createIndex('meeting_sessions_open')
    .unique()
    .on('meeting_sessions')
    .column('meeting_id')
    .where(sql.ref('ended_at'), 'is', null)
    .execute()

  await db.schema
    .createTable('attendances')
    .addColumn('session_id', 'text', (column) =>
      column.notNull().references('meeting_sessions.id').onDelete('cascade'),
    )
    .addColumn('identity', 'text', (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.references('accounts.id').onDelete('set null'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('joined_at', 'timestamptz', (column) => column.notNull())
    .addColumn('left_at', 'timestamptz')
    .addColumn('visits', 'integer', (column) => column.notNull())
    .addColumn('earlier_ms', 'bigint', (column) => column.notNull())
    .addColumn('visit_start', 'timestamptz', (column) => column.notNull())
    .addColumn('seen_at', 'timestamptz', (column) => column.notNull())
    .addColumn('process_id', 'text')
    .addPrimaryKeyConstraint('attendances_key', ['session_id', 'identity'])
    .execute()
  await createIndex(db, 'attendances', ['account_id'])
  await db.schema
    .createIndex('attendances_open')
    .on('attendances')
    .column('seen_at')
    .where(sql.ref('left_at'), 'is', null)
    .execute()

  await db.schema
    .createTable('calls')
    .addColumn('id', 'text', (column) => column.primaryKey().references('meetings.id').onDelete('cascade'))
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('rings_until', 'timestamptz', (column) => column.notNull())
    .addColumn('alone_since', 'timestamptz')
    .addColumn('answered_at', 'timestamptz')
    .addColumn('ended_at', 'timestamptz')
    .addColumn('end_reason', 'text')
    .execute()

  await db.schema
    .createTable('call_callees')
    .addColumn('call_id', 'text', (column) => column.notNull().references('calls.id').onDelete('cascade'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.references('accounts.id').onDelete('set null'))
    .addColumn('called_as', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('call_callees_key', ['call_id', 'position'])
    .execute()
  await createIndex(db, 'call_callees', ['account_id', 'status'])

  await db.schema
    .createTable('calendar_feeds')
    .addColumn('account_id', 'text', (column) =>
      column.primaryKey().references('accounts.id').onDelete('cascade'),
    )
    .addColumn('token_hash', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .execute()
}
