import type { Queryable } from '../db/tables.ts'

const shown = ['id', 'name', 'created_at', 'last_used_at', 'revoked_at'] as const

export async function insertApiKey(
  db: Queryable,
  row: { id: string; name: string; secret: Uint8Array; created_at: Date },
): Promise<void> {
  await db.insertInto('api_keys').values(row).execute()
}

/** Newest first. */
export function listApiKeys(db: Queryable) {
  return db.selectFrom('api_keys').select(shown).orderBy('created_at', 'desc').orderBy('id').execute()
}

/** The encrypted secret, unless the key was revoked. */
export async function findApiKeySecret(db: Queryable, id: string): Promise<Uint8Array | undefined> {
  const row = await db.selectFrom('api_keys').select('secret').where('id', '=', id).executeTakeFirst()
  return row?.secret ?? undefined
}

/** Writes at most once in `everyMs`, whoever else does. */
export async function markApiKeyUsed(
  db: Queryable,
  { id, now, everyMs }: { id: string; now: Date; everyMs: number },
): Promise<void> {
  await db
    .updateTable('api_keys')
    .set({ last_used_at: now })
    .where('id', '=', id)
    .where((row) =>
      row.or([row('last_used_at', 'is', null), row('last_used_at', '<=', new Date(now.getTime() - everyMs))]),
    )
    .execute()
}

/** Forgets the secret and keeps the rest. False when there is no such key; revoking again changes nothing. */
export async function revokeApiKey(db: Queryable, { id, now }: { id: string; now: Date }): Promise<boolean> {
  const row = await db
    .updateTable('api_keys')
    .set((row) => ({ secret: null, revoked_at: row.fn.coalesce('revoked_at', row.val(now)) }))
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}
