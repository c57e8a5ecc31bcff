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

interface Standing {
  /** Whether they were let in before, and so need not wait again. */
  isAdmitted: boolean
  /** What a moderator changed of their grants: coming back does not shed it. */
  changed: LiveGrantsInput
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
  readonly #standings = new Map<string, Standing>()
  readonly #bans = new Map<string, KeptBan>()

  isAdmitted(person: Person): boolean {
    return this.#standings.get(keyOf(person))?.isAdmitted ?? false
  }

  /** What somebody may do here: as whoever admitted them says, less and more what was changed here. */
  grantsOf(person: Person): Grants {
    const changed = this.#standings.get(keyOf(person))?.changed ?? {}
    return changeGrants(person.identity.grants, changed)
  }

  /** Whether somebody was made moderator here, there or not. */
  get hasModerator(): boolean {
    return [...this.#standings.values()].some(({ changed }) => changed.moderate === true)
  }

  admitted(person: Person): void {
    this.#standing(person).isAdmitted = true
  }

  changed(person: Person, grants: LiveGrantsInput): void {
    const standing = this.#standing(person)
    standing.changed = { ...standing.changed, ...grants }
  }

  /** They have to wait again, where people wait, and do not come back as the moderator they were made here. */
  removed(person: Person): void {
    const standing = this.#standing(person)
    standing.isAdmitted = false
    const { moderate, ...others } = standing.changed
    if (moderate) standing.changed = others
  }

  banned(person: Person, ban: Omit<Ban, 'banId'>): Ban {
    this.removed(person)
    const { proven, address } = person.identity
    const kept = { ...ban, banId: randomId(), key: keyOf(person), address: proven ? undefined : address }
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
    const { proven, address } = person.identity
    const isKnown = this.isAdmitted(person)
    return [...this.#bans.values()].some(
      (ban) => ban.key === key || (!proven && !isKnown && ban.address === address),
    )
  }

  #standing(person: Person): Standing {
    const key = keyOf(person)
    const standing = this.#standings.get(key) ?? { isAdmitted: false, changed: {} }
    // Set anew, so that it is the last to be forgotten.
    this.#standings.delete(key)
    dropFirst(this.#standings, rememberedPeople)
    this.#standings.set(key, standing)
    return standing
  }
}

function keyOf({ identity, secret }: Person): string {
  if (identity.proven) return `identity:${identity.id}`
  return `secret:${createHash('sha256').update(secret.reveal()).digest('base64url')}`
}

function dropFirst<V>(map: Map<string, V>, max: number): void {
  if (map.size < max) return
  const [first] = map.keys()
  map.delete(first!)
}
