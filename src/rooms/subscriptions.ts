import type { types } from 'mediasoup'
import { AppError } from '../lib/app-error.ts'
import { askMediasoup, whileOpen } from './media-error.ts'
import type {
  BotDataProducer,
  DataConsumerData,
  Peer,
  PeerDataConsumer,
  PeerDataProducer,
  PeerProducer,
} from './peer.ts'
import { demoSource } from './source.ts'

export interface SubscribeOptions {
  /** Leave the consumer paused after the client accepted it. */
  readonly paused?: boolean | undefined
  readonly preferredLayers?: types.ConsumerLayers | undefined
  readonly priority?: number | undefined
}

/**
 * Brings what one peer publishes to another: makes the consumer paused, offers it to the client, and lets media flow once
 * the client has accepted it. One for each room.
 */
export class Subscriptions {
  readonly #router: types.Router

  constructor(router: types.Router) {
    this.#router = router
  }

  /**
   * Subscribing twice gives the same consumer. Throws `conflict` when the peer cannot receive at all (no transport, no
   * capabilities), `invalid-media` when it lacks the codec, `not-found` when either side is gone meanwhile, and
   * `forbidden` or `timeout` when the client refused.
   */
  subscribe(peer: Peer, producer: PeerProducer, options: SubscribeOptions = {}): Promise<types.Consumer> {
    return peer.subscribing.run(producer.id, async () => {
      const present = [...peer.consumers.values()].find((consumer) => consumer.producerId === producer.id)
      if (present) return present
      return peer.allowances.consumers.make(
        () => this.#open(peer, producer, options),
        (consumer, freed) => (consumer.closed ? freed() : consumer.observer.once('close', freed)),
      )
    })
  }

  async #open(peer: Peer, producer: PeerProducer, options: SubscribeOptions): Promise<types.Consumer> {
    const transport = peer.receivingTransport
    const rtpCapabilities = peer.joined?.rtpCapabilities
    if (!transport)
      throw new AppError('conflict', 'Make a transport with appData.direction "consumer" first.')
    if (!rtpCapabilities)
      throw new AppError('conflict', 'This peer joined without rtpCapabilities, so it receives nothing.')
    const canConsume = await askMediasoup(
      () => !producer.closed,
      async () => this.#router.canConsume({ producerId: producer.id, rtpCapabilities }),
    )
    if (!canConsume)
      throw new AppError('invalid-media', 'This peer cannot receive the codec of that producer.')

    const consumer = await askMediasoup(
      () => !transport.closed && !producer.closed,
      () =>
        transport.consume({
          producerId: producer.id,
          rtpCapabilities,
          // Until the client has a receiver, packets would be lost and a key frame wasted.
          paused: true,
          ...(options.preferredLayers && producer.type !== 'simple'
            ? { preferredLayers: options.preferredLayers }
            : {}),
        }),
    )
    if (peer.closed || transport.closed || producer.closed) {
      consumer.close()
      throw new AppError('not-found', 'It was closed while this was being done.')
    }
    if (!peer.grants.subscribe) {
      consumer.close()
      throw new AppError('forbidden', 'This peer may not receive what others send.')
    }
    peer.consumers.set(consumer.id, consumer)
    consumer.observer.once('close', () => peer.consumers.delete(consumer.id))
    this.#announce(peer, consumer)

    try {
      const answer = await peer.channel.request('newConsumer', {
        peerId: producer.appData.peerId,
        transportId: transport.id,
        consumerId: consumer.id,
        producerId: producer.id,
        kind: consumer.kind,
        rtpParameters: consumer.rtpParameters,
        type: consumer.type,
        producerPaused: consumer.producerPaused,
        consumerScore: consumer.score,
        appData: {
          peerId: producer.appData.peerId,
          source: demoSource(producer.kind, producer.appData.source),
        },
      })
      // Asked for all at once: what the client sends next about this consumer must come after its answer.
      const { priority } = options
      const layers = consumer.type === 'simple' ? undefined : answer.preferredLayers
      await whileOpen(
        () => !consumer.closed,
        () =>
          Promise.all([
            priority === undefined ? undefined : consumer.setPriority(priority),
            layers && consumer.setPreferredLayers(layers),
            answer.paused || options.paused ? undefined : consumer.resume(),
          ]),
      )
    } catch (error) {
      consumer.close()
      throw error
    }
    if (consumer.closed) throw new AppError('not-found', 'It was closed while this was being done.')
    return consumer
  }

  #announce(peer: Peer, consumer: types.Consumer): void {
    const { channel } = peer
    const consumerId = consumer.id
    consumer.on('producerclose', () => channel.notify('consumerClosed', { consumerId }))
    consumer.on('producerpause', () => channel.notify('consumerPaused', { consumerId }))
    consumer.on('producerresume', () => channel.notify('consumerResumed', { consumerId }))
    consumer.on('score', (score) => channel.notify('consumerScore', { consumerId, score }))
    consumer.on('layerschange', (layers) =>
      channel.notify('consumerLayersChanged', layers ? { consumerId, layers } : { consumerId }),
    )
  }

  /**
   * Like `subscribe`, for a data producer. A client that does not answer keeps its data consumer: some never do. Where the server itself
   * has something to say it must answer, for otherwise nobody knows whether it hears, and grants and limits do not keep it from hearing.
   */
  subscribeData(peer: Peer, dataProducer: PeerDataProducer | BotDataProducer): Promise<PeerDataConsumer> {
    return peer.subscribingData.run(dataProducer.id, async () => {
      const present = [...peer.dataConsumers.values()].find((one) => one.dataProducerId === dataProducer.id)
      if (present) return present
      if (dataProducer.appData.peerId === undefined) return this.#openData(peer, dataProducer)
      return peer.allowances.dataConsumers.make(
        () => this.#openData(peer, dataProducer),
        (dataConsumer, freed) => (dataConsumer.closed ? freed() : dataConsumer.observer.once('close', freed)),
      )
    })
  }

  async #openData(peer: Peer, dataProducer: PeerDataProducer | BotDataProducer): Promise<PeerDataConsumer> {
    const { peerId, channel } = dataProducer.appData
    const isBot = peerId === undefined
    const transport = peer.receivingTransport
    if (!transport)
      throw new AppError('conflict', 'Make a transport with appData.direction "consumer" first.')
    const dataConsumer = await askMediasoup(
      () => !transport.closed && !dataProducer.closed,
      () =>
        transport.consumeData<DataConsumerData>({
          dataProducerId: dataProducer.id,
          appData: { transportId: transport.id },
        }),
    )
    if (peer.closed || transport.closed || dataProducer.closed) {
      dataConsumer.close()
      throw new AppError('not-found', 'It was closed while this was being done.')
    }
    if (!isBot && !peer.grants.subscribe) {
      dataConsumer.close()
      throw new AppError('forbidden', 'This peer may not receive what others send.')
    }
    peer.dataConsumers.set(dataConsumer.id, dataConsumer)
    dataConsumer.observer.once('close', () => peer.dataConsumers.delete(dataConsumer.id))
    dataConsumer.on('dataproducerclose', () =>
      peer.channel.notify('dataConsumerClosed', { dataConsumerId: dataConsumer.id }),
    )
    const ofPeer = isBot ? {} : { peerId }
    try {
      await peer.channel.request('newDataConsumer', {
        ...ofPeer,
        transportId: transport.id,
        dataConsumerId: dataConsumer.id,
        dataProducerId: dataProducer.id,
        sctpStreamParameters: dataConsumer.sctpStreamParameters ?? {},
        label: dataConsumer.label,
        protocol: dataConsumer.protocol,
        appData: { ...ofPeer, channel },
      })
    } catch (error) {
      if (isBot || !(error instanceof AppError && error.code === 'timeout')) {
        dataConsumer.close()
        throw error
      }
      peer.log.debug({ dataConsumerId: dataConsumer.id }, 'no answer to newDataConsumer')
    }
    if (dataConsumer.closed) throw new AppError('not-found', 'It was closed while this was being done.')
    return dataConsumer
  }
}
