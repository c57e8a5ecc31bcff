import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { stunBindingRequest } from '../../workers/binary/self-check.ts'
import type { Output } from '../protocol/requests.ts'
import { startServer, withServer } from './support/server.ts'
import { SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

test('leaving in order tells the others why and ends the connection for good', () =>
  withServer({}, async (server) => {
    const [ana, ben] = [await SignalingClient.connect(server.url), await SignalingClient.connect(server.url)]
    await ana.join()
    await ben.join()
    await ana.request('room.leave', { reason: 'tea' })
    assert.deepEqual(await ana.isClosed(), { code: 4000, reason: 'left' })
    assert.deepEqual(ana.notifications('room.closed'), [{ reason: 'left', reconnect: false }])
    const { reason, message } = await ben.hears('peerClosed')
    assert.deepEqual([reason, message], ['left', 'tea'])
  }))

test('a connection that drops tells the others', () =>
  withServer({}, async (server) => {
    const [ana, ben] = [await SignalingClient.connect(server.url), await SignalingClient.connect(server.url)]
    await ana.join()
    await ben.join()
    ana.socket.terminate()
    assert.equal((await ben.hears('peerClosed')).reason, 'connection-lost')
  }))

test('a socket that answers no pings is dropped', () =>
  withServer({ SLUICE_ROOMS_PING_SECONDS: '1' }, async (server) => {
    const [ana, ben] = [await SignalingClient.connect(server.url), await SignalingClient.connect(server.url)]
    await ana.join()
    await ben.join()
    ana.socket.pause()
    assert.equal((await ben.hears('peerClosed')).reason, 'connection-lost')
    ana.socket.terminate()
  }))

/** What an ICE client says over TCP (RFC 6544): each message after its length. */
async function iceOverTcp(transport: Output<'createWebRtcTransport'>): Promise<Socket> {
  const { port } = transport.iceCandidates.find((candidate) => candidate.protocol === 'tcp')!
  const socket = connect(port, '127.0.0.1')
  const request = stunBindingRequest(transport.iceParameters)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(request.length)
  socket.write(Buffer.concat([length, request]))
  await once(socket, 'data')
  return socket
}

test('a client whose TCP connection breaks has the time of a silent one to come by another', () =>
  withServer({ SLUICE_MEDIA_ICE_CONSENT_SECONDS: '2' }, async (server) => {
    const client = await SignalingClient.connect(server.url)
    await client.join()
    const transport = await client.request('createWebRtcTransport', {
      forceTcp: true,
      appData: { direction: 'producer' },
    })
    const peer = server.app.rooms.list()[0]!.joinedPeers[0]!
    const state = () => peer.transports.get(transport.transportId)?.iceState
    const first = await iceOverTcp(transport)
    await until('ICE is connected', () => state() === 'completed' || state() === 'connected', { why: state })
    first.destroy()
    await until('the server notices', () => state() === 'disconnected', { why: state })
    const second = await iceOverTcp(transport)
    await until('ICE is connected again', () => state() !== 'disconnected')
    assert.equal(client.closed, undefined)
    second.destroy()
    assert.deepEqual(await client.isClosed(), { code: 4001, reason: 'media-lost' })
  }))

test('whoever does not join in time is closed, whoever waits for a permission prompt is not', () =>
  withServer({ SLUICE_ROOMS_JOIN_SECONDS: '5' }, async (server) => {
    const [slow, joined] = [
      await SignalingClient.connect(server.url),
      await SignalingClient.connect(server.url),
    ]
    await joined.join()
    await slow.request('getRouterRtpCapabilities', {})
    assert.deepEqual(await slow.isClosed(), { code: 4000, reason: 'join-timeout' })
    await joined.request('room.ping', {})
  }))

test('nobody takes another’s place by knowing an id; the same client does by its secret', () =>
  withServer({}, async (server) => {
    const ana = await SignalingClient.connect(server.url)
    const ben = await SignalingClient.connect(server.url)
    await ana.join({ name: 'Ana' })
    await ben.join({ name: 'Ben' })
    const { peerId, peerSecret } = await ana.hears('room.welcome')

    const thief = await SignalingClient.connect(server.url, { peerId })
    await assert.rejects(thief.join(), { code: 'peer-id-taken' })
    const demoThief = await SignalingClient.connect(server.url, { peerId, path: '/' })
    await assert.rejects(demoThief.join(), { code: 'peer-id-taken' })
    const guesser = await SignalingClient.connect(server.url, { peerId, peerSecret: 'guess' })
    await assert.rejects(guesser.join(), { code: 'peer-id-taken' })
    assert.equal(ana.closed, undefined)

    const again = await SignalingClient.connect(server.url, { peerId, peerSecret })
    await again.join({ name: 'Ana' })
    assert.deepEqual(await ana.isClosed(), { code: 4000, reason: 'replaced' })
    await ben.hears('peerClosed', (closed) => closed.peerId === peerId && closed.reason === 'replaced')
    const { peers } = await ben.request('room.getPeers', {})
    assert.deepEqual(
      peers.map((peer) => peer.peerId),
      [peerId],
    )
  }))

test('a client keeps its secret, and one that was not let in is closed soon after it was told', () =>
  withServer({}, async (server) => {
    const first = await SignalingClient.connect(server.url)
    await first.join()
    const { peerId, peerSecret } = await first.hears('room.welcome')
    const second = await SignalingClient.connect(server.url, { peerId, peerSecret })
    assert.equal((await second.hears('room.welcome')).peerSecret, peerSecret)
    // The connection that took the place is lost before its client heard anything: the old secret still opens.
    second.socket.terminate()
    const third = await SignalingClient.connect(server.url, { peerId, peerSecret })
    await third.join()
    const weak = await SignalingClient.connect(server.url, { peerId: 'weak', peerSecret: 'guess' })
    assert.notEqual((await weak.hears('room.welcome')).peerSecret, 'guess')
    const stranger = await SignalingClient.connect(server.url, { peerId })
    await assert.rejects(stranger.join(), { code: 'peer-id-taken' })
    assert.deepEqual(await stranger.isClosed(), { code: 4000, reason: 'refused' })
  }))

test('a demo client that connects again replaces itself, as it expects', () =>
  withServer({}, async (server) => {
    const first = await SignalingClient.connect(server.url, { path: '/', peerId: 'demo' })
    await first.join()
    const second = await SignalingClient.connect(server.url, { path: '/', peerId: 'demo' })
    await second.join()
    assert.deepEqual(await first.isClosed(), { code: 4000, reason: 'replaced' })
  }))

test('a room that nobody joined goes with its last connection', () =>
  withServer({ SLUICE_ROOMS_EMPTY_SECONDS: '3600' }, async (server) => {
    for (let round = 0; round < 20; round++) {
      const passer = await SignalingClient.connect(server.url, { room: `passing-${round}` })
      await passer.request('getRouterRtpCapabilities', {})
      await passer.close()
    }
    await until('no room is left', () => server.app.rooms.size === 0, { why: () => server.app.rooms.size })
  }))

test('a room closes some time after its last peer left, and not before', () =>
  withServer({ SLUICE_ROOMS_EMPTY_SECONDS: '1' }, async (server) => {
    const first = await SignalingClient.connect(server.url)
    await first.join()
    const room = server.app.rooms.list()[0]!
    await first.close()
    await until('the peer is gone', () => room.peerCount === 0)
    assert.equal(room.closed, false)
    const second = await SignalingClient.connect(server.url)
    await second.join()
    assert.equal(server.app.rooms.list()[0], room, 'whoever comes back finds the same room')
    await second.close()
    await until('the room is closed', () => room.closed && server.app.rooms.size === 0)
  }))

test('who may connect: any program, pages of this host and configured origins, with the protoo subprotocol', () =>
  withServer({ SLUICE_HTTP_CORS_ORIGINS: 'https://app.example.org' }, async (server) => {
    const connect = (headers: Record<string, string>) => SignalingClient.connect(server.url, { headers })
    await connect({})
    await connect({ origin: server.url })
    await connect({ origin: 'http://127.0.0.1:5173' })
    await connect({ origin: 'https://app.example.org' })
    await assert.rejects(connect({ origin: 'https://evil.example.org' }), { status: 403 })
    await assert.rejects(connect({ origin: 'null' }), { status: 403 })
    const { WebSocket } = await import('ws')
    const status = await new Promise((resolve) => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws?roomId=x`)
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
      socket.on('error', () => undefined)
    })
    assert.equal(status, 403)
    await assert.rejects(SignalingClient.connect(server.url, { path: '/' }), { status: 400 })
  }))

test('production mode lets no guest in unless it is told to', async () => {
  const production = { SLUICE_MODE: 'production', SLUICE_HTTP_HOST: '127.0.0.1' }
  await withServer(production, async (server) => {
    const guest = await SignalingClient.connect(server.url)
    await assert.rejects(guest.join(), { code: 'unauthorized' })
    assert.equal(server.app.rooms.size, 0)
  })
  await withServer({ ...production, SLUICE_ROOMS_GUESTS: 'allow' }, async (server) => {
    const guest = await SignalingClient.connect(server.url)
    await guest.join()
  })
})

test('a server that is stopped tells its clients to come back', async () => {
  const server = await startServer()
  const client = await SignalingClient.connect(server.url)
  await client.join()
  await server.close()
  assert.deepEqual(await client.isClosed(), { code: 4001, reason: 'server-closing' })
  assert.deepEqual(client.notifications('room.closed'), [{ reason: 'server-closing', reconnect: true }])
})
