import type { LocalTrack, RemoteTrack, Track } from './track.ts'
import type { Metadata, TrackKind, TrackSource, VideoLayers, VideoQuality } from './types.ts'

/** Something published in the room: what it is, and its track where there is one. */
export abstract class TrackPublication {
  /** Id of the producer on the server. Of a local publication it changes when the connection was restored. */
  abstract get id(): string
  readonly kind: TrackKind
  readonly source: TrackSource
  /** @internal */ protected muted: boolean
  /** @internal */ protected data: Metadata

  constructor(kind: TrackKind, source: TrackSource, muted: boolean, metadata: Metadata) {
    this.kind = kind
    this.source = source
    this.muted = muted
    this.data = metadata
  }

  /** Whether its owner muted it. */
  get isMuted(): boolean {
    return this.muted
  }

  /** What its owner attached to it. */
  get metadata(): Metadata {
    return this.data
  }

  abstract get track(): Track | undefined
}

/** Something this client publishes. */
export class LocalTrackPublication extends TrackPublication {
  readonly #track: LocalTrack

  /** @internal */
  constructor(track: LocalTrack, metadata: Metadata) {
    super(track.kind, track.source, false, metadata)
    this.#track = track
  }

  get id(): string {
    return ''
  }

  get track(): LocalTrack {
    return this.#track
  }

  /** Mutes: nothing is sent. A camera that the SDK captured is released. */
  async mute(): Promise<void> {
    throw new Error('not implemented yet')
  }

  /** Sends again; a released camera is captured anew. */
  async unmute(): Promise<void> {
    throw new Error('not implemented yet')
  }

  /** Replaces the metadata; the others get `trackMetadataChanged`. */
  async setMetadata(_metadata: Metadata): Promise<void> {
    throw new Error('not implemented yet')
  }

  /** The browser's statistics of the sender. */
  async getStats(): Promise<RTCStatsReport | undefined> {
    throw new Error('not implemented yet')
  }
}

/** Something somebody else publishes, received or not. */
export class RemoteTrackPublication extends TrackPublication {
  readonly #id: string

  /** @internal */
  constructor(id: string, kind: TrackKind, source: TrackSource, muted: boolean, metadata: Metadata) {
    super(kind, source, muted, metadata)
    this.#id = id
  }

  get id(): string {
    return this.#id
  }

  /** There while it is subscribed. */
  get track(): RemoteTrack | undefined {
    return undefined
  }

  /** Whether a track is here. It may still be paused, see {@link isPaused}. */
  get isSubscribed(): boolean {
    return this.track !== undefined
  }

  /** Whether this client wants it: the last `setSubscribed`, or `autoSubscribe`. */
  get isDesired(): boolean {
    return true
  }

  /** Whether reception is paused by this client: not shown (`adaptiveStream`), or `setEnabled(false)`. */
  get isPaused(): boolean {
    return false
  }

  /** The last `setEnabled`. */
  get isEnabled(): boolean {
    return true
  }

  /** The last `setVideoQuality`. */
  get videoQuality(): VideoQuality {
    return 'auto'
  }

  /** What the server sends at present; undefined when nothing, or when there are no layers. */
  get currentLayers(): VideoLayers | undefined {
    return undefined
  }

  /** What this client asked for last; undefined when there are no layers to choose from. */
  get preferredLayers(): VideoLayers | undefined {
    return undefined
  }

  /** Starts or stops receiving it altogether. */
  async setSubscribed(_subscribed: boolean): Promise<void> {
    throw new Error('not implemented yet')
  }

  /** Pauses or resumes reception; quicker than `setSubscribed`, and the track stays. */
  setEnabled(_enabled: boolean): void {
    throw new Error('not implemented yet')
  }

  /** The most that is received of a video with layers. `auto` (default): as large as it is shown, or all of it. */
  setVideoQuality(_quality: VideoQuality): void {
    throw new Error('not implemented yet')
  }

  /** Who gets bandwidth first when there is not enough for everything: 1 (default) to 255 (first). */
  setPriority(_priority: number): void {
    throw new Error('not implemented yet')
  }

  /** The browser's statistics of the receiver; undefined while not subscribed. */
  async getStats(): Promise<RTCStatsReport | undefined> {
    throw new Error('not implemented yet')
  }
}
