import { createHash } from 'node:crypto'
import { AppError } from '../lib/app-error.ts'
import { randomId, type Secret } from '../lib/ids.ts'
import { changeGrants, type Grants, type LiveGrantsInput } from '../protocol/grants.ts'
import type { Ban } from '../protocol/model.ts'
import type { Identity } from './peer.ts'

/** Somebody by what proves who they are: the identity of a token, or the secret of a guest. */
export interface Person {
  readonly identity: Identity
  readonly secret: Secret
}

interface KeptBan extends Ban {
  readonly key: string
  /** Of a guest; somebody with a token is known by their identity. */
  readonly address: string | undefined
}

/** A room remembers as many people and bans; of more, those who came first are forgotten. */
const rememberedPeople = 10_000
const rememberedBans = 1000

/** What a room remembers of people, also after they left. It outlives a room whose worker died. */
export class People {
  /** Who was let in before, and so need not wait again. */
  readonly #admitted = new Set<string>()
  /** What moderators changed of somebody's grants: neither coming back nor a crowd of newcomers sheds it. */
  readonly #changed = new Map<string, LiveGrantsInput>()
  readonly #bans = new Map<string, KeptBan>()

  isAdmitted(person: Person): boolean {
    return this.#admitted.has(keyOf(person))
  }

  /** What somebody may do here: as whoever admitted them says, less and more what was changed here. */
  grantsOf(person: Person): Grants {
    return changeGrants(person.identity.grants, this.#changed.get(keyOf(person)) ?? {})
  }

  /** Whether somebody was made moderator here, there or not. */
  get hasModerator(): boolean {
    return [...this.#changed.values()].some(({ moderate }) => moderate === true)
  }

  admitted(person: Person): void {
    const key = keyOf(person)
    // Set anew, so that it is the last to be forgotten.
    this.#admitted.delete(key)
    dropFirst(this.#admitted, rememberedPeople)
    this.#admitted.add(key)
  }

  changed(person: Person, grants: LiveGrantsInput): void {
    const key = keyOf(person)
    const changed = { ...this.#changed.get(key), ...grants }
    this.#changed.delete(key)
    dropFirst(this.#changed, rememberedPeople)
    this.#changed.set(key, changed)
  }

  /** They have to wait again, where people wait, and do not come back as the moderator they were made here. */
  removed(person: Person): void {
    const key = keyOf(person)
    this.#admitted.delete(key)
    const { moderate, ...others } = this.#changed.get(key) ?? {}
    if (moderate) this.#changed.set(key, others)
  }

  banned(person: Person, ban: Omit<Ban, 'banId'>): Ban {
    this.removed(person)
    const { fleeting, address } = person.identity
    const kept = { ...ban, banId: randomId(), key: keyOf(person), address: fleeting ? address : undefined }
    dropFirst(this.#bans, rememberedBans)
    this.#bans.set(kept.banId, kept)
    return kept
  }

  /** Throws `not-found`. */
  unban(banId: string): Ban {
    const ban = this.#bans.get(banId)
    if (!ban) throw new AppError('not-found', 'No such ban.')
    this.#bans.delete(banId)
    return ban
  }

  get bans(): Ban[] {
    return [...this.#bans.values()].map(({ key: _key, address: _address, ...ban }) => ban)
  }

  /**
   * Whether somebody is kept out. A guest is known by their address, and people who share it are not: those who were
   * here before may come back.
   */
  isBanned(person: Person): boolean {
    const key = keyOf(person)
    const { fleeting, address } = person.identity
    const isKnown = this.isAdmitted(person)
    return [...this.#bans.values()].some(
      (ban) => ban.key === key || (fleeting && !isKnown && ban.address === address),
    )
  }
}

function keyOf({ identity, secret }: Person): string {
  if (identity.proven) return `identity:${identity.id}`
  return `secret:${createHash('sha256').update(secret.reveal()).digest('base64url')}`
}

function dropFirst(kept: Set<string> | Map<string, unknown>, max: number): void {
  if (kept.size < max) return
  const [first] = kept.keys()
  kept.delete(first!)
}
