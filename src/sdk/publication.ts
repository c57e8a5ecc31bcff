import type { types } from 'mediasoup-client'
import type { ProducerInfo } from '../protocol/model.ts'
import type { ServerRequestInput, ServerRequestOutput } from '../protocol/server-messages.ts'
import {
  decideReception,
  fullSizeFrom,
  settleDelay,
  spatialLayersOf,
  ViewWatcher,
  type Reception,
  type Size,
} from './adaptive-stream.ts'
import { asSluiceError, type Connection } from './connection.ts'
import { SluiceError } from './errors.ts'
import { RemoteTrack, type LocalTrack, type Track } from './track.ts'
import type {
  Metadata,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  VideoLayers,
  VideoQuality,
} from './types.ts'

/** Something published in the room: what it is, and its track where there is one. */
export abstract class TrackPublication {
  /** Id of the producer on the server. Of a local publication it changes when the connection was restored. */
  abstract get id(): string
  /** Of a remote publication undefined while it is not subscribed. */
  abstract get track(): Track | undefined
  readonly kind: TrackKind
  readonly source: TrackSource
  #muted: boolean
  #metadata: Metadata

  /** @internal */
  constructor(facts: { kind: TrackKind; source: TrackSource; muted: boolean; metadata: Metadata }) {
    this.kind = facts.kind
    this.source = facts.source
    this.#muted = facts.muted
    this.#metadata = facts.metadata
  }

  /** Whether its owner muted it. */
  get isMuted(): boolean {
    return this.#muted
  }

  /** What its owner attached to it. */
  get metadata(): Metadata {
    return this.#metadata
  }

  /**
   * Returns whether that changed anything.
   * @internal
   */
  noteMuted(muted: boolean): boolean {
    const changed = this.#muted !== muted
    this.#muted = muted
    return changed
  }

  /** @internal */
  noteMetadata(metadata: Metadata): void {
    this.#metadata = metadata
  }
}

/** What a local publication asks of its participant. */
export interface LocalPublicationHost {
  readonly setMuted: (publication: LocalTrackPublication, muted: boolean) => Promise<void>
  readonly setMetadata: (publication: LocalTrackPublication, metadata: Metadata) => Promise<void>
}

/** Something this client publishes. */
export class LocalTrackPublication extends TrackPublication {
  readonly #track: LocalTrack
  readonly #host: LocalPublicationHost
  /** @internal */
  readonly options: TrackPublishOptions
  /** @internal */
  producer: types.Producer | undefined
  /**
   * mediasoup's scores of what the server receives, 0 to 10.
   * @internal
   */
  scores: readonly number[] = []

  /** @internal */
  constructor(
    track: LocalTrack,
    source: TrackSource,
    options: TrackPublishOptions,
    host: LocalPublicationHost,
  ) {
    super({ kind: track.kind, source, muted: options.muted ?? false, metadata: options.metadata ?? {} })
    this.#track = track
    this.options = options
    this.#host = host
  }

  get id(): string {
    return this.producer?.id ?? ''
  }

  get track(): LocalTrack {
    return this.#track
  }

  /** The codec in use, such as `video/VP8`; undefined while the connection is being restored. */
  get mimeType(): string | undefined {
    return this.producer?.rtpParameters.codecs[0]?.mimeType
  }

  /** Mutes: nothing is sent. A camera that the SDK captured is released. */
  mute(): Promise<void> {
    return this.#host.setMuted(this, true)
  }

  /**
   * Sends again; a released camera is captured anew.
   *
   * @throws {SluiceError} as `createLocalTracks`, when it has to be captured anew.
   */
  unmute(): Promise<void> {
    return this.#host.setMuted(this, false)
  }

  /** Replaces the metadata; the others get `trackMetadataChanged`. */
  setMetadata(metadata: Metadata): Promise<void> {
    return this.#host.setMetadata(this, metadata)
  }

  /** The browser's statistics of the sender. */
  async getStats(): Promise<RTCStatsReport | undefined> {
    return this.producer && !this.producer.closed ? this.producer.getStats() : undefined
  }
}

/** What a remote publication asks of its participant. */
export interface RemotePublicationHost {
  readonly participantId: string
  readonly adaptive: boolean
  /** The connection in use; undefined while there is none. */
  readonly connection: () => Connection | undefined
  readonly subscribed: (track: RemoteTrack, publication: RemoteTrackPublication) => void
  readonly unsubscribed: (track: RemoteTrack, publication: RemoteTrackPublication) => void
  readonly failed: (publication: RemoteTrackPublication, error: SluiceError) => void
  readonly pausedChanged: (publication: RemoteTrackPublication) => void
  readonly layersChanged: (publication: RemoteTrackPublication) => void
  readonly audioAttachmentsChanged: (track: RemoteTrack) => void
  readonly playBlocked: (element: HTMLMediaElement) => void
}

type ConsumerOffer = ServerRequestInput<'newConsumer'>
type ConsumerAnswer = ServerRequestOutput<'newConsumer'>

/** How large a video is taken to be until a frame of it was seen. */
const assumedSizes: Readonly<Record<'screen' | 'camera', Size>> = {
  screen: { width: 1920, height: 1080 },
  camera: { width: 1280, height: 720 },
}
/** The size of frames is looked at this long after a layer or the size changed, when both agree again. Milliseconds. */
const measureDelay = 400
/** How long a video may flow before an element shows it, in milliseconds. */
const earlyDelay = 600
/** What the server refused for its rate is repeated after once to twice this time. Milliseconds. */
const repeatDelay = 700

/** Something somebody else publishes, received or not. */
export class RemoteTrackPublication extends TrackPublication {
  readonly #id: string
  readonly #host: RemotePublicationHost
  #desired: boolean
  #enabled = true
  #quality: VideoQuality = 'auto'
  #priority = 1
  #closed = false

  #consumer: types.Consumer | undefined
  #track: RemoteTrack | undefined
  #watcher: ViewWatcher | undefined
  #spatialLayers = 1
  #fullSize: Size
  /** What the server was told. */
  #told: Reception = { paused: false, spatialLayer: undefined }
  #current: VideoLayers | undefined
  #settleTimer: ReturnType<typeof setTimeout> | undefined
  #settleFor: Reception | undefined
  #measureTimer: ReturnType<typeof setTimeout> | undefined
  #repeatTimer: ReturnType<typeof setTimeout> | undefined
  #score: number | undefined

  /** @internal */
  constructor(info: ProducerInfo, desired: boolean, host: RemotePublicationHost) {
    super({ kind: info.kind, source: info.source, muted: info.paused, metadata: info.metadata })
    this.#id = info.producerId
    this.#desired = desired
    this.#host = host
    this.#fullSize = assumedSizes[info.source === 'screen' ? 'screen' : 'camera']
  }

  get id(): string {
    return this.#id
  }

  get track(): RemoteTrack | undefined {
    return this.#track
  }

  /** Whether a track is here. It may still be paused, see {@link isPaused}. */
  get isSubscribed(): boolean {
    return this.#track !== undefined
  }

  /** Whether this client wants it: the last `setSubscribed`, or `autoSubscribe`. */
  get isDesired(): boolean {
    return this.#desired
  }

  /** Whether reception is paused by this client: not shown (`adaptiveStream`), or `setEnabled(false)`. */
  get isPaused(): boolean {
    return this.#told.paused
  }

  /** The last `setEnabled`. */
  get isEnabled(): boolean {
    return this.#enabled
  }

  /** The last `setVideoQuality`. */
  get videoQuality(): VideoQuality {
    return this.#quality
  }

  /** What the server sends at present; undefined when nothing, or when there are no layers. */
  get currentLayers(): VideoLayers | undefined {
    return this.#current
  }

  /** The layer this client asked for last; undefined when there are none to choose from. */
  get preferredLayer(): number | undefined {
    return this.#told.spatialLayer
  }

  /** How many sizes there are to choose from. */
  get spatialLayers(): number {
    return this.#spatialLayers
  }

  /** Id of the consumer on the server; undefined while not subscribed. */
  get consumerId(): string | undefined {
    return this.#consumer?.id
  }

  /**
   * Starts or stops receiving it altogether.
   *
   * @throws {SluiceError} what the server answers, such as `limit-exceeded`; `media-failed`.
   */
  async setSubscribed(subscribed: boolean): Promise<void> {
    this.#desired = subscribed
    const connection = this.#host.connection()
    if (!subscribed) {
      const { consumerId } = this
      this.#drop()
      if (consumerId !== undefined) connection?.notify('room.unsubscribe', { consumerId })
      return
    }
    // Without a connection, what is desired is asked for when there is one again.
    if (this.#consumer || this.#closed || !connection) return
    await this.subscribe(connection)
  }

  /** Pauses or resumes reception; quicker than `setSubscribed`, and the track stays. */
  setEnabled(enabled: boolean): void {
    this.#enabled = enabled
    this.#reconsider({ now: true })
  }

  /** The most that is received of a video with layers. `auto` (default): as large as it is shown, or all of it. */
  setVideoQuality(quality: VideoQuality): void {
    this.#quality = quality
    this.#reconsider({ now: true })
  }

  /** Who gets bandwidth first when there is not enough for everything: 1 (default) to 255 (first). */
  setPriority(priority: number): void {
    if (!Number.isInteger(priority) || priority < 1 || priority > 255) {
      throw new SluiceError('invalid-argument', 'A priority is a whole number from 1 to 255.')
    }
    this.#priority = priority
    const { consumerId } = this
    const connection = this.#host.connection()
    if (connection && consumerId)
      this.#ask(connection.request('setConsumerPriority', { consumerId, priority }))
  }

  /** The browser's statistics of the receiver; undefined while not subscribed. */
  async getStats(): Promise<RTCStatsReport | undefined> {
    return this.#track?.getStats()
  }

  /** @internal */
  get consumer(): types.Consumer | undefined {
    return this.#consumer
  }

  /**
   * mediasoup's score of the owner's stream, while it flows.
   * @internal
   */
  get score(): number | undefined {
    return this.isMuted || this.isPaused ? undefined : this.#score
  }

  /** @internal */
  async subscribe(connection: Connection): Promise<void> {
    try {
      await connection.request('room.subscribe', { producerId: this.#id })
    } catch (error) {
      const failure = asSluiceError(error)
      if (this.#closed || !this.#desired || !connection.alive) return
      this.#host.failed(this, failure)
      throw failure
    }
  }

  /**
   * The server offers a consumer; returns what to answer, throws to refuse.
   * @internal
   */
  async offered(offer: ConsumerOffer, connection: Connection): Promise<ConsumerAnswer> {
    if (!this.#desired) throw new SluiceError('cancelled', 'This track is not wanted.')
    let consumer: types.Consumer
    try {
      consumer = await connection.receive.consume({
        id: offer.consumerId,
        producerId: offer.producerId,
        kind: offer.kind,
        rtpParameters: offer.rtpParameters as types.RtpParameters,
        // What shares a stream is played in step: voice with face, and a film's sound with its picture.
        streamId: `${this.#host.participantId}-${this.source.startsWith('screen') ? 'screen' : 'self'}`,
      })
    } catch (error) {
      const failure = asSluiceError(error)
      if (connection.alive && !this.#closed) this.#host.failed(this, failure)
      throw failure
    }
    if (this.#closed || !this.#desired || !connection.alive || this.#host.connection() !== connection) {
      consumer.close()
      throw new SluiceError('cancelled', 'This track is not wanted any more.')
    }

    this.#consumer?.close()
    this.#consumer = consumer
    this.#score = offer.consumerScore.producerScore
    this.#current = undefined
    this.#spatialLayers = spatialLayersOf(consumer.rtpParameters.encodings?.[0]?.scalabilityMode)
    if (this.#track) this.#track.receive(consumer.track, consumer.rtpReceiver)
    else this.#begin(consumer)

    // Listeners of `trackSubscribed` have attached elements by now, if they do it at once.
    clearTimeout(this.#settleTimer)
    this.#settleFor = undefined
    const before = this.#told.paused
    this.#told = this.#decide()
    if (this.#told.paused && this.#enabled && this.#watcher?.elements().length === 0) this.#beginEarly()
    if (before !== this.#told.paused) this.#host.pausedChanged(this)
    if (this.#priority !== 1) {
      const priority = this.#priority
      this.#ask(connection.request('setConsumerPriority', { consumerId: consumer.id, priority }))
    }
    const { paused, spatialLayer } = this.#told
    return {
      ...(paused ? { paused } : {}),
      ...(spatialLayer === undefined ? {} : { preferredLayers: { spatialLayer } }),
    }
  }

  /**
   * The consumer is gone on the server.
   * @internal
   */
  consumerClosed(consumerId: string): void {
    if (this.#consumer?.id === consumerId) this.#drop()
  }

  /** @internal */
  noteLayers(layers: VideoLayers | undefined): void {
    this.#current = layers
    this.#host.layersChanged(this)
    this.#measureSoon()
  }

  /** @internal */
  noteScore(score: number): void {
    this.#score = score
  }

  /**
   * Not published any more.
   * @internal
   */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#drop()
  }

  #begin(consumer: types.Consumer): void {
    const track: RemoteTrack = new RemoteTrack(consumer.track, this.source, {
      attachmentsChanged: () => this.#attachmentsChanged(track),
      playBlocked: (element) => this.#host.playBlocked(element),
    })
    track.receive(consumer.track, consumer.rtpReceiver)
    this.#track = track
    if (this.kind === 'video' && this.#host.adaptive) {
      this.#watcher = new ViewWatcher(() => {
        this.#measureSoon()
        this.#reconsider()
      })
    }
    this.#host.subscribed(track, this)
  }

  /**
   * Most applications attach an element a moment after `trackSubscribed`, when they have drawn their page. The smallest
   * layer flows meanwhile, so that there is a picture at once; without an element it is paused after all.
   */
  #beginEarly(): void {
    const decided = this.#told
    this.#told = { paused: false, spatialLayer: this.#spatialLayers > 1 ? 0 : undefined }
    this.#settleFor = decided
    this.#settleTimer = setTimeout(() => this.#reconsider({ now: true }), earlyDelay)
  }

  #drop(): void {
    clearTimeout(this.#settleTimer)
    clearTimeout(this.#measureTimer)
    clearTimeout(this.#repeatTimer)
    this.#settleFor = undefined
    this.#measureTimer = undefined
    this.#repeatTimer = undefined
    this.#consumer?.close()
    this.#consumer = undefined
    this.#current = undefined
    this.#score = undefined
    const track = this.#track
    if (!track) return
    this.#track = undefined
    this.#watcher?.close()
    this.#watcher = undefined
    // Listeners find the elements still attached, to take them off the page.
    this.#host.unsubscribed(track, this)
    track.close()
  }

  #attachmentsChanged(track: RemoteTrack): void {
    if (this.kind === 'audio') return this.#host.audioAttachmentsChanged(track)
    const watcher = this.#watcher
    if (!watcher) return
    const attached = new Set(track.attachedElements as readonly HTMLVideoElement[])
    for (const element of watcher.elements()) if (!attached.has(element)) watcher.remove(element)
    for (const element of attached) watcher.add(element)
  }

  #decide(): Reception {
    return decideReception({
      views: this.#watcher?.views() ?? [],
      pixelRatio: globalThis.devicePixelRatio ?? 1,
      fullSize: this.#fullSize,
      spatialLayers: this.#spatialLayers,
      quality: this.#quality,
      enabled: this.#enabled,
      adaptive: this.kind === 'video' && this.#host.adaptive,
    })
  }

  /** Compares what is needed with what the server was told, and tells it once that has settled. */
  #reconsider({ now = false } = {}): void {
    if (!this.#consumer) return
    const next = this.#decide()
    if (sameReception(next, this.#told)) {
      clearTimeout(this.#settleTimer)
      this.#settleFor = undefined
      return
    }
    const delay = now ? 0 : settleDelay(this.#told, next)
    // A change that is waiting already is not put off by further measurements that say the same.
    if (delay > 0 && this.#settleFor && sameReception(this.#settleFor, next)) return
    clearTimeout(this.#settleTimer)
    this.#settleFor = next
    if (delay === 0) this.#tell(next)
    else this.#settleTimer = setTimeout(() => this.#reconsider({ now: true }), delay)
  }

  #tell(next: Reception): void {
    this.#settleFor = undefined
    const connection = this.#host.connection()
    const { consumerId } = this
    // Without a connection it is decided again when the consumer comes back.
    if (!connection || consumerId === undefined) return
    const before = this.#told
    this.#told = next
    const { spatialLayer, paused } = next
    if (spatialLayer !== undefined && spatialLayer !== before.spatialLayer) {
      this.#ask(connection.request('setConsumerPreferredLayers', { consumerId, spatialLayer }))
    }
    if (paused === before.paused) return
    this.#ask(connection.request(paused ? 'pauseConsumer' : 'resumeConsumer', { consumerId }))
    this.#host.pausedChanged(this)
  }

  /** Sends something that changes the consumer. If the server had no time for it, everything is told again, a bit later. */
  #ask(request: Promise<unknown>): void {
    request.catch((error: unknown) => {
      const isWorthRepeating = error instanceof SluiceError && /rate-limited|timeout/.test(error.code)
      if (!isWorthRepeating || this.#repeatTimer !== undefined || this.#closed) return
      this.#repeatTimer = setTimeout(() => this.#repeat(), repeatDelay * (1 + Math.random()))
    })
  }

  #repeat(): void {
    this.#repeatTimer = undefined
    const connection = this.#host.connection()
    const { consumerId } = this
    if (!connection || consumerId === undefined) return
    const { paused, spatialLayer } = this.#told
    const priority = this.#priority
    if (spatialLayer !== undefined) {
      this.#ask(connection.request('setConsumerPreferredLayers', { consumerId, spatialLayer }))
    }
    if (priority !== 1) this.#ask(connection.request('setConsumerPriority', { consumerId, priority }))
    this.#ask(connection.request(paused ? 'pauseConsumer' : 'resumeConsumer', { consumerId }))
  }

  #measureSoon(): void {
    if (this.#measureTimer !== undefined || !this.#watcher) return
    this.#measureTimer = setTimeout(() => {
      this.#measureTimer = undefined
      const frame = this.#watcher?.frameSize()
      if (!frame) return
      const layer = this.#current?.spatialLayer ?? (this.#spatialLayers > 1 ? undefined : 0)
      if (layer === undefined) return
      this.#fullSize = fullSizeFrom(frame, layer, this.#spatialLayers)
      this.#reconsider()
    }, measureDelay)
  }
}

function sameReception(a: Reception, b: Reception): boolean {
  // A layer that is not received does not matter.
  return a.paused === b.paused && (a.paused || a.spatialLayer === b.spatialLayer)
}
