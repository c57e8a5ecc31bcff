import type { Insertable, Selectable } from 'kysely'
import type { CallCalleesTable, CallsTable, Queryable } from '../db/tables.ts'
import type { CalleeStatus, CallStatus } from './call-status.ts'
import type { Trx } from './meetings.store.ts'

/** Rows of calls, each beside one of kind `call` among the meetings. */

export type CalleeRow = Selectable<CallCalleesTable>
export type CallDetails = Omit<Selectable<CallsTable>, 'id'>
export interface CallRow extends CallDetails {
  readonly id: string
  readonly caller_id: string | null
  readonly caller_name: string
  readonly created_at: Date
}

export async function insertCall(
  trx: Trx,
  row: Insertable<CallsTable>,
  callees: readonly Insertable<CallCalleesTable>[],
): Promise<void> {
  await trx.insertInto('calls').values(row).execute()
  await trx.insertInto('call_callees').values(callees).execute()
}

export function findCall(db: Queryable, id: string): Promise<CallRow | undefined> {
  return withCaller(db).where('calls.id', '=', id).executeTakeFirst()
}

export function listCallees(db: Queryable, callIds: readonly string[]): Promise<CalleeRow[]> {
  if (callIds.length === 0) return Promise.resolve([])
  return db
    .selectFrom('call_callees')
    .selectAll()
    .where('call_id', 'in', callIds)
    .orderBy('call_id')
    .orderBy('position')
    .execute()
}

/** Calls that somebody made or was called in, newest first; all calls without `accountId`. */
export function listCalls(
  db: Queryable,
  options: {
    readonly accountId: string | undefined
    readonly statuses: readonly CallStatus[] | undefined
    readonly before: { at: Date; id: string } | undefined
    readonly limit: number
  },
): Promise<CallRow[]> {
  const { accountId, statuses, before, limit } = options
  let query = withCaller(db).orderBy('created_at', 'desc').orderBy('calls.id', 'desc').limit(limit)
  if (statuses) query = query.where('calls.status', 'in', statuses)
  if (accountId !== undefined) {
    query = query.where('calls.id', 'in', (row) =>
      row
        .selectFrom('meetings')
        .select('meetings.id as id')
        .where('host_id', '=', accountId)
        .where('kind', '=', 'call')
        .union(row.selectFrom('call_callees').select('call_id as id').where('account_id', '=', accountId)),
    )
  }
  if (before) {
    query = query.where((row) =>
      row.or([
        row('created_at', '<', before.at),
        row.and([row('created_at', '=', before.at), row('calls.id', '<', before.id)]),
      ]),
    )
  }
  return query.execute()
}

export async function changeCall(
  trx: Trx,
  id: string,
  change: Partial<Pick<CallDetails, 'status' | 'alone_since' | 'answered_at' | 'ended_at' | 'end_reason'>>,
): Promise<void> {
  await trx.updateTable('calls').set(change).where('id', '=', id).execute()
}

export async function markCallee(
  trx: Trx,
  { callId, position, status }: { callId: string; position: number; status: CalleeStatus },
): Promise<void> {
  await trx
    .updateTable('call_callees')
    .set({ status })
    .where('call_id', '=', callId)
    .where('position', '=', position)
    .execute()
}

/** Somebody who was called is there. */
export async function answerCall(trx: Trx, callId: string, accountId: string): Promise<void> {
  await trx
    .updateTable('call_callees')
    .set({ status: 'joined' satisfies CalleeStatus })
    .where('call_id', '=', callId)
    .where('account_id', '=', accountId)
    .execute()
}

function withCaller(db: Queryable) {
  return db
    .selectFrom('calls')
    .innerJoin('meetings', 'meetings.id', 'calls.id')
    .selectAll('calls')
    .select([
      'meetings.host_id as caller_id',
      'meetings.host_name as caller_name',
      'meetings.created_at as created_at',
    ])
}
