import { isDeepStrictEqual } from 'node:util'
import type { types } from 'mediasoup'
import type { Config } from '../../config/schema.ts'
import type { MediaRouter } from '../../workers/worker-pool.ts'
import { AppError, assertVersion } from '../lib/app-error.ts'
import type { PeerId, RoomId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import type { CloseReason } from '../protocol/close-reasons.ts'
import type { Grants } from '../protocol/grants.ts'
import type { LiveRecording, Metadata, RoomInfo, RoomPolicy } from '../protocol/model.ts'
import type { NotificationData, NotificationMethod } from '../protocol/server-messages.ts'
import { Bot } from './bot.ts'
import { checkMetadata, checkName } from './checks.ts'
import type { ModerationAct } from './events.ts'
import { Entrance } from './entrance.ts'
import { Moderation, named, type Acting } from './moderation.ts'
import { Offers } from './offers.ts'
import { Peer, type Goodbye, type Joined, type PeerDataProducer, type PeerProducer } from './peer.ts'
import { People } from './people.ts'
import { isVoice } from './policy.ts'
import type { FullSettings, RoomChange, RoomSettings } from './settings.ts'
import { Speakers } from './speakers.ts'
import { Subscriptions } from './subscriptions.ts'
import type { Visitor } from './visitor.ts'

export type RoomConfig = Pick<Config, 'media' | 'rooms' | 'limits'>

/** Sends a notification to everybody who has joined. */
export type Tell = <M extends NotificationMethod>(
  method: M,
  data: NotificationData<M>,
  options?: { except?: Peer },
) => void

/** Tells the others something of a peer, unless it is hidden from them. */
export type TellAbout = <M extends NotificationMethod>(
  peer: Peer,
  method: M,
  data: NotificationData<M>,
) => void

/** What outlives a room whose worker died. */
export interface RoomMemory {
  readonly settings: FullSettings
  readonly version: number
  readonly people: People
  readonly spotlight: PeerId | undefined
  readonly isRunByGuests: boolean | undefined
}

export interface RoomOptions {
  readonly id: RoomId
  readonly config: RoomConfig
  readonly createRouter: () => Promise<MediaRouter>
  readonly log: Log
  readonly settings: FullSettings
  /** Opened on purpose, by the application's backend or as a meeting: it stays for a while though nobody came. */
  readonly isPlanned: boolean
  /** Whether a guest who opens the room moderates it. */
  readonly guestsModerate: boolean
  /** Of the room with this id whose worker died. */
  readonly memory: RoomMemory | undefined
  /** Whether the server is about to close. */
  readonly isClosing: () => boolean
  readonly onJoined: (room: Room, peer: Peer) => void
  readonly onLeft: (room: Room, peer: Peer, reason: CloseReason) => void
  readonly onRenamed: (room: Room, peer: Peer) => void
  readonly onPublished: (room: Room, peer: Peer, producer: PeerProducer) => void
  readonly onUnpublished: (room: Room, peer: Peer, producer: PeerProducer) => void
  readonly onModerated: (room: Room, act: ModerationAct) => void
  /** Called once, last, when the room is closed. */
  readonly onClosed: (room: Room, reason: CloseReason) => void
}

/** How long the end of a worker may turn out to be the end of the server, in milliseconds. */
const deathNoticeMs = 20

interface Media extends MediaRouter {
  readonly speakers: Speakers
}

/**
 * A room: its router, its peers, and the order in which they hear of each other. Peers are told of a newcomer before
 * anything of the newcomer's is offered to them.
 */
export class Room {
  readonly id: RoomId
  readonly createdAt = new Date()
  readonly log: Log
  readonly config: RoomConfig
  readonly #media: Media
  readonly moderation: Moderation
  readonly entrance: Entrance
  readonly #options: RoomOptions
  readonly #subscriptions: Subscriptions
  readonly #offers: Offers
  readonly #bot: Bot
  readonly #peers = new Map<PeerId, Peer>()
  readonly #people: People
  #settings: FullSettings
  #version: number
  #recording: LiveRecording | undefined
  #closed: CloseReason | undefined
  #emptyTimer: NodeJS.Timeout | undefined
  #wasJoined = false
  #deathTimer: NodeJS.Timeout | undefined

  /** Throws `unavailable` when no worker can take the room. */
  static async create(options: RoomOptions): Promise<Room> {
    const mediaRouter = await options.createRouter()
    try {
      const { router } = mediaRouter
      const speakers = await Speakers.create({
        router,
        intervalMs: options.config.rooms.audioLevelMs,
        log: options.log,
      })
      return new Room(options, { ...mediaRouter, speakers })
    } catch (error) {
      options.log.warn({ err: error }, 'room could not be opened')
      mediaRouter.router.close()
      throw new AppError('unavailable', 'The media worker ended while the room was being opened.')
    }
  }

  private constructor(options: RoomOptions, media: Media) {
    this.id = options.id
    this.config = options.config
    this.log = options.log
    this.#media = media
    this.#options = options
    const { memory, settings } = options
    this.#settings = memory?.settings ?? settings
    this.#version = memory?.version ?? 1
    this.#people = memory?.people ?? new People()
    this.#subscriptions = new Subscriptions(media.router)
    this.#bot = new Bot({ router: media.router, subscriptions: this.#subscriptions })
    this.#offers = new Offers({
      subscriptions: this.#subscriptions,
      joinedPeers: () => this.joinedPeers,
      tell: (...about) => this.tell(...about),
    })
    this.moderation = new Moderation(
      {
        people: this.#people,
        policy: () => this.policy,
        joinedPeers: () => this.joinedPeers,
        tell: (...about) => this.tell(...about),
        tellAbout: (...about) => this.tellAbout(...about),
        offerAll: (peer) => this.#offers.all(peer),
        onModeratorChanged: (peer) => this.#moderatorChanged(peer),
        onActed: (act) => this.acted(act),
      },
      memory?.spotlight,
    )
    this.entrance = new Entrance({
      people: this.#people,
      peers: this.#peers,
      settings: () => this.#settings,
      lobbySize: options.config.limits.lobbySize,
      isRunByGuests: memory?.isRunByGuests,
      guestsModerate: options.guestsModerate,
      assertOpen: () => this.#assertOpen(),
      makePeer: (visitor, grants) => this.#makePeer(visitor, grants),
      onSucceeded: (peer) => this.moderation.succeed(peer),
      onLobbyChanged: () => this.#scheduleClose(),
      onActed: (act) => this.acted(act),
    })
    media.router.once('workerclose', () => this.#workerDied())
    // The worker may have died while the observers were being made; its event would be over by now.
    if (media.router.closed) this.#workerDied()
    media.speakers.listen((...about) => this.tell(...about))
    this.#scheduleClose()
  }

  get closed(): boolean {
    return this.#closed !== undefined
  }

  get workerIndex(): number {
    return this.#media.workerIndex
  }

  get rtpCapabilities(): types.RtpCapabilities {
    return this.#media.router.rtpCapabilities
  }

  /** Peers with a connection, joined or not. */
  get peerCount(): number {
    return this.#peers.size
  }

  get joinedPeers(): Peer[] {
    return [...this.#peers.values()].filter((peer) => peer.joined)
  }

  /** Those who have joined and whom the others are told of. */
  get visiblePeers(): Peer[] {
    return this.joinedPeers.filter((peer) => !peer.grants.hidden)
  }

  /** The router that a producer of this room is on, for those who receive it without being a peer. */
  routerOf(producer: PeerProducer): types.Router {
    if (producer.closed || this.#media.router.closed)
      throw new AppError('not-found', 'It was closed while this was being done.')
    return this.#media.router
  }

  /** Whether its worker died, which the peers are about to be told of. */
  get isMediaGone(): boolean {
    return this.#media.router.closed
  }

  /** What people here are told of a recording. Whoever records says so; the room records nothing. */
  get recording(): LiveRecording | undefined {
    return this.#recording
  }

  /** Tells everybody that a recording began, changed or, with undefined, ended. */
  setRecording(recording: LiveRecording | undefined, reason?: string): void {
    this.#recording = recording
    this.tell('recording.changed', {
      ...(recording === undefined ? {} : { recording }),
      ...(reason === undefined ? {} : { reason }),
    })
  }

  info(): RoomInfo {
    const { spotlight } = this.moderation
    return {
      roomId: this.id,
      createdAt: this.createdAt.toISOString(),
      peerCount: this.visiblePeers.length,
      maxPeers: this.#settings.maxPeers,
      policy: this.policy,
      ...(spotlight && this.visiblePeers.some((peer) => peer.id === spotlight) ? { spotlight } : {}),
      ...(this.#recording === undefined ? {} : { recording: this.#recording }),
      metadata: this.#settings.metadata,
      version: this.#version,
    }
  }

  get settings(): FullSettings {
    return this.#settings
  }

  /** Whether what cannot be changed any more is as said; what is left out is as it may be. */
  hasFixed({ codecs, requiresToken }: Pick<RoomSettings, 'codecs' | 'requiresToken'>): boolean {
    const ours = this.#settings
    const isSame = codecs === undefined || isDeepStrictEqual(new Set(codecs), new Set(ours.codecs))
    return isSame && (requiresToken === undefined || requiresToken === ours.requiresToken)
  }

  get policy(): RoomPolicy {
    return this.#settings.policy
  }

  /** Somebody who has joined, hidden or not. Throws `not-found`. */
  peer(id: string): Peer {
    const peer = this.#peers.get(id as PeerId)
    if (!peer?.joined) throw new AppError('not-found', 'No such peer.')
    return peer
  }

  /** What a room opened later under the same id goes on with, when the worker of this one died. */
  get memory(): RoomMemory {
    return {
      settings: this.#settings,
      version: this.#version,
      people: this.#people,
      spotlight: this.moderation.spotlight,
      isRunByGuests: this.entrance.isRunByGuests,
    }
  }

  /**
   * Takes a connection in; where it has to wait, when it is let in. One that holds the same id is replaced, if the new one
   * proves to be the same client (`peer-id-taken`). Throws `unauthorized`, `banned`, `room-locked`, and `limit-exceeded`
   * for a full room or lobby; `not-found` when the connection ends while it waits.
   */
  async enter(visitor: Visitor, gone: AbortSignal): Promise<Peer> {
    return this.entrance.enter(visitor, gone)
  }

  /** Makes the peer known to the others. The caller answers its client first, then calls `introduce`. */
  join(peer: Peer, joined: Joined): void {
    if (peer.joined) throw new AppError('already-joined', 'This peer has joined already.')
    peer.join(joined)
    this.#wasJoined = true
    peer.log.info({ displayName: joined.displayName }, 'peer joined')
    this.#options.onJoined(this, peer)
  }

  /** Tells the others of a newcomer and offers it what they publish, sound first. */
  introduce(peer: Peer): void {
    if (peer.closed || !peer.joined) return
    this.tellAbout(peer, 'newPeer', { peer: peer.info() })
    if (this.moderation.spotlight === peer.id) this.tell('room.spotlightChanged', { peerId: peer.id })
    if (this.#recording) peer.channel.notify('recording.changed', { recording: this.#recording })
    this.#offers.all(peer)
    this.entrance.joined(peer)
  }

  /** Tells the others of something new and offers it to them; a voice is listened to from now on. */
  published(owner: Peer, producer: PeerProducer): void {
    if (isVoice(producer.kind, producer.appData.source)) this.#media.speakers.hear(producer)
    this.#offers.published(owner, producer)
    producer.observer.once('close', () => this.#options.onUnpublished(this, owner, producer))
    this.#options.onPublished(this, owner, producer)
  }

  publishedData(owner: Peer, dataProducer: PeerDataProducer): void {
    this.#offers.publishedData(owner, dataProducer)
  }

  get subscriptions(): Subscriptions {
    return this.#subscriptions
  }

  /** Something published by another joined peer. Throws `not-found`. */
  producerOfOthers(peer: Peer, producerId: string): PeerProducer {
    for (const other of this.#peers.values()) {
      const producer = other === peer ? undefined : other.producers.get(producerId)
      if (producer) return producer
    }
    throw new AppError('not-found', 'No such producer.')
  }

  dataProducerOfOthers(peer: Peer, dataProducerId: string): PeerDataProducer {
    for (const other of this.#peers.values()) {
      const dataProducer = other === peer ? undefined : other.dataProducers.get(dataProducerId)
      if (dataProducer) return dataProducer
    }
    throw new AppError('not-found', 'No such data producer.')
  }

  createTransport<D extends types.AppData>(
    options: Omit<types.WebRtcTransportOptions<D>, 'listenInfos' | 'listenIps' | 'port' | 'webRtcServer'>,
  ): Promise<types.WebRtcTransport<D>> {
    const { router, webRtcServer } = this.#media
    return router.createWebRtcTransport<D>({ ...options, webRtcServer })
  }

  /** Throws `limit-exceeded` or `bad-request` for a name that cannot be shown. */
  rename(peer: Peer, name: string, { by, isOwn = false }: Acting & { isOwn?: boolean } = {}): void {
    const joined = peer.joined!
    const oldDisplayName = joined.displayName
    joined.displayName = checkName(name, this.config)
    const { displayName } = joined
    const change = { peerId: peer.id, displayName, oldDisplayName }
    this.tellAbout(peer, 'peerDisplayNameChanged', change)
    this.#options.onRenamed(this, peer)
    if (isOwn) return
    peer.channel.notify('peerDisplayNameChanged', change)
    this.acted({ by, action: 'renamed', target: peer.id, details: { displayName } })
  }

  /** Throws `limit-exceeded` or `bad-request` for metadata that is too large or too deep. */
  setPeerMetadata(
    peer: Peer,
    metadata: Metadata,
    { by, isOwn = false }: Acting & { isOwn?: boolean } = {},
  ): void {
    peer.joined!.metadata = checkMetadata(metadata, this.config)
    const change = { peerId: peer.id, metadata }
    this.tellAbout(peer, 'room.peerMetadataChanged', change)
    if (isOwn) return
    peer.channel.notify('room.peerMetadataChanged', change)
    this.acted({ by, action: 'metadata-changed', target: peer.id })
  }

  /**
   * Changes what is given of policy, limits and metadata. Throws `precondition-failed` when the room is not at `version`
   * any more.
   */
  update(change: RoomChange, { by, version }: Acting & { version?: number | undefined } = {}): void {
    assertVersion(version, this.#version)
    const before = this.#settings
    const after: FullSettings = {
      ...before,
      policy: { ...before.policy, ...change.policy },
      metadata: change.metadata ? checkMetadata(change.metadata, this.config) : before.metadata,
      maxPeers: Math.min(change.maxPeers ?? before.maxPeers, this.config.limits.peersPerRoom),
      emptySeconds: change.emptySeconds ?? before.emptySeconds,
      departureSeconds: change.departureSeconds ?? before.departureSeconds,
    }
    if (isDeepStrictEqual(before, after)) return
    this.#settings = after
    this.#version++
    this.#scheduleClose()
    const { policy, metadata } = after
    if (!isDeepStrictEqual(metadata, before.metadata)) this.tell('room.metadataChanged', { metadata })
    if (isDeepStrictEqual(policy, before.policy)) {
      this.acted({ by, action: 'settings-changed' })
      return
    }
    this.tell('room.policyChanged', { policy, ...named(by) })
    this.moderation.policyChanged({ by })
    this.entrance.reconsider()
    this.acted({ by, action: 'policy-changed', details: { policy: change.policy } })
  }

  /** Sends something of the application's backend to everybody, or to some. Answers how many were told. */
  send(message: { topic: string; payload: unknown }, to?: readonly string[]): number {
    const peers = this.joinedPeers.filter(
      (peer) => peer.channel.extended && (to === undefined || to.includes(peer.id)),
    )
    for (const peer of peers) peer.channel.notify('room.message', { from: 'server', ...message })
    return peers.length
  }

  /**
   * Says something to the client of a peer that knows none of our additions, as the bot of mediasoup-demo would. Resolves when that is on
   * its way, which takes as long as the client needs to connect; throws what `Bot.say` does. A join is answered first: this takes a way to
   * the worker and back.
   */
  say(peer: Peer, text: string): Promise<void> {
    return this.#bot.say(peer, text)
  }

  /** Something was done that is told to those who listen. */
  acted(act: ModerationAct): void {
    const { by, action, target } = act
    this.log.info({ by: by?.id, action, target }, 'moderated')
    this.#options.onModerated(this, act)
  }

  /** Ends the room for everybody. */
  end({ by }: Acting = {}): void {
    if (this.#closed !== undefined) return
    this.acted({ by, action: 'ended' })
    this.close('ended')
  }

  /** Sends a notification to everybody who has joined. A room that closes has nothing more to tell but why. */
  tell<M extends NotificationMethod>(
    method: M,
    data: NotificationData<M>,
    options: { except?: Peer } = {},
  ): void {
    // When a worker dies, its router is closed first, then what was on it, and only then does the room hear of it.
    if (this.#closed !== undefined || this.#media.router.closed) return
    for (const peer of this.#peers.values()) {
      if (peer.joined && peer !== options.except) peer.channel.notify(method, data)
    }
  }

  /** Tells the others something of a peer, unless it is hidden from them. */
  tellAbout<M extends NotificationMethod>(peer: Peer, method: M, data: NotificationData<M>): void {
    if (!peer.grants.hidden) this.tell(method, data, { except: peer })
  }

  close(reason: CloseReason): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    clearTimeout(this.#emptyTimer)
    clearTimeout(this.#deathTimer)
    this.entrance.close(reason)
    for (const peer of this.#peers.values()) peer.close(reason)
    this.#peers.clear()
    this.#media.router.close()
    this.#options.onClosed(this, reason)
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw new AppError('unavailable', 'The room was just closed. Try again.')
  }

  #makePeer(visitor: Visitor, grants: Grants): Peer {
    const { identity, secret, channel } = visitor
    const { id } = identity
    const present = this.#peers.get(id)
    const peer = new Peer({
      identity,
      grants,
      secret,
      channel,
      limits: this.config.limits,
      log: this.log.child({ peerId: id }),
      onClosed: (closed, reason, goodbye) => this.#peerClosed(closed, reason, goodbye),
    })
    this.#peers.set(id, peer)
    clearTimeout(this.#emptyTimer)
    present?.close('replaced')
    return peer
  }

  #peerClosed(peer: Peer, reason: CloseReason, { told }: Goodbye): void {
    const isReplaced = this.#peers.get(peer.id) !== peer
    if (!isReplaced) this.#peers.delete(peer.id)
    if (peer.joined) {
      peer.log.info({ reason }, 'peer left')
      const message = told === undefined ? {} : { message: told }
      this.tellAbout(peer, 'peerClosed', { peerId: peer.id, reason, ...message })
      if (!isReplaced && this.#closed === undefined) this.moderation.peerLeft(peer)
      this.#options.onLeft(this, peer, reason)
    }
    if (this.#closed !== undefined) return
    if (this.#peers.size > 0) {
      if (peer.grants.moderate) this.entrance.moderatorGone(reason)
      return
    }
    // Nobody has anything to come back to: connecting and leaving must not fill the server with rooms.
    if (this.#wasJoined || this.#options.isPlanned || this.entrance.lobby.size > 0) this.#scheduleClose()
    else this.close('room-closed')
  }

  #moderatorChanged(peer: Peer): void {
    if (!peer.grants.moderate) this.entrance.moderatorGone('left')
    else if (peer.joined) this.entrance.moderatorThere(peer)
  }

  /** Ctrl-C in a terminal signals the workers too: who closes with the server is not to be told of a dead worker. */
  #workerDied(): void {
    this.#deathTimer = setTimeout(
      () => this.close(this.#options.isClosing() ? 'server-closing' : 'worker-died'),
      deathNoticeMs,
    )
  }

  /** Begins to count when nobody is there, nor waits for a moderator who is yet to come. */
  #scheduleClose(): void {
    clearTimeout(this.#emptyTimer)
    if (this.#closed !== undefined || this.#peers.size > 0) return
    // Those who wait for a guest who left would otherwise keep the room for ever: the next one opens a new one.
    if (this.entrance.lobby.size > 0 && !this.entrance.isRunByGuests) return
    const { emptySeconds, departureSeconds } = this.#settings
    const seconds = this.#wasJoined ? departureSeconds : emptySeconds
    this.#emptyTimer = setTimeout(() => this.close('room-closed'), seconds * 1000)
  }
}
