import { AppError, limitExceeded } from '../lib/app-error.ts'
import type { PeerId } from '../lib/ids.ts'
import type { CloseReason } from '../protocol/close-reasons.ts'
import type { Grants } from '../protocol/grants.ts'
import type { NotificationData, NotificationMethod } from '../protocol/server-messages.ts'
import type { ModerationAct } from './events.ts'
import { Lobby } from './lobby.ts'
import type { Acting } from './moderation.ts'
import type { Peer } from './peer.ts'
import type { People } from './people.ts'
import { waitsFor, type Why } from './policy.ts'
import type { FullSettings } from './settings.ts'
import { Succession } from './succession.ts'
import { checkSameClient, isSamePerson, type Visitor } from './visitor.ts'

export interface EntranceOptions {
  readonly people: People
  /** Everybody with a connection to the room. */
  readonly peers: ReadonlyMap<PeerId, Peer>
  readonly settings: () => FullSettings
  readonly lobbySize: number
  /** Whether guests opened the room by themselves; undefined when nobody was in yet. */
  readonly isRunByGuests: boolean | undefined
  /** Whether a guest who comes first moderates. */
  readonly guestsModerate: boolean
  /** Throws when the room is closed. */
  readonly assertOpen: () => void
  /** Makes a peer of a visitor, in place of the one with the same id. */
  readonly makePeer: (visitor: Visitor, grants: Grants) => Peer
  readonly onSucceeded: (peer: Peer) => void
  /** Called after somebody began or ceased to wait. */
  readonly onLobbyChanged: () => void
  readonly onActed: (act: ModerationAct) => void
}

/** Decides who becomes a peer of a room, who waits, and who moderates where nobody else says so. */
export class Entrance {
  readonly lobby: Lobby
  readonly #options: EntranceOptions
  readonly #succession: Succession
  #isRunByGuests: boolean | undefined

  constructor(options: EntranceOptions) {
    this.#options = options
    this.#isRunByGuests = options.isRunByGuests
    this.#succession = new Succession({
      peers: () => [...options.peers.values()],
      promote: options.onSucceeded,
    })
    this.lobby = new Lobby({
      max: options.lobbySize,
      letIn: (visitor) => this.#letIn(visitor),
      onKnocked: (waiting) => {
        options.onLobbyChanged()
        this.#tellModerators('room.knocked', waiting)
      },
      onEnded: (peerId, outcome) => {
        options.onLobbyChanged()
        this.#tellModerators('room.knockEnded', { peerId, outcome })
      },
    })
  }

  get isRunByGuests(): boolean | undefined {
    return this.#isRunByGuests
  }

  /** See `Room.enter`. */
  enter(visitor: Visitor, gone: AbortSignal): Peer | Promise<Peer> {
    const { assertOpen, settings, people, peers } = this.#options
    assertOpen()
    const { identity } = visitor
    const { requiresToken, policy } = settings()
    if (requiresToken && !identity.proven)
      throw new AppError('unauthorized', 'This room lets nobody in without a room token.')
    if (people.isBanned(visitor)) throw new AppError('banned', 'You cannot enter this room any more.')
    const present = peers.get(identity.id)
    for (const holder of [present, this.lobby.visitor(identity.id)]) {
      if (holder) checkSameClient(holder, visitor)
    }
    this.lobby.replace(identity.id)

    const isHere = present !== undefined && isSamePerson(present, visitor)
    if (isHere || people.isAdmitted(visitor)) return this.#letIn(visitor)
    if (policy.locked && !people.grantsOf(visitor).moderate)
      throw new AppError('room-locked', 'This room is locked.')
    const why = this.#whyWaiting(visitor)
    return why ? this.lobby.wait(visitor, why, gone) : this.#letIn(visitor)
  }

  /** Lets in somebody who waits. Throws `not-found`, and `limit-exceeded` when the room is full: they go on waiting. */
  admit(peerId: string, { by }: Acting = {}): void {
    const target = peerId as PeerId
    const visitor = this.lobby.visitor(target)
    this.lobby.admit(target)
    this.#options.people.admitted(visitor!)
    this.#options.onActed({ by, action: 'admitted', target })
  }

  /** Lets in everybody who waits, longest first. Throws `limit-exceeded` when some do not fit. */
  admitAll(acting: Acting = {}): void {
    for (const { peerId } of this.lobby.list()) this.admit(peerId, acting)
  }

  /** Sends away somebody who waits. Throws `not-found`. */
  deny(peerId: string, { by }: Acting = {}): void {
    const target = peerId as PeerId
    this.lobby.deny(target)
    this.#options.onActed({ by, action: 'denied', target })
  }

  /** The policy changed, or who moderates: lets in who waits for nothing any more. */
  reconsider(): void {
    const { people, settings } = this.#options
    this.lobby.reconsider((visitor) => {
      const why = this.#whyWaiting(visitor)
      // Where the room is locked or they are banned, a moderator decides.
      return why ?? (settings().policy.locked || people.isBanned(visitor) ? 'lobby' : undefined)
    })
  }

  /** Somebody is in the room now. */
  joined(peer: Peer): void {
    // Not before: whoever only connected was seen by nobody, and would pass a lock later.
    this.#options.people.admitted(peer)
    if (peer.grants.moderate) this.moderatorThere(peer)
    else if (this.#needsModerator) this.#succession.nobodyModerates()
  }

  moderatorThere(peer: Peer): void {
    this.reconsider()
    for (const waiting of this.lobby.list()) peer.channel.notify('room.knocked', waiting)
  }

  moderatorGone(reason: CloseReason): void {
    this.reconsider()
    if (this.#needsModerator) this.#succession.moderatorGone(reason)
  }

  close(reason: CloseReason): void {
    this.#succession.close()
    this.lobby.close(reason)
  }

  /** Makes a peer of a visitor who need not wait (any more). Throws `limit-exceeded` for a full room. */
  #letIn(visitor: Visitor): Peer {
    const { assertOpen, settings, people, peers, guestsModerate, makePeer } = this.#options
    assertOpen()
    const { identity, channel } = visitor
    const { maxPeers } = settings()
    if (peers.size - (peers.has(identity.id) ? 1 : 0) >= maxPeers)
      throw limitExceeded('peersPerRoom', maxPeers)

    this.#isRunByGuests ??= guestsModerate && !identity.proven
    const isFirst = this.#isRunByGuests && !this.#hasModerator && !people.hasModerator
    if (isFirst && channel.extended && !identity.proven) people.changed(visitor, { moderate: true })
    return makePeer(visitor, people.grantsOf(visitor))
  }

  #whyWaiting(visitor: Visitor): Why | undefined {
    const { settings, people, peers } = this.#options
    const isHostThere = [...peers.values()].some(
      ({ joined, grants }) => joined && grants.moderate && !grants.hidden,
    )
    return waitsFor(settings().policy, people.grantsOf(visitor), isHostThere)
  }

  get #needsModerator(): boolean {
    return this.#isRunByGuests === true && !this.#hasModerator
  }

  get #hasModerator(): boolean {
    return [...this.#options.peers.values()].some((peer) => peer.grants.moderate)
  }

  #tellModerators<M extends NotificationMethod>(method: M, data: NotificationData<M>): void {
    for (const peer of this.#options.peers.values()) {
      if (peer.joined && peer.grants.moderate) peer.channel.notify(method, data)
    }
  }
}
