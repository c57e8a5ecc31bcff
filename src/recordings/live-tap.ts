import type { Track, TrackEndReason } from '../../recorder/manifest.ts'
import type { OpenTap } from '../../recorder/open-tap.ts'
import type { Peer, PeerProducer } from '../rooms/peer.ts'

export interface LiveTapOptions {
  readonly trackId: string
  readonly peer: Peer
  readonly producer: PeerProducer
  /** Is told why it was closed meanwhile, if it was. */
  readonly open: (endedBecause: () => TrackEndReason | undefined) => Promise<OpenTap>
  /** It could not be opened, and was not closed meanwhile. */
  readonly onFailed: (tap: LiveTap, error: unknown) => void
}

/** A producer that is recorded, from the wish to the end. Closing it while it is being opened is no fault. */
export class LiveTap {
  readonly trackId: string
  readonly peer: Peer
  readonly producer: PeerProducer
  readonly #opening: Promise<OpenTap | undefined>
  #closing: Promise<Track | undefined> | undefined
  #reason: TrackEndReason | undefined
  #isFailed = false

  constructor({ trackId, peer, producer, open, onFailed }: LiveTapOptions) {
    this.trackId = trackId
    this.peer = peer
    this.producer = producer
    this.#opening = open(() => this.#reason).catch((error: unknown) => {
      if (this.#closing || producer.closed) return undefined
      this.#isFailed = true
      onFailed(this, error)
      return undefined
    })
  }

  /** Whether its producer is not recorded because that failed. */
  get isFailed(): boolean {
    return this.#isFailed
  }

  /** Resolves when its files are finished, with what is in them; undefined if there are none. */
  close(reason: TrackEndReason): Promise<Track | undefined> {
    this.#reason ??= reason
    this.#closing ??= this.#opening.then((tap) => tap?.close(reason)).catch(() => undefined)
    return this.#closing
  }
}
