import type { Queryable } from '../db/tables.ts'

export interface SigningKeyRow {
  readonly id: string
  readonly generation: number
  readonly private_key: Uint8Array
  readonly public_key: Record<string, unknown>
  readonly created_at: Date
}

/** Oldest first. */
export function listSigningKeys(db: Queryable): Promise<SigningKeyRow[]> {
  return db.selectFrom('signing_keys').selectAll().orderBy('generation').execute()
}

/** Does nothing when somebody else has made this generation. */
export async function insertSigningKey(db: Queryable, row: SigningKeyRow): Promise<void> {
  await db
    .insertInto('signing_keys')
    .values({ ...row, public_key: JSON.stringify(row.public_key) })
    .onConflict((conflict) => conflict.column('generation').doNothing())
    .execute()
}

export async function deleteSigningKeys(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.deleteFrom('signing_keys').where('id', 'in', ids).execute()
}
