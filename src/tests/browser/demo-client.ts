import { Device, type types } from 'mediasoup-client'
import * as protoo from 'protoo-client'

/**
 * A client of protoo-client and mediasoup-client alone, written from the fact sheet of mediasoup-demo's newest dialect
 * and knowing nothing of Sluice. It is strict where the demo's web app is: a consumer of a peer it was not told of is an error. Only data
 * of the bot is nobody's.
 */

interface Seen {
  readonly errors: string[]
  readonly notifications: { method: string; data: Record<string, unknown> }[]
  readonly peers: Map<string, { displayName: string }>
  readonly consumers: Map<string, types.Consumer>
  readonly dataConsumers: Map<string, types.DataConsumer>
  readonly messages: { label: string; peerId: string | undefined; text: string }[]
}

interface JoinOptions {
  readonly url: string
  readonly roomId: string
  readonly peerId: string
  readonly displayName: string
}

async function join({ url, roomId, peerId, displayName }: JoinOptions) {
  const seen: Seen = {
    errors: [],
    notifications: [],
    peers: new Map(),
    consumers: new Map(),
    dataConsumers: new Map(),
    messages: [],
  }
  const query = new URLSearchParams({ roomId, peerId, usePipeTransports: 'false' })
  const peer = new protoo.Peer(new protoo.WebSocketTransport(`${url}/?${query}`))

  peer.on('notification', ({ method, data }) => {
    seen.notifications.push({ method, data })
    try {
      notified(method, data)
    } catch (error) {
      seen.errors.push(`${method}: ${(error as Error).message}`)
    }
  })
  await new Promise<void>((resolve, reject) => {
    peer.on('open', resolve)
    peer.on('failed', () => reject(new Error('no connection')))
  })

  function notified(method: string, data: Record<string, unknown>): void {
    switch (method) {
      case 'newPeer': {
        const { peerId: id, displayName: name } = data['peer'] as { peerId: string; displayName: string }
        seen.peers.set(id, { displayName: name })
        return
      }
      case 'peerClosed':
        seen.peers.delete(data['peerId'] as string)
        return
      case 'peerDisplayNameChanged':
        seen.peers.set(data['peerId'] as string, { displayName: data['displayName'] as string })
        return
      case 'consumerClosed':
        seen.consumers.get(data['consumerId'] as string)?.close()
        seen.consumers.delete(data['consumerId'] as string)
        return
      case 'consumerPaused':
        seen.consumers.get(data['consumerId'] as string)?.pause()
        return
      case 'consumerResumed':
        seen.consumers.get(data['consumerId'] as string)?.resume()
        return
      case 'dataConsumerClosed':
        seen.dataConsumers.delete(data['dataConsumerId'] as string)
        return
      case 'mediasoupVersion':
      case 'producerScore':
      case 'consumerScore':
      case 'consumerLayersChanged':
      case 'activeSpeaker':
      case 'speakingPeers':
      case 'downlinkBwe':
        return
      default:
        throw new Error('unknown notification')
    }
  }

  await peer.request('getRtcStatsUrl')
  const { routerRtpCapabilities } = await peer.request('getRouterRtpCapabilities')
  const device = new Device()
  await device.load({ routerRtpCapabilities: routerRtpCapabilities as types.RtpCapabilities })
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 960, height: 540 } })

  async function transportOptions(direction: 'producer' | 'consumer'): Promise<types.TransportOptions> {
    const { transportId, iceParameters, iceCandidates, dtlsParameters, sctpParameters } = await peer.request(
      'createWebRtcTransport',
      { forceTcp: false, appData: { direction } },
    )
    return {
      id: transportId as string,
      iceParameters: iceParameters as types.IceParameters,
      iceCandidates: iceCandidates as types.IceCandidate[],
      dtlsParameters: { ...(dtlsParameters as types.DtlsParameters), role: 'auto' },
      sctpParameters: sctpParameters as types.SctpParameters,
      iceServers: [],
    }
  }

  const sending = device.createSendTransport(await transportOptions('producer'))
  const receiving = device.createRecvTransport(await transportOptions('consumer'))
  async function answer(method: string, data: Record<string, unknown>): Promise<void> {
    const appData = data['appData'] as Record<string, unknown>
    const owner = data['peerId'] as string | undefined
    const isBot = method === 'newDataConsumer' && owner === undefined && data['label'] === 'bot'
    if (!isBot && !seen.peers.has(owner!)) throw new Error(`no Peer found: ${owner}`)
    if (data['transportId'] !== receiving.id) throw new Error('wrong transport')
    if (method === 'newConsumer') {
      if (appData['peerId'] !== owner || typeof appData['source'] !== 'string') throw new Error('bad appData')
      const consumer = await receiving.consume({
        id: data['consumerId'] as string,
        producerId: data['producerId'] as string,
        kind: data['kind'] as types.MediaKind,
        rtpParameters: data['rtpParameters'] as types.RtpParameters,
        streamId: `${owner}-${appData['source'] === 'screensharing' ? 'share' : 'mic-webcam'}`,
        appData: { ...appData, paused: data['producerPaused'] },
      })
      seen.consumers.set(consumer.id, consumer)
      play(consumer.track)
      return
    }
    if (method === 'newDataConsumer') {
      const dataConsumer = await receiving.consumeData({
        id: data['dataConsumerId'] as string,
        dataProducerId: data['dataProducerId'] as string,
        sctpStreamParameters: data['sctpStreamParameters'] as types.SctpStreamParameters,
        label: data['label'] as string,
        protocol: data['protocol'] as string,
        appData,
      })
      seen.dataConsumers.set(dataConsumer.id, dataConsumer)
      dataConsumer.on('message', (text: unknown) =>
        seen.messages.push({ label: dataConsumer.label, peerId: owner, text: String(text) }),
      )
      return
    }
    throw new Error('unknown request')
  }

  // The server asks only after join.
  peer.on('request', ({ method, data }, accept, reject) => {
    answer(method, data).then(
      () => accept(),
      (error: Error) => {
        seen.errors.push(`${method}: ${error.message}`)
        reject(500, error.message)
      },
    )
  })
  for (const transport of [sending, receiving]) {
    transport.on('connect', ({ dtlsParameters }, callback, errback) => {
      peer
        .request('connectWebRtcTransport', { transportId: transport.id, dtlsParameters })
        .then(() => callback(), errback)
    })
  }
  sending.on('produce', ({ kind, rtpParameters, appData }, callback, errback) => {
    peer
      .request('produce', { transportId: sending.id, kind, rtpParameters, appData })
      .then(({ producerId }) => callback({ id: producerId as string }), errback)
  })
  sending.on(
    'producedata',
    ({ sctpStreamParameters, label = '', protocol = '', appData }, callback, errback) => {
      peer
        .request('produceData', { transportId: sending.id, sctpStreamParameters, label, protocol, appData })
        .then(({ dataProducerId }) => callback({ id: dataProducerId as string }), errback)
    },
  )

  const { peers } = await peer.request('join', {
    displayName,
    device: { flag: 'chrome', name: 'Chrome', version: '156' },
    rtpCapabilities: device.recvRtpCapabilities,
  })
  for (const other of peers as { peerId: string; displayName: string }[]) seen.peers.set(other.peerId, other)

  const audio = await sending.produce({
    track: media.getAudioTracks()[0]!,
    codecOptions: { opusStereo: true, opusDtx: true, opusFec: true, opusNack: true },
    appData: { source: 'audio' },
  })
  const video = await sending.produce({
    track: media.getVideoTracks()[0]!,
    encodings: [
      { scaleResolutionDownBy: 4, maxBitrate: 500_000, scalabilityMode: 'L1T3' },
      { scaleResolutionDownBy: 2, maxBitrate: 1_000_000, scalabilityMode: 'L1T3' },
      { scaleResolutionDownBy: 1, maxBitrate: 5_000_000, scalabilityMode: 'L1T3' },
    ],
    codecOptions: { videoGoogleStartBitrate: 1000 },
    appData: { source: 'video' },
  })
  const chat = await sending.produceData({
    label: 'chat',
    protocol: '',
    ordered: true,
    appData: { channel: 'chat' },
  })
  const bot = await sending
    .produceData({ label: 'bot', protocol: '', ordered: true, appData: { channel: 'bot' } })
    .then(
      () => 'accepted',
      (error: Error) => error.message,
    )

  return {
    seen,
    bot,
    serializable: () => ({
      errors: seen.errors,
      methods: seen.notifications.map((notification) => notification.method),
      peers: Object.fromEntries(seen.peers),
      consumers: [...seen.consumers.values()].map(({ id, kind, appData, paused }) => ({
        id,
        kind,
        appData,
        paused,
      })),
      messages: seen.messages,
      chatState: chat.readyState,
    }),
    say: (text: string) => chat.send(text),
    mute: () => {
      audio.pause()
      return peer.notify('pauseProducer', { producerId: audio.id })
    },
    unmute: () => {
      audio.resume()
      return peer.notify('resumeProducer', { producerId: audio.id })
    },
    stopVideo: () => {
      video.close()
      return peer.notify('closeProducer', { producerId: video.id })
    },
    rename: (name: string) => peer.notify('changeDisplayName', { displayName: name }),
    preferLayers: (consumerId: string, spatialLayer: number, temporalLayer: number) =>
      peer.notify('setConsumerPreferredLayers', { consumerId, spatialLayer, temporalLayer }),
    pauseConsumer: (consumerId: string) => peer.notify('pauseConsumer', { consumerId }),
    resumeConsumer: (consumerId: string) => peer.notify('resumeConsumer', { consumerId }),
    setPriority: (consumerId: string, priority: number) =>
      peer.notify('setConsumerPriority', { consumerId, priority }),
    requestKeyFrame: (consumerId: string) => peer.notify('requestConsumerKeyFrame', { consumerId }),
    restartIce: async () => {
      for (const transport of [sending, receiving]) {
        const { iceParameters } = await peer.request('restartIce', { transportId: transport.id })
        await transport.restartIce({ iceParameters: iceParameters as types.IceParameters })
      }
    },
    stats: async () => {
      const consumerId = [...seen.consumers.keys()][0]
      return {
        transport: (await peer.request('getTransportStats', { transportId: sending.id }))['stats'],
        producer: (await peer.request('getProducerStats', { producerId: video.id }))['stats'],
        consumer: consumerId ? (await peer.request('getConsumerStats', { consumerId }))['stats'] : [],
        dataProducer: (await peer.request('getDataProducerStats', { dataProducerId: chat.id }))['stats'],
      }
    },
    throttle: () =>
      peer
        .request('applyNetworkThrottle', { secret: 'x', options: { up: 1, down: 1, rtt: 1, packetLoss: 1 } })
        .then(
          () => 'accepted',
          (error: Error & { code?: number }) => `${error.code}`,
        ),
    leave: () => peer.close(),
  }
}

function play(track: MediaStreamTrack): void {
  const element = document.createElement(track.kind === 'video' ? 'video' : 'audio')
  element.autoplay = true
  if (element instanceof HTMLVideoElement) element.muted = true
  element.srcObject = new MediaStream([track])
  document.body.append(element)
}

Object.assign(globalThis, { demoJoin: join })
