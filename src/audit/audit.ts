import type { Queryable } from '../db/tables.ts'
import { decodeTimeCursor, pageOf } from '../lib/cursor.ts'
import { randomId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import type { Actor } from '../protocol/caller.ts'
import type { AuditAction } from './actions.ts'
import { deleteAuditRowsBefore, findAuditRows, insertAuditRow, type AuditRow } from './audit.store.ts'

export interface AuditEntry {
  readonly actor: Actor
  readonly action: AuditAction
  readonly target?: {
    readonly kind: 'account' | 'api-key' | 'room' | 'meeting' | 'participant' | 'recording'
    readonly id: string
  }
  /** More that an admin will want to know. Nothing secret: this is read by people. */
  readonly data?: Readonly<Record<string, string | number | boolean | readonly string[]>>
  readonly now: Date
}

const dayMs = 86_400_000

/** The audit log of this database. */
export class Audit {
  readonly #db: Queryable
  readonly #log: Log
  readonly #days: number

  constructor({ db, log, days }: { db: Queryable; log: Log; days: number }) {
    this.#db = db
    this.#log = log
    this.#days = days
  }

  /** Inside a transaction (`db`) the act and its entry are kept together or not at all. */
  async record(entry: AuditEntry, db: Queryable = this.#db): Promise<void> {
    const { actor, action, target, data, now } = entry
    await insertAuditRow(db, {
      id: randomId(),
      at: now,
      action,
      actor_kind: actor.kind,
      actor_id: actor.id ?? null,
      address: actor.address ?? null,
      target_kind: target?.kind ?? null,
      target_id: target?.id ?? null,
      data: data ?? null,
    })
  }

  /** For acts in a live call, which must not wait for the database nor fail with it: what cannot be written is logged. */
  note(entry: AuditEntry): void {
    this.record(entry).catch((error: unknown) => {
      const { actor, action, target } = entry
      this.#log.error({ err: error, action, actor: actor.id, target: target?.id }, 'not in the audit log')
    })
  }

  /** Newest first. Throws `bad-request` for a cursor that is not ours. */
  async find(filter: {
    action?: string | undefined
    actor?: string | undefined
    target?: string | undefined
    from?: Date | undefined
    to?: Date | undefined
    cursor?: string | undefined
    limit: number
  }): Promise<{ items: AuditRow[]; next?: string }> {
    const { actor, target, cursor, limit, ...others } = filter
    const rows = await findAuditRows(this.#db, {
      ...others,
      actorId: actor,
      targetId: target,
      before: cursor === undefined ? undefined : decodeTimeCursor(cursor),
      limit: limit + 1,
    })
    return pageOf(rows, limit, {
      item: (row) => row,
      cursor: (row) => ({ at: row.at.toISOString(), id: row.id }),
    })
  }

  /** Deletes what is older than `audit.days`. */
  async forget(now: Date): Promise<void> {
    const count = await deleteAuditRowsBefore(this.#db, new Date(now.getTime() - this.#days * dayMs))
    if (count > 0) this.#log.info({ count }, 'old entries left the audit log')
  }
}
