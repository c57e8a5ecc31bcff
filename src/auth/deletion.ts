import type { Transaction } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { AppError } from '../lib/app-error.ts'
import { getAccount, type AccountHooks } from './accounts.ts'
import { deleteAccount, isThereAnAdmin, lockAdmins } from './accounts.store.ts'

/** An account and all that is personal, wherever it is kept. Throws `not-found`, or `conflict` for the last admin. */
export async function deleteEverythingOf(
  trx: Transaction<Tables>,
  accountId: string,
  hooks: AccountHooks,
): Promise<void> {
  await lockAdmins(trx)
  const account = await getAccount(trx, accountId)
  if (account.role === 'admin') await assertAnotherAdmin(trx, accountId)
  for (const deleted of hooks.deleted) await deleted({ id: accountId, email: account.email }, trx)
  await deleteAccount(trx, accountId)
}

/** Throws `conflict` when nobody else could undo what is about to be done. Holds `lockAdmins`. */
export async function assertAnotherAdmin(trx: Transaction<Tables>, accountId: string): Promise<void> {
  if (await isThereAnAdmin(trx, accountId)) return
  throw new AppError('conflict', 'This is the last admin. Make somebody else one first.', {
    why: 'last-admin',
  })
}
