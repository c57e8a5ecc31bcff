import type { Connection } from './connection.ts'
import type { Participant } from './participant.ts'
import type { Ban, GrantsChange, RoomPolicy, TrackSource, WaitingPerson } from './types.ts'

type PersonOrId = Participant | WaitingPerson | string

/**
 * What moderators do. Each resolves when the server has done it, and everybody concerned is told by events.
 *
 * Everything here rejects with a {@link SluiceError}: `forbidden` without the grant `moderate`, `not-found` when somebody is
 * not there (any more), `not-connected`.
 */
export class Moderation {
  readonly #ready: () => Promise<Connection>

  /** @internal */
  constructor(ready: () => Promise<Connection>) {
    this.#ready = ready
  }

  /** Lets in somebody who waits. Rejects with `limit-exceeded` when the room is full: then they go on waiting. */
  async admit(person: PersonOrId): Promise<void> {
    await (await this.#ready()).request('room.admit', { peerId: idOf(person) })
  }

  /** Lets in everybody who waits, as many as fit. */
  async admitAll(): Promise<void> {
    await (await this.#ready()).request('room.admitAll', {})
  }

  /** Sends away somebody who waits. */
  async deny(person: PersonOrId): Promise<void> {
    await (await this.#ready()).request('room.deny', { peerId: idOf(person) })
  }

  /** Changes the policy of the room: `setPolicy({ locked: true })`. What is left out stays. */
  async setPolicy(change: Partial<RoomPolicy>): Promise<void> {
    await (await this.#ready()).request('room.setPolicy', change)
  }

  /** Mutes somebody. They may unmute themselves, unless the policy says otherwise. */
  async mute(person: PersonOrId, source: TrackSource = 'microphone'): Promise<void> {
    await (await this.#ready()).request('room.mutePeer', { peerId: idOf(person), source })
  }

  /** Mutes everybody who does not moderate. */
  async muteAll(source: TrackSource = 'microphone'): Promise<void> {
    await (await this.#ready()).request('room.muteAll', { source })
  }

  /** Asks somebody to unmute, or to turn something on; nobody is forced. Allows it once where the policy forbids it. */
  async askUnmute(person: PersonOrId, source: TrackSource = 'microphone'): Promise<void> {
    await (await this.#ready()).request('room.askUnmute', { peerId: idOf(person), source })
  }

  /** Ends somebody's camera or screen share. They may begin again, unless that was taken from them. */
  async stop(person: PersonOrId, source: TrackSource): Promise<void> {
    await (await this.#ready()).request('room.stopSource', { peerId: idOf(person), source })
  }

  /** Removes somebody from the room; `message` is for them. */
  async remove(person: PersonOrId, message?: string): Promise<void> {
    await (await this.#ready()).request('room.removePeer', goodbye(person, message))
  }

  /** Removes somebody and keeps them out as long as the room lives. */
  async ban(person: PersonOrId, message?: string): Promise<void> {
    await (await this.#ready()).request('room.banPeer', goodbye(person, message))
  }

  /** Takes a ban back. */
  async unban(ban: Ban | string): Promise<void> {
    const banId = typeof ban === 'string' ? ban : ban.id
    await (await this.#ready()).request('room.unban', { banId })
  }

  /** Who is kept out. */
  async bans(): Promise<Ban[]> {
    const { bans } = await (await this.#ready()).request('room.getBans', {})
    return bans.map(({ banId, peerId, displayName, at, by }) => ({
      id: banId,
      participantId: peerId,
      name: displayName,
      at: new Date(at),
      by,
    }))
  }

  /** Makes somebody moderator, or takes that away. */
  async setModerator(person: PersonOrId, moderator: boolean): Promise<void> {
    await (await this.#ready()).request('room.setModerator', { peerId: idOf(person), moderator })
  }

  /** Makes somebody moderator and gives up being one. */
  async handOver(person: PersonOrId): Promise<void> {
    await (await this.#ready()).request('room.handOver', { peerId: idOf(person) })
  }

  /** Changes what somebody may do, at once: `setGrants(person, { publish: ['microphone'] })`. What is left out stays. */
  async setGrants(person: PersonOrId, { publish, ...rest }: GrantsChange): Promise<void> {
    const sources = typeof publish === 'boolean' || publish === undefined ? publish : [...publish]
    const grants = { ...rest, ...(sources === undefined ? {} : { publish: sources }) }
    await (await this.#ready()).request('room.setGrants', { peerId: idOf(person), grants })
  }

  async lowerHand(person: PersonOrId): Promise<void> {
    await (await this.#ready()).request('room.lowerHand', { peerId: idOf(person) })
  }

  async lowerAllHands(): Promise<void> {
    await (await this.#ready()).request('room.lowerHand', {})
  }

  /** Puts somebody in the spotlight for everybody; undefined ends it. */
  async spotlight(person: PersonOrId | undefined): Promise<void> {
    const peerId = person === undefined ? null : idOf(person)
    await (await this.#ready()).request('room.spotlight', { peerId })
  }

  /** Ends the room for everybody. */
  async end(): Promise<void> {
    await (await this.#ready()).request('room.end', {})
  }
}

function idOf(person: PersonOrId): string {
  return typeof person === 'string' ? person : person.id
}

function goodbye(person: PersonOrId, message: string | undefined): { peerId: string; message?: string } {
  return { peerId: idOf(person), ...(message ? { message: message.slice(0, 256) } : {}) }
}
