import { randomBytes } from 'node:crypto'
import type { AuthConfig, LimitsConfig } from '../../config/schema.ts'
import type { Queryable } from '../db/tables.ts'
import { AppError, limitExceeded } from '../lib/app-error.ts'
import { randomId, Secret } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import {
  findApiKeySecret,
  insertApiKey,
  listApiKeys,
  listServerKeys,
  markApiKeyUsed,
  revokeApiKey,
  type KeyKind,
} from './api-keys.store.ts'
import { signRoomToken, verifyRoomToken, type RoomToken, type SignOptions } from './room-token.ts'
import type { SecretBox } from './secret-box.ts'

/** An API key as its owner may see it at any time: without its secret. */
export interface ApiKey {
  readonly id: string
  readonly name: string
  readonly createdAt: Date
  readonly lastUsedAt: Date | undefined
  readonly revokedAt: Date | undefined
}

export interface NewApiKey {
  readonly id: string
  /** To be shown once. */
  readonly secret: Secret
}

export interface ApiKeysOptions {
  readonly db: Queryable
  readonly config: {
    readonly auth: Pick<AuthConfig, 'tokenMaxSeconds'>
    readonly limits: Pick<LimitsConfig, 'nameLength'>
  }
  readonly log: Log
  readonly box: SecretBox
}

const serverPrefix = 'server_'
/** `lastUsedAt` is as exact as this, in milliseconds; lower costs a write for more of the uses. */
const usedEveryMs = 60_000

/** The keys of backends: made, listed and revoked here, and used to check the room tokens signed with them. */
export class ApiKeys {
  readonly #options: ApiKeysOptions
  readonly #box: SecretBox
  #serverKey: Promise<SignOptions['key']> | undefined

  constructor(options: ApiKeysOptions) {
    this.#options = options
    this.#box = options.box
  }

  async add({ name, now }: { name: string; now: Date }): Promise<NewApiKey> {
    const trimmed = name.trim()
    const max = this.#options.config.limits.nameLength
    if (trimmed === '') throw new AppError('bad-request', 'An API key needs a name.')
    if (trimmed.length > max) throw limitExceeded('nameLength', max)
    // Prefixes tell people, and programs that look for leaked secrets, what they have found.
    return this.#insert(`key_${randomId()}`, { name: trimmed, kind: 'backend', now })
  }

  /**
   * A room token of this server's own, for whom it knows: `auth.tokenMaxSeconds` bounds its life. Throws `bad-request` for
   * claims with which it would let nobody in.
   */
  async issueToken(claims: Omit<SignOptions, 'key'>): Promise<{ token: string; expiresAt: Date }> {
    const { now } = claims
    const lifeSeconds = Math.min(claims.lifeSeconds, this.#options.config.auth.tokenMaxSeconds)
    this.#serverKey ??= this.#provideServerKey(now)
    const key = await this.#serverKey.catch((error: unknown) => {
      this.#serverKey = undefined
      throw error
    })
    const expiresAt = new Date((Math.floor(now.getTime() / 1000) + lifeSeconds) * 1000)
    const token = await signRoomToken({ ...claims, key, lifeSeconds })
    const { limits, auth } = this.#options.config
    await verifyRoomToken(token, {
      now,
      findKey: () => Promise.resolve(key.secret),
      maxSeconds: auth.tokenMaxSeconds,
      nameLength: limits.nameLength,
    }).catch(() => {
      throw new AppError(
        'bad-request',
        `A token with this would be refused: identity, name and room have at most ${limits.nameLength} characters and not only spaces, and metadata is short.`,
      )
    })
    return { token, expiresAt }
  }

  /** Those of backends: newest first, revoked ones too. */
  async list(): Promise<ApiKey[]> {
    return (await listApiKeys(this.#options.db)).map((row) => ({
      id: row.id,
      name: row.name,
      createdAt: row.created_at,
      lastUsedAt: row.last_used_at ?? undefined,
      revokedAt: row.revoked_at ?? undefined,
    }))
  }

  /** From now on its tokens are refused, on every host. There is no way back. */
  async revoke(id: string, now: Date): Promise<void> {
    const wasThere = await revokeApiKey(this.#options.db, { id, now })
    if (!wasThere) throw new AppError('not-found', 'There is no such API key.')
  }

  /** Undefined when there is none (of that kind), or it was revoked. */
  async findSecret(id: string, kind?: KeyKind): Promise<Secret | undefined> {
    const sealed = await findApiKeySecret(this.#options.db, { id, kind })
    if (sealed === undefined) return undefined
    try {
      return this.#box.open(sealed, contextOf(id))
    } catch (error) {
      this.#options.log.error(
        { err: error, keyId: id },
        'the secret of an API key cannot be decrypted: auth.encryptionKey (or dataDir/secret.key) is not what it was; go back to that, or make new keys',
      )
      throw new AppError('unavailable', 'The server cannot read this API key.')
    }
  }

  /** The id of the key that an HTTP Basic `id:secret` proves; otherwise throws `unauthorized`. */
  async authenticate({ id, secret, now }: { id: string; secret: string; now: Date }): Promise<string> {
    const known = await this.findSecret(id, 'backend')
    // One answer for both: whoever guesses must not learn which ids there are.
    if (known === undefined || !known.equals(secret)) {
      throw new AppError('unauthorized', 'There is no such API key, or its secret is another one.', {
        why: 'unknown-key',
      })
    }
    await markApiKeyUsed(this.#options.db, { id, now, everyMs: usedEveryMs })
    return id
  }

  /** What a room token says, if all of it is right and its key is one of these; otherwise throws `unauthorized`. */
  async verifyToken(token: string, { room, now }: { room?: string; now: Date }): Promise<RoomToken> {
    const { auth, limits } = this.#options.config
    const verified = await verifyRoomToken(token, {
      now,
      findKey: (id) => this.findSecret(id),
      maxSeconds: auth.tokenMaxSeconds,
      nameLength: limits.nameLength,
      ...(room === undefined ? {} : { room }),
    })
    await markApiKeyUsed(this.#options.db, { id: verified.keyId, now, everyMs: usedEveryMs })
    return verified
  }

  async #insert(
    id: string,
    { name, kind, now }: { name: string; kind: KeyKind; now: Date },
  ): Promise<NewApiKey> {
    const secret = new Secret(`sluice_${randomBytes(32).toString('base64url')}`)
    const sealed = this.#box.seal(secret, contextOf(id))
    await insertApiKey(this.#options.db, { id, name, secret: sealed, created_at: now, kind })
    return { id, secret }
  }

  /** The newest that can be read; another is made where there is none, or `auth.encryptionKey` was changed. */
  async #provideServerKey(now: Date): Promise<SignOptions['key']> {
    for (const id of await listServerKeys(this.#options.db)) {
      const secret = await this.findSecret(id).catch(() => undefined)
      if (secret !== undefined) return { id, secret }
    }
    return this.#insert(`${serverPrefix}${randomId()}`, { name: 'this server', kind: 'server', now })
  }
}

/** Whether a token that was checked is one of this server's own. Ids of other keys begin otherwise. */
export function isServerKey(id: string): boolean {
  return id.startsWith(serverPrefix)
}

function contextOf(id: string): string {
  return `api-key:${id}`
}
