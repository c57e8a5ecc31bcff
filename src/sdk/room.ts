import type { PeerInfo } from '../protocol/model.ts'
import type { ServerMethod, ServerRequestInput, ServerRequestOutput } from '../protocol/server-messages.ts'
import { AudioPlayback } from './audio-playback.ts'
import { reconnectDelay, reconnectPolicy } from './backoff.ts'
import { asSluiceError, Connection, sessionEnded, type ConnectionHooks } from './connection.ts'
import { getLocalDevices } from './devices.ts'
import { Emitter } from './emitter.ts'
import { SluiceError } from './errors.ts'
import type { RoomEvents } from './events.ts'
import { LocalParticipant } from './local-participant.ts'
import { Moderation } from './moderation.ts'
import type { Participant } from './participant.ts'
import { gradeConnection, levelFromDbov } from './quality.ts'
import { RoomRecording } from './recording.ts'
import { RemoteParticipant, type RemoteParticipantHost } from './remote-participant.ts'
import { Rules, type Act } from './rules.ts'
import { isReason, type Closure, type Notification, type ServerRequest } from './signaling.ts'
import { readRoomStats, readSendHealth } from './stats.ts'
import type { RemoteTrack } from './track.ts'
import type {
  ConnectOptions,
  ConnectionState,
  DisconnectReason,
  Grants,
  LiveRecording,
  Metadata,
  Obstacle,
  RecordingHealth,
  RoomOptions,
  RoomPolicy,
  RoomStats,
  TrackSource,
  WaitingPerson,
  WaitReason,
} from './types.ts'
import { abortReason, orAborted, pause } from './wait.ts'

const defaultConnectTimeout = 15_000
/** How often connection quality is judged, in milliseconds. */
const qualityInterval = 2_000
/** Whoever is missing after a reconnection, or was replaced by a new session of theirs, has this long to come back. */
const absenceGrace = 5_000
/** A track that was received before a reconnection and is not offered again within this time is gone. Milliseconds. */
const resubscribeGrace = 10_000

/** From `connect()` until the room is left. */
interface Stay {
  readonly url: string
  readonly options: ConnectOptions
  readonly abort: AbortController
  readonly peerId: string
  peerSecret: string | undefined
  /** What it waits for at the door. */
  waitsFor: WaitReason | undefined
}

/** A room, from this client's place in it. It can be connected again after it was left. */
export class Room extends Emitter<RoomEvents> {
  readonly options: Readonly<RoomOptions>
  readonly localParticipant: LocalParticipant
  /** What moderators do: admit, mute, remove and so on. For everybody else it rejects with `forbidden`. */
  readonly moderation: Moderation
  readonly #rules: Rules
  readonly #recording: RoomRecording
  readonly #remoteParticipants = new Map<string, RemoteParticipant>()
  readonly #audio: AudioPlayback
  #state: ConnectionState = 'disconnected'
  #stay: Stay | undefined
  #connection: Connection | undefined
  /** Resolves with a connection once everything is in place again. */
  #ready: Deferred<Connection> | undefined
  #roomId = ''
  #serverVersion = ''
  #activeSpeakers: readonly Participant[] = []
  #dominantSpeaker: Participant | undefined
  readonly #absent = new Map<string, ReturnType<typeof setTimeout>>()
  #staleTimer: ReturnType<typeof setTimeout> | undefined
  #qualityTimer: ReturnType<typeof setInterval> | undefined

  constructor(options: RoomOptions = {}) {
    super()
    this.options = options
    this.#audio = new AudioPlayback({
      automatic: options.autoPlayAudio ?? true,
      changed: (canPlay) => this.emit('audioPlaybackChanged', canPlay),
    })
    this.localParticipant = new LocalParticipant({
      announce: (event, ...args) => this.emit(event, ...args),
      options,
      connection: () => this.#live(),
      isActive: () => this.#stay !== undefined,
      ready: () => this.#whenReady(),
      obstacle: (act, source) => this.#rules.obstacle(act, source),
      unmuted: (source) => this.#rules.unmuted(source),
    })
    this.moderation = new Moderation(() => this.#whenReady())
    this.#recording = new RoomRecording({
      announce: (event, ...args) => this.emit(event, ...args),
      connection: () => this.#whenReady(),
    })
    this.#rules = new Rules({
      announce: (event, ...args) => this.emit(event, ...args),
      me: this.localParticipant,
      participant: (id) => this.getParticipant(id),
      openTopics: () => this.#openTopics(),
      askLobby: async () => {
        const asked = await this.#connection?.request('room.getLobby', {}).catch(() => undefined)
        return asked?.waiting ?? []
      },
    })
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Empty before the first connection. */
  get roomId(): string {
    return this.#roomId
  }

  /** Everybody else, by id. */
  get remoteParticipants(): ReadonlyMap<string, RemoteParticipant> {
    return this.#remoteParticipants
  }

  /** Who makes sound, loudest first. */
  get activeSpeakers(): readonly Participant[] {
    return this.#activeSpeakers
  }

  /** Who has the word. */
  get dominantSpeaker(): Participant | undefined {
    return this.#dominantSpeaker
  }

  /** False when the browser waits for a click before it plays audio: offer a button that calls `startAudio()`. */
  get canPlayAudio(): boolean {
    return this.#audio.canPlay
  }

  /** What this client waits for while the state is `waiting`. */
  get waitsFor(): WaitReason | undefined {
    return this.#stay?.waitsFor
  }

  /** What moderators decided about the room. */
  get policy(): RoomPolicy {
    return this.#rules.policy
  }

  /** What this client may do. It can change during a call. */
  get grants(): Grants {
    return this.#rules.grants
  }

  /** What the application attached to the room. */
  get metadata(): Readonly<Metadata> {
    return this.#rules.metadata
  }

  /** Who is in the spotlight for everybody. */
  get spotlight(): Participant | undefined {
    return this.#rules.spotlight
  }

  /** Who waits to be let in, longest first; known to moderators. */
  get lobby(): readonly WaitingPerson[] {
    return this.#rules.lobby
  }

  /** The recording of the room that goes on; undefined: none does. */
  get recording(): LiveRecording | undefined {
    return this.#recording.current
  }

  /** Whether this client agreed to the recording that goes on; see `consentToRecording`. */
  get hasConsentedToRecording(): boolean {
    return this.#recording.isAgreed
  }

  /** How the recording goes; known to those who may stop it, some seconds after it began. */
  get recordingHealth(): RecordingHealth | undefined {
    return this.#recording.health
  }

  /** Who has a hand raised, longest first. */
  get raisedHands(): readonly Participant[] {
    return [this.localParticipant, ...this.#remoteParticipants.values()]
      .filter((participant) => participant.handRaisedAt)
      .sort((a, b) => a.handRaisedAt!.getTime() - b.handRaisedAt!.getTime())
  }

  /** Whether this client may do something now, by its grants and the policy of the room: `can('publish', 'screen')`. */
  can(act: Act, source?: TrackSource): boolean {
    return this.whyNot(act, source) === undefined
  }

  /** Why this client may not do something: its own `grants`, or the `policy` of the room. undefined: it may. */
  whyNot(act: Act, source?: TrackSource): Obstacle | undefined {
    return this.#rules.obstacle(act, source)
  }

  /** Version of the server, after connecting. */
  get serverVersion(): string {
    return this.#serverVersion
  }

  /** Looks a participant up, the local one too. */
  getParticipant(id: string): Participant | undefined {
    return id === this.localParticipant.id ? this.localParticipant : this.#remoteParticipants.get(id)
  }

  /**
   * Enters a room. Does not ask for camera or microphone. Where one has to be let in, it goes on waiting, with the state
   * and the event `waiting`, until that happens or `disconnect()` is called.
   *
   * @param url `https://host[:port]`, `wss://host[:port]`, a path, or empty for the page's own origin.
   * @throws {SluiceError} `server-unreachable`, `unauthorized`, `forbidden`, `room-locked`, `banned`, `limit-exceeded`,
   * `unavailable`, `timeout`, `unsupported-browser`; `session-ended` when a moderator did not let this client in
   * (`data.reason` is `denied`) or the room ended meanwhile; `conflict` when it is connected already; `cancelled` when `disconnect()` came first.
   */
  async connect(url: string, options: ConnectOptions): Promise<void> {
    if (this.#stay) throw new SluiceError('conflict', 'This room is connected already.')
    const stay: Stay = {
      url,
      options,
      abort: new AbortController(),
      peerId: randomId(),
      peerSecret: undefined,
      waitsFor: undefined,
    }
    this.#stay = stay
    this.#ready = new Deferred()
    this.localParticipant.entered({ id: '', name: options.name, metadata: options.metadata ?? {} })
    this.#setState('connecting')
    try {
      const connection = await this.#openPatiently(stay)
      if (stay !== this.#stay) {
        connection.close()
        throw abortReason(stay.abort.signal)
      }
      this.#enter(connection, stay)
      const facts = await connection.facts
      this.#recording.entered(facts, connection)
      await this.#rules.entered(facts)
      if (stay !== this.#stay) throw abortReason(stay.abort.signal)
      this.#openTopics()
    } catch (error) {
      const failure = asSluiceError(error)
      if (stay === this.#stay) this.#end('refused', failure, { tell: false })
      throw failure
    }
    window.addEventListener('pagehide', this.#pageHidden)
    navigator.mediaDevices?.addEventListener('devicechange', this.#devicesChanged)
    this.#qualityTimer = setInterval(() => void this.#judge(), qualityInterval)
    this.#setState('connected')
    this.#ready?.resolve(this.#connection!)
    this.emit('connected')
  }

  /** Leaves the room and releases everything the SDK captured or made. `reason` is told to the others. */
  async disconnect(reason?: string): Promise<void> {
    if (this.#stay) this.#end('left', undefined, { told: reason })
  }

  /** Plays audio that the browser held back. Call it in a click; rejects if the browser still refuses. */
  startAudio(): Promise<void> {
    return this.#audio.start()
  }

  /**
   * Records the room from now on; when it is recorded already, resolves with that recording. Everybody is told by
   * `recordingChanged`. Where consent is asked, whoever starts it is asked, too.
   *
   * @throws {SluiceError} `forbidden` without the grant `record` or `moderate`, or (`data.why` is `policy`) where the meeting
   * is not to be recorded; `unavailable` when the server cannot record one more, `data.why` is `capacity`, `disk`,
   * `no-recorder` or `disabled`; `not-connected`.
   */
  startRecording(): Promise<LiveRecording> {
    return this.#recording.start()
  }

  /**
   * Ends the recording of the room.
   *
   * @throws {SluiceError} `forbidden`; `not-found` when there is none; `not-connected`.
   */
  stopRecording(): Promise<void> {
    return this.#recording.stop()
  }

  /**
   * Agrees to being recorded, or takes that back, where the recording `asksConsent`. It counts for this recording, and
   * outlives reconnections.
   *
   * @throws {SluiceError} `not-found` when there is no recording; `not-connected`.
   */
  consentToRecording(agrees: boolean): Promise<void> {
    return this.#recording.consent(agrees)
  }

  /**
   * The numbers of now, for a display or a log.
   *
   * @throws {SluiceError} `not-connected`.
   */
  async getStats(): Promise<RoomStats> {
    const connection = this.#connection
    if (!connection) throw notConnected()
    return readRoomStats(connection.send, connection.receive)
  }

  /** The device in use, or the one chosen for the next capture; undefined: the system's choice. */
  getActiveDevice(kind: MediaDeviceKind): string | undefined {
    return this.localParticipant.getChosenDevice(kind)
  }

  /**
   * Uses another camera, microphone or speaker, now if it is in use and for every later capture.
   *
   * @throws {SluiceError} `device-not-found` and the like; `unsupported-browser` when it cannot choose speakers.
   */
  async switchActiveDevice(kind: MediaDeviceKind, deviceId: string): Promise<void> {
    if (kind === 'audiooutput') {
      if (!('setSinkId' in HTMLMediaElement.prototype)) {
        throw new SluiceError('unsupported-browser', 'This browser does not let pages choose the speaker.')
      }
      try {
        await this.#audio.setSinkId(deviceId === 'default' ? '' : deviceId)
      } catch (cause) {
        throw new SluiceError('device-not-found', 'This speaker cannot be used.', { cause })
      }
    }
    await this.localParticipant.chooseDevice(kind, deviceId)
    this.emit('activeDeviceChanged', kind, deviceId)
  }

  /** See {@link getLocalDevices}. */
  static getLocalDevices(kind?: MediaDeviceKind, requestPermissions = false): Promise<MediaDeviceInfo[]> {
    return getLocalDevices(kind, requestPermissions)
  }

  /** Whether this browser can take part at all. */
  static isSupported(): boolean {
    return (
      typeof RTCPeerConnection === 'function' &&
      typeof WebSocket === 'function' &&
      'addTransceiver' in RTCPeerConnection.prototype
    )
  }

  #setState(state: ConnectionState): void {
    if (this.#state === state) return
    this.#state = state
    this.emit('connectionStateChanged', state)
  }

  #live(): Connection | undefined {
    return this.#connection?.alive ? this.#connection : undefined
  }

  async #whenReady(): Promise<Connection> {
    if (!this.#stay || !this.#ready) throw notConnected()
    return this.#ready.promise
  }

  /** Who waits to be let in is not sent away because the network was: that is tried again, as after a loss in the room. */
  async #openPatiently(stay: Stay): Promise<Connection> {
    const policy = reconnectPolicy(this.options.reconnect || {})
    const { signal } = stay.abort
    let since = 0
    for (let attempt = 0; ; attempt++) {
      let waited = false
      try {
        return await this.#openInTime(stay, {
          limit: stay.options.timeout ?? defaultConnectTimeout,
          onWaiting: () => (waited = true),
        })
      } catch (error) {
        const failure = asSluiceError(error)
        if (waited) {
          since = performance.now()
          attempt = 0
        }
        const isWorthTrying =
          stay.waitsFor !== undefined &&
          this.options.reconnect !== false &&
          !isFinal(failure) &&
          performance.now() - since < policy.giveUpAfter
        if (signal.aborted || !isWorthTrying) throw failure
        await pauseUntilOnline(reconnectDelay(attempt, policy, Math.random()), signal)
        if (signal.aborted) throw abortReason(signal)
      }
    }
  }

  /** One try, which may not take longer than `limit` milliseconds, waiting to be let in not counted. */
  async #openInTime(
    stay: Stay,
    { limit, onWaiting }: { limit: number; onWaiting: () => void },
  ): Promise<Connection> {
    const attempt = new AbortController()
    const cancel = (): void => attempt.abort(stay.abort.signal.reason)
    stay.abort.signal.addEventListener('abort', cancel)
    let timer: ReturnType<typeof setTimeout> | undefined
    const startTimer = (): void => {
      timer = setTimeout(
        () => attempt.abort(new SluiceError('timeout', 'The server did not answer in time.')),
        limit,
      )
    }
    startTimer()
    const before = this.#state
    try {
      return await this.#open(stay, attempt.signal, (why) => {
        if (attempt.signal.aborted) return
        clearTimeout(timer)
        stay.waitsFor = why
        if (why === undefined) {
          startTimer()
          this.#setState(before === 'waiting' ? 'connecting' : before)
          return
        }
        onWaiting()
        this.#setState('waiting')
        this.emit('waiting', why)
      })
    } finally {
      clearTimeout(timer)
      stay.abort.signal.removeEventListener('abort', cancel)
    }
  }

  async #open(
    stay: Stay,
    signal: AbortSignal,
    onWaiting: (why: WaitReason | undefined) => void,
  ): Promise<Connection> {
    const { options } = stay
    const token = typeof options.token === 'function' ? await newToken(options.token, signal) : options.token
    const { name, metadata } = this.localParticipant
    return Connection.open({
      url: stay.url,
      roomId: options.room,
      peerId: stay.peerId,
      peerSecret: stay.peerSecret,
      token,
      name,
      metadata,
      autoSubscribe: options.autoSubscribe ?? true,
      iceServers: this.options.iceServers ?? [],
      forceTcp: this.options.forceTcp ?? false,
      onWaiting,
      hooks: this.#hooks,
      signal,
    })
  }

  readonly #hooks: ConnectionHooks = {
    onRequest: (request, connection) => this.#answer(request, connection),
    onNotification: (notification, connection) => {
      if (connection === this.#connection) this.#heed(notification)
    },
    onLost: (closure, connection) => {
      if (connection === this.#connection) this.#lost(closure)
    },
    onMediaState: (connection) => {
      if (connection === this.#connection) void this.#judge()
    },
  }

  /** Takes a new connection into use and brings everybody up to date. */
  #enter(connection: Connection, stay: Stay): void {
    const { welcome, peers } = connection
    this.#connection = connection
    stay.waitsFor = undefined
    stay.peerSecret = welcome.peerSecret
    this.#roomId = welcome.roomId
    this.#serverVersion = welcome.serverVersion
    const { name, metadata } = this.localParticipant
    this.localParticipant.entered({ id: welcome.peerId, name, metadata })

    const present = new Set(peers.map((peer) => peer.peerId))
    for (const id of this.#remoteParticipants.keys()) if (!present.has(id)) this.#awaitReturn(id)
    for (const peer of peers) this.#peerPresent(peer)
  }

  #openTopics(): void {
    const connection = this.#live()
    if (connection) this.localParticipant.openTopics(connection, this.options.dataTopics ?? ['chat'])
  }

  #lost(closure: Closure): void {
    const stay = this.#stay
    if (!stay || this.#state === 'connecting') return
    const { reconnect } = this.options
    if (!closure.reconnect || reconnect === false) {
      const error = closure.reason === 'left' ? undefined : sessionEnded({ ...closure, reconnect: false })
      this.#end(closure.reason, error)
      return
    }
    if (this.#state === 'reconnecting' || this.#state === 'waiting') return
    this.#ready = new Deferred()
    this.#setState('reconnecting')
    this.emit('reconnecting')
    void this.#judge()
    void this.#reconnect(stay)
  }

  async #reconnect(stay: Stay): Promise<void> {
    const policy = reconnectPolicy(this.options.reconnect || {})
    const { signal } = stay.abort
    const hadHandRaised = this.localParticipant.handRaisedAt !== undefined
    let deadline = performance.now() + policy.giveUpAfter
    let last: SluiceError | undefined
    for (let attempt = 0; performance.now() < deadline; attempt++) {
      await pauseUntilOnline(reconnectDelay(attempt, policy, Math.random()), signal)
      if (signal.aborted) return
      const before = this.#connection
      let waited = false
      try {
        const limit = Math.min(
          stay.options.timeout ?? defaultConnectTimeout,
          Math.max(1_000, deadline - performance.now()),
        )
        const connection = await this.#openInTime(stay, { limit, onWaiting: () => (waited = true) })
        if (stay !== this.#stay) {
          connection.close()
          return
        }
        this.#enter(connection, stay)
        before?.close()
        const facts = await connection.facts
        this.#recording.entered(facts, connection)
        await this.#rules.entered(facts)
        if (stay !== this.#stay) return
        this.#openTopics()
        if (hadHandRaised) await this.localParticipant.raiseAgain(connection)
        await this.localParticipant.republish(connection)
        if (stay !== this.#stay) return
        if (connection.alive) {
          this.#resubscribe(connection)
          this.#setState('connected')
          this.#ready?.resolve(connection)
          this.emit('reconnected')
          return
        }
      } catch (error) {
        if (signal.aborted) return
        last = asSluiceError(error)
        if (isFinal(last)) return this.#end(finalReason(last), last)
      }
      if (waited) {
        deadline = performance.now() + policy.giveUpAfter
        attempt = 0
      }
    }
    if (stay !== this.#stay) return
    this.#end(
      'connection-lost',
      new SluiceError('connection-lost', 'The connection could not be restored.', { cause: last }),
    )
  }

  /** After a reconnection: asks again for what was picked one by one, and lets go of what did not come back. */
  #resubscribe(connection: Connection): void {
    if (this.#stay?.options.autoSubscribe === false) {
      for (const publication of this.#remotePublications()) {
        if (publication.isDesired) publication.subscribe(connection).catch(() => {})
      }
    }
    clearTimeout(this.#staleTimer)
    this.#staleTimer = setTimeout(() => {
      if (!connection.alive) return
      for (const publication of this.#remotePublications()) {
        const { consumer } = publication
        if (consumer?.closed) publication.consumerClosed(consumer.id)
      }
    }, resubscribeGrace)
  }

  #end(
    reason: DisconnectReason,
    error: SluiceError | undefined,
    { tell = true, told }: { tell?: boolean; told?: string | undefined } = {},
  ): void {
    const stay = this.#stay
    if (!stay) return
    this.#stay = undefined
    const gone = error ?? new SluiceError('cancelled', 'The room was left.')
    stay.abort.abort(gone)
    this.#ready?.reject(gone)
    this.#ready = undefined
    window.removeEventListener('pagehide', this.#pageHidden)
    navigator.mediaDevices?.removeEventListener('devicechange', this.#devicesChanged)
    clearInterval(this.#qualityTimer)
    clearTimeout(this.#staleTimer)
    for (const timer of this.#absent.values()) clearTimeout(timer)
    this.#absent.clear()

    const connection = this.#connection
    this.#connection = undefined
    if (reason === 'left') connection?.leave(told)
    else connection?.close()
    this.#setSpeakers([])
    this.#setDominant(undefined)
    for (const id of [...this.#remoteParticipants.keys()]) this.#removeParticipant(id, reason)
    this.localParticipant.left()
    this.#rules.left()
    this.#recording.left()
    this.#setState('disconnected')
    if (tell) this.emit('disconnected', reason, error)
  }

  // What the server asks and tells.

  async #answer(request: ServerRequest, connection: Connection): Promise<ServerRequestOutput<ServerMethod>> {
    if (connection !== this.#connection) throw new SluiceError('cancelled', 'This connection is not in use.')
    switch (request.method) {
      case 'newConsumer':
        return this.#offered(request.data, connection)
      case 'newDataConsumer':
        return this.#offeredData(request.data, connection)
      default:
        throw new SluiceError('unknown-method', 'This client does not know that request.')
    }
  }

  async #offered(
    offer: ServerRequestInput<'newConsumer'>,
    connection: Connection,
  ): Promise<ServerRequestOutput<'newConsumer'>> {
    const participant = this.#remoteParticipants.get(offer.peerId)
    if (!participant) throw new SluiceError('cancelled', 'This participant is not known.')
    // A server announces what is published before it offers it; the source is a guess otherwise.
    const publication =
      participant.publications.get(offer.producerId) ??
      participant.published({
        producerId: offer.producerId,
        peerId: offer.peerId,
        kind: offer.kind,
        source: guessSource(offer.kind, offer.appData.source),
        paused: offer.producerPaused,
        type: offer.type,
        metadata: {},
      })
    return publication.offered(offer, connection)
  }

  async #offeredData(
    offer: ServerRequestInput<'newDataConsumer'>,
    connection: Connection,
  ): Promise<ServerRequestOutput<'newDataConsumer'>> {
    const { peerId, label, protocol, sctpStreamParameters } = offer
    if (peerId === undefined || !this.#remoteParticipants.has(peerId)) {
      throw new SluiceError('cancelled', 'This participant is not known.')
    }
    const consumer = await connection.receive.consumeData({
      id: offer.dataConsumerId,
      dataProducerId: offer.dataProducerId,
      sctpStreamParameters: sctpStreamParameters as { streamId?: number; ordered?: boolean },
      label,
      protocol,
    })
    if (connection !== this.#connection) {
      consumer.close()
      throw new SluiceError('cancelled', 'This connection is not in use.')
    }
    consumer.binaryType = 'arraybuffer'
    const topic = label || offer.appData.channel
    consumer.on('message', (message: string | ArrayBuffer) => {
      if (connection !== this.#connection) return
      const payload = typeof message === 'string' ? message : new Uint8Array(message)
      this.#remoteParticipants.get(peerId)?.noteData(payload, topic)
    })
    this.#dataConsumers.set(consumer.id, () => consumer.close())
    consumer.observer.once('close', () => this.#dataConsumers.delete(consumer.id))
    return {}
  }

  readonly #dataConsumers = new Map<string, () => void>()

  #heed(notification: Notification): void {
    const { method, data } = notification
    switch (method) {
      case 'newPeer':
        return this.#peerPresent(data.peer)
      case 'peerClosed':
        // Somebody who connects again takes the own place: the new session is about to join.
        if (data.reason === 'replaced') this.#awaitReturn(data.peerId)
        else this.#removeParticipant(data.peerId, data.reason)
        return
      case 'peerDisplayNameChanged':
        return this.getParticipant(data.peerId)?.noteName(data.displayName)
      case 'room.peerMetadataChanged':
        return this.getParticipant(data.peerId)?.noteMetadata(data.metadata)
      case 'room.producerOpened':
        this.#remoteParticipants.get(data.producer.peerId)?.published(data.producer)
        return
      case 'room.producerClosed':
        return this.#remoteParticipants.get(data.peerId)?.unpublished(data.producerId)
      case 'room.producerPaused':
      case 'room.producerResumed': {
        const participant = this.#remoteParticipants.get(data.peerId)
        const publication = participant?.publications.get(data.producerId)
        if (publication) participant?.noteMuted(publication, method === 'room.producerPaused')
        return
      }
      case 'room.producerMetadataChanged': {
        const participant = this.#remoteParticipants.get(data.peerId)
        const publication = participant?.publications.get(data.producerId)
        if (publication) participant?.noteTrackMetadata(publication, data.metadata)
        return
      }
      case 'room.dataProducerOpened':
        return this.#wantData(data.dataProducer.dataProducerId)
      case 'consumerClosed':
        for (const publication of this.#remotePublications()) publication.consumerClosed(data.consumerId)
        return
      case 'consumerScore':
        for (const publication of this.#remotePublications()) {
          if (publication.consumerId === data.consumerId) publication.noteScore(data.score.producerScore)
        }
        return
      case 'consumerLayersChanged':
        for (const publication of this.#remotePublications()) {
          if (publication.consumerId === data.consumerId) publication.noteLayers(data.layers)
        }
        return
      case 'dataConsumerClosed':
        this.#dataConsumers.get(data.dataConsumerId)?.()
        return
      case 'producerScore':
        return this.localParticipant.noteScores(
          data.producerId,
          data.score.map(({ score }) => score),
        )
      case 'speakingPeers':
        return this.#heedSpeakers(data.peerVolumes)
      case 'activeSpeaker':
        return this.#setDominant(data.peerId === undefined ? undefined : this.getParticipant(data.peerId))
      case 'recording.changed':
      case 'recording.health':
      case 'recording.failed':
        return this.#recording.heed(notification)
      default:
        return this.#rules.heed(notification)
    }
  }

  #peerPresent(info: PeerInfo): void {
    const known = this.#remoteParticipants.get(info.peerId)
    if (known) {
      clearTimeout(this.#absent.get(info.peerId))
      this.#absent.delete(info.peerId)
      known.update(info)
    } else {
      const participant = new RemoteParticipant(info, this.#participantHost)
      this.#remoteParticipants.set(participant.id, participant)
      this.emit('participantConnected', participant)
      participant.update(info)
    }
    for (const { dataProducerId } of info.dataProducers ?? []) this.#wantData(dataProducerId)
  }

  /** Tracks can be picked one by one; messages are always received. */
  #wantData(dataProducerId: string): void {
    if (this.#stay?.options.autoSubscribe !== false) return
    this.#live()
      ?.request('room.subscribeData', { dataProducerId })
      .catch(() => {})
  }

  readonly #participantHost: RemoteParticipantHost = {
    announce: (event, ...args) => this.emit(event, ...args),
    adaptive: () => this.options.adaptiveStream ?? true,
    connection: () => this.#live(),
    autoSubscribe: () => this.#stay?.options.autoSubscribe ?? true,
    audioChanged: (track: RemoteTrack, present: boolean) => this.#audio.update(track, present),
    playBlocked: (element: HTMLMediaElement) => this.#audio.blocked(element),
  }

  #awaitReturn(id: string): void {
    if (!this.#remoteParticipants.has(id) || this.#absent.has(id)) return
    this.#absent.set(
      id,
      setTimeout(() => this.#removeParticipant(id, 'connection-lost'), absenceGrace),
    )
    void this.#judge()
  }

  #removeParticipant(id: string, reason: string | undefined): void {
    clearTimeout(this.#absent.get(id))
    this.#absent.delete(id)
    const participant = this.#remoteParticipants.get(id)
    if (!participant) return
    participant.close()
    this.#remoteParticipants.delete(id)
    if (this.#activeSpeakers.includes(participant)) {
      this.#setSpeakers(this.#activeSpeakers.filter((speaker) => speaker !== participant))
    }
    if (this.#dominantSpeaker === participant) this.#setDominant(undefined)
    this.emit('participantDisconnected', participant, reason)
  }

  #remotePublications() {
    return [...this.#remoteParticipants.values()].flatMap((participant) => [
      ...participant.publications.values(),
    ])
  }

  #heedSpeakers(volumes: readonly { peerId: string; volume: number }[]): void {
    const speakers: Participant[] = []
    for (const { peerId, volume } of [...volumes].sort((a, b) => b.volume - a.volume)) {
      const participant = this.getParticipant(peerId)
      if (!participant || speakers.includes(participant)) continue
      participant.noteSpeaking(true, levelFromDbov(volume))
      speakers.push(participant)
    }
    this.#setSpeakers(speakers)
  }

  #setSpeakers(speakers: readonly Participant[]): void {
    const before = this.#activeSpeakers
    this.#activeSpeakers = speakers
    for (const silent of before) if (!speakers.includes(silent)) silent.noteSpeaking(false, 0)
    const same =
      before.length === speakers.length && before.every((speaker, index) => speaker === speakers[index])
    if (!same) this.emit('activeSpeakersChanged', speakers)
  }

  #setDominant(participant: Participant | undefined): void {
    if (this.#dominantSpeaker === participant) return
    this.#dominantSpeaker = participant
    this.emit('dominantSpeakerChanged', participant)
  }

  /** Judges everybody's connection. */
  async #judge(): Promise<void> {
    const now = performance.now()
    const connection = this.#connection
    if (!connection) return
    for (const participant of this.#remoteParticipants.values()) {
      const scores = [...participant.publications.values()].flatMap(({ score }) => score ?? [])
      const transport = this.#absent.has(participant.id) ? 'lost' : 'unknown'
      participant.noteQuality(gradeConnection({ scores, transport }), now)
    }
    const scores = [...this.localParticipant.publications.values()].flatMap((publication) =>
      publication.isMuted ? [] : [...publication.scores],
    )
    const health = connection.alive ? await readSendHealth(connection.send) : {}
    if (connection !== this.#connection) return
    const transport = connection.mediaState
    this.localParticipant.noteQuality(gradeConnection({ scores, transport, ...health }), now)
  }

  readonly #pageHidden = (): void => void this.disconnect()

  readonly #devicesChanged = (): void => this.emit('mediaDevicesChanged')
}

/** A promise that is resolved from elsewhere; a rejection that nobody waits for is not an error. */
class Deferred<T> {
  readonly promise: Promise<T>
  resolve: (value: T) => void = () => {}
  reject: (error: SluiceError) => void = () => {}

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    this.promise.catch(() => {})
  }
}

async function newToken(ask: () => string | Promise<string>, signal: AbortSignal): Promise<string> {
  try {
    return await orAborted(Promise.resolve(ask()), signal)
  } catch (cause) {
    if (signal.aborted) throw abortReason(signal)
    throw new SluiceError('unauthorized', 'No token could be got for the room.', { cause })
  }
}

function notConnected(): SluiceError {
  return new SluiceError('not-connected', 'The room is not connected.')
}

/** Whether trying again cannot help. */
function isFinal(error: SluiceError): boolean {
  return (
    error.code === 'unauthorized' ||
    error.code === 'forbidden' ||
    error.code === 'room-locked' ||
    error.code === 'banned' ||
    error.code === 'bad-request' ||
    error.code === 'session-ended' ||
    error.code === 'unsupported-browser'
  )
}

/** Why the server would not have this client back: it may say that the room is closed, or only refuse. */
function finalReason({ code, data }: SluiceError): DisconnectReason {
  if (code === 'banned') return 'banned'
  const reason = data?.['reason']
  return code === 'session-ended' && typeof reason === 'string' && isReason(reason) ? reason : 'refused'
}

/** Waits, but not longer than until the browser sees a network again. */
async function pauseUntilOnline(milliseconds: number, signal: AbortSignal): Promise<void> {
  const either = new AbortController()
  const stop = (): void => either.abort()
  window.addEventListener('online', stop)
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  await pause(milliseconds, either.signal)
  window.removeEventListener('online', stop)
  signal.removeEventListener('abort', stop)
}

function guessSource(kind: 'audio' | 'video', told: string) {
  const isScreen = /screen|share/i.test(told)
  if (kind === 'audio') return isScreen ? 'screen-audio' : 'microphone'
  return isScreen ? 'screen' : 'camera'
}

function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(36).padStart(2, '0'),
  ).join('')
}
