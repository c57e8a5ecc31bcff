import type { types } from 'mediasoup'
import type { Config } from '../../config/schema.ts'
import type { MediaRouter } from '../../workers/worker-pool.ts'
import { AppError, limitExceeded } from '../lib/app-error.ts'
import type { Secret, PeerId, RoomId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import type { CloseReason } from '../protocol/close-reasons.ts'
import type { RoomInfo } from '../protocol/model.ts'
import type { NotificationData, NotificationMethod } from '../protocol/server-messages.ts'
import {
  dataProducerInfo,
  Peer,
  producerInfo,
  type Identity,
  type Joined,
  type PeerDataProducer,
  type PeerProducer,
} from './peer.ts'
import type { PeerChannel } from './peer-channel.ts'
import { Subscriptions } from './subscriptions.ts'

export type RoomConfig = Pick<Config, 'media' | 'rooms' | 'limits'>

export interface RoomOptions {
  readonly id: RoomId
  readonly config: RoomConfig
  readonly createRouter: () => Promise<MediaRouter>
  readonly log: Log
  /** Called once, last, when the room is closed. */
  readonly onClosed: (room: Room, reason: CloseReason) => void
}

/** Level below which sound is silence, in dBov; mediasoup-demo's value. */
const silenceDbov = -80
/** How long the end of a worker may turn out to be the end of the server, in milliseconds. */
const deathNoticeMs = 20
/** How many of the loudest are told by `speakingPeers`; mediasoup-demo's value. */
const loudestPeers = 10

interface Media extends MediaRouter {
  readonly audioLevels: types.AudioLevelObserver
  readonly activeSpeaker: types.ActiveSpeakerObserver
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
  readonly #subscriptions: Subscriptions
  readonly #onClosed: RoomOptions['onClosed']
  readonly #peers = new Map<PeerId, Peer>()
  #closed: CloseReason | undefined
  #emptyTimer: NodeJS.Timeout | undefined
  #wasJoined = false
  #deathTimer: NodeJS.Timeout | undefined

  /** Throws `unavailable` when no worker can take the room. */
  static async create(options: RoomOptions): Promise<Room> {
    const mediaRouter = await options.createRouter()
    try {
      const { router } = mediaRouter
      const [audioLevels, activeSpeaker] = await Promise.all([
        router.createAudioLevelObserver({
          maxEntries: loudestPeers,
          threshold: silenceDbov,
          interval: options.config.rooms.audioLevelMs,
        }),
        router.createActiveSpeakerObserver(),
      ])
      return new Room(options, { ...mediaRouter, audioLevels, activeSpeaker })
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
    this.#onClosed = options.onClosed
    this.#subscriptions = new Subscriptions(media.router)
    media.router.once('workerclose', () => this.#workerDied())
    // The worker may have died while the observers were being made; its event would be over by now.
    if (media.router.closed) this.#workerDied()
    this.#listenToSpeakers()
    this.#closeWhenEmpty()
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

  info(): RoomInfo {
    return {
      roomId: this.id,
      createdAt: this.createdAt.toISOString(),
      peerCount: this.visiblePeers.length,
      maxPeers: this.config.limits.peersPerRoom,
    }
  }

  /**
   * Takes a connection in. One that holds the same id is replaced if the new one proves to be the same client, by a token
   * or by its secret, or if neither can prove anything because both speak the demo dialect. Otherwise throws
   * `peer-id-taken`; throws `limit-exceeded` for a full room.
   */
  enter(options: {
    identity: Identity
    secret: Secret
    proof: string | undefined
    channel: PeerChannel
  }): Peer {
    if (this.#closed) throw new AppError('unavailable', 'The room was just closed. Try again.')
    const { identity, proof, channel } = options
    const { id } = identity
    const present = this.#peers.get(id)
    if (present) {
      // Who came by a token comes back by one: a secret would keep the identity without the token's limits.
      const hasSecret = !present.identity.proven && proof !== undefined && present.secret.equals(proof)
      const neitherCanProve = !present.identity.proven && !present.channel.extended && !channel.extended
      if (!identity.proven && !hasSecret && !neitherCanProve)
        throw new AppError('peer-id-taken', 'Somebody with this id is in the room.')
      present.close('replaced')
    }
    const max = this.config.limits.peersPerRoom
    if (this.#peers.size >= max) throw limitExceeded('peersPerRoom', max)

    const peer = new Peer({
      identity,
      secret: options.secret,
      channel,
      limits: this.config.limits,
      log: this.log.child({ peerId: id }),
      onClosed: (closed, reason, told) => this.#peerClosed(closed, reason, told),
    })
    this.#peers.set(id, peer)
    clearTimeout(this.#emptyTimer)
    return peer
  }

  /** Makes the peer known to the others. The caller answers its client first, then calls `introduce`. */
  join(peer: Peer, joined: Joined): void {
    if (peer.joined) throw new AppError('already-joined', 'This peer has joined already.')
    peer.join(joined)
    this.#wasJoined = true
    peer.log.info({ displayName: joined.displayName }, 'peer joined')
  }

  /** Tells the others of a newcomer and offers it what they publish, sound first. */
  introduce(peer: Peer): void {
    if (peer.closed || !peer.joined) return
    this.tellAbout(peer, 'newPeer', { peer: peer.info() })
    if (!takesEverything(peer)) return
    const others = this.joinedPeers.filter((other) => other !== peer)
    const producers = others.flatMap((other) => [...other.producers.values()])
    const soundFirst = producers.toSorted((a, b) => Number(a.kind === 'video') - Number(b.kind === 'video'))
    for (const producer of soundFirst) this.#offer(peer, producer)
    for (const other of others) {
      for (const dataProducer of other.dataProducers.values()) this.#offerData(peer, dataProducer)
    }
  }

  /** Announces something new of `owner` to the others and offers it to those who take everything. */
  published(owner: Peer, producer: PeerProducer): void {
    const byProducer = { producerId: producer.id, peerId: owner.id }
    producer.observer.on('pause', () => this.tell('room.producerPaused', byProducer, { except: owner }))
    producer.observer.on('resume', () => this.tell('room.producerResumed', byProducer, { except: owner }))
    producer.observer.once('close', () => this.tell('room.producerClosed', byProducer, { except: owner }))
    if (producer.kind === 'audio' && producer.appData.source !== 'screen-audio') this.#hear(producer)

    this.tell('room.producerOpened', { producer: producerInfo(producer) }, { except: owner })
    for (const peer of this.joinedPeers) {
      if (peer !== owner && takesEverything(peer)) this.#offer(peer, producer)
    }
  }

  publishedData(owner: Peer, dataProducer: PeerDataProducer): void {
    dataProducer.observer.once('close', () =>
      this.tell(
        'room.dataProducerClosed',
        { dataProducerId: dataProducer.id, peerId: owner.id },
        { except: owner },
      ),
    )
    this.tell('room.dataProducerOpened', { dataProducer: dataProducerInfo(dataProducer) }, { except: owner })
    for (const peer of this.joinedPeers) {
      if (peer !== owner && takesEverything(peer)) this.#offerData(peer, dataProducer)
    }
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
    for (const peer of this.#peers.values()) peer.close(reason)
    this.#peers.clear()
    this.#media.router.close()
    this.#onClosed(this, reason)
  }

  #peerClosed(peer: Peer, reason: CloseReason, told: string | undefined): void {
    if (this.#peers.get(peer.id) === peer) this.#peers.delete(peer.id)
    if (this.#closed !== undefined) return
    if (peer.joined) {
      peer.log.info({ reason }, 'peer left')
      const message = told === undefined ? {} : { message: told }
      this.tellAbout(peer, 'peerClosed', { peerId: peer.id, reason, ...message })
    }
    if (this.#peers.size > 0) return
    // Nobody has anything to come back to: connecting and leaving must not fill the server with rooms.
    if (this.#wasJoined) this.#closeWhenEmpty()
    else this.close('room-closed')
  }

  /** Ctrl-C in a terminal signals the workers too: who closes with the server is not to be told of a dead worker. */
  #workerDied(): void {
    this.#deathTimer = setTimeout(() => this.close('worker-died'), deathNoticeMs)
  }

  #closeWhenEmpty(): void {
    clearTimeout(this.#emptyTimer)
    this.#emptyTimer = setTimeout(() => this.close('room-closed'), this.config.rooms.emptySeconds * 1000)
  }

  #offer(peer: Peer, producer: PeerProducer): void {
    this.#subscriptions.subscribe(peer, producer).catch((error: unknown) => logUnlessExpected(peer, error))
  }

  #offerData(peer: Peer, dataProducer: PeerDataProducer): void {
    this.#subscriptions
      .subscribeData(peer, dataProducer)
      .catch((error: unknown) => logUnlessExpected(peer, error))
  }

  #hear(producer: PeerProducer): void {
    const { audioLevels, activeSpeaker } = this.#media
    for (const observer of [audioLevels, activeSpeaker]) {
      observer.addProducer({ producerId: producer.id }).catch((error: unknown) => {
        if (!producer.closed)
          this.log.warn({ err: error, producerId: producer.id }, 'producer is not being heard')
      })
    }
  }

  #listenToSpeakers(): void {
    const { audioLevels, activeSpeaker } = this.#media
    audioLevels.on('volumes', (volumes) => {
      const peerVolumes = volumes.map(({ producer, volume }) => ({
        peerId: (producer as PeerProducer).appData.peerId,
        volume,
      }))
      this.tell('speakingPeers', { peerVolumes })
    })
    audioLevels.on('silence', () => {
      this.tell('speakingPeers', { peerVolumes: [] })
      this.tell('activeSpeaker', {})
    })
    activeSpeaker.on('dominantspeaker', ({ producer }) => {
      this.tell('activeSpeaker', { peerId: (producer as PeerProducer).appData.peerId })
    })
  }
}

/** Whether what others publish is offered to this peer by itself. */
function takesEverything(peer: Peer): boolean {
  return peer.joined?.autoSubscribe === true && peer.grants.subscribe
}

/** A consumer that is not taken up (left meanwhile, refused, no such codec, no receiving transport) is no fault of ours. */
function logUnlessExpected(peer: Peer, error: unknown): void {
  if (error instanceof AppError) peer.log.debug({ code: error.code, why: error.message }, 'not subscribed')
  else if (!peer.closed) peer.log.error({ err: error }, 'subscribing failed')
}
