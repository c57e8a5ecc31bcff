import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { RoomId } from '../lib/ids.ts'
import { guest, joined, openToAll, tokensOf, type Person } from './support/people.ts'
import { startServer, withServer, type TestServer } from './support/server.ts'
import { SignalingClient, type ClientOptions } from './support/signaling-client.ts'
import { until } from './support/until.ts'

let server: TestServer
let token: Awaited<ReturnType<typeof tokensOf>>
before(async () => {
  server = await startServer({ ...openToAll, SLUICE_ROOMS_JOIN_SECONDS: '5' })
  token = await tokensOf(server)
})
after(() => server.close())

const connect = (room: string, options: ClientOptions = {}) =>
  SignalingClient.connect(server.url, { room, ...options })

/** A room with a lobby, and the guest who moderates it. */
async function lobbyRoom(room: string): Promise<Person> {
  const host = await guest(server, room)
  await host.client.request('room.setPolicy', { lobby: true })
  return host
}

function roomOf(id: string) {
  return server.app.rooms.get(id as RoomId)!
}

test('who comes waits until a moderator lets them in, and what they asked is answered then', async () => {
  const host = await lobbyRoom('knock')
  const ben = await connect('knock', { displayName: ' Ben ' })
  assert.deepEqual(await ben.hears('room.waiting'), { why: 'lobby' })
  const asked = ben.join({ name: 'Ben' })
  const knock = await host.client.hears('room.knocked')
  assert.equal(knock.displayName, 'Ben')
  assert.deepEqual(await host.client.request('room.getLobby', {}), { waiting: [knock] })
  assert.equal(roomOf('knock').peerCount, 1, 'who waits is not in the room')
  assert.deepEqual(ben.notifications('room.welcome'), [])
  await ben.request('room.ping', {})

  await host.client.request('room.admit', { peerId: knock.peerId })
  await asked
  const { peerId, grants } = await ben.hears('room.welcome')
  assert.equal(peerId, knock.peerId)
  assert.equal(grants.moderate, false)
  assert.deepEqual(await host.client.hears('room.knockEnded'), { peerId, outcome: 'admitted' })
  await host.client.hears('newPeer', ({ peer }) => peer.peerId === peerId)
  assert.deepEqual(await host.client.request('room.getLobby', {}), { waiting: [] })
})

test('who is denied is told so for good, who goes away vanishes, and nobody else decides', async () => {
  const host = await lobbyRoom('deny')
  const [ben, eve] = [await connect('deny'), await connect('deny', { displayName: 'Eve' })]
  const [first, second] = [await ben.hears('room.waiting'), await eve.hears('room.waiting')]
  assert.deepEqual([first, second], [{ why: 'lobby' }, { why: 'lobby' }])
  const { waiting } = await host.client.request('room.getLobby', {})
  assert.deepEqual(
    waiting.map(({ displayName }) => displayName),
    ['Guest', 'Eve'],
  )
  const [benId, eveId] = waiting.map(({ peerId }) => peerId) as [string, string]
  await host.client.request('room.deny', { peerId: benId })
  assert.deepEqual(await ben.isClosed(), { code: 4000, reason: 'denied' })
  assert.deepEqual(ben.notifications('room.closed'), [{ reason: 'denied', reconnect: false }])
  await host.client.hears('room.knockEnded', ({ outcome }) => outcome === 'denied')

  eve.socket.terminate()
  assert.deepEqual(await host.client.hears('room.knockEnded', ({ outcome }) => outcome === 'left'), {
    peerId: eveId,
    outcome: 'left',
  })
  for (const method of ['room.admit', 'room.deny'] as const) {
    await assert.rejects(host.client.request(method, { peerId: eveId }), { code: 'not-found' })
  }
})

test('everybody is let in at once, as many as fit; the others go on waiting', async () => {
  const host = await lobbyRoom('full')
  roomOf('full').update({ maxPeers: 3 })
  const clients = []
  for (const displayName of ['a', 'b', 'c']) {
    const client = await connect('full', { displayName })
    await client.hears('room.waiting')
    clients.push(client)
  }
  await assert.rejects(host.client.request('room.admitAll', {}), { code: 'limit-exceeded' })
  await Promise.all(clients.slice(0, 2).map((client) => client.join()))
  const { waiting } = await host.client.request('room.getLobby', {})
  assert.deepEqual(
    waiting.map(({ displayName }) => displayName),
    ['c'],
  )
  await clients[0]!.close()
  await until('there is room', () => roomOf('full').peerCount === 2)
  await host.client.request('room.admitAll', {})
  await clients[2]!.join()
})

test('who was let in once comes back without waiting, by secret or token; who was removed waits again', async () => {
  const host = await lobbyRoom('again')
  const knocking = await connect('again')
  const asking = joined(knocking)
  await host.client.hears('room.knocked')
  await host.client.request('room.admitAll', {})
  const ben = await asking
  const back = await guest(server, 'again', { peerId: ben.peerId, peerSecret: ben.peerSecret })
  assert.deepEqual(back.client.notifications('room.waiting'), [])

  const accessToken = await token('cleo', 'again')
  const cleo = await connect('again', { accessToken })
  await host.client.hears('room.knocked', ({ peerId }) => peerId === 'cleo')
  await host.client.request('room.admit', { peerId: 'cleo' })
  await cleo.join()
  await cleo.close()
  const again = await guest(server, 'again', { accessToken })
  await host.client.request('room.removePeer', { peerId: 'cleo' })
  assert.equal((await again.client.isClosed()).reason, 'removed')
  const third = await connect('again', { accessToken })
  assert.deepEqual(await third.hears('room.waiting'), { why: 'lobby' })
  await third.close()
})

test('nobody takes the place of somebody who waits, but they themselves', async () => {
  await lobbyRoom('place')
  const peerSecret = 'x'.repeat(32)
  const first = await connect('place', { peerId: 'ben', peerSecret })
  await first.hears('room.waiting')
  const thief = await connect('place', { peerId: 'ben' })
  await assert.rejects(thief.join(), { code: 'peer-id-taken' })
  const second = await connect('place', { peerId: 'ben', peerSecret })
  assert.equal((await first.isClosed()).reason, 'replaced')
  await second.hears('room.waiting')
  assert.equal(roomOf('place').entrance.lobby.size, 1)
  const accessToken = await token('ben', 'place', { bypassLobby: true })
  const proven = await guest(server, 'place', { accessToken })
  assert.equal((await second.isClosed()).reason, 'replaced', 'an id that a token proves is nobody else’s')
  const late = await connect('place', { peerId: 'ben', peerSecret })
  await assert.rejects(late.join(), { code: 'peer-id-taken' })
  assert.equal(proven.client.closed, undefined)
})

test('without a host people wait for one; a lobby goes on holding them, and bypassing it does not', async () => {
  const room = 'host'
  await server.app.rooms.open(room as RoomId, { policy: { waitForHost: true }, emptySeconds: 1 })
  const pupil = await connect(room, { accessToken: await token('pupil', room) })
  assert.deepEqual(await pupil.hears('room.waiting'), { why: 'host' })
  const trusted = await guest(server, room, {
    accessToken: await token('trusted', room, { bypassLobby: true }),
  })
  await trusted.client.close()
  assert.deepEqual(pupil.notifications('room.welcome'), [])

  const host = await guest(server, room, { accessToken: await token('host', room, { moderate: true }) })
  await pupil.join()
  await host.client.request('room.setPolicy', { lobby: true })
  await host.client.close()
  const late = await connect(room, { accessToken: await token('late', room) })
  assert.deepEqual(await late.hears('room.waiting'), { why: 'host' })
  const again = await guest(server, room, { accessToken: await token('host', room, { moderate: true }) })
  await late.hears('room.waiting', ({ why }) => why === 'lobby')
  await again.client.hears('room.knocked', ({ peerId }) => peerId === 'late')
  await again.client.request('room.setPolicy', { lobby: false })
  await late.join()
})

test('a room in which people wait for their host stays open, however long that takes', () =>
  withServer({ ...openToAll, SLUICE_ROOMS_EMPTY_SECONDS: '1' }, async (other) => {
    const room = await other.app.rooms.open('patient' as RoomId, { policy: { waitForHost: true } })
    const pupil = await SignalingClient.connect(other.url, { room: 'patient' })
    await pupil.hears('room.waiting')
    const beside = await other.app.rooms.open('beside' as RoomId, {})
    await until('a room without anybody closes meanwhile', () => beside.closed)
    assert.equal(room.closed, false)
    await pupil.close()
    await until('now this one closes too', () => room.closed)
  }))

test('a locked room lets in moderators and those who were there, and nobody else', async () => {
  const host = await guest(server, 'locked')
  const ben = await guest(server, 'locked')
  await host.client.request('room.setPolicy', { locked: true })
  assert.equal((await ben.client.hears('room.policyChanged')).policy.locked, true)
  const stranger = await connect('locked')
  await assert.rejects(stranger.join(), { code: 'room-locked' })
  await ben.client.close()
  await guest(server, 'locked', { peerId: ben.peerId, peerSecret: ben.peerSecret })
  await guest(server, 'locked', { accessToken: await token('boss', 'locked', { moderate: true }) })
  const pupil = await connect('locked', { accessToken: await token('pupil', 'locked') })
  await assert.rejects(pupil.join(), { code: 'room-locked' })
})

test('clients of mediasoup-demo wait the same way', async () => {
  const host = await lobbyRoom('demo')
  const demo = await connect('demo', { path: '/', peerId: 'demo-peer' })
  const asked = demo.join()
  await host.client.hears('room.knocked', ({ peerId }) => peerId === 'demo-peer')
  await host.client.request('room.admit', { peerId: 'demo-peer' })
  await asked
  assert.deepEqual(
    demo.heard.filter(({ method }) => method.startsWith('room.')),
    [],
  )
})

test('waiting is no reason to be closed, and asking while waiting costs little', async () => {
  const host = await lobbyRoom('long')
  const ben = await connect('long')
  await ben.hears('room.waiting')
  const metadata = { filler: 'x'.repeat(100_000) }
  const asked = [1, 2, 3].map(() => ben.request('room.setMetadata', { metadata }))
  await assert.rejects(asked[2]!, { code: 'limit-exceeded' })
  const slow = await connect('long-beside')
  await slow.request('getRouterRtpCapabilities', {})
  assert.equal((await slow.isClosed()).reason, 'join-timeout', 'so long that who does not join is closed')
  assert.equal(ben.closed, undefined)
  await host.client.request('room.admitAll', {})
  for (const one of asked.slice(0, 2)) await assert.rejects(one, { code: 'not-joined' })
  await ben.join()
})

test('a lobby takes only so many', () =>
  withServer({ ...openToAll, SLUICE_LIMITS_LOBBY_SIZE: '1' }, async (other) => {
    await other.app.rooms.open('small' as RoomId, { policy: { lobby: true } })
    const first = await SignalingClient.connect(other.url, { room: 'small' })
    await first.hears('room.waiting')
    const second = await SignalingClient.connect(other.url, { room: 'small' })
    await assert.rejects(second.join(), { code: 'limit-exceeded', data: { limit: 'lobbySize', max: 1 } })
  }))

test('whoever is let in while they go away is gone', async () => {
  const host = await lobbyRoom('race')
  for (let round = 0; round < 10; round++) {
    const ben = await connect('race')
    await ben.hears('room.waiting')
    const { waiting } = await host.client.request('room.getLobby', {})
    const admitted = host.client.request('room.admit', { peerId: waiting[0]!.peerId }).catch(() => undefined)
    ben.socket.terminate()
    await admitted
  }
  await until(
    'only the host is there',
    () => roomOf('race').peerCount === 1 && roomOf('race').entrance.lobby.size === 0,
  )
})

test('a server that closes tells those who wait', async () => {
  const other = await startServer(openToAll)
  await other.app.rooms.open('closing' as RoomId, { policy: { lobby: true } })
  const ben = await SignalingClient.connect(other.url, { room: 'closing' })
  await ben.hears('room.waiting')
  await other.close()
  assert.deepEqual(await ben.isClosed(), { code: 4001, reason: 'server-closing' })
})

test('rooms of meetings want a token, also where guests may enter rooms', async () => {
  const ben = await connect('meeting:one')
  await assert.rejects(ben.join(), { code: 'unauthorized' })
  assert.equal(server.app.rooms.get('meeting:one' as RoomId), undefined, 'it was not opened for them')
  await server.app.rooms.open('closed-shop' as RoomId, { requiresToken: true })
  const eve = await connect('closed-shop')
  await assert.rejects(eve.join(), { code: 'unauthorized' })
  await guest(server, 'closed-shop', { accessToken: await token('cleo', 'closed-shop') })
})
