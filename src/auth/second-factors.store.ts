import type { Queryable } from '../db/tables.ts'

export interface SecondFactorRow {
  readonly account_id: string
  readonly secret: Uint8Array
  readonly confirmed_at: Date | null
  readonly last_step: number
  readonly failures: number
  readonly failing_since: Date | null
}

export function findSecondFactor(db: Queryable, accountId: string): Promise<SecondFactorRow | undefined> {
  return db.selectFrom('second_factors').selectAll().where('account_id', '=', accountId).executeTakeFirst()
}

/** Begins anew, unless one is in use: then false. */
export async function putUnconfirmedSecondFactor(
  db: Queryable,
  { accountId, secret }: { accountId: string; secret: Uint8Array },
): Promise<boolean> {
  const fresh = { secret, last_step: 0, failures: 0, failing_since: null }
  const row = await db
    .insertInto('second_factors')
    .values({ account_id: accountId, ...fresh })
    .onConflict((conflict) =>
      conflict.column('account_id').doUpdateSet(fresh).where('second_factors.confirmed_at', 'is', null),
    )
    .returning('account_id')
    .executeTakeFirst()
  return row !== undefined
}

export async function confirmSecondFactor(db: Queryable, accountId: string, now: Date): Promise<boolean> {
  const row = await db
    .updateTable('second_factors')
    .set({ confirmed_at: now })
    .where('account_id', '=', accountId)
    .where('confirmed_at', 'is', null)
    .returning('account_id')
    .executeTakeFirst()
  return row !== undefined
}

/** Counts a try among those since `since`, before it is looked at, and returns how many that makes. */
export async function countSecondFactorTry(
  db: Queryable,
  { accountId, now, since }: { accountId: string; now: Date; since: Date },
): Promise<number> {
  const row = await db
    .updateTable('second_factors')
    .set((row) => {
      const isOld = row.or([row('failing_since', 'is', null), row('failing_since', '<', since)])
      return {
        failures: row
          .case()
          .when(isOld)
          .then(1)
          .else(row('failures', '+', 1))
          .end(),
        failing_since: row.case().when(isOld).then(now).else(row.ref('failing_since')).end(),
      }
    })
    .where('account_id', '=', accountId)
    .returning('failures')
    .executeTakeFirst()
  return row?.failures ?? 0
}

/** Takes the code of a time step: true for the first that brings it. Tries are forgiven. */
export async function takeStep(db: Queryable, accountId: string, step: number): Promise<boolean> {
  const row = await db
    .updateTable('second_factors')
    .set({ last_step: step, failures: 0, failing_since: null })
    .where('account_id', '=', accountId)
    .where('last_step', '<', step)
    .returning('account_id')
    .executeTakeFirst()
  return row !== undefined
}

export async function deleteSecondFactor(db: Queryable, accountId: string): Promise<boolean> {
  await db.deleteFrom('recovery_codes').where('account_id', '=', accountId).execute()
  const row = await db
    .deleteFrom('second_factors')
    .where('account_id', '=', accountId)
    .returning('confirmed_at')
    .executeTakeFirst()
  return Boolean(row?.confirmed_at)
}

export async function replaceRecoveryCodes(
  db: Queryable,
  accountId: string,
  hashes: readonly Uint8Array[],
): Promise<void> {
  await db.deleteFrom('recovery_codes').where('account_id', '=', accountId).execute()
  await db
    .insertInto('recovery_codes')
    .values(hashes.map((hash) => ({ account_id: accountId, hash })))
    .execute()
}

/** True for the first that brings it. */
export async function takeRecoveryCode(db: Queryable, accountId: string, hash: Uint8Array): Promise<boolean> {
  const row = await db
    .deleteFrom('recovery_codes')
    .where('account_id', '=', accountId)
    .where('hash', '=', hash)
    .returning('account_id')
    .executeTakeFirst()
  return row !== undefined
}
