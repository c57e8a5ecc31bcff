import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opusParameters } from './support/rtp-parameters.ts'
import { withServer } from './support/server.ts'
import { RefusedError, SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

/** Past a configured limit a client gets a coded error that names it. */

/** How many of the answers were refused, and that every refusal names this limit. */
async function refusedBy(limit: string, promises: Promise<unknown>[]): Promise<number> {
  const results = await Promise.allSettled(promises)
  const errors = results
    .filter((result) => result.status === 'rejected')
    .map((result) => result.reason as RefusedError)
  for (const error of errors) {
    assert.ok(error instanceof RefusedError, String(error))
    assert.equal(error.code, 'limit-exceeded')
    assert.equal(error.data?.['limit'], limit)
  }
  return errors.length
}

test('transports, producers and data producers of a peer, even when asked for all at once', async () => {
  await withServer(
    {
      SLUICE_LIMITS_TRANSPORTS_PER_PEER: '3',
      SLUICE_LIMITS_PRODUCERS_PER_PEER: '2',
      SLUICE_LIMITS_DATA_PRODUCERS_PER_PEER: '1',
    },
    async (server) => {
      const client = await SignalingClient.connect(server.url)
      const { sendingId } = await client.join()
      const transports = Array.from({ length: 5 }, () =>
        client.request('createWebRtcTransport', { appData: { direction: 'consumer' } }),
      )
      assert.equal(await refusedBy('transportsPerPeer', transports), 4)
      const producers = Array.from({ length: 5 }, () =>
        client.request('produce', { transportId: sendingId, kind: 'audio', rtpParameters: opusParameters() }),
      )
      assert.equal(await refusedBy('producersPerPeer', producers), 3)
      const channels = Array.from({ length: 3 }, (_, streamId) =>
        client.request('produceData', { transportId: sendingId, sctpStreamParameters: { streamId } }),
      )
      assert.equal(await refusedBy('dataProducersPerPeer', channels), 2)

      // What was closed makes room again.
      const fulfilled = (await Promise.allSettled(producers)).find((result) => result.status === 'fulfilled')!
      await client.request('closeProducer', fulfilled.value)
      await client.request('produce', {
        transportId: sendingId,
        kind: 'audio',
        rtpParameters: opusParameters(),
      })
    },
  )
})

test('consumers of a peer', async () => {
  await withServer({ SLUICE_LIMITS_CONSUMERS_PER_PEER: '1' }, async (server) => {
    const sender = await SignalingClient.connect(server.url)
    const receiver = await SignalingClient.connect(server.url)
    const { sendingId } = await sender.join()
    await receiver.join({ autoSubscribe: false })
    const produced = await Promise.all(
      [1, 2, 3].map(() =>
        sender.request('produce', { transportId: sendingId, kind: 'audio', rtpParameters: opusParameters() }),
      ),
    )
    const subscribed = produced.map(({ producerId }) => receiver.request('room.subscribe', { producerId }))
    assert.equal(await refusedBy('consumersPerPeer', subscribed), 2)
  })
})

test('peers of a room, rooms of the server, connections of an address', async () => {
  await withServer(
    {
      SLUICE_LIMITS_PEERS_PER_ROOM: '2',
      SLUICE_LIMITS_ROOMS: '2',
      SLUICE_LIMITS_CONNECTIONS_PER_ADDRESS: '5',
    },
    async (server) => {
      const connect = (room: string): Promise<SignalingClient> =>
        SignalingClient.connect(server.url, { room })
      const [first, second, third] = [await connect('a'), await connect('a'), await connect('a')]
      await first.join()
      await second.join()
      assert.equal(await refusedBy('peersPerRoom', [third.join()]), 1)
      const inB = await connect('b')
      await inB.join()
      const inC = await connect('c')
      assert.equal(await refusedBy('rooms', [inC.join()]), 1)
      await assert.rejects(connect('a'), (error: Error & { status?: number; body?: string }) => {
        assert.equal(error.status, 429)
        const problem = JSON.parse(error.body!) as { code: string; data: { limit: string } }
        assert.deepEqual([problem.code, problem.data.limit], ['limit-exceeded', 'connectionsPerAddress'])
        return true
      })
      await first.close()
      await until('the place of a closed connection is free again', async () => {
        const again = await connect('a')
        await again.join()
        return true
      })
    },
  )
})

test('how fast an address opens connections', async () => {
  await withServer(
    { SLUICE_LIMITS_CONNECTIONS_PER_ADDRESS: '4', SLUICE_LIMITS_CONNECTIONS_PER_SECOND: '1' },
    async (server) => {
      for (let round = 0; round < 4; round++) await (await SignalingClient.connect(server.url)).close()
      await assert.rejects(SignalingClient.connect(server.url), (error: Error & { body?: string }) => {
        assert.match(error.body ?? '', /connectionsPerSecond/)
        return true
      })
      await until('the next one is let in', () => SignalingClient.connect(server.url))
    },
  )
})

test('lengths of names and sizes of metadata', async () => {
  await withServer(
    { SLUICE_LIMITS_NAME_LENGTH: '10', SLUICE_LIMITS_METADATA_BYTES: '20' },
    async (server) => {
      const client = await SignalingClient.connect(server.url, { room: 'short' })
      const long = { displayName: 'n'.repeat(11), device: {} }
      assert.equal(await refusedBy('nameLength', [client.request('join', long)]), 1)
      const heavy = { displayName: 'n', device: {}, metadata: { key: 'x'.repeat(20) } }
      assert.equal(await refusedBy('metadataBytes', [client.request('join', heavy)]), 1)
      await client.join()
      assert.equal(
        await refusedBy('metadataBytes', [client.request('room.setMetadata', { metadata: heavy.metadata })]),
        1,
      )
      await assert.rejects(SignalingClient.connect(server.url, { room: 'r'.repeat(11) }), { status: 429 })
    },
  )
})

test('a flood is refused, and one that does not stop is closed, while others are served', async () => {
  await withServer(
    { SLUICE_LIMITS_MESSAGES_PER_SECOND: '5', SLUICE_LIMITS_MESSAGE_BURST: '20' },
    async (server) => {
      const flooder = await SignalingClient.connect(server.url)
      const other = await SignalingClient.connect(server.url)
      await other.join()
      const answers = await Promise.all(
        Array.from({ length: 40 }, () => flooder.ask({ request: true, method: 'room.ping' })),
      )
      const refused = answers.filter((answer) => answer.code === 'rate-limited')
      assert.ok(refused.length >= 15 && refused.length <= 20, `${refused.length} were refused`)
      for (let count = 0; count < 200; count++) flooder.notify('room.ping', {})
      assert.deepEqual(await flooder.isClosed(), { code: 4000, reason: 'too-many-errors' })
      await other.request('room.ping', {})
    },
  )
})

test('a room can be joined however much its people attach', () =>
  withServer(
    { SLUICE_LIMITS_BUFFERED_BYTES: '262144', SLUICE_LIMITS_METADATA_BYTES: '65536' },
    async ({ url }) => {
      const metadata = { filler: 'x'.repeat(65_000) }
      for (let index = 0; index < 70; index++) {
        const peer = await SignalingClient.connect(url, { room: 'attached' })
        await peer.request('join', { displayName: `Peer ${index}`, device: {}, metadata })
      }
      const late = await SignalingClient.connect(url, { room: 'attached' })
      const { peers } = await late.join()
      assert.equal(peers.length, 70)
    },
  ))

test('a client that does not read is closed before it fills the memory', async () => {
  await withServer(
    {
      SLUICE_LIMITS_BUFFERED_BYTES: '262144',
      SLUICE_LIMITS_MESSAGES_PER_SECOND: '10000',
      SLUICE_LIMITS_MESSAGE_BURST: '100000',
    },
    async (server) => {
      const talker = await SignalingClient.connect(server.url)
      const deaf = await SignalingClient.connect(server.url)
      await deaf.join({ name: 'Deaf' })
      await talker.join({ name: 'Talker' })
      deaf.socket.pause()
      const metadata = { filler: 'x'.repeat(4000) }
      await until('the deaf peer is out of the room', async () => {
        for (let count = 0; count < 200; count++) await talker.request('room.setMetadata', { metadata })
        return talker.notifications('peerClosed').some((closed) => closed.reason === 'slow-reader')
      })
      deaf.socket.terminate()
    },
  )
})
