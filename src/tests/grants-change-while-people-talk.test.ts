import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { RoomId } from '../lib/ids.ts'
import { mediaHandlers } from '../rooms/media.handlers.ts'
import { guest, openToAll, publish, tokensOf, type Person } from './support/people.ts'
import { vp8Parameters } from './support/rtp-parameters.ts'
import { startServer, withServer, type TestServer } from './support/server.ts'
import { SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

let server: TestServer
let token: Awaited<ReturnType<typeof tokensOf>>
const events: string[] = []
before(async () => {
  server = await startServer(openToAll)
  token = await tokensOf(server)
  server.app.rooms.listen({
    roomOpened: (room) => events.push(`${room.id} opened`),
    peerJoined: (room, peer) => events.push(`${room.id} ${peer.id} joined`),
    peerLeft: (room, peer, reason) => events.push(`${room.id} ${peer.id} left: ${reason}`),
    roomClosed: (room, reason) => events.push(`${room.id} closed: ${reason}`),
  })
})
after(() => server.close())

async function call(room: string): Promise<[Person, Person]> {
  return [await guest(server, room), await guest(server, room)]
}

const roomOf = (id: string) => server.app.rooms.get(id as RoomId)!

test('what is not granted any more ends at once, and what was granted before does not come back', async () => {
  const [host, ben] = await call('less')
  const hosts = await publish(host, 'microphone')
  const [microphone, camera] = [await publish(ben, 'microphone'), await publish(ben, 'camera')]
  await ben.client.isAsked('newConsumer', ({ producerId }) => producerId === hosts)
  const { dataProducerId } = await ben.client.request('produceData', {
    transportId: ben.sendingId,
    sctpStreamParameters: { streamId: 1 },
    label: 'chat',
  })
  const change = (grants: object) => host.client.request('room.setGrants', { peerId: ben.peerId, grants })

  await change({ publish: ['microphone'], data: false })
  const told = await ben.client.hears('room.grantsChanged')
  assert.deepEqual([told.grants.publish, told.grants.data, told.by], [['microphone'], false, host.peerId])
  assert.deepEqual(await ben.client.hears('room.stoppedBy'), {
    producerId: camera,
    source: 'camera',
    why: 'grants',
    by: host.peerId,
  })
  const stopped = await ben.client.hears('room.dataStoppedBy')
  assert.deepEqual([stopped.dataProducerId, stopped.label], [dataProducerId, 'chat'])
  await host.client.hears('room.producerClosed', ({ producerId }) => producerId === camera)
  await assert.rejects(publish(ben, 'camera'), { code: 'forbidden' })
  assert.equal(roomOf('less').peer(ben.peerId).producer(microphone).closed, false)

  await change({ subscribe: false })
  await ben.client.hears('consumerClosed')
  assert.equal(roomOf('less').peer(ben.peerId).consumers.size, 0)
  await assert.rejects(ben.client.request('room.subscribe', { producerId: hosts }), { code: 'forbidden' })
  await change({ subscribe: true })
  await until('what is there is offered again', () => ben.client.asked.length === 2)

  const back = await guest(server, 'less', { peerId: ben.peerId, peerSecret: ben.peerSecret })
  await assert.rejects(publish(back, 'camera'), { code: 'forbidden' }, 'coming back does not shed it')
  assert.deepEqual((await back.client.request('room.get', {})).grants.publish, ['microphone'])
})

test('somebody with a token does not shed by it what was taken away', async () => {
  const host = await guest(server, 'token')
  const accessToken = await token('cleo', 'token', { moderate: true })
  const cleo = await guest(server, 'token', { accessToken })
  await host.client.request('room.setModerator', { peerId: 'cleo', moderator: false })
  assert.equal((await cleo.client.hears('room.grantsChanged')).grants.moderate, false)
  const again = await guest(server, 'token', { accessToken })
  await assert.rejects(again.client.request('room.muteAll', { source: 'microphone' }), { code: 'forbidden' })
})

test('moderating is no way to record', async () => {
  const [host, ben] = await call('record')
  const grants = { record: true }
  await assert.rejects(host.client.request('room.setGrants', { peerId: ben.peerId, grants }), {
    code: 'forbidden',
  })
  await assert.rejects(host.client.request('room.setGrants', { peerId: host.peerId, grants }), {
    code: 'forbidden',
  })
  for (const impossible of [{ hidden: true }, { join: false }]) {
    const data = { peerId: ben.peerId, grants: impossible }
    await assert.rejects(host.client.request('room.setGrants', data), { code: 'bad-request' })
  }
  const recorder = await guest(server, 'record', {
    accessToken: await token('rec', 'record', { moderate: true, record: true }),
  })
  await recorder.client.request('room.setGrants', { peerId: ben.peerId, grants })
  assert.equal((await ben.client.hears('room.grantsChanged')).grants.record, true)
})

test('what is being made while the grant, or the peer, goes does not slip through', async () => {
  const [host, ben] = await call('slip')
  const eve = await guest(server, 'slip')
  const offered = await publish(host, 'microphone')
  const room = roomOf('slip')
  const [peer, leaving] = [room.peer(ben.peerId), room.peer(eve.peerId)]
  await ben.client.isAsked('newConsumer')
  // Called here and not by a socket, so that what follows surely happens while the worker makes it.
  const context = { room, peer, afterAnswer: () => undefined }
  const camera = { kind: 'video' as const, rtpParameters: vp8Parameters(), appData: { source: 'camera' } }
  const screen = { ...camera, rtpParameters: vp8Parameters(), appData: { source: 'screen' } }
  const channel = { sctpStreamParameters: { streamId: 1 }, label: 'game' }
  const { produce, produceData } = mediaHandlers

  let made: unknown = produce(context, { transportId: ben.sendingId, ...camera })
  room.moderation.setGrants(peer, { publish: false })
  await assert.rejects(made as Promise<unknown>, { code: 'forbidden' })
  made = produceData(context, { transportId: ben.sendingId, ...channel })
  room.moderation.setGrants(peer, { publish: true, data: false })
  await assert.rejects(made as Promise<unknown>, { code: 'forbidden' })
  made = produce(context, { transportId: ben.sendingId, ...screen })
  room.update({ policy: { share: 'moderators' } })
  await assert.rejects(made as Promise<unknown>, { code: 'forbidden' })

  for (const consumer of peer.consumers.values()) consumer.close()
  const subscribed = room.subscriptions.subscribe(peer, room.producerOfOthers(peer, offered))
  room.moderation.setGrants(peer, { subscribe: false })
  await assert.rejects(subscribed, { code: 'forbidden' })
  assert.equal(peer.consumers.size, 0)

  made = produce({ ...context, peer: leaving }, { transportId: eve.sendingId, ...camera })
  room.moderation.remove(leaving)
  await assert.rejects(made as Promise<unknown>, { code: 'not-found' })
  await host.client.request('room.ping', {})
  assert.deepEqual(
    [host.client.notifications('room.producerOpened'), host.client.notifications('room.dataProducerOpened')],
    [[], []],
  )
})

test('the guest who opens a room moderates it and does so again after a reload', async () => {
  const [host, ben] = await call('first')
  const welcome = await host.client.hears('room.welcome')
  assert.deepEqual(
    [welcome.grants.moderate, (await ben.client.hears('room.welcome')).grants.moderate],
    [true, false],
  )
  const { peers } = await ben.client.request('room.getPeers', {})
  assert.equal(peers[0]!.moderator, true)
  host.client.socket.terminate()
  await ben.client.hears('peerClosed')
  const again = await guest(server, 'first', { peerId: host.peerId, peerSecret: host.peerSecret })
  assert.equal((await again.client.hears('room.welcome')).grants.moderate, true)
  assert.deepEqual(ben.client.notifications('room.grantsChanged'), [], 'nobody took over meanwhile')
})

test('when no moderator is left, the guest who is there longest becomes one', async () => {
  const [host, ben] = await call('heir')
  const eve = await guest(server, 'heir')
  await host.client.request('room.leave', {})
  const { grants, by } = await ben.client.hears('room.grantsChanged')
  assert.deepEqual([grants.moderate, by], [true, undefined])
  await eve.client.hears('room.moderatorChanged', ({ peerId }) => peerId === ben.peerId)
  ben.client.socket.terminate()
  assert.equal((await eve.client.hears('room.grantsChanged')).grants.moderate, true)
})

test('nobody becomes moderator by coming first to a room that an application opened, nor where that is off', async () => {
  await server.app.rooms.open('planned' as RoomId, {})
  const first = await guest(server, 'planned')
  assert.equal((await first.client.hears('room.welcome')).grants.moderate, false)
  const cleo = await guest(server, 'by-token', { accessToken: await token('cleo', 'by-token') })
  const ben = await guest(server, 'by-token')
  for (const { client } of [cleo, ben]) {
    assert.equal((await client.request('room.get', {})).grants.moderate, false)
  }
  await withServer({ SLUICE_ROOMS_FIRST_GUEST_MODERATES: 'false' }, async (other) => {
    const alone = await guest(other, 'off')
    assert.equal((await alone.client.hears('room.welcome')).grants.moderate, false)
  })
})

test('others are told what happens in rooms, in order', async () => {
  const [host, ben] = await call('told')
  await ben.client.close()
  await host.client.hears('peerClosed')
  await host.client.request('room.end', {})
  await host.client.isClosed()
  await until('the room is closed', () => events.includes('told closed: ended'))
  assert.deepEqual(
    events.filter((event) => event.startsWith('told ')),
    [
      'told opened',
      `told ${host.peerId} joined`,
      `told ${ben.peerId} joined`,
      `told ${ben.peerId} left: connection-lost`,
      `told ${host.peerId} left: ended`,
      'told closed: ended',
    ],
  )
})

test('a room whose worker died is found again as it was: policy, bans, who was let in, who moderates', async () => {
  const [host, ben] = await call('dies')
  const eve = await guest(server, 'dies', { accessToken: await token('eve', 'dies') })
  await host.client.request('room.setPolicy', { lobby: true, share: 'moderators' })
  await host.client.request('room.banPeer', { peerId: 'eve' })
  await host.client.request('room.spotlight', { peerId: ben.peerId })
  await eve.client.isClosed()
  roomOf('dies').update({ metadata: { lesson: 7 } })
  const { version } = roomOf('dies').info()

  process.kill(server.app.workerStatus()[0]!.pid!, 'SIGKILL')
  assert.equal((await ben.client.isClosed()).reason, 'worker-died')
  await until('the room opens again', async () => {
    await server.app.rooms.open('dies' as RoomId)
    return true
  })
  const back = async ({ peerId, peerSecret }: Person) => guest(server, 'dies', { peerId, peerSecret })
  const ben2 = await back(ben)
  assert.equal((await ben2.client.hears('room.welcome')).grants.moderate, false)
  const host2 = await back(host)
  assert.equal((await host2.client.hears('room.welcome')).grants.moderate, true)
  const { room } = await host2.client.request('room.get', {})
  assert.deepEqual(
    [room.policy.lobby, room.policy.share, room.metadata, room.version, room.spotlight],
    [true, 'moderators', { lesson: 7 }, version, ben.peerId],
  )
  await assert.rejects(guest(server, 'dies', { accessToken: await token('eve', 'dies') }), { code: 'banned' })
  const stranger = await SignalingClient.connect(server.url, { room: 'dies' })
  await stranger.hears('room.waiting')
})
