import { AppError } from '../lib/app-error.ts'
import {
  dataProducerInfo,
  producerInfo,
  type Peer,
  type PeerDataProducer,
  type PeerProducer,
} from './peer.ts'
import type { Tell } from './room.ts'
import type { Subscriptions } from './subscriptions.ts'

export interface OffersOptions {
  readonly subscriptions: Subscriptions
  readonly joinedPeers: () => readonly Peer[]
  readonly tell: Tell
}

/** Tells the others what a peer publishes and offers it to those who take everything. One for each room. */
export class Offers {
  readonly #options: OffersOptions

  constructor(options: OffersOptions) {
    this.#options = options
  }

  /** Offers a peer what the others publish, sound first. */
  all(peer: Peer): void {
    if (!takesEverything(peer)) return
    const others = this.#options.joinedPeers().filter((other) => other !== peer)
    const producers = others.flatMap((other) => [...other.producers.values()])
    const soundFirst = producers.toSorted((a, b) => Number(a.kind === 'video') - Number(b.kind === 'video'))
    for (const producer of soundFirst) this.#offer(peer, producer)
    for (const other of others) {
      for (const dataProducer of other.dataProducers.values()) this.#offerData(peer, dataProducer)
    }
  }

  /** Announces something new of `owner` and, from now on, what becomes of it. */
  published(owner: Peer, producer: PeerProducer): void {
    const { tell } = this.#options
    const byProducer = { producerId: producer.id, peerId: owner.id }
    producer.observer.on('pause', () => tell('room.producerPaused', byProducer, { except: owner }))
    producer.observer.on('resume', () => tell('room.producerResumed', byProducer, { except: owner }))
    producer.observer.once('close', () => tell('room.producerClosed', byProducer, { except: owner }))
    tell('room.producerOpened', { producer: producerInfo(producer) }, { except: owner })
    for (const peer of this.#takers(owner)) this.#offer(peer, producer)
  }

  publishedData(owner: Peer, dataProducer: PeerDataProducer): void {
    const { tell } = this.#options
    const byDataProducer = { dataProducerId: dataProducer.id, peerId: owner.id }
    dataProducer.observer.once('close', () =>
      tell('room.dataProducerClosed', byDataProducer, { except: owner }),
    )
    tell('room.dataProducerOpened', { dataProducer: dataProducerInfo(dataProducer) }, { except: owner })
    for (const peer of this.#takers(owner)) this.#offerData(peer, dataProducer)
  }

  #takers(owner: Peer): Peer[] {
    return this.#options.joinedPeers().filter((peer) => peer !== owner && takesEverything(peer))
  }

  #offer(peer: Peer, producer: PeerProducer): void {
    this.#options.subscriptions
      .subscribe(peer, producer)
      .catch((error: unknown) => logUnlessExpected(peer, error))
  }

  #offerData(peer: Peer, dataProducer: PeerDataProducer): void {
    this.#options.subscriptions
      .subscribeData(peer, dataProducer)
      .catch((error: unknown) => logUnlessExpected(peer, error))
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
