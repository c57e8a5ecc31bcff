import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { opusParameters, vp8Parameters } from './support/rtp-parameters.ts'
import { startServer, type TestServer } from './support/server.ts'
import { RefusedError, SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

let server: TestServer
before(async () => (server = await startServer({ SLUICE_ROOMS_REQUEST_SECONDS: '1' })))
after(() => server.close())

async function sender(room: string) {
  const client = await SignalingClient.connect(server.url, { room })
  const { sendingId } = await client.join({ name: 'Sender' })
  const { producerId: audioId } = await client.request('produce', {
    transportId: sendingId,
    kind: 'audio',
    rtpParameters: opusParameters(),
    appData: { source: 'microphone', metadata: { language: 'sv' } },
  })
  const { producerId: videoId } = await client.request('produce', {
    transportId: sendingId,
    kind: 'video',
    rtpParameters: vp8Parameters(3),
    appData: { source: 'screensharing' },
  })
  return { client, sendingId, audioId, videoId }
}

test('a client may join without automatic consumers, list what there is, and subscribe by producer', async () => {
  const { audioId, videoId, client: owner } = await sender('choose')
  const chooser = await SignalingClient.connect(server.url, { room: 'choose' })
  const { peers } = await chooser.join({ autoSubscribe: false })
  assert.equal(peers.length, 1)
  const { producers } = await chooser.request('room.getProducers', {})
  assert.deepEqual(
    producers.map(({ producerId, kind, source, type, paused, metadata }) => ({
      producerId,
      kind,
      source,
      type,
      paused,
      metadata,
    })),
    [
      {
        producerId: audioId,
        kind: 'audio',
        source: 'microphone',
        type: 'simple',
        paused: false,
        metadata: { language: 'sv' },
      },
      {
        producerId: videoId,
        kind: 'video',
        source: 'screen',
        type: 'simulcast',
        paused: false,
        metadata: {},
      },
    ],
  )
  assert.deepEqual(peers[0]!.producers, producers)

  const { consumerId } = await chooser.request('room.subscribe', {
    producerId: videoId,
    preferredLayers: { spatialLayer: 1 },
    priority: 7,
  })
  const asked = await chooser.isAsked('newConsumer')
  assert.equal(asked['consumerId'], consumerId)
  assert.deepEqual(asked['appData'], { peerId: peers[0]!.peerId, source: 'screensharing' })
  assert.equal(chooser.asked.length, 1, 'nothing else was offered')
  const again = await chooser.request('room.subscribe', { producerId: videoId })
  assert.equal(again.consumerId, consumerId)

  await owner.request('pauseProducer', { producerId: audioId })
  await chooser.hears('room.producerPaused', (data) => data.producerId === audioId)
  await owner.request('pauseProducer', { producerId: videoId })
  await chooser.hears('consumerPaused', (data) => data.consumerId === consumerId)

  await chooser.request('room.unsubscribe', { consumerId })
  await assert.rejects(chooser.request('getConsumerStats', { consumerId }), { code: 'not-found' })
  await chooser.request('room.subscribe', { producerId: videoId })
  await owner.request('closeProducer', { producerId: videoId })
  await chooser.hears('consumerClosed')
  await chooser.hears('room.producerClosed', (data) => data.producerId === videoId)
  await Promise.all([owner.close(), chooser.close()])
})

test('whoever asks for what is being offered is answered when the offer was accepted', async () => {
  const { client: owner, audioId } = await sender('offered')
  const receiver = await SignalingClient.connect(server.url, { room: 'offered' })
  const steps: string[] = []
  receiver.answer = (_method, data) => {
    if (data['producerId'] === audioId) steps.push('offered')
    return 'silence'
  }
  await receiver.join()
  await receiver.isAsked('newConsumer', (data) => data['producerId'] === audioId)
  const refused = await receiver
    .request('room.subscribe', { producerId: audioId })
    .catch((error: unknown) => error)
  assert.equal((refused as RefusedError).code, 'timeout', 'the offer was never accepted')
  assert.deepEqual(steps, ['offered'])
  await Promise.all([owner.close(), receiver.close()])
})

test('a consumer flows only after the client has accepted it, and stays paused if it asks for that', async () => {
  const { client: owner } = await sender('handshake')
  const receiver = await SignalingClient.connect(server.url, { room: 'handshake' })
  receiver.answer = (_method, data) => (data['kind'] === 'audio' ? {} : { paused: true })
  await receiver.join()
  const audio = (await receiver.isAsked('newConsumer', (data) => data['kind'] === 'audio'))[
    'consumerId'
  ] as string
  const video = (await receiver.isAsked('newConsumer', (data) => data['kind'] === 'video'))[
    'consumerId'
  ] as string
  const room = server.app.rooms.list().find((candidate) => candidate.id === 'handshake')!
  const peer = room.joinedPeers.find((candidate) => candidate.consumers.size > 0)!
  await until('the audio consumer flows', () => !peer.consumers.get(audio)!.paused)
  assert.equal(peer.consumers.get(video)!.paused, true)
  await receiver.request('resumeConsumer', { consumerId: video })
  assert.equal(peer.consumers.get(video)!.paused, false)
  await Promise.all([owner.close(), receiver.close()])
})

test('what a client says about a consumer right after its answer is done after it', async () => {
  const { client: owner } = await sender('order')
  const receiver = await SignalingClient.connect(server.url, { room: 'order' })
  const transport = (receiver.socket as unknown as { _socket: Socket })._socket
  receiver.answer = (method, data) => {
    if (method === 'newConsumer' && data['kind'] === 'video') {
      // In the same segment as the answer, which follows when this function returns.
      queueMicrotask(() => {
        receiver.notify('setConsumerPreferredLayers', {
          consumerId: data['consumerId'],
          spatialLayer: 2,
          temporalLayer: 1,
        })
        receiver.notify('pauseConsumer', { consumerId: data['consumerId'] })
        transport.uncork()
      })
      transport.cork()
    }
    return { preferredLayers: { spatialLayer: 0 } }
  }
  await receiver.join()
  const id = (await receiver.isAsked('newConsumer', (data) => data['kind'] === 'video'))[
    'consumerId'
  ] as string
  const room = server.app.rooms.list().find((candidate) => candidate.id === 'order')!
  const peer = room.joinedPeers.find((candidate) => candidate.producers.size === 0)!
  await until('the consumer is paused', () => peer.consumers.get(id)?.paused)
  await receiver.request('room.ping', {})
  assert.equal(peer.consumers.get(id)!.preferredLayers?.spatialLayer, 2)
  assert.equal(peer.consumers.get(id)!.paused, true)
  await Promise.all([owner.close(), receiver.close()])
})

test('a client that refuses a consumer or does not answer has it closed', async () => {
  const { client: owner, audioId, videoId } = await sender('refuse')
  const receiver = await SignalingClient.connect(server.url, { room: 'refuse' })
  receiver.answer = (_method, data) => {
    if (data['kind'] === 'video') return 'silence'
    throw new Error('do not want')
  }
  const { peers } = await receiver.join()
  assert.equal(peers.length, 1)
  await receiver.isAsked('newConsumer', (data) => data['kind'] === 'video')
  const room = server.app.rooms.list().find((candidate) => candidate.id === 'refuse')!
  const peer = room.joinedPeers.find((candidate) => candidate.producers.size === 0)!
  await until('both consumers are closed', () => peer.consumers.size === 0)
  assert.equal(peer.allowances.consumers.used, 0)

  const refused = await receiver
    .request('room.subscribe', { producerId: audioId })
    .catch((error: unknown) => error)
  assert.ok(refused instanceof RefusedError)
  assert.equal(refused.code, 'forbidden')
  const silent = await receiver
    .request('room.subscribe', { producerId: videoId })
    .catch((error: unknown) => error)
  assert.equal((silent as RefusedError).code, 'timeout')
  await Promise.all([owner.close(), receiver.close()])
})

test('metadata of peers and producers reaches the others', async () => {
  const { client: owner, audioId } = await sender('metadata')
  const other = await SignalingClient.connect(server.url, { room: 'metadata' })
  const { peers } = await other.join()
  await owner.request('room.setMetadata', { metadata: { hand: true } })
  assert.deepEqual((await other.hears('room.peerMetadataChanged')).metadata, { hand: true })
  await owner.request('room.setProducerMetadata', { producerId: audioId, metadata: { muted: 'by choice' } })
  assert.deepEqual((await other.hears('room.producerMetadataChanged')).metadata, { muted: 'by choice' })
  await owner.request('changeDisplayName', { displayName: 'Ana' })
  assert.deepEqual(await other.hears('peerDisplayNameChanged'), {
    peerId: peers[0]!.peerId,
    displayName: 'Ana',
    oldDisplayName: 'Sender',
  })
  const seen = (await other.request('room.getPeers', {})).peers[0]!
  assert.deepEqual([seen.displayName, seen.metadata], ['Ana', { hand: true }])
  await Promise.all([owner.close(), other.close()])
})
