import type { Track, TrackEndReason } from '../../recorder/manifest.ts'
import type { OpenTap } from '../../recorder/open-tap.ts'
import type { Peer, PeerProducer } from '../rooms/peer.ts'

export interface LiveTapOptions {
  readonly peer: Peer
  readonly producer: PeerProducer
  /** Each try is another track: an id is used once. */
  readonly newTrackId: () => string
  /** Is told why it was closed meanwhile, if it was. */
  readonly open: (trackId: string, endedBecause: () => TrackEndReason | undefined) => Promise<OpenTap>
  /** It could not be opened, and was not closed meanwhile. `retryMs`: when it is tried again; undefined: not any more. */
  readonly onFailed: (tap: LiveTap, error: unknown, retryMs: number | undefined) => void
}

/** How long it is waited after each failure before the next try, in milliseconds. More than these, and it stays failed. */
const retriesMs = [500, 2000, 8000, 30_000]

/** A producer that is recorded, from the wish to the end. Closing it while it is being opened is no fault. */
export class LiveTap {
  readonly peer: Peer
  readonly producer: PeerProducer
  readonly #options: LiveTapOptions
  #trackId: string
  #opening: Promise<OpenTap | undefined>
  #closing: Promise<Track | undefined> | undefined
  #reason: TrackEndReason | undefined
  #retry: NodeJS.Timeout | undefined
  #failures = 0
  #isFailed = false

  constructor(options: LiveTapOptions) {
    this.#options = options
    this.peer = options.peer
    this.producer = options.producer
    this.#trackId = options.newTrackId()
    this.#opening = this.#open()
  }

  /** Of the newest try. */
  get trackId(): string {
    return this.#trackId
  }

  /** Whether its producer is not recorded because that failed, until a later try succeeds. */
  get isFailed(): boolean {
    return this.#isFailed
  }

  /** Resolves when its files are finished, with what is in them; undefined if there are none. */
  close(reason: TrackEndReason): Promise<Track | undefined> {
    clearTimeout(this.#retry)
    this.#reason ??= reason
    this.#closing ??= this.#opening.then((tap) => tap?.close(reason)).catch(() => undefined)
    return this.#closing
  }

  async #open(): Promise<OpenTap | undefined> {
    try {
      const tap = await this.#options.open(this.#trackId, () => this.#reason)
      this.#isFailed = false
      return tap
    } catch (error) {
      if (!this.#closing && !this.producer.closed) this.#failed(error)
      return undefined
    }
  }

  #failed(error: unknown): void {
    this.#isFailed = true
    const retryMs = retriesMs[this.#failures++]
    this.#options.onFailed(this, error, retryMs)
    if (retryMs === undefined) return
    this.#retry = setTimeout(() => {
      if (this.producer.closed) return
      this.#trackId = this.#options.newTrackId()
      this.#opening = this.#open()
    }, retryMs).unref()
  }
}
