import { createHash } from 'node:crypto'
import { sql, type Selectable } from 'kysely'
import type { Queryable, RecordingParticipantsTable } from '../db/tables.ts'
import { formerMember } from '../lib/former-member.ts'

/** Who was there while it was recorded, with when they spoke. */

export type ParticipantRow = Selectable<RecordingParticipantsTable>

/** What stands for an identity in a recording once its account is deleted: whoever does not know the one cannot tell it. */
export function formerIdentity(recordingId: string, identity: string): string {
  const hash = createHash('sha256').update(`${recordingId} ${identity}`).digest('base64url')
  return `former_${hash.slice(0, 16)}`
}

/**
 * Keeps somebody; who comes again may have another name, and keeps their place. Who has deleted their account stays without
 * name and identity, whatever the files say; a recording that is gone keeps nobody.
 */
export async function keepParticipant(
  db: Queryable,
  row: { recordingId: string; identity: string; name: string; accountId: string | null; position: number },
): Promise<void> {
  const { recordingId, identity, name, accountId, position } = row
  const former = formerIdentity(recordingId, identity)
  // Held until this is written: whoever deletes the account finds the row, or this finds no account.
  const isGone = sql<boolean>`(${accountId}::text is not null and account.id is null)`
  await db
    .with('account', (from) =>
      from.selectFrom('accounts').select('accounts.id').where('accounts.id', '=', accountId).forKeyShare(),
    )
    .insertInto('recording_participants')
    .columns(['recording_id', 'identity', 'name', 'account_id', 'position'])
    .expression((from) =>
      from
        .selectFrom('recordings')
        .leftJoin('account', (join) => join.onTrue())
        .where('recordings.id', '=', recordingId)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('recording_participants')
                .select('recording_participants.identity')
                .where('recording_participants.recording_id', '=', recordingId)
                .where('recording_participants.identity', '=', former),
            ),
          ),
        )
        .select([
          'recordings.id',
          sql<string>`case when ${isGone} then ${former}::text else ${identity}::text end`.as('identity'),
          sql<string>`case when ${isGone} then ${formerMember}::text else ${name}::text end`.as('name'),
          'account.id as account_id',
          sql<number>`${position}::integer`.as('position'),
        ]),
    )
    .onConflict((conflict) =>
      conflict.columns(['recording_id', 'identity']).doUpdateSet((set) => ({
        name: set.ref('excluded.name'),
        account_id: set.fn.coalesce('excluded.account_id', 'recording_participants.account_id'),
      })),
    )
    .execute()
}

export async function keepSpeech(
  db: Queryable,
  recordingId: string,
  identity: string,
  spans: readonly (readonly [number, number])[],
): Promise<void> {
  await db
    .updateTable('recording_participants')
    .set({ speech: JSON.stringify({ spans }) })
    .where('recording_id', '=', recordingId)
    .where('identity', 'in', [identity, formerIdentity(recordingId, identity)])
    .execute()
}

/** In the order of coming. */
export function participantsOf(db: Queryable, recordingIds: readonly string[]): Promise<ParticipantRow[]> {
  if (recordingIds.length === 0) return Promise.resolve([])
  return db
    .selectFrom('recording_participants')
    .selectAll()
    .where('recording_id', 'in', recordingIds)
    .orderBy('position')
    .orderBy('identity')
    .execute()
}

/** Those who came first, with how many there are; without their speech. For lists, which show many recordings. */
export async function firstParticipantsOf(
  db: Queryable,
  recordingIds: readonly string[],
  limit: number,
): Promise<(ParticipantRow & { readonly of: number })[]> {
  if (recordingIds.length === 0) return []
  const rows = await db
    .selectFrom((from) =>
      from
        .selectFrom('recording_participants')
        .select(['recording_id', 'identity', 'name', 'account_id', 'position'])
        .select(
          sql<number>`row_number() over (partition by recording_id order by position, identity)`.as('place'),
        )
        .select(sql<number>`count(*) over (partition by recording_id)`.as('of'))
        .where('recording_id', 'in', recordingIds)
        .as('numbered'),
    )
    .selectAll()
    .where('place', '<=', limit)
    .orderBy('place')
    .execute()
  return rows.map(({ place: _, ...row }) => ({ ...row, speech: null, of: Number(row.of) }))
}
