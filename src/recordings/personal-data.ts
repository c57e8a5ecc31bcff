import { sql } from 'kysely'
import type { AccountHooks } from '../auth/accounts.ts'
import type { Queryable } from '../db/tables.ts'
import { formerMember } from '../lib/former-member.ts'
import { formerIdentity } from './participants.store.ts'

/** What is kept here about somebody: to hand it to them, and to forget it. */

/** What belongs to accounts here: it is copied for them, and goes with them. */
export function attachRecordings(hooks: AccountHooks): void {
  hooks.exporters.push(async (accountId, db) => ['recordings', await recordingDataOf(accountId, db)])
  hooks.deleted.push(({ id }, trx) => forgetInRecordings(id, trx))
}

/** The recordings somebody was in or began and the links they made, for the copy of one's data. Of others nothing. */
export async function recordingDataOf(accountId: string, db: Queryable): Promise<Record<string, unknown>> {
  const attended = await db
    .selectFrom('recording_participants')
    .innerJoin('recordings', 'recordings.id', 'recording_participants.recording_id')
    .select([...shown, 'recording_participants.name', 'recording_participants.speech'])
    .where((row) => row.or([row('account_id', '=', accountId), row('identity', '=', accountId)]))
    .orderBy('started_at')
    .execute()
  const started = await db
    .selectFrom('recordings')
    .select(shown)
    .where(isAccount('started_by', accountId))
    .orderBy('started_at')
    .execute()
  const shared = await db
    .selectFrom('recording_shares')
    .innerJoin('recordings', 'recordings.id', 'recording_shares.recording_id')
    .select(['recording_id', 'recordings.title', 'created_at', 'recording_shares.expires_at', 'may_download'])
    .select('views')
    .where(isAccount('created_by', accountId))
    .orderBy('created_at')
    .execute()
  return { attended, started, shared }
}

const shown = [
  'recordings.id',
  'recordings.title',
  'recordings.room_id',
  'recordings.meeting_id',
  'recordings.started_at',
  'recordings.ended_at',
  'recordings.duration_ms',
] as const

/**
 * Forgets somebody, in the transaction in which their account goes and before their meetings forget them: name and identity
 * leave the rows, their links open no more. What was captured stays as it was: files, and the manifest that names whose they are.
 */
export async function forgetInRecordings(accountId: string, trx: Queryable): Promise<void> {
  // Held, so that nobody writes down meanwhile that they are there; then in the order in which everybody takes these rows.
  const account = await trx
    .selectFrom('accounts')
    .select('name')
    .where('id', '=', accountId)
    .forUpdate()
    .executeTakeFirst()
  const concerned = await trx
    .selectFrom('recordings')
    .select('id')
    .where((row) =>
      row.or([
        isAccount('started_by', accountId),
        row('id', 'in', participation(accountId, trx).select('recording_id')),
        row('meeting_id', 'in', trx.selectFrom('meetings').select('id').where('host_id', '=', accountId)),
      ]),
    )
    .orderBy('id')
    .forUpdate()
    .execute()
  await forgetTitles(concerned, { accountId, name: account?.name }, trx)
  await trx
    .updateTable('recordings')
    .set({ started_by: JSON.stringify({ kind: 'account', name: formerMember }) })
    .where(isAccount('started_by', accountId))
    .execute()
  for (const { recording_id: recordingId, identity } of await participation(accountId, trx)
    .select(['recording_id', 'identity'])
    .execute()) {
    await trx
      .updateTable('recording_participants')
      .set({ account_id: null, name: formerMember, identity: formerIdentity(recordingId, identity) })
      .where('recording_id', '=', recordingId)
      .where('identity', '=', identity)
      .execute()
  }
  await trx.deleteFrom('recording_shares').where(isAccount('created_by', accountId)).execute()
}

function participation(accountId: string, db: Queryable) {
  // After a crash somebody may be known by what was recorded of them alone.
  return db
    .selectFrom('recording_participants')
    .where((row) => row.or([row('account_id', '=', accountId), row('identity', '=', accountId)]))
}

/** A recording is called like its meeting, and where nobody chose a title for that, the name of its host is in it. */
async function forgetTitles(
  concerned: readonly { id: string }[],
  { accountId, name }: { accountId: string; name: string | undefined },
  trx: Queryable,
): Promise<void> {
  if (concerned.length === 0) return
  const hosted = await trx
    .selectFrom('meetings')
    .select('host_name')
    .distinct()
    .where('host_id', '=', accountId)
    .execute()
  const names = new Set([...hosted.map(({ host_name: hostName }) => hostName), ...(name ? [name] : [])])
  const titles = [...names].flatMap((one) => [`Meeting of ${one}`, `Call of ${one}`])
  if (titles.length === 0) return
  const ids = concerned.map(({ id }) => id)
  await trx
    .updateTable('recordings')
    .set({ title: `Meeting of ${formerMember}` })
    .where('id', 'in', ids)
    .where('title', 'in', titles)
    .execute()
}

function isAccount(column: 'started_by' | 'created_by', accountId: string) {
  const person = sql.ref(column)
  return sql<boolean>`(${person} ->> 'id' = ${accountId} and ${person} ->> 'kind' = 'account')`
}
