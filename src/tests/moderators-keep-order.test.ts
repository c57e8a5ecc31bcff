import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { RoomId } from '../lib/ids.ts'
import { moderationRequests } from '../protocol/moderation.ts'
import type { ModerationAct } from '../rooms/events.ts'
import { guest, openToAll, publish, tokensOf, type Person } from './support/people.ts'
import { opusParameters } from './support/rtp-parameters.ts'
import { startServer, type TestServer } from './support/server.ts'
import { SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

let server: TestServer
let token: Awaited<ReturnType<typeof tokensOf>>
const acts: (Omit<ModerationAct, 'by'> & { room: string; by: string | undefined })[] = []
before(async () => {
  server = await startServer(openToAll)
  token = await tokensOf(server)
  server.app.rooms.listen({
    moderated: (room, { by, ...act }) => acts.push({ room: room.id, by: by?.id, ...act }),
  })
})
after(() => server.close())

/** A host and somebody else, both guests. */
async function call(room: string): Promise<[Person, Person]> {
  return [await guest(server, room), await guest(server, room)]
}

const roomOf = (id: string) => server.app.rooms.get(id as RoomId)!

function peerOf(room: string, { peerId }: Person) {
  return roomOf(room).peer(peerId)
}

test('whoever does not moderate is refused every act of a moderator', async () => {
  const [host, ben] = await call('forbidden')
  const { peerId } = host
  const producerId = await publish(host, 'microphone')
  const data: Record<string, object> = {
    'room.admit': { peerId },
    'room.deny': { peerId },
    'room.setPolicy': { locked: true },
    'room.mutePeer': { peerId, source: 'microphone' },
    'room.muteAll': { source: 'microphone' },
    'room.askUnmute': { peerId, source: 'microphone' },
    'room.stopSource': { peerId, source: 'microphone' },
    'room.removePeer': { peerId },
    'room.banPeer': { peerId },
    'room.unban': { banId: 'any' },
    'room.setModerator': { peerId: ben.peerId, moderator: true },
    'room.handOver': { peerId },
    'room.setGrants': { peerId: ben.peerId, grants: { record: true } },
    'room.spotlight': { peerId },
  }
  for (const method of Object.keys(moderationRequests)) {
    if (method === 'room.raiseHand') continue
    await assert.rejects(ben.client.request(method, data[method] ?? {}), { code: 'forbidden' }, method)
  }
  assert.equal(peerOf('forbidden', host).producer(producerId).paused, false)
  assert.deepEqual(
    acts.filter(({ room }) => room === 'forbidden'),
    [],
  )
})

test('a moderator mutes one or all; the others see it, and nobody is kept from unmuting', async () => {
  const [host, ben] = await call('mute')
  const eve = await guest(server, 'mute')
  const [own, bens, eves] = [
    await publish(host, 'microphone'),
    await publish(ben, 'microphone'),
    await publish(eve, 'microphone'),
  ]
  const source = 'microphone' as const
  await host.client.request('room.mutePeer', { peerId: ben.peerId, source })
  assert.deepEqual(await ben.client.hears('room.mutedBy'), { producerId: bens, source, by: host.peerId })
  await eve.client.hears('room.producerPaused', ({ producerId }) => producerId === bens)
  await ben.client.request('resumeProducer', { producerId: bens })
  await eve.client.hears('room.producerResumed', ({ producerId }) => producerId === bens)

  await host.client.request('room.muteAll', { source })
  await eve.client.hears('room.mutedBy', ({ producerId }) => producerId === eves)
  assert.equal(peerOf('mute', ben).producer(bens).paused, true)
  assert.equal(peerOf('mute', host).producer(own).paused, false)
  await host.client.request('room.askUnmute', { peerId: eve.peerId, source })
  assert.deepEqual(await eve.client.hears('room.unmuteAsked'), { source, by: host.peerId })
  assert.equal(peerOf('mute', eve).producer(eves).paused, true, 'nobody is forced')

  const silent = { peerId: ben.peerId, source: 'camera' as const }
  await assert.rejects(host.client.request('room.mutePeer', silent), { code: 'not-found' })
  assert.deepEqual(
    acts.filter(({ room }) => room === 'mute').map(({ action, by }) => [action, by]),
    ['muted', 'all-muted', 'unmute-asked'].map((action) => [action, host.peerId]),
  )
})

test('where moderators unmute, others start muted and stay so until they are asked, once', async () => {
  const [host, ben] = await call('unmute')
  await host.client.request('room.setPolicy', { unmute: 'moderators' })
  const producerId = await publish(ben, 'microphone')
  await ben.client.hears('room.mutedBy', (muted) => muted.producerId === producerId)
  const { producers } = await host.client.request('room.getProducers', {})
  assert.equal(producers[0]!.paused, true)
  const resume = () => ben.client.request('resumeProducer', { producerId })
  await assert.rejects(resume(), { code: 'forbidden', data: { why: 'policy' } })
  // Calling a voice something else does not help.
  const { sendingId: transportId } = ben
  const other = { transportId, kind: 'audio' as const, rtpParameters: opusParameters() }
  const hidden = await ben.client.request('produce', { ...other, appData: { source: 'hologram' } })
  await ben.client.hears('room.mutedBy', (muted) => muted.producerId === hidden.producerId)

  const asked = { peerId: ben.peerId, source: 'microphone' as const }
  await host.client.request('room.askUnmute', asked)
  await resume()
  await ben.client.request('pauseProducer', { producerId })
  await assert.rejects(resume(), { code: 'forbidden' })
  await host.client.request('room.askUnmute', asked)
  await host.client.request('room.mutePeer', asked)
  await assert.rejects(resume(), { code: 'forbidden' }, 'who is muted then is not to unmute')
  await publish(host, 'microphone')
  await publish(ben, 'camera')
  assert.equal(ben.client.notifications('room.mutedBy').length, 2)
})

test('a moderator stops a camera, and who may share a screen is a matter of policy', async () => {
  const [host, ben] = await call('share')
  const camera = await publish(ben, 'camera')
  await host.client.request('room.stopSource', { peerId: ben.peerId, source: 'camera' })
  assert.deepEqual(await ben.client.hears('room.stoppedBy'), {
    producerId: camera,
    source: 'camera',
    why: 'moderator',
    by: host.peerId,
  })
  await host.client.hears('room.producerClosed', ({ producerId }) => producerId === camera)
  await publish(ben, 'camera')

  const [screen, hosts] = [await publish(ben, 'screen'), await publish(host, 'screen')]
  await host.client.request('room.setPolicy', { share: 'moderators' })
  const stopped = await ben.client.hears('room.stoppedBy', ({ why }) => why === 'policy')
  assert.equal(stopped.producerId, screen)
  assert.equal(peerOf('share', host).producer(hosts).closed, false)
  for (const source of ['screen', 'screen-audio'] as const) {
    await assert.rejects(publish(ben, source), { code: 'forbidden', data: { why: 'policy' } })
  }
  await publish(ben, 'microphone')
})

test('where moderators write, the chat of others is still; what else they send goes on', async () => {
  const [host, ben] = await call('chat')
  let streamId = 0
  const open = async ({ client, sendingId: transportId }: Person, label: string, channel?: string) => {
    const { dataProducerId } = await client.request('produceData', {
      transportId,
      sctpStreamParameters: { streamId: streamId++ },
      label,
      ...(channel ? { appData: { channel } } : {}),
    })
    return dataProducerId
  }
  const [chat, game, hosts] = [await open(ben, 'chat'), await open(ben, 'game'), await open(host, 'chat')]
  const paused = (person: Person, id: string) => peerOf('chat', person).dataProducer(id).paused
  await host.client.request('room.setPolicy', { chat: 'moderators' })
  await until('the chat is still', () => paused(ben, chat))
  assert.deepEqual([paused(ben, game), paused(host, hosts)], [false, false])
  await assert.rejects(open(ben, 'chat'), { code: 'forbidden', data: { why: 'policy' } })
  await assert.rejects(open(ben, 'other', 'chat'), { code: 'forbidden' })
  await open(ben, 'game2')
  await host.client.request('room.setModerator', { peerId: ben.peerId, moderator: true })
  await until('moderators write', () => !paused(ben, chat))
  await host.client.request('room.setModerator', { peerId: ben.peerId, moderator: false })
  await until('nobody else does', () => paused(ben, chat))
  await host.client.request('room.setPolicy', { chat: 'everyone' })
  await until('everybody writes again', () => !paused(ben, chat))
})

test('who is removed may come again, who is banned may not, until the ban is taken back', async () => {
  const [host, ben] = await call('ban')
  const cleo = await guest(server, 'ban', { accessToken: await token('cleo', 'ban') })
  await assert.rejects(host.client.request('room.removePeer', { peerId: host.peerId }), { code: 'conflict' })
  await assert.rejects(host.client.request('room.banPeer', { peerId: host.peerId }), { code: 'conflict' })

  await host.client.request('room.removePeer', { peerId: ben.peerId, message: 'Enough.' })
  assert.deepEqual(await ben.client.isClosed(), { code: 4000, reason: 'removed' })
  assert.deepEqual(ben.client.notifications('room.closed'), [
    { reason: 'removed', reconnect: false, message: 'Enough.' },
  ])
  const left = await host.client.hears('peerClosed', ({ peerId }) => peerId === ben.peerId)
  assert.deepEqual(left, { peerId: ben.peerId, reason: 'removed' })

  await host.client.request('room.banPeer', { peerId: 'cleo' })
  assert.deepEqual(await cleo.client.isClosed(), { code: 4000, reason: 'banned' })
  const again = async () => guest(server, 'ban', { accessToken: await token('cleo', 'ban') })
  await assert.rejects(again(), { code: 'banned' })
  const [ban] = (await host.client.request('room.getBans', {})).bans
  assert.deepEqual([ban!.peerId, ban!.displayName, ban!.by], ['cleo', 'cleo', host.peerId])
  await guest(server, 'ban', { accessToken: await token('dora', 'ban') })
  await host.client.request('room.unban', { banId: ban!.banId })
  await again()
  await assert.rejects(host.client.request('room.unban', { banId: ban!.banId }), { code: 'not-found' })
})

test('a moderator who is removed does not come back as one', async () => {
  const [host, ben] = await call('deposed')
  await host.client.request('room.setModerator', { peerId: ben.peerId, moderator: true })
  await host.client.request('room.setPolicy', { lobby: true })
  await host.client.request('room.removePeer', { peerId: ben.peerId })
  await ben.client.isClosed()
  const { peerId, peerSecret } = ben
  const again = await SignalingClient.connect(server.url, { room: 'deposed', peerId, peerSecret })
  await again.hears('room.waiting')
})

test('a guest is banned by address and secret; others behind the same address who were there stay', async () => {
  const [host, ben] = await call('ban-guest')
  const eve = await guest(server, 'ban-guest')
  await host.client.request('room.banPeer', { peerId: ben.peerId })
  await ben.client.isClosed()
  for (const known of [{}, { peerId: ben.peerId, peerSecret: ben.peerSecret }]) {
    await assert.rejects(guest(server, 'ban-guest', known), { code: 'banned' })
  }
  await eve.client.close()
  await guest(server, 'ban-guest', { peerId: eve.peerId, peerSecret: eve.peerSecret })
  await guest(server, 'ban-guest', { accessToken: await token('dora', 'ban-guest') })
  await guest(server, 'elsewhere')
})

test('hands go up and come down in order, and everybody knows', async () => {
  const [host, ben] = await call('hands')
  await ben.client.request('room.raiseHand', { raised: true })
  await ben.client.request('room.raiseHand', { raised: true })
  const { raisedAt } = await host.client.hears('room.handChanged')
  assert.ok(raisedAt !== undefined && !Number.isNaN(Date.parse(raisedAt)))
  const [info] = (await host.client.request('room.getPeers', {})).peers
  assert.equal(info!.handRaisedAt, raisedAt)
  assert.equal(ben.client.notifications('room.handChanged').length, 1)
  await host.client.request('room.raiseHand', { raised: true })
  await host.client.request('room.lowerHand', { peerId: ben.peerId })
  const lowered = { peerId: ben.peerId, by: host.peerId }
  assert.deepEqual(await ben.client.hears('room.handChanged', (hand) => hand.by !== undefined), lowered)
  await host.client.request('room.lowerHand', {})
  await ben.client.hears('room.handChanged', ({ peerId, by }) => peerId === host.peerId && by === host.peerId)
})

test('the spotlight is for everybody, also for who comes later, and goes out with whom it was on', async () => {
  const [host, ben] = await call('spot')
  await host.client.request('room.spotlight', { peerId: ben.peerId })
  assert.deepEqual(await ben.client.hears('room.spotlightChanged'), { peerId: ben.peerId, by: host.peerId })
  const late = await guest(server, 'spot')
  const { room } = await late.client.request('room.get', {})
  assert.equal(room.spotlight, ben.peerId)
  await ben.client.close()
  await late.client.hears('room.spotlightChanged', ({ peerId }) => peerId === null)
  await assert.rejects(host.client.request('room.spotlight', { peerId: ben.peerId }), { code: 'not-found' })
})

test('a moderator makes others moderators, hands over, and ends the room for everybody', async () => {
  const [host, ben] = await call('host')
  await host.client.request('room.handOver', { peerId: ben.peerId })
  const { grants, by } = await ben.client.hears('room.grantsChanged')
  assert.deepEqual([grants.moderate, by], [true, host.peerId])
  assert.equal((await host.client.hears('room.grantsChanged')).grants.moderate, false)
  await ben.client.hears(
    'room.moderatorChanged',
    ({ peerId, moderator }) => peerId === host.peerId && !moderator,
  )
  await assert.rejects(host.client.request('room.end', {}), { code: 'forbidden' })
  const { peers } = await host.client.request('room.getPeers', {})
  assert.equal(peers[0]!.moderator, true)

  const room = roomOf('host')
  await ben.client.request('room.end', {})
  for (const { client } of [host, ben]) {
    assert.deepEqual(await client.isClosed(), { code: 4000, reason: 'ended' })
  }
  assert.equal(room.closed, true)
  await until('the room is gone', () => roomOf('host') === undefined)
})

test('nobody learns of somebody hidden, whether they are meant or act', async () => {
  const [host, ben] = await call('hidden')
  const ghost = await guest(server, 'hidden', {
    accessToken: await token('ghost', 'hidden', { hidden: true, moderate: true }),
  })
  for (const method of ['room.removePeer', 'room.spotlight', 'room.handOver']) {
    await assert.rejects(host.client.request(method, { peerId: 'ghost' }), { code: 'not-found' }, method)
  }
  await assert.rejects(ghost.client.request('room.raiseHand', { raised: true }), { code: 'forbidden' })
  await publish(ben, 'microphone')
  await ghost.client.request('room.setPolicy', { lobby: true })
  await ghost.client.request('room.muteAll', { source: 'microphone' })
  await ghost.client.request('room.spotlight', { peerId: ben.peerId })
  await ben.client.hears('room.mutedBy')
  await ghost.client.request('room.removePeer', { peerId: ben.peerId })
  await ben.client.isClosed()
  for (const { client } of [host, ben]) {
    assert.deepEqual(
      client.heard.filter(({ data }) => JSON.stringify(data).includes('ghost')),
      [],
    )
  }
})

test('the application changes a room with a version, sends to it, and is named nowhere', async () => {
  const [host, ben] = await call('api')
  const room = roomOf('api')
  const { version } = room.info()
  room.update({ metadata: { lesson: 7 }, policy: { share: 'moderators' } }, { version })
  assert.deepEqual(await ben.client.hears('room.metadataChanged'), { metadata: { lesson: 7 } })
  assert.equal((await ben.client.hears('room.policyChanged')).by, undefined)
  assert.throws(() => room.update({ maxPeers: 2 }, { version }), {
    code: 'precondition-failed',
    data: { version: version + 1 },
  })
  const seen = (await ben.client.request('room.get', {})).room
  assert.deepEqual(
    [seen.version, seen.metadata, seen.policy.share],
    [version + 1, { lesson: 7 }, 'moderators'],
  )

  assert.equal(room.send({ topic: 'quiz', payload: [1, 2] }, [ben.peerId]), 1)
  const message = await ben.client.hears('room.message')
  assert.deepEqual(message, { from: 'server', topic: 'quiz', payload: [1, 2] })
  room.rename(room.peer(ben.peerId), 'Benjamin')
  for (const { client } of [host, ben]) {
    await client.hears('peerDisplayNameChanged', ({ displayName }) => displayName === 'Benjamin')
  }
  assert.deepEqual(host.client.notifications('room.message'), [])
  const details = room.peer(ben.peerId).details()
  assert.deepEqual([details.displayName, details.proven, details.grants.moderate], ['Benjamin', false, false])
})

test('a room is as the application opened it', async () => {
  const opened = await server.app.rooms.open('opened' as RoomId, {
    codecs: ['vp8'],
    maxPeers: 1,
    emptySeconds: 600,
    metadata: { lesson: 7 },
    policy: { unmute: 'moderators' },
  })
  assert.equal(await server.app.rooms.open('opened' as RoomId, { maxPeers: 5 }), opened)
  const { client } = await guest(server, 'opened')
  const { routerRtpCapabilities } = await client.request('getRouterRtpCapabilities', {})
  const codecs = new Set(routerRtpCapabilities.codecs!.map(({ mimeType }) => mimeType))
  assert.deepEqual(codecs, new Set(['audio/opus', 'video/VP8', 'video/rtx']))
  const { room } = await client.request('room.get', {})
  assert.deepEqual([room.maxPeers, room.metadata, room.policy.unmute], [1, { lesson: 7 }, 'moderators'])
  await assert.rejects(guest(server, 'opened'), { code: 'limit-exceeded' })
})

test('demo clients see the ordinary notifications of what is done to them', async () => {
  const host = await guest(server, 'old')
  const demo = await SignalingClient.connect(server.url, { room: 'old', path: '/', peerId: 'demo' })
  const { sendingId } = await demo.join()
  const person = { client: demo, peerId: 'demo', peerSecret: '', sendingId }
  const producerId = await publish(person, 'microphone')
  await host.client.isAsked('newConsumer')
  await host.client.request('room.mutePeer', { peerId: 'demo', source: 'microphone' })
  await host.client.hears('consumerPaused')
  await host.client.hears('room.producerPaused', (paused) => paused.producerId === producerId)
  await host.client.request('room.removePeer', { peerId: 'demo', message: 'Bye' })
  assert.deepEqual(await demo.isClosed(), { code: 4000, reason: 'removed' })
  assert.deepEqual(
    demo.heard.filter(({ method }) => method.startsWith('room.')),
    [],
  )
})
