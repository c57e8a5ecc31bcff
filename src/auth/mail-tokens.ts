import type { Transaction } from 'kysely'
import type { Queryable, Tables } from '../db/tables.ts'
import { AppError } from '../lib/app-error.ts'
import { lockAccount } from './accounts.store.ts'
import { deleteMailTokens, findMailToken, insertMailToken, takeMailToken } from './mail-tokens.store.ts'
import { hashOf, randomToken } from './tokens.ts'

/** What a link in a mail is good for, and for how long, in milliseconds. */
const lives = {
  verify: 86_400_000,
  'change-email': 86_400_000,
  reset: 3_600_000,
  /** The first password of an account that somebody else made. */
  'set-password': 7 * 86_400_000,
} as const
export type MailPurpose = keyof typeof lives
export const mailPurposes = Object.keys(lives) as MailPurpose[]

/** A token for a link to this address. Older ones of the same purpose end. */
export async function issueMailToken(
  trx: Transaction<Tables>,
  { accountId, email, purpose, now }: { accountId: string; email: string; purpose: MailPurpose; now: Date },
): Promise<string> {
  const token = randomToken()
  await lockAccount(trx, accountId)
  await deleteMailTokens(trx, { accountId, purposes: [purpose] })
  await insertMailToken(trx, {
    hash: hashOf(token),
    account_id: accountId,
    purpose,
    email,
    expires_at: new Date(now.getTime() + lives[purpose]),
  })
  return token
}

interface MailTokenFacts {
  readonly accountId: string
  readonly email: string
  readonly purpose: MailPurpose
}

/** What a token is good for, without using it up. Throws `not-found`. */
export async function lookAtMailToken(
  db: Queryable,
  { token, purposes, now }: { token: string; purposes: readonly MailPurpose[]; now: Date },
): Promise<MailTokenFacts> {
  return factsOf(await findMailToken(db, hashOf(token)), { purposes, now })
}

/** Uses a token up. Throws `not-found` when it was used, replaced, has expired or is for something else. */
export async function useMailToken(
  trx: Transaction<Tables>,
  { token, purposes, now }: { token: string; purposes: readonly MailPurpose[]; now: Date },
): Promise<MailTokenFacts> {
  return factsOf(await takeMailToken(trx, hashOf(token)), { purposes, now })
}

function factsOf(
  row: { account_id: string; email: string; purpose: string; expires_at: Date } | undefined,
  { purposes, now }: { purposes: readonly MailPurpose[]; now: Date },
): MailTokenFacts {
  const purpose = purposes.find((one) => one === row?.purpose)
  if (!row || purpose === undefined || row.expires_at <= now) {
    throw new AppError('not-found', 'This link was used already, or has expired. Ask for a new one.')
  }
  return { accountId: row.account_id, email: row.email, purpose }
}
