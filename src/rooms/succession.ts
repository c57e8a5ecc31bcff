import type { CloseReason } from '../protocol/close-reasons.ts'
import type { Peer } from './peer.ts'

/** A moderator whose connection broke may come back within this time, in milliseconds, before another is made one. */
const patienceMs = 5000

const mayComeBack: ReadonlySet<CloseReason> = new Set([
  'connection-lost',
  'slow-reader',
  'media-lost',
  'replaced',
])

export interface SuccessionOptions {
  /** Everybody with a connection to the room. */
  readonly peers: () => readonly Peer[]
  readonly promote: (peer: Peer) => void
}

/** Sees to it that a room which guests opened by themselves has somebody who moderates it. */
export class Succession {
  readonly #options: SuccessionOptions
  #timer: NodeJS.Timeout | undefined

  constructor(options: SuccessionOptions) {
    this.#options = options
  }

  /** Somebody who moderated does so no longer. */
  moderatorGone(reason: CloseReason): void {
    if (!mayComeBack.has(reason)) return this.#promote()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#promote(), patienceMs)
  }

  /** Somebody came to where nobody moderates. Counts from the first: people who come and go do not put it off. */
  nobodyModerates(): void {
    this.#timer ??= setTimeout(() => this.#promote(), patienceMs)
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  /** Makes the one who joined first moderator; a client that knows no moderation would be none. */
  #promote(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const peers = this.#options.peers()
    if (peers.some((peer) => peer.grants.moderate)) return
    const guests = peers.filter(
      (peer) => peer.joined && peer.channel.extended && !peer.identity.proven && !peer.grants.hidden,
    )
    const [successor] = guests.toSorted((a, b) => Number(a.joinedAt) - Number(b.joinedAt))
    if (successor) this.#options.promote(successor)
  }
}
