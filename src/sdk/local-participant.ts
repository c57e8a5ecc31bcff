import type { types } from 'mediasoup-client'
import { asSluiceError, thisDevice, type Connection } from './connection.ts'
import { DataSender } from './data.ts'
import {
  captureCamera,
  captureMicrophone,
  createLocalTracks,
  createScreenTracks,
  placeholderTrack,
} from './devices.ts'
import { encodingsFor } from './encodings.ts'
import { SluiceError } from './errors.ts'
import { Participant, type Announce } from './participant.ts'
import { LocalTrackPublication } from './publication.ts'
import type { Act } from './rules.ts'
import { LocalTrack, type CaptureOptions } from './track.ts'
import type {
  AudioCaptureOptions,
  DataPublishOptions,
  Metadata,
  Obstacle,
  PublishDefaults,
  RoomOptions,
  ScreenShareOptions,
  StopReason,
  TrackPublishOptions,
  TrackSource,
  VideoCaptureOptions,
  VideoCodec,
} from './types.ts'

/** What the local participant needs of the room. */
export interface LocalParticipantHost {
  readonly announce: Announce
  readonly options: RoomOptions
  /** The connection in use; undefined while there is none. */
  readonly connection: () => Connection | undefined
  /** Whether there is a connection, or one is being made or restored. */
  readonly isActive: () => boolean
  /** The connection; waits while it is being made or restored. Rejects with `not-connected` or `cancelled`. */
  readonly ready: () => Promise<Connection>
  /** What stands against doing something. */
  readonly obstacle: (act: Act, source?: TrackSource) => Obstacle | undefined
  /** Told after something was unmuted, or published unmuted. */
  readonly unmuted: (source: TrackSource) => void
}

/** How long ended producers are remembered that nobody here knows yet: the answer to `produce` may come after. */
const rememberedEndings = 20

/** This client in the room: what it publishes, and what it says of itself. */
export class LocalParticipant extends Participant<LocalTrackPublication> {
  readonly isLocal = true
  readonly #host: LocalParticipantHost
  #id = ''
  #publications = new Map<string, LocalTrackPublication>()
  readonly #queues = new Map<TrackSource, Promise<unknown>>()
  readonly #chosenDevices = new Map<MediaDeviceKind, string>()
  #data: { connection: Connection; sender: DataSender } | undefined
  /** What others did to producers before this client knew their ids. */
  readonly #early = new Map<string, (publication: LocalTrackPublication) => void>()
  /** Counts departures, so that what was begun before one is not finished after it. */
  #life = 0

  /** @internal */
  constructor(host: LocalParticipantHost) {
    super(host.announce)
    this.#host = host
  }

  get id(): string {
    return this.#id
  }

  get publications(): ReadonlyMap<string, LocalTrackPublication> {
    return this.#publications
  }

  /**
   * Turns the camera on (captures and publishes it, or captures it anew) or off (sends nothing and releases it, so that
   * its light goes out). Calls are carried out one after the other. Resolves with the publication, if there is one.
   *
   * @throws {SluiceError} `permission-denied`, `device-not-found`, `device-in-use`, `insecure-context`; `limit-exceeded`,
   * `forbidden` and the like from the server; `not-connected`.
   */
  setCameraEnabled(
    enabled: boolean,
    options: VideoCaptureOptions & TrackPublishOptions = {},
  ): Promise<LocalTrackPublication | undefined> {
    return this.#setDeviceEnabled('camera', enabled, options)
  }

  /**
   * Turns the microphone on, or off: muted, and released only with `stopMicrophoneOnMute`. Otherwise like
   * `setCameraEnabled`.
   */
  setMicrophoneEnabled(
    enabled: boolean,
    options: AudioCaptureOptions & TrackPublishOptions = {},
  ): Promise<LocalTrackPublication | undefined> {
    return this.#setDeviceEnabled('microphone', enabled, options)
  }

  /**
   * Shares a screen, window or tab that the person picks, or stops sharing. Call it in a click.
   *
   * @throws {SluiceError} `cancelled` when the person closed the picker; the rest as `setCameraEnabled`.
   */
  setScreenShareEnabled(
    enabled: boolean,
    options: ScreenShareOptions & TrackPublishOptions = {},
  ): Promise<LocalTrackPublication | undefined> {
    return this.#inOrder('screen', async () => {
      const present = this.getPublication('screen')
      if (!enabled) {
        if (present) await this.unpublishTrack(present)
        return undefined
      }
      if (present) return present
      this.#assertActive()
      this.#assertMay('publish', 'screen')
      const life = this.#life
      const tracks = await this.#captured('screen', () => createScreenTracks(options))
      if (life !== this.#life) {
        for (const track of tracks) track.stop()
        throw cancelled()
      }
      try {
        const [picture] = await Promise.all(
          tracks.map((track) => this.#publish(track, { ...options, source: track.source })),
        )
        return picture
      } catch (error) {
        for (const track of tracks) await this.unpublishTrack(track)
        for (const track of tracks) track.stop()
        throw error
      }
    })
  }

  /**
   * Turns camera and microphone on with one question for permission.
   *
   * @throws {SluiceError} as `setCameraEnabled`; neither is on then.
   */
  async enableCameraAndMicrophone(): Promise<void> {
    if (this.getPublication('camera') || this.getPublication('microphone')) {
      await Promise.all([this.setCameraEnabled(true), this.setMicrophoneEnabled(true)])
      return
    }
    this.#assertActive()
    const life = this.#life
    const tracks = await this.#captured('camera', () =>
      createLocalTracks({
        audio: this.#captureDefaults('microphone'),
        video: this.#captureDefaults('camera'),
      }),
    )
    if (life !== this.#life) {
      for (const track of tracks) track.stop()
      throw cancelled()
    }
    try {
      await Promise.all(tracks.map((track) => this.publishTrack(track)))
    } catch (error) {
      for (const track of tracks) await this.unpublishTrack(track)
      for (const track of tracks) track.stop()
      throw error
    }
  }

  /**
   * Publishes a track: one of {@link createLocalTracks}, or any `MediaStreamTrack` (a canvas, a file, an own capture). While
   * the room is being connected it waits for that. A `MediaStreamTrack` stays the application's: the SDK never stops it.
   *
   * @throws {SluiceError} `not-connected`, `invalid-argument` for an ended track, or what the server answers.
   */
  publishTrack(
    track: LocalTrack | MediaStreamTrack,
    options: TrackPublishOptions = {},
  ): Promise<LocalTrackPublication> {
    const isOurs = track instanceof LocalTrack
    const source =
      options.source ?? (isOurs ? track.source : track.kind === 'audio' ? 'microphone' : 'camera')
    const localTrack = isOurs ? track : new LocalTrack(track, source)
    return this.#inOrder(source, () => this.#publish(localTrack, { ...options, source }))
  }

  /** Stops publishing. `stop` also ends the capture; default: true for tracks the SDK captured. */
  async unpublishTrack(
    track: LocalTrackPublication | LocalTrack | MediaStreamTrack,
    stop?: boolean,
  ): Promise<void> {
    const publication = this.#find(track)
    if (!publication) return
    const { producer } = publication
    this.#remove(publication, stop ?? publication.track.isOwned)
    if (producer) this.#host.connection()?.notify('closeProducer', { producerId: producer.id })
    producer?.close()
    if (publication.source !== 'screen') return
    const sound = this.getPublication('screen-audio')
    if (sound) await this.unpublishTrack(sound, stop)
  }

  /**
   * Sends to everybody in the room. Text arrives as text, bytes as bytes. Resolves when the browser has taken it. Topics of
   * `dataTopics` are ready at once; what is sent first on another topic may miss those whose channel is not open yet.
   *
   * @throws {SluiceError} `data-too-large`, `not-connected`, `connection-lost`, or what the server answers (`forbidden`,
   * `limit-exceeded`).
   */
  async publishData(payload: string | Uint8Array, options: DataPublishOptions = {}): Promise<void> {
    const { topic = 'chat', reliable = true } = options
    const connection = await this.#host.ready()
    this.#assertMay(topic === 'chat' ? 'chat' : 'send-data')
    try {
      await this.#sender(connection).send(payload, topic, reliable)
    } catch (error) {
      throw asSluiceError(error)
    }
  }

  /** Raises the own hand, for everybody to see. */
  async raiseHand(): Promise<void> {
    await (await this.#host.ready()).request('room.raiseHand', { raised: true })
  }

  /**
   * After a reconnection: a hand that was up is up, behind those that stayed.
   * @internal
   */
  async raiseAgain(connection: Connection): Promise<void> {
    await connection.request('room.raiseHand', { raised: true }).catch(() => {})
  }

  async lowerHand(): Promise<void> {
    await (await this.#host.ready()).request('room.raiseHand', { raised: false })
  }

  /** Changes the name shown to the others. */
  async setName(name: string): Promise<void> {
    const connection = await this.#host.ready()
    await connection.request('changeDisplayName', { displayName: name })
    this.noteName(name)
  }

  /** Replaces the own metadata. */
  async setMetadata(metadata: Metadata): Promise<void> {
    const connection = await this.#host.ready()
    await connection.request('room.setMetadata', { metadata })
    this.noteMetadata(metadata)
  }

  /** @internal */
  entered(facts: { id: string; name: string; metadata: Metadata }): void {
    this.#id = facts.id
    this.introduce({ name: facts.name, metadata: facts.metadata, device: thisDevice() })
  }

  /** @internal */
  openTopics(connection: Connection, topics: readonly string[]): void {
    for (const topic of topics) {
      if (this.#host.obstacle(topic === 'chat' ? 'chat' : 'send-data')) continue
      this.#sender(connection)
        .open(topic, true)
        .catch(() => {})
    }
  }

  /** @internal */
  dataStopped(dataProducerId: string): void {
    this.#data?.sender.stopped(dataProducerId)
  }

  /**
   * A moderator muted this on the server.
   * @internal
   */
  mutedByOthers(producerId: string, by: Participant | undefined): void {
    this.#whenKnown(producerId, (publication) => {
      const { track, producer } = publication
      // At once, whatever is being done with this source: nothing may be heard or seen any more.
      track.setEnabled(false)
      producer?.pause()
      this.noteMuted(publication, true)
      void this.#inOrder(publication.source, async () => {
        if (this.#find(publication) !== publication) return
        // It may have been unmuted at the same moment; said again, both ends agree.
        await this.#setMuted(publication, true, { tellAnyway: true })
      }).catch(() => {})
      this.announce('mutedBy', publication, by)
    })
  }

  /**
   * This was closed on the server.
   * @internal
   */
  stoppedByOthers(
    producerId: string,
    { source, why, by }: { source: TrackSource; why: StopReason; by: Participant | undefined },
  ): void {
    this.#whenKnown(producerId, (publication) => {
      publication.producer?.close()
      this.#remove(publication, publication.track.isOwned)
      this.announce('stoppedBy', source, why, by)
      const sound = source === 'screen' ? this.getPublication('screen-audio') : undefined
      if (sound) void this.unpublishTrack(sound)
    })
  }

  #whenKnown(producerId: string, act: (publication: LocalTrackPublication) => void): void {
    const publication = this.#publications.get(producerId)
    if (publication) return act(publication)
    this.#early.set(producerId, act)
    if (this.#early.size > rememberedEndings) this.#early.delete([...this.#early.keys()][0]!)
  }

  #catchUp(publication: LocalTrackPublication): void {
    const act = this.#early.get(publication.id)
    this.#early.delete(publication.id)
    act?.(publication)
  }

  /**
   * Publishes everything again, on a new connection.
   * @internal
   */
  async republish(connection: Connection): Promise<void> {
    const publications = [...this.#publications.values()]
    await Promise.all(
      publications.map(async (publication) => {
        const before = publication.producer
        try {
          const producer = await this.#produce(publication, connection)
          before?.close()
          if (this.#find(publication) !== publication) {
            // It was unpublished meanwhile.
            producer.close()
            connection.notify('closeProducer', { producerId: producer.id })
            return
          }
          publication.producer = producer
        } catch (error) {
          if (!connection.alive) return
          this.#remove(publication, publication.track.isOwned)
          this.announce('mediaDevicesError', asSluiceError(error), publication.source)
        }
      }),
    )
    const rest = publications.filter((publication) => this.#find(publication) === publication)
    const added = [...this.#publications.values()].filter(
      (publication) => !publications.includes(publication),
    )
    this.#publications = new Map([...rest, ...added].map((publication) => [publication.id, publication]))
    for (const publication of rest) this.#catchUp(publication)
  }

  /** @internal */
  noteScores(producerId: string, scores: readonly number[]): void {
    const publication = this.#publications.get(producerId)
    if (publication) publication.scores = scores
  }

  /** @internal */
  getChosenDevice(kind: MediaDeviceKind): string | undefined {
    const source = sourceOfDevice[kind]
    const inUse = source && this.getPublication(source)?.track
    return (inUse && !inUse.isEnded ? inUse.deviceId : undefined) ?? this.#chosenDevices.get(kind)
  }

  /** @internal */
  async chooseDevice(kind: MediaDeviceKind, deviceId: string): Promise<void> {
    const before = this.#chosenDevices.get(kind)
    this.#chosenDevices.set(kind, deviceId)
    const source = sourceOfDevice[kind]
    if (!source) return
    await this.#inOrder(source, async () => {
      const publication = this.getPublication(source)
      const track = publication?.track
      if (!track?.canRestart || track.isEnded || track.deviceId === deviceId) return
      try {
        await this.#restart(publication!, { deviceId })
      } catch (error) {
        if (before === undefined) this.#chosenDevices.delete(kind)
        else this.#chosenDevices.set(kind, before)
        throw error
      }
    })
  }

  /**
   * The room was left.
   * @internal
   */
  left(): void {
    this.#life += 1
    this.#data = undefined
    this.#early.clear()
    for (const publication of [...this.#publications.values()]) {
      this.#remove(publication, publication.track.isOwned)
    }
    this.resetState()
  }

  /** Throws `forbidden` without asking the server for what it would refuse. */
  #assertMay(act: Act, source?: TrackSource): void {
    const why = this.#host.obstacle(act, source)
    if (why) throw new SluiceError('forbidden', refusal(act, source, why), { data: { why } })
  }

  #assertActive(): void {
    if (!this.#host.isActive()) throw new SluiceError('not-connected', 'The room is not connected.')
  }

  #sender(connection: Connection): DataSender {
    if (this.#data?.connection !== connection) {
      this.#data = { connection, sender: new DataSender(connection) }
    }
    return this.#data.sender
  }

  #setDeviceEnabled(
    source: 'camera' | 'microphone',
    enabled: boolean,
    options: CaptureOptions & TrackPublishOptions,
  ): Promise<LocalTrackPublication | undefined> {
    return this.#inOrder(source, async () => {
      const present = this.getPublication(source)
      if (!enabled) {
        if (present) await this.#setMuted(present, true)
        return present
      }
      const capture = captureOptions(options)
      if (present) {
        const isOther = Object.keys(capture).length > 0
        if (present.isMuted) await this.#setMuted(present, false, { capture })
        else if (isOther && present.track.canRestart) await this.#restart(present, capture)
        return present
      }
      // Capturing does not have to wait for the connection; publishing does.
      this.#assertActive()
      this.#assertMay('publish', source)
      const life = this.#life
      const wanted = { ...this.#captureDefaults(source), ...capture }
      const again = source === 'camera' ? captureCamera : captureMicrophone
      const mediaStreamTrack = await this.#captured(source, () => again(wanted))
      const track = new LocalTrack(mediaStreamTrack, source, { options: wanted, again })
      try {
        if (life !== this.#life) throw cancelled()
        return await this.#publish(track, { ...options, source })
      } catch (error) {
        track.stop()
        throw error
      }
    })
  }

  #captureDefaults(source: 'camera' | 'microphone'): CaptureOptions {
    const { options } = this.#host
    const defaults = source === 'camera' ? options.videoCaptureDefaults : options.audioCaptureDefaults
    const deviceId = this.#chosenDevices.get(source === 'camera' ? 'videoinput' : 'audioinput')
    return { ...defaults, ...(deviceId === undefined ? {} : { deviceId }) }
  }

  async #captured<T>(source: TrackSource, capture: () => Promise<T>): Promise<T> {
    try {
      return await capture()
    } catch (error) {
      const failure = asSluiceError(error)
      if (failure.code !== 'cancelled') this.announce('mediaDevicesError', failure, source)
      throw failure
    }
  }

  async #publish(track: LocalTrack, options: TrackPublishOptions): Promise<LocalTrackPublication> {
    const known = this.#find(track.mediaStreamTrack)
    if (known) return known
    if (track.isEnded) throw new SluiceError('invalid-argument', 'The track has ended already.')
    const life = this.#life
    const merged = { ...this.#host.options.publishDefaults, ...withoutUndefined(options) }
    const publication = new LocalTrackPublication(track, options.source ?? track.source, merged, {
      setMuted: (of, muted) => this.#inOrder(of.source, () => this.#setMuted(of, muted)),
      setMetadata: (of, metadata) => this.#setMetadata(of, metadata),
    })
    track.setEnabled(!publication.isMuted)

    for (;;) {
      const connection = await this.#host.ready()
      if (life !== this.#life) throw cancelled()
      // Where moderators decide who may be heard, one starts muted.
      if (publication.source === 'microphone' && this.#host.obstacle('unmute', 'microphone') === 'policy') {
        publication.noteMuted(true)
        track.setEnabled(false)
      }
      try {
        publication.producer = await this.#produce(publication, connection)
      } catch (error) {
        if (life !== this.#life) throw cancelled()
        if (!connection.alive) continue
        throw asSluiceError(error)
      }
      if (connection.alive && connection === this.#host.connection()) break
      if (life !== this.#life) throw cancelled()
    }
    if (track.isEnded) {
      this.#host.connection()?.notify('closeProducer', { producerId: publication.id })
      publication.producer.close()
      throw new SluiceError('cancelled', 'The track ended while it was being published.')
    }
    this.#publications.set(publication.id, publication)
    track.onReplaced = async (mediaStreamTrack) => {
      const { producer } = publication
      if (producer && !producer.closed) await producer.replaceTrack({ track: mediaStreamTrack })
    }
    track.on('ended', this.#ended(publication))
    this.emit('trackPublished', publication)
    this.announce('localTrackPublished', publication, this)
    if (!publication.isMuted) this.#host.unmuted(publication.source)
    this.#catchUp(publication)
    return publication
  }

  async #produce(publication: LocalTrackPublication, connection: Connection): Promise<types.Producer> {
    const { track, source, kind, options, isMuted, metadata } = publication
    const mediaStreamTrack = track.isEnded ? placeholderTrack(kind) : track.mediaStreamTrack
    const producer = await connection.send.produce({
      track: mediaStreamTrack,
      // Capture and muting are our business, see #setMuted.
      stopTracks: false,
      disableTrackOnPause: false,
      appData: { source, metadata, paused: isMuted },
      streamId: source.startsWith('screen') ? 'screen' : 'self',
      ...(kind === 'video'
        ? videoSettings(connection, mediaStreamTrack, source, options)
        : { codecOptions: audioSettings(connection, source, options) }),
    })
    if (isMuted) producer.pause()
    // It may have been muted, unmuted or captured anew while the server was asked.
    if (publication.isMuted !== isMuted) tellMuted(connection, producer, () => publication.isMuted)
    if (!track.isEnded && producer.track !== track.mediaStreamTrack) {
      await producer.replaceTrack({ track: track.mediaStreamTrack })
    }
    return producer
  }

  async #setMuted(
    publication: LocalTrackPublication,
    muted: boolean,
    { capture = {}, tellAnyway = false }: { capture?: CaptureOptions; tellAnyway?: boolean } = {},
  ): Promise<void> {
    if (publication.isMuted === muted && !tellAnyway) return
    const { track, source } = publication
    if (muted) {
      this.#silence(publication)
    } else {
      // A camera that may not be turned on does not even light up.
      this.#assertMay('unmute', source)
      track.setEnabled(true)
      if (track.isEnded && track.canRestart) {
        const deviceId = this.#chosenDevices.get(source === 'camera' ? 'videoinput' : 'audioinput')
        const wanted = { ...(deviceId === undefined ? {} : { deviceId }), ...capture }
        try {
          await this.#captured(source, () => track.restart(wanted))
        } catch (error) {
          track.setEnabled(false)
          throw error
        }
        if (this.#find(publication) !== publication) {
          track.stop()
          throw cancelled()
        }
      } else if (Object.keys(capture).length > 0 && track.canRestart) {
        await this.#restart(publication, capture)
      }
      await this.#askToUnmute(publication)
    }
    this.noteMuted(publication, muted)
    if (!muted) return this.#host.unmuted(source)
    const { producer } = publication
    const connection = this.#host.connection()
    // Without a connection it is told when everything is published again.
    if (producer && !producer.closed && connection) {
      tellMuted(connection, producer, () => publication.isMuted)
    }
  }

  #silence({ track, source, options }: LocalTrackPublication): void {
    track.setEnabled(false)
    const releases = source === 'camera' || (source === 'microphone' && options.stopMicrophoneOnMute)
    if (releases && track.canRestart) track.stop()
  }

  /** The server may say no: then it stays muted. Media flows meanwhile, so that the first word is not lost. */
  async #askToUnmute(publication: LocalTrackPublication): Promise<void> {
    const { producer } = publication
    const connection = this.#host.connection()
    if (!producer || producer.closed || !connection) return
    producer.resume()
    try {
      await connection.request('resumeProducer', { producerId: producer.id })
    } catch (error) {
      const { code } = asSluiceError(error)
      // What is lost with the connection is told when everything is published again.
      if (code === 'connection-lost') return
      if (code === 'rate-limited' || code === 'timeout') {
        setTimeout(() => tellMuted(connection, producer, () => publication.isMuted), 1_000)
        return
      }
      producer.pause()
      this.#silence(publication)
      throw error
    }
    if (this.#find(publication) !== publication) throw cancelled()
  }

  /** Another device or resolution. If nothing can be captured any more, the publication is muted. */
  async #restart(publication: LocalTrackPublication, capture: CaptureOptions): Promise<void> {
    const { track, source } = publication
    try {
      await this.#captured(source, () => track.restart(capture))
    } catch (error) {
      if (track.isEnded && this.#find(publication) === publication) await this.#setMuted(publication, true)
      throw error
    }
  }

  async #setMetadata(publication: LocalTrackPublication, metadata: Metadata): Promise<void> {
    const connection = await this.#host.ready()
    await connection.request('room.setProducerMetadata', { producerId: publication.id, metadata })
    this.noteTrackMetadata(publication, metadata)
  }

  /** The source ended by itself: a device is tried once more (another one may have taken its place), a screen is over. */
  #ended(publication: LocalTrackPublication): () => void {
    return () => {
      if (this.#find(publication) !== publication) return
      const { track, source } = publication
      if (!track.canRestart) {
        void this.unpublishTrack(publication)
        return
      }
      void this.#inOrder(source, async () => {
        if (!track.isEnded || this.#find(publication) !== publication || publication.isMuted) return
        try {
          await track.restart({ deviceId: undefined })
          const kind = source === 'camera' ? 'videoinput' : 'audioinput'
          this.#chosenDevices.delete(kind)
          this.announce('activeDeviceChanged', kind, track.deviceId ?? 'default')
        } catch (error) {
          this.announce('mediaDevicesError', asSluiceError(error), source)
          await this.#setMuted(publication, true)
        }
      })
    }
  }

  #find(what: LocalTrackPublication | LocalTrack | MediaStreamTrack): LocalTrackPublication | undefined {
    for (const publication of this.#publications.values()) {
      const { track } = publication
      if (publication === what || track === what || track.mediaStreamTrack === what) return publication
    }
    return undefined
  }

  #remove(publication: LocalTrackPublication, stop: boolean): void {
    for (const [id, known] of this.#publications) if (known === publication) this.#publications.delete(id)
    const { track } = publication
    track.onReplaced = undefined
    if (stop) track.stop()
    this.emit('trackUnpublished', publication)
    this.announce('localTrackUnpublished', publication, this)
  }

  /** What concerns one source happens one after the other. */
  #inOrder<T>(source: TrackSource, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(source) ?? Promise.resolve()
    const done = before.then(work, work)
    const settled = done.catch(() => {})
    this.#queues.set(source, settled)
    void settled.then(() => {
      if (this.#queues.get(source) === settled) this.#queues.delete(source)
    })
    return done
  }
}

const sourceOfDevice: Readonly<Record<MediaDeviceKind, 'camera' | 'microphone' | undefined>> = {
  audioinput: 'microphone',
  videoinput: 'camera',
  audiooutput: undefined,
}

function cancelled(): SluiceError {
  return new SluiceError('cancelled', 'The room was left meanwhile.')
}

function refusal(act: Act, source: TrackSource | undefined, why: Obstacle): string {
  const isScreen = source === 'screen' || source === 'screen-audio'
  if (why === 'policy') {
    if (act === 'chat') return 'Only moderators write here now.'
    return isScreen ? 'Only moderators share a screen here.' : 'Only moderators unmute here. Raise your hand.'
  }
  if (act === 'chat' || act === 'send-data') return 'You may not send messages here.'
  if (isScreen) return 'You may not share a screen here.'
  return `You may not turn on your ${source === 'camera' ? 'camera' : 'microphone'} here.`
}

/** Says it again later if the server had no time for it; by then it may have changed. */
function tellMuted(connection: Connection, producer: types.Producer, isMuted: () => boolean): void {
  if (!connection.alive || producer.closed) return
  const muted = isMuted()
  if (muted) producer.pause()
  else producer.resume()
  connection
    .request(muted ? 'pauseProducer' : 'resumeProducer', { producerId: producer.id })
    .catch((error: SluiceError) => {
      if (error.code === 'rate-limited') setTimeout(() => tellMuted(connection, producer, isMuted), 1_000)
    })
}

function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>
}

/** Those of the options that say how to capture, not how to publish. */
function captureOptions(options: CaptureOptions & TrackPublishOptions): CaptureOptions {
  const { deviceId, facingMode, resolution } = options
  const { echoCancellation, noiseSuppression, autoGainControl, channelCount } = options
  return withoutUndefined({
    deviceId,
    facingMode,
    resolution,
    echoCancellation,
    noiseSuppression,
    autoGainControl,
    channelCount,
  })
}

function audioSettings(
  connection: Connection,
  source: TrackSource,
  options: PublishDefaults,
): types.ProducerCodecOptions {
  const { codecOptions } = connection.welcome
  const isVoice = source === 'microphone'
  return {
    // Music and films do not survive being switched off in quiet passages.
    opusDtx: isVoice && (options.dtx ?? codecOptions.opusDtx),
    opusFec: options.fec ?? codecOptions.opusFec,
    opusStereo: source === 'screen-audio',
    ...(options.audioBitrate === undefined || !isVoice
      ? {}
      : { opusMaxAverageBitrate: options.audioBitrate }),
    ...(isVoice ? {} : { opusMaxAverageBitrate: 128_000 }),
  }
}

function videoSettings(
  connection: Connection,
  track: MediaStreamTrack,
  source: TrackSource,
  options: PublishDefaults,
): {
  encodings: types.RtpEncodingParameters[]
  codec?: types.RtpCodecCapability
  codecOptions: types.ProducerCodecOptions
} {
  const codecs = (connection.device.sendRtpCapabilities.codecs ?? []).filter(
    ({ kind, mimeType }) => kind === 'video' && !/\/(rtx|ulpfec|red|flexfec)/i.test(mimeType),
  )
  const chosen = codecs.find(({ mimeType }) => codecName(mimeType) === options.videoCodec) ?? codecs[0]
  const { width = 1280, height = 720 } = track.getSettings()
  const encodings = encodingsFor({
    source,
    codec: chosen ? codecName(chosen.mimeType) : 'vp8',
    width: width || 1280,
    height: height || 720,
    // Measured with 153: one picture of two is of the lower frame rate, whatever `scalabilityMode` says.
    temporalLayers: connection.device.handlerName.startsWith('Firefox') ? 2 : 3,
    options,
  })
  return {
    encodings,
    ...(chosen ? { codec: chosen } : {}),
    codecOptions: { videoGoogleStartBitrate: source === 'screen' ? 2000 : 1000 },
  }
}

function codecName(mimeType: string): VideoCodec {
  return mimeType.slice('video/'.length).toLowerCase() as VideoCodec
}
