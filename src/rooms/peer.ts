import type { types } from 'mediasoup'
import type { LimitsConfig } from '../../config/schema.ts'
import { AppError } from '../lib/app-error.ts'
import type { PeerId, Secret } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import type { CloseReason } from '../protocol/close-reasons.ts'
import type { Grants } from '../protocol/grants.ts'
import type { DataProducerInfo, Device, Metadata, PeerInfo, ProducerInfo, Source } from '../protocol/model.ts'
import { SingleFlight } from '../lib/single-flight.ts'
import { Allowance } from './allowance.ts'
import type { PeerChannel } from './peer-channel.ts'

export type Direction = 'producer' | 'consumer'

export interface TransportData extends types.AppData {
  direction: Direction
  /** Set when the client's DTLS parameters were accepted: it can be done once. */
  connected: boolean
}

export interface ProducerData extends types.AppData {
  peerId: PeerId
  source: Source
  metadata: Metadata
}

export interface DataProducerData extends types.AppData {
  peerId: PeerId
  channel: string
  /** Paused by the policy of the room: nobody gets what its owner sends. */
  isSilent: boolean
}

/** What the server says itself is nobody's. */
export interface BotData extends types.AppData {
  peerId?: undefined
  channel: string
}

export interface DataConsumerData extends types.AppData {
  transportId: string
}

export type PeerTransport = types.WebRtcTransport<TransportData>
export type PeerProducer = types.Producer<ProducerData>
export type PeerDataProducer = types.DataProducer<DataProducerData>
export type BotDataProducer = types.DataProducer<BotData>
export type PeerDataConsumer = types.DataConsumer<DataConsumerData>

/** What a peer told of itself when it joined. */
export interface Joined {
  displayName: string
  readonly device: Device
  readonly rtpCapabilities: types.RtpCapabilities | undefined
  metadata: Metadata
  readonly autoSubscribe: boolean
}

/** Who somebody is and what they may do, as whoever admitted them says. */
export interface Identity {
  readonly id: PeerId
  /** Whether `id` was proven by a token: nobody without one takes the place of such a peer. */
  readonly proven: boolean
  /** Whether they could come as somebody else at once: guests, also those who got a token from this server. */
  readonly fleeting: boolean
  readonly grants: Grants
  /** From the token: it counts before what the client says. */
  readonly name: string | undefined
  readonly metadata: Metadata | undefined
  /** Where they come from, as precise as a ban of a guest should be. */
  readonly address: string
}

export interface Goodbye {
  /** For the others. */
  readonly told?: string | undefined
  /** For the client that is closed. */
  readonly message?: string | undefined
}

/** What the application's backend sees of a peer. */
export interface PeerDetails extends PeerInfo {
  readonly grants: Grants
  readonly joinedAt: string
  /** Whether they came with a token, so that `peerId` is their identity. */
  readonly proven: boolean
}

export interface PeerOptions {
  readonly identity: Identity
  /** What the identity grants, as changed in this room. */
  readonly grants: Grants
  readonly secret: Secret
  readonly channel: PeerChannel
  readonly limits: LimitsConfig
  readonly log: Log
  /** Called once, after everything of the peer is closed. */
  readonly onClosed: (peer: Peer, reason: CloseReason, goodbye: Goodbye) => void
}

/** Somebody in a room (or about to join) and every mediasoup object that is theirs. */
export class Peer {
  readonly identity: Identity
  readonly secret: Secret
  readonly channel: PeerChannel
  readonly log: Log
  readonly transports = new Map<string, PeerTransport>()
  readonly producers = new Map<string, PeerProducer>()
  readonly consumers = new Map<string, types.Consumer>()
  readonly dataProducers = new Map<string, PeerDataProducer>()
  readonly dataConsumers = new Map<string, PeerDataConsumer>()
  /** Consumers being made, by what they consume. */
  readonly subscribing = new SingleFlight<string, types.Consumer>()
  readonly subscribingData = new SingleFlight<string, PeerDataConsumer>()
  readonly allowances: {
    readonly transports: Allowance
    readonly producers: Allowance
    readonly consumers: Allowance
    readonly dataProducers: Allowance
    readonly dataConsumers: Allowance
  }
  /** Undefined while the hand is down. */
  handRaisedAt: Date | undefined
  /** A moderator asked it to unmute, where only moderators may. */
  mayUnmuteOnce = false
  readonly #onClosed: PeerOptions['onClosed']
  #grants: Grants
  #joinedAt: Date | undefined
  #joined: Joined | undefined
  #closed: CloseReason | undefined

  constructor(options: PeerOptions) {
    this.identity = options.identity
    this.#grants = options.grants
    this.secret = options.secret
    this.channel = options.channel
    this.log = options.log
    this.#onClosed = options.onClosed
    const { limits } = options
    this.allowances = {
      transports: new Allowance('transportsPerPeer', limits.transportsPerPeer),
      producers: new Allowance('producersPerPeer', limits.producersPerPeer),
      consumers: new Allowance('consumersPerPeer', limits.consumersPerPeer),
      dataProducers: new Allowance('dataProducersPerPeer', limits.dataProducersPerPeer),
      dataConsumers: new Allowance('dataConsumersPerPeer', limits.dataConsumersPerPeer),
    }
  }

  get id(): PeerId {
    return this.identity.id
  }

  get grants(): Grants {
    return this.#grants
  }

  /** moderation.ts ends what is not granted any more. */
  setGrants(grants: Grants): void {
    this.#grants = grants
  }

  get closed(): boolean {
    return this.#closed !== undefined
  }

  /** Undefined until the peer has joined. */
  get joined(): Joined | undefined {
    return this.#joined
  }

  get joinedAt(): Date | undefined {
    return this.#joinedAt
  }

  join(joined: Joined): void {
    this.#joined = joined
    this.#joinedAt = new Date()
  }

  /** Closes every transport (and with them producers and consumers), then tells the room, then the client. */
  close(reason: CloseReason, goodbye: Goodbye = {}): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    for (const transport of this.transports.values()) transport.close()
    this.#onClosed(this, reason, goodbye)
    this.channel.peerClosed(reason, goodbye.message)
  }

  /** Throws `not-found` after the peer was closed: to be asked after each await that made something. */
  assertOpen(): void {
    if (this.#closed !== undefined) throw new AppError('not-found', 'This peer has left.')
  }

  transport(id: string): PeerTransport {
    return found(this.transports, id, 'transport')
  }

  /** A transport of this peer that may send. */
  sendingTransport(id: string): PeerTransport {
    const transport = this.transport(id)
    if (transport.appData.direction !== 'producer') {
      throw new AppError('conflict', 'This transport receives; make one with appData.direction "producer".')
    }
    return transport
  }

  /** Where consumers go: the newest open one, so that a client may replace it. Undefined if there is none. */
  get receivingTransport(): PeerTransport | undefined {
    return [...this.transports.values()].findLast((transport) => transport.appData.direction === 'consumer')
  }

  producer(id: string): PeerProducer {
    return found(this.producers, id, 'producer')
  }

  consumer(id: string): types.Consumer {
    return found(this.consumers, id, 'consumer')
  }

  dataProducer(id: string): PeerDataProducer {
    return found(this.dataProducers, id, 'data producer')
  }

  dataConsumer(id: string): PeerDataConsumer {
    return found(this.dataConsumers, id, 'data consumer')
  }

  /** How the others see this peer. Only for one that has joined. */
  info(): PeerInfo {
    const { displayName, device, metadata } = this.#joined!
    return {
      peerId: this.id,
      displayName,
      device,
      metadata,
      producers: [...this.producers.values()].map(producerInfo),
      dataProducers: [...this.dataProducers.values()].map(dataProducerInfo),
      moderator: this.#grants.moderate,
      ...(this.handRaisedAt ? { handRaisedAt: this.handRaisedAt.toISOString() } : {}),
    }
  }

  /** How the application's backend sees this peer. Only for one that has joined. */
  details(): PeerDetails {
    return {
      ...this.info(),
      grants: this.#grants,
      joinedAt: this.#joinedAt!.toISOString(),
      proven: this.identity.proven,
    }
  }
}

export function producerInfo(producer: PeerProducer): ProducerInfo {
  const { peerId, source, metadata } = producer.appData
  return {
    producerId: producer.id,
    peerId,
    kind: producer.kind,
    source,
    paused: producer.paused,
    type: producer.type,
    metadata,
  }
}

export function dataProducerInfo(dataProducer: PeerDataProducer): DataProducerInfo {
  const { label, protocol, appData } = dataProducer
  return { dataProducerId: dataProducer.id, peerId: appData.peerId, label, protocol }
}

/** Objects are looked up among the peer's own only, so an id of somebody else is as unknown as one made up. */
function found<T>(owned: ReadonlyMap<string, T>, id: string, what: string): T {
  const object = owned.get(id)
  if (object === undefined) throw new AppError('not-found', `No such ${what}.`)
  return object
}
