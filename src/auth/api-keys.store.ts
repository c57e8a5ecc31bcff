import type { Queryable } from '../db/tables.ts'

/** Of backends, which admins manage; or of this server, for the tokens that it issues itself. */
export type KeyKind = 'backend' | 'server'

const shown = ['id', 'name', 'created_at', 'last_used_at', 'revoked_at'] as const

export async function insertApiKey(
  db: Queryable,
  row: { id: string; name: string; secret: Uint8Array; created_at: Date; kind?: KeyKind },
): Promise<void> {
  await db.insertInto('api_keys').values(row).execute()
}

/** Those of backends, newest first. */
export function listApiKeys(db: Queryable) {
  return db
    .selectFrom('api_keys')
    .select(shown)
    .where('kind', '=', 'backend' satisfies KeyKind)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
}

/** Ids of this server's own keys, newest first. */
export async function listServerKeys(db: Queryable): Promise<string[]> {
  const rows = await db
    .selectFrom('api_keys')
    .select('id')
    .where('kind', '=', 'server' satisfies KeyKind)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
  return rows.map(({ id }) => id)
}

/** The encrypted secret, unless the key was revoked. */
export async function findApiKeySecret(
  db: Queryable,
  { id, kind }: { id: string; kind?: KeyKind | undefined },
): Promise<Uint8Array | undefined> {
  let query = db.selectFrom('api_keys').select('secret').where('id', '=', id)
  if (kind !== undefined) query = query.where('kind', '=', kind)
  return (await query.executeTakeFirst())?.secret ?? undefined
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
    .where('kind', '=', 'backend' satisfies KeyKind)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}
