import type { Log } from '../lib/log.ts'
import type { Peer } from '../rooms/peer.ts'
import type { Room } from '../rooms/room.ts'

export interface NoticesOptions {
  /** `recordings.notice` */
  readonly text: string
  /** `recordings.endNotice` */
  readonly endText: string
  /** Of the recording whose place this one takes: who knows already need not be told. */
  readonly before: Notices | undefined
  readonly onTold: (peer: Peer) => void
  readonly log: Log
}

/**
 * Who has been told of a recording. Clients on `/ws` are told by their room at once. Those of mediasoup-demo know nothing of recordings:
 * they get a message, which needs a data channel, and may refuse it, so that it takes a while or cannot be.
 */
export class Notices {
  readonly #options: NoticesOptions
  /** Those of mediasoup-demo who are being told, or were. */
  readonly #asked: Set<Peer>
  readonly #told: Set<Peer>

  constructor(options: NoticesOptions) {
    this.#options = options
    const { before } = options
    this.#told = new Set(before ? before.#told : [])
    this.#asked = new Set(this.#told)
  }

  isTold(peer: Peer): boolean {
    return peer.channel.extended || this.#told.has(peer)
  }

  /** Tells somebody who has not been told. */
  tell(room: Room, peer: Peer): void {
    const { text, onTold, log } = this.#options
    if (peer.channel.extended || this.#asked.has(peer)) return
    this.#asked.add(peer)
    room.say(peer, text).then(
      () => {
        // Who left meanwhile is forgotten.
        if (!this.#asked.has(peer)) return
        this.#told.add(peer)
        onTold(peer)
      },
      (error: unknown) => {
        if (this.#asked.delete(peer))
          log.info({ err: error, peerId: peer.id }, 'somebody cannot be told that the call is recorded')
      },
    )
  }

  forget(peer: Peer): void {
    this.#asked.delete(peer)
    this.#told.delete(peer)
  }

  /** Tells those who were told that it is over. Who is still being told hears of both, in this order. */
  end(room: Room): void {
    const { endText, log } = this.#options
    for (const peer of this.#asked) {
      room.say(peer, endText).catch((error: unknown) => {
        log.debug({ err: error, peerId: peer.id }, 'somebody is not told that the recording is over')
      })
    }
  }
}
