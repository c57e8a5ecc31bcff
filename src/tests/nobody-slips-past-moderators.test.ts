import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { RoomId } from '../lib/ids.ts'
import { mediaHandlers } from '../rooms/media.handlers.ts'
import { guest, openToAll, publish, tokensOf, type Person } from './support/people.ts'
import { opusParameters } from './support/rtp-parameters.ts'
import { startServer, withServer, type TestServer } from './support/server.ts'
import { SignalingClient, type ClientOptions } from './support/signaling-client.ts'
import { until } from './support/until.ts'

/** Tricks of clients that are not ours: each got somebody in, heard or promoted once. */

const settings = { ...openToAll, SLUICE_HTTP_TRUST_PROXY: 'true', SLUICE_LIMITS_LOBBY_SIZE: '3' }
let server: TestServer
let token: Awaited<ReturnType<typeof tokensOf>>
before(async () => {
  server = await startServer(settings)
  token = await tokensOf(server)
})
after(() => server.close())

const connect = (room: string, options: ClientOptions = {}) =>
  SignalingClient.connect(server.url, { room, ...options })
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })

/** A guest who moderates, and one who does not. */
async function call(room: string): Promise<[host: Person, ben: Person]> {
  return [await guest(server, room), await guest(server, room)]
}

function roomOf(id: string) {
  return server.app.rooms.get(id as RoomId)!
}

test('taking over the id of somebody who was let in is no way past a lock or a lobby', async () => {
  const host = await guest(server, 'ids')
  const [ben, demo] = [
    await guest(server, 'ids', { peerId: 'ben' }),
    await connect('ids', { path: '/', peerId: 'demo' }),
  ]
  await demo.join()
  await host.client.request('room.setPolicy', { locked: true })
  const accessToken = await token('ben', 'ids')
  await assert.rejects((await connect('ids', { accessToken })).join(), { code: 'room-locked' })
  const stranger = { path: '/', peerId: 'demo', ...from('203.0.113.1') }
  await assert.rejects((await connect('ids', stranger)).join(), { code: 'room-locked' })

  await host.client.request('room.setPolicy', { locked: false, lobby: true })
  const proven = await connect('ids', { accessToken })
  await proven.hears('room.waiting')
  const { peerId, peerSecret } = ben
  await assert.rejects((await connect('ids', { peerId, peerSecret })).join(), { code: 'peer-id-taken' })
  const again = await connect('ids', { path: '/', peerId: 'demo' })
  await again.join()
  assert.equal((await demo.isClosed()).reason, 'replaced', 'a demo client that reconnects is still itself')
  await host.client.request('room.admit', { peerId: 'ben' })
  await proven.join()
  assert.equal((await ben.client.isClosed()).reason, 'replaced')
})

test('who connected without joining was not there: not for a lock, a lobby or a ban', async () => {
  const [host, ben] = [await guest(server, 'silent'), await guest(server, 'silent', from('203.0.113.2'))]
  const spare = await connect('silent', from('203.0.113.2'))
  const { peerId, peerSecret } = await spare.hears('room.welcome')
  await spare.close()
  const back = () => connect('silent', { peerId, peerSecret, ...from('203.0.113.2') })
  await host.client.request('room.setPolicy', { locked: true })
  await assert.rejects((await back()).join(), { code: 'room-locked' })
  await host.client.request('room.setPolicy', { locked: false })
  await host.client.request('room.banPeer', { peerId: ben.peerId })
  await assert.rejects((await back()).join(), { code: 'banned' })
})

test('a crowd from one address does not keep others out of the lobby', async () => {
  const host = await guest(server, 'crowd')
  await host.client.request('room.setPolicy', { lobby: true })
  const crowd: SignalingClient[] = []
  for (const peerId of ['a', 'b', 'c']) {
    const client = await connect('crowd', { peerId, ...from('203.0.113.5') })
    await client.hears('room.waiting')
    crowd.push(client)
  }
  await assert.rejects((await connect('crowd', from('203.0.113.5'))).join(), { code: 'limit-exceeded' })
  const other = await connect('crowd', { peerId: 'other', ...from('203.0.113.6') })
  await other.hears('room.waiting')
  await assert.rejects(crowd[2]!.request('room.get', {}), { code: 'limit-exceeded' })
  const { waiting } = await host.client.request('room.getLobby', {})
  assert.deepEqual(
    waiting.map(({ peerId }) => peerId),
    ['a', 'b', 'other'],
  )
})

test('where moderators unmute, a voice called the sound of a screen is still one', async () => {
  const [host, ben] = await call('lie')
  await host.client.request('room.setPolicy', { unmute: 'moderators' })
  const producerId = await publish(ben, 'screen-audio')
  const peer = roomOf('lie').peer(ben.peerId)
  assert.equal(peer.producer(producerId).paused, true)
  await assert.rejects(ben.client.request('resumeProducer', { producerId }), { code: 'forbidden' })
  await publish(ben, 'screen')
  await ben.client.request('resumeProducer', { producerId })
})

test('a microphone that is being made while everybody is muted starts muted', async () => {
  const [, ben] = await call('late')
  const room = roomOf('late')
  const peer = room.peer(ben.peerId)
  const said: (() => void)[] = []
  // Called here and not by a socket, so that what follows surely happens while the worker makes it.
  const made = mediaHandlers.produce(
    { room, peer, afterAnswer: (act) => said.push(act) },
    {
      transportId: ben.sendingId,
      kind: 'audio',
      rtpParameters: opusParameters(),
      appData: { source: 'microphone' },
    },
  )
  room.update({ policy: { unmute: 'moderators' } })
  await room.moderation.muteAll('microphone')
  const { producerId } = await made
  assert.equal(peer.producer(producerId).paused, true)
  for (const act of said) act()
  assert.equal((await ben.client.hears('room.mutedBy')).producerId, producerId)
})

test('having been asked to unmute ends with muting everybody', async () => {
  const [host, ben] = await call('stale')
  await host.client.request('room.setPolicy', { unmute: 'moderators' })
  const ask = { peerId: ben.peerId, source: 'microphone' } as const
  await host.client.request('room.askUnmute', ask)
  await host.client.request('room.muteAll', { source: 'microphone' })
  const producerId = await publish(ben, 'microphone')
  assert.equal(roomOf('stale').peer(ben.peerId).producer(producerId).paused, true)
  await host.client.request('room.askUnmute', ask)
  await ben.client.request('resumeProducer', { producerId })
})

test('people who come and go do not put off that somebody moderates', async () => {
  const [host, ben] = await call('put-off')
  host.client.socket.terminate()
  await ben.client.hears('peerClosed')
  const since = performance.now()
  while (ben.client.notifications('room.grantsChanged').length === 0) {
    assert.ok(performance.now() - since < 15_000, 'nobody moderates')
    const stranger = await guest(server, 'put-off')
    await stranger.client.close()
  }
})

test('nobody has an id or name that no log can keep', async () => {
  for (const options of [{ peerId: 'a\0' }, { displayName: 'a\0' }]) {
    await assert.rejects((await connect('nul', options)).join(), { code: 'bad-request' })
  }
  for (const room of ['nul\0', 'meeting:\0'])
    await assert.rejects((await connect(room)).join(), { code: 'bad-request' })
  const accessToken = await token('a\ud800', 'nul')
  await assert.rejects((await connect('nul', { accessToken })).join(), { code: 'bad-request' })
  const ben = await guest(server, 'nul')
  await assert.rejects(ben.client.request('changeDisplayName', { displayName: 'a\0' }), {
    code: 'bad-request',
  })
})

test('a room whose worker died takes back everybody it had, unless it was ended meanwhile', () =>
  withServer(settings, async (own) => {
    const tokenFor = await tokensOf(own)
    const { rooms } = own.app
    for (const id of ['found', 'over']) {
      await rooms.open(id as RoomId, { metadata: { id } })
      const options = { accessToken: await tokenFor('pupil', id, { createRoom: false }) }
      const pupil = await guest(own, id, options)
      const { pid } = own.app.workerStatus()[0]!
      process.kill(pid!, 'SIGKILL')
      assert.equal((await pupil.client.isClosed()).reason, 'worker-died')
      await until('there is another worker', () => {
        const [worker] = own.app.workerStatus()
        return worker?.pid !== undefined && worker.pid !== pid && worker.answers
      })
      const isOver = id === 'over'
      if (isOver) rooms.end(id as RoomId)
      const back = (await SignalingClient.connect(own.url, { room: id, ...options })).join()
      if (isOver) await assert.rejects(back, { code: 'forbidden' })
      else await back
    }
  }))
