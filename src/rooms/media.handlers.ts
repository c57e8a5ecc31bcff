import type { types } from 'mediasoup'
import { AppError } from '../lib/app-error.ts'
import type { Handlers, Method } from '../protocol/requests.ts'
import { checkMetadata, needGrant } from './checks.ts'
import type { PeerContext } from './context.ts'
import { askMediasoup, whileOpen } from './media-error.ts'
import { isChat } from './moderation.ts'
import type { ModerationMethod } from './moderation.handlers.ts'
import type { Peer, PeerTransport, TransportData } from './peer.ts'
import type { roomHandlers } from './room.handlers.ts'
import { sourceOf } from './source.ts'

type MediaMethod = Exclude<Method, keyof typeof roomHandlers | ModerationMethod | `recording.${string}`>

type Stats = { stats: Record<string, unknown>[] }

async function statsOf(object: { closed: boolean; getStats(): Promise<unknown> }): Promise<Stats> {
  const stats = await whileOpen(
    () => !object.closed,
    () => object.getStats(),
  )
  return { stats: stats as Record<string, unknown>[] }
}

/** Runs a call on something the peer owns that takes no answer. */
async function act(object: { closed: boolean }, call: () => Promise<void>): Promise<Record<string, never>> {
  await whileOpen(() => !object.closed, call)
  return {}
}

/** Closes what was not allowed any more by the time it was made, and throws why. */
function stillAllowed(made: { close(): void }, check: () => void): void {
  try {
    check()
  } catch (error) {
    made.close()
    throw error
  }
}

/** Transports, producers and consumers: the media half of mediasoup-demo's protocol, with our additions. */
export const mediaHandlers: Handlers<PeerContext, MediaMethod> = {
  async createWebRtcTransport({ room, peer }, { forceTcp = false, appData }) {
    const { media } = room.config
    const { direction } = appData
    const transport = await peer.allowances.transports.make(
      () =>
        whileOpen(
          () => !room.closed,
          () =>
            room.createTransport<TransportData>({
              enableUdp: !forceTcp,
              enableTcp: true,
              preferUdp: !media.preferTcp,
              preferTcp: media.preferTcp,
              iceConsentTimeout: media.iceConsentSeconds,
              initialAvailableOutgoingBitrate: media.initialOutgoingBps,
              enableSctp: true,
              maxSendMessageSize: media.maxDataMessageBytes,
              maxReceiveMessageSize: media.maxDataMessageBytes,
              appData: { direction, connected: false },
            }),
        ),
      (made, freed) => made.observer.once('close', freed),
    )
    if (peer.closed) transport.close()
    peer.assertOpen()
    peer.transports.set(transport.id, transport)
    transport.observer.once('close', () => peer.transports.delete(transport.id))
    watchTransport(peer, transport, media.iceConsentSeconds)

    const maxBps = direction === 'producer' ? media.maxIncomingBps : media.maxOutgoingBps
    if (maxBps > 0) {
      await whileOpen(
        () => !transport.closed,
        () =>
          direction === 'producer'
            ? transport.setMaxIncomingBitrate(maxBps)
            : transport.setMaxOutgoingBitrate(maxBps),
      )
    }
    const { iceParameters, iceCandidates, dtlsParameters, sctpParameters } = transport
    return {
      transportId: transport.id,
      iceParameters,
      iceCandidates,
      dtlsParameters,
      ...(sctpParameters ? { sctpParameters } : {}),
    }
  },

  async connectWebRtcTransport({ peer }, { transportId, dtlsParameters }) {
    const transport = peer.transport(transportId)
    if (transport.appData.connected) throw new AppError('conflict', 'This transport is connected already.')
    transport.appData.connected = true
    try {
      await askMediasoup(
        () => !transport.closed,
        () => transport.connect({ dtlsParameters: dtlsParameters as types.DtlsParameters }),
      )
      return {}
    } catch (error) {
      transport.appData.connected = false
      throw error
    }
  },

  async restartIce({ peer }, { transportId }) {
    const transport = peer.transport(transportId)
    const iceParameters = await whileOpen(
      () => !transport.closed,
      () => transport.restartIce(),
    )
    return { iceParameters }
  },

  closeTransport({ peer }, { transportId }) {
    peer.transport(transportId).close()
    return {}
  },

  async produce(
    { room, peer, afterAnswer },
    { transportId, kind, rtpParameters, paused = false, appData = {} },
  ) {
    const { moderation } = room
    const source = sourceOf(kind, appData.source)
    moderation.checkPublish(peer, source)
    const transport = peer.sendingTransport(transportId)
    const metadata = checkMetadata(appData.metadata ?? {}, room.config)
    const decidesItself = moderation.decidesOwnSound(peer, kind, source)
    const isForced = !paused && !moderation.takeUnmute(peer, kind, source)
    const producer = await peer.allowances.producers.make(
      () =>
        askMediasoup(
          () => !transport.closed,
          () =>
            transport.produce({
              kind,
              rtpParameters: rtpParameters as types.RtpParameters,
              paused: paused || isForced,
              appData: { peerId: peer.id, source, metadata },
            }),
        ),
      (made, freed) => (made.closed ? freed() : made.observer.once('close', freed)),
    )
    // Where moderators took over unmuting meanwhile, muting everybody has missed this one.
    const isLate = !producer.paused && decidesItself && !moderation.decidesOwnSound(peer, kind, source)
    if (isLate && !producer.closed) await producer.pause().catch(() => producer.close())
    // mediasoup closes what is on a transport when the transport is closed, but not what is still being made on it.
    if (peer.closed || transport.closed) producer.close()
    if (producer.closed) throw new AppError('not-found', 'The transport was closed meanwhile.')
    stillAllowed(producer, () => moderation.checkPublish(peer, source))
    peer.producers.set(producer.id, producer)
    producer.observer.once('close', () => peer.producers.delete(producer.id))
    producer.on('score', (score) => peer.channel.notify('producerScore', { producerId: producer.id, score }))
    room.published(peer, producer)
    if (isForced || isLate) {
      afterAnswer(() => peer.channel.notify('room.mutedBy', { producerId: producer.id, source }))
    }
    return { producerId: producer.id }
  },

  async produceData(
    { room, peer },
    { transportId, sctpStreamParameters, label = '', protocol = '', appData = {} },
  ) {
    const channel = appData.channel ?? label
    if (channel === 'bot' || label === 'bot')
      throw new AppError('not-supported', 'This server has no bot to talk to.')
    const checkAllowed = () => room.moderation.checkSendData(peer, isChat({ label, appData: { channel } }))
    checkAllowed()
    const transport = peer.sendingTransport(transportId)
    const dataProducer = await peer.allowances.dataProducers.make(
      () =>
        askMediasoup(
          () => !transport.closed,
          () =>
            transport.produceData({
              sctpStreamParameters: sctpStreamParameters as types.SctpStreamParameters,
              label,
              protocol,
              appData: { peerId: peer.id, channel, isSilent: false },
            }),
        ),
      (made, freed) => (made.closed ? freed() : made.observer.once('close', freed)),
    )
    if (peer.closed || transport.closed) dataProducer.close()
    if (dataProducer.closed) throw new AppError('not-found', 'The transport was closed meanwhile.')
    stillAllowed(dataProducer, checkAllowed)
    peer.dataProducers.set(dataProducer.id, dataProducer)
    dataProducer.observer.once('close', () => peer.dataProducers.delete(dataProducer.id))
    room.publishedData(peer, dataProducer)
    return { dataProducerId: dataProducer.id }
  },

  closeProducer({ peer }, { producerId }) {
    peer.producer(producerId).close()
    return {}
  },
  pauseProducer({ peer }, { producerId }) {
    const producer = peer.producer(producerId)
    return act(producer, () => producer.pause())
  },
  resumeProducer({ room, peer }, { producerId }) {
    const producer = peer.producer(producerId)
    room.moderation.checkUnmute(peer, producer)
    return act(producer, () => producer.resume())
  },
  closeDataProducer({ peer }, { dataProducerId }) {
    peer.dataProducer(dataProducerId).close()
    return {}
  },

  pauseConsumer({ peer }, { consumerId }) {
    const consumer = peer.consumer(consumerId)
    return act(consumer, () => consumer.pause())
  },
  resumeConsumer({ peer }, { consumerId }) {
    const consumer = peer.consumer(consumerId)
    return act(consumer, () => consumer.resume())
  },
  setConsumerPreferredLayers({ peer }, { consumerId, spatialLayer, temporalLayer }) {
    const consumer = peer.consumer(consumerId)
    const layers = temporalLayer === undefined ? { spatialLayer } : { spatialLayer, temporalLayer }
    return act(consumer, () => consumer.setPreferredLayers(layers))
  },
  setConsumerPriority({ peer }, { consumerId, priority }) {
    const consumer = peer.consumer(consumerId)
    return act(consumer, () => consumer.setPriority(priority))
  },
  requestConsumerKeyFrame({ peer }, { consumerId }) {
    const consumer = peer.consumer(consumerId)
    return act(consumer, () => consumer.requestKeyFrame())
  },

  getTransportStats: ({ peer }, { transportId }) => statsOf(peer.transport(transportId)),
  getProducerStats: ({ peer }, { producerId }) => statsOf(peer.producer(producerId)),
  getConsumerStats: ({ peer }, { consumerId }) => statsOf(peer.consumer(consumerId)),
  getDataProducerStats: ({ peer }, { dataProducerId }) => statsOf(peer.dataProducer(dataProducerId)),
  getDataConsumerStats: ({ peer }, { dataConsumerId }) => statsOf(peer.dataConsumer(dataConsumerId)),

  async 'room.subscribe'({ room, peer }, { producerId, paused, preferredLayers, priority }) {
    needGrant(peer.grants.subscribe, 'receive what others send')
    const producer = room.producerOfOthers(peer, producerId)
    const consumer = await room.subscriptions.subscribe(peer, producer, { paused, preferredLayers, priority })
    return { consumerId: consumer.id }
  },
  'room.unsubscribe'({ peer }, { consumerId }) {
    peer.consumer(consumerId).close()
    return {}
  },
  async 'room.subscribeData'({ room, peer }, { dataProducerId }) {
    needGrant(peer.grants.subscribe, 'receive what others send')
    const dataProducer = room.dataProducerOfOthers(peer, dataProducerId)
    const dataConsumer = await room.subscriptions.subscribeData(peer, dataProducer)
    return { dataConsumerId: dataConsumer.id }
  },
  'room.unsubscribeData'({ peer }, { dataConsumerId }) {
    peer.dataConsumer(dataConsumerId).close()
    return {}
  },

  'room.setProducerMetadata'({ room, peer }, { producerId, metadata }) {
    needGrant(peer.grants.updateOwnMetadata, 'change its metadata')
    const producer = peer.producer(producerId)
    producer.appData.metadata = checkMetadata(metadata, room.config)
    room.tellAbout(peer, 'room.producerMetadataChanged', { producerId, peerId: peer.id, metadata })
    return {}
  },
}

/**
 * A transport whose network is gone takes its peer with it: the client connects again. One that the client closed by
 * itself (a DTLS closing alert) only takes what was on it.
 */
function watchTransport(peer: Peer, transport: PeerTransport, iceConsentSeconds: number): void {
  let patience: NodeJS.Timeout | undefined
  transport.on('icestatechange', (state) => {
    clearTimeout(patience)
    if (state !== 'disconnected') return
    // Over UDP nothing was heard for as long as that already. A TCP connection that ended says so at once, and the client
    // may come by another one.
    const ended = transport.iceSelectedTuple?.protocol === 'tcp'
    patience = setTimeout(
      () => {
        peer.log.info({ transportId: transport.id }, 'ICE consent lost')
        peer.close('media-lost')
      },
      ended ? iceConsentSeconds * 1000 : 0,
    )
  })
  transport.observer.once('close', () => clearTimeout(patience))
  transport.on('dtlsstatechange', (state) => {
    if (state === 'failed') {
      peer.log.info({ transportId: transport.id }, 'DTLS failed')
      peer.close('media-lost')
    } else if (state === 'closed') {
      transport.close()
    }
  })
  transport.on('sctpstatechange', (state) => {
    if (state === 'failed') peer.log.warn({ transportId: transport.id }, 'SCTP failed')
  })
}
