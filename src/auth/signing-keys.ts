import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose'
import type { Queryable } from '../db/tables.ts'
import { Secret } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import type { SecretBox } from './secret-box.ts'
import {
  deleteSigningKeys,
  insertSigningKey,
  listSigningKeys,
  type SigningKeyRow,
} from './signing-keys.store.ts'

export const signingAlgorithm = 'ES256'

export interface SigningKeysOptions {
  readonly db: Queryable
  readonly box: SecretBox
  readonly log: Log
  /** Age at which a key gets a successor. */
  readonly days: number
  /** Longest life of a token signed with one. */
  readonly tokenMinutes: number
}

export interface SigningKey {
  readonly id: string
  readonly key: CryptoKey
}

const dayMs = 86_400_000
/** What other processes did is seen after so long, in milliseconds. */
const reloadMs = 60_000
/** A token of a key nobody here knows makes us look, at most this often, in milliseconds: such tokens cost nothing to make. */
const lookAgainMs = 2_000
/** For so long clients may keep the published list, and a new key is published before it signs, in milliseconds. */
export const publishedMs = 600_000

interface Loaded {
  readonly signing: SigningKey
  readonly known: ReadonlyMap<string, CryptoKey>
  readonly published: readonly JWK[]
}

/** The keys that sign access tokens. They rotate; every process that shares the database has the same ones. */
export class SigningKeys {
  readonly #options: SigningKeysOptions
  #loading: Promise<Loaded> | undefined
  #loadedAtMs = -Infinity

  constructor(options: SigningKeysOptions) {
    this.#options = options
  }

  /** The one to sign with now. */
  async current(now: Date): Promise<SigningKey> {
    return (await this.#load(now)).signing
  }

  /** The public half of a key, while its tokens may be in use. */
  async find(id: string, now: Date): Promise<CryptoKey | undefined> {
    const known = (await this.#load(now)).known.get(id)
    return known ?? (await this.#load(now, lookAgainMs)).known.get(id)
  }

  /** For `/.well-known/jwks.json`. */
  async published(now: Date): Promise<readonly JWK[]> {
    return (await this.#load(now)).published
  }

  #load(now: Date, olderThanMs = reloadMs): Promise<Loaded> {
    const age = Math.abs(now.getTime() - this.#loadedAtMs)
    if (this.#loading && age < olderThanMs) return this.#loading
    this.#loadedAtMs = now.getTime()
    const loading = this.#read(now)
    this.#loading = loading
    // What failed is tried again by the next.
    loading.catch(() => {
      if (this.#loading === loading) this.#loading = undefined
    })
    return loading
  }

  async #read(now: Date): Promise<Loaded> {
    const { db, days, tokenMinutes } = this.#options
    let rows = await listSigningKeys(db)
    const newest = rows.at(-1)
    const isDue = !newest || now.getTime() - newest.created_at.getTime() >= days * dayMs
    if (isDue || this.#open(newest) === undefined) {
      await insertSigningKey(db, await this.#make((newest?.generation ?? 0) + 1, now))
      rows = await listSigningKeys(db)
    }

    // A key is over when all tokens are that were signed before its successor took its place.
    const overMs = publishedMs + tokenMinutes * 60_000 + dayMs
    const isOver = (_row: SigningKeyRow, index: number): boolean => {
      const next = rows[index + 1]
      return next !== undefined && now.getTime() - next.created_at.getTime() > overMs
    }
    const over = rows.filter(isOver).map(({ id }) => id)
    if (over.length > 0) await deleteSigningKeys(db, over)
    const used = rows.filter(({ id }) => !over.includes(id))

    const known = new Map<string, CryptoKey>()
    for (const row of used) known.set(row.id, await importKey(row.public_key))
    return {
      signing: await this.#choose(used, now),
      known,
      published: used.map(({ public_key }) => public_key as JWK),
    }
  }

  /** The newest that everybody has had time to hear of, of those that can be opened here. */
  async #choose(rows: readonly SigningKeyRow[], now: Date): Promise<SigningKey> {
    const opened = rows.flatMap((row) => {
      const secret = this.#open(row)
      return secret ? [{ row, secret }] : []
    })
    const heardOf = opened.findLast(({ row }) => now.getTime() - row.created_at.getTime() >= publishedMs)
    const chosen = heardOf ?? opened[0]
    if (!chosen) throw new Error('no signing key can be opened')
    const key = await importKey(JSON.parse(chosen.secret.reveal()) as JWK)
    return { id: chosen.row.id, key }
  }

  #open({ id, private_key }: SigningKeyRow): Secret | undefined {
    try {
      return this.#options.box.open(private_key, contextOf(id))
    } catch (error) {
      this.#options.log.error(
        { err: error, keyId: id },
        'a signing key cannot be decrypted: auth.encryptionKey (or dataDir/secret.key) is not what it was; another key takes its place',
      )
      return undefined
    }
  }

  async #make(generation: number, now: Date): Promise<SigningKeyRow> {
    const { publicKey, privateKey } = await generateKeyPair(signingAlgorithm, { extractable: true })
    const publicJwk = await exportJWK(publicKey)
    const id = await calculateJwkThumbprint(publicJwk)
    const secret = new Secret(JSON.stringify(await exportJWK(privateKey)))
    return {
      id,
      generation,
      private_key: this.#options.box.seal(secret, contextOf(id)),
      public_key: { ...publicJwk, kid: id, alg: signingAlgorithm, use: 'sig' },
      created_at: now,
    }
  }
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  return (await importJWK(jwk, signingAlgorithm)) as CryptoKey
}

function contextOf(id: string): string {
  return `signing-key:${id}`
}
