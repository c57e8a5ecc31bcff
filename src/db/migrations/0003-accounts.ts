import { sql, type ColumnDefinitionBuilder, type Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('accounts')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('email', 'text', (column) => column.notNull().unique())
    .addColumn('email_verified_at', 'timestamptz')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('password_hash', 'text')
    .addColumn('issuer', 'text')
    .addColumn('subject', 'text')
    .addColumn('settings', 'jsonb', (column) => column.notNull().defaultTo(sql`'{}'::jsonb`))
    .addColumn('consent_at', 'timestamptz')
    .addColumn('disabled_at', 'timestamptz')
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull().defaultTo(1))
    .addUniqueConstraint('accounts_subject', ['issuer', 'subject'])
    .execute()

  await db.schema
    .createTable('account_sessions')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', ofAccount)
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .addColumn('last_seen_at', 'timestamptz', (column) => column.notNull())
    .addColumn('expires_at', 'timestamptz', (column) => column.notNull())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('user_agent', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('account_sessions_account')
    .on('account_sessions')
    .columns(['account_id', 'last_seen_at'])
    .execute()
  await db.schema.createIndex('account_sessions_expiry').on('account_sessions').column('expires_at').execute()

  await db.schema
    .createTable('refresh_tokens')
    .addColumn('hash', 'bytea', (column) => column.primaryKey())
    .addColumn('session_id', 'text', (column) =>
      column.notNull().references('account_sessions.id').onDelete('cascade'),
    )
    .addColumn('expires_at', 'timestamptz', (column) => column.notNull())
    .addColumn('replaced_at', 'timestamptz')
    .execute()
  await db.schema.createIndex('refresh_tokens_session').on('refresh_tokens').column('session_id').execute()
  await db.schema.createIndex('refresh_tokens_expiry').on('refresh_tokens').column('expires_at').execute()

  await db.schema
    .createTable('mail_tokens')
    .addColumn('hash', 'bytea', (column) => column.primaryKey())
    .addColumn('account_id', 'text', ofAccount)
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('email', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'timestamptz', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('mail_tokens_account')
    .on('mail_tokens')
    .columns(['account_id', 'purpose'])
    .execute()
  await db.schema.createIndex('mail_tokens_expiry').on('mail_tokens').column('expires_at').execute()

  await db.schema
    .createTable('second_factors')
    .addColumn('account_id', 'text', (column) =>
      column.primaryKey().references('accounts.id').onDelete('cascade'),
    )
    .addColumn('secret', 'bytea', (column) => column.notNull())
    .addColumn('confirmed_at', 'timestamptz')
    .addColumn('last_step', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('failures', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('failing_since', 'timestamptz')
    .execute()
  await db.schema
    .createTable('recovery_codes')
    .addColumn('account_id', 'text', ofAccount)
    .addColumn('hash', 'bytea', (column) => column.notNull())
    .addPrimaryKeyConstraint('recovery_codes_pkey', ['account_id', 'hash'])
    .execute()

  await db.schema
    .createTable('signing_keys')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('generation', 'integer', (column) => column.notNull().unique())
    .addColumn('private_key', 'bytea', (column) => column.notNull())
    .addColumn('public_key', 'jsonb', (column) => column.notNull())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .execute()
}

/** What belongs to an account goes with it. */
function ofAccount(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.notNull().references('accounts.id').onDelete('cascade')
}
