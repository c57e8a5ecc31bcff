import type { Transaction } from 'kysely'
import type { AccountsConfig } from '../../config/schema.ts'
import type { Audit } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import type { Queryable, Tables } from '../db/tables.ts'
import { randomId } from '../lib/ids.ts'
import type { AccountCaller } from '../protocol/caller.ts'
import { refused, signAccessToken, verifyAccessToken } from './access-token.ts'
import { findAccount, lockAccount, type AccountRow } from './accounts.store.ts'
import {
  deleteExpiredSessions,
  deleteSession,
  deleteSessions,
  deleteSessionsBeyond,
  extendSession,
  findRefreshTokenSession,
  findSessionOwner,
  insertRefreshToken,
  insertSession,
  listSessions,
  lockRefreshToken,
  markRefreshTokenReplaced,
  markSessionSeen,
  type SessionRow,
} from './sessions.store.ts'
import type { SigningKeys } from './signing-keys.ts'
import { hashOf, randomToken } from './tokens.ts'

/** Where a session is used from. */
export interface Client {
  readonly address: string
  readonly userAgent: string
}

/** What somebody who logged in holds. */
export interface SessionTokens {
  readonly sessionId: string
  readonly accessToken: string
  readonly refreshToken: string
  readonly accessExpiresAt: Date
  readonly refreshExpiresAt: Date
}

export interface SessionsOptions {
  readonly db: Db
  readonly audit: Audit
  readonly signingKeys: SigningKeys
  readonly config: Pick<AccountsConfig, 'accessMinutes' | 'sessionDays' | 'sessionsPerAccount'>
  /** `iss` of access tokens. */
  readonly issuer: string
}

/**
 * A refresh token that was replaced may come again for so long, in milliseconds: from a second tab, or because the answer got
 * lost. Later it means that somebody has copied it.
 */
const siblingMs = 10_000
/** `lastSeenAt` is as exact as this, in milliseconds; lower costs a write for more of the requests. */
const seenEveryMs = 60_000
const dayMs = 86_400_000
const userAgentLength = 256

/** Who is logged in. Each session is a row; its access tokens are worth nothing without it. */
export class Sessions {
  readonly #options: SessionsOptions

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /**
   * A new session. When the account has too many, the one that was not used for longest ends. Throws `unauthorized` when the
   * password was changed since `account` was read: who knows only the old one must not slip in.
   */
  async open(account: AccountRow, client: Client, now: Date): Promise<SessionTokens> {
    const { db, config } = this.#options
    const id = randomId()
    const refreshToken = randomToken()
    const expiresAt = this.#expiry(now)
    await db.transaction().execute(async (trx) => {
      const present = await lockAccount(trx, account.id)
      if (present?.password_hash !== account.password_hash) throw refused('session-ended')
      await insertSession(trx, {
        id,
        account_id: account.id,
        created_at: now,
        last_seen_at: now,
        expires_at: expiresAt,
        address: client.address,
        user_agent: client.userAgent.slice(0, userAgentLength),
      })
      await insertRefreshToken(trx, { hash: hashOf(refreshToken), session_id: id, expires_at: expiresAt })
      await deleteSessionsBeyond(trx, account.id, config.sessionsPerAccount)
    })
    return this.#tokens(account, { sessionId: id, refreshToken, expiresAt, now })
  }

  /** New tokens for a refresh token. Throws `unauthorized`; a token that was replaced before ends its session. */
  async refresh(
    refreshToken: string,
    client: Client,
    now: Date,
  ): Promise<{ account: AccountRow; tokens: SessionTokens }> {
    const { db } = this.#options
    const next = randomToken()
    const expiresAt = this.#expiry(now)
    const renewed = await db.transaction().execute(async (trx) => {
      const found = await this.#take(trx, hashOf(refreshToken), client, now)
      if (!found) return undefined
      const hash = hashOf(next)
      await insertRefreshToken(trx, { hash, session_id: found.sessionId, expires_at: expiresAt })
      await extendSession(trx, found.sessionId, {
        last_seen_at: now,
        expires_at: expiresAt,
        address: client.address,
        user_agent: client.userAgent.slice(0, userAgentLength),
      })
      return found
    })
    if (!renewed) throw refused('session-ended')
    const { account, sessionId } = renewed
    return { account, tokens: await this.#tokens(account, { sessionId, refreshToken: next, expiresAt, now }) }
  }

  /** Whom an access token of ours proves. Throws `unauthorized`, also when the session has ended since. */
  async identify(accessToken: string, now: Date): Promise<Omit<AccountCaller, 'byCookie'>> {
    const { db, signingKeys, issuer } = this.#options
    const claims = await verifyAccessToken(accessToken, {
      issuer,
      now,
      findKey: (id) => signingKeys.find(id, now),
    })
    const { accountId, sessionId } = claims
    const owner = await findSessionOwner(db, { id: sessionId, accountId, now })
    if (!owner) throw refused('session-ended')
    if (owner.disabled_at) throw refused('disabled')
    if (now.getTime() - owner.last_seen_at.getTime() >= seenEveryMs) {
      await markSessionSeen(db, { id: sessionId, now })
    }
    const { role, email, name } = owner
    return { kind: 'account', accountId, sessionId, role, email, name }
  }

  /** The one that was used last comes first. */
  list(accountId: string, now: Date): Promise<SessionRow[]> {
    return listSessions(this.#options.db, accountId, now)
  }

  /** False when the account has no such session. */
  end(sessionId: string, accountId: string): Promise<boolean> {
    return deleteSession(this.#options.db, sessionId, accountId)
  }

  /** Returns how many there were. */
  endAll(
    accountId: string,
    { except, db = this.#options.db }: { except?: string | undefined; db?: Queryable } = {},
  ) {
    return deleteSessions(db, accountId, except)
  }

  /** Whose session a refresh token belongs to, for logging out when the access token is over. */
  async findByRefreshToken(
    refreshToken: string,
  ): Promise<{ sessionId: string; accountId: string } | undefined> {
    const found = await findRefreshTokenSession(this.#options.db, hashOf(refreshToken))
    return found && { sessionId: found.session_id, accountId: found.account_id }
  }

  /** Deletes what has expired. */
  forget(now: Date): Promise<void> {
    return deleteExpiredSessions(this.#options.db, now)
  }

  /** The session of a token that may be renewed. A token that comes again too late ends it. */
  async #take(
    trx: Transaction<Tables>,
    hash: Uint8Array,
    { address }: Client,
    now: Date,
  ): Promise<{ account: AccountRow; sessionId: string } | undefined> {
    const token = await lockRefreshToken(trx, hash)
    if (!token || token.expires_at <= now) return undefined
    const { session_id: sessionId, account_id: id, replaced_at: replacedAt } = token
    const account = await findAccount(trx, id)
    if (!account || account.disabled_at) return undefined
    if (replacedAt === null) {
      await markRefreshTokenReplaced(trx, hash, now)
    } else if (now.getTime() - replacedAt.getTime() > siblingMs) {
      await deleteSession(trx, sessionId, id)
      await this.#options.audit.record(
        {
          actor: { kind: 'nobody', address },
          action: 'account.refresh-reused',
          target: { kind: 'account', id },
          now,
        },
        trx,
      )
      return undefined
    }
    return { account, sessionId }
  }

  async #tokens(
    account: AccountRow,
    given: { sessionId: string; refreshToken: string; expiresAt: Date; now: Date },
  ): Promise<SessionTokens> {
    const { signingKeys, issuer, config } = this.#options
    const { sessionId, refreshToken, expiresAt, now } = given
    const accessExpiresAt = new Date(now.getTime() + config.accessMinutes * 60_000)
    const accessToken = await signAccessToken({
      key: await signingKeys.current(now),
      issuer,
      account,
      sessionId,
      now,
      expiresAt: accessExpiresAt,
    })
    return { sessionId, accessToken, refreshToken, accessExpiresAt, refreshExpiresAt: expiresAt }
  }

  #expiry(now: Date): Date {
    return new Date(now.getTime() + this.#options.config.sessionDays * dayMs)
  }
}
