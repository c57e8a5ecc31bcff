import type { Queryable } from '../db/tables.ts'
import type { AuditAction } from './actions.ts'

export interface AuditRow {
  readonly id: string
  readonly at: Date
  readonly action: AuditAction
  readonly actor_kind: string
  readonly actor_id: string | null
  readonly target_kind: string | null
  readonly target_id: string | null
  readonly address: string | null
  readonly data: Record<string, unknown> | null
}

export async function insertAuditRow(db: Queryable, row: AuditRow): Promise<void> {
  const data = row.data === null ? null : JSON.stringify(row.data)
  await db
    .insertInto('audit_log')
    .values({ ...row, data })
    .execute()
}

export interface AuditFilter {
  readonly action?: string | undefined
  readonly actorId?: string | undefined
  readonly targetId?: string | undefined
  readonly from?: Date | undefined
  readonly to?: Date | undefined
  readonly before?: { at: Date; id: string } | undefined
  readonly limit: number
}

/** Newest first. */
export function findAuditRows(db: Queryable, filter: AuditFilter): Promise<AuditRow[]> {
  const { action, actorId, targetId, from, to, before, limit } = filter
  let query = db.selectFrom('audit_log').selectAll().orderBy('at', 'desc').orderBy('id', 'desc').limit(limit)
  if (action !== undefined) query = query.where('action', '=', action)
  if (actorId !== undefined) query = query.where('actor_id', '=', actorId)
  if (targetId !== undefined) query = query.where('target_id', '=', targetId)
  if (from) query = query.where('at', '>=', from)
  if (to) query = query.where('at', '<', to)
  if (before) {
    query = query.where((row) =>
      row.or([row('at', '<', before.at), row.and([row('at', '=', before.at), row('id', '<', before.id)])]),
    )
  }
  return query.execute() as Promise<AuditRow[]>
}

/** Returns how many there were. */
export async function deleteAuditRowsBefore(db: Queryable, before: Date): Promise<number> {
  const { numDeletedRows } = await db.deleteFrom('audit_log').where('at', '<', before).executeTakeFirst()
  return Number(numDeletedRows)
}
