import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { opusParameters, vp8Parameters } from './support/rtp-parameters.ts'
import { startServer, type TestServer } from './support/server.ts'
import { type RefusedError, SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

/** A backend opens rooms, looks after who is in them and ends them, over REST with its API key. */

let server: TestServer
let authorization: string
before(async () => {
  server = await startServer({
    SLUICE_MODE: 'production',
    SLUICE_HTTP_HOST: '127.0.0.1',
    SLUICE_MEDIA_CODECS: 'opus,vp8,vp9',
  })
  const { id, secret } = await (await server.app.apiKeys()).add({ name: 'tests', now: new Date() })
  authorization = `Basic ${Buffer.from(`${id}:${secret.reveal()}`).toString('base64')}`
})
after(() => server.close())

interface Answer {
  readonly status: number
  readonly etag: string | null
  // Tests look into it at will.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any
}

async function ask(
  method: string,
  path: string,
  options: { body?: object; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { body, headers = {} } = options
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { authorization, ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  return {
    status: response.status,
    etag: response.headers.get('etag'),
    body: text === '' ? undefined : JSON.parse(text),
  }
}

/** Enters with a token that the server issues. */
async function enter(room: string, identity: string, grants: object = {}): Promise<SignalingClient> {
  const { status, body } = await ask('POST', `/rooms/${room}/tokens`, {
    body: { identity, name: identity.toUpperCase(), grants },
  })
  assert.equal(status, 201)
  return SignalingClient.connect(server.url, { room, accessToken: body.token })
}

test('opening a room twice gives the same room, and a change made behind one’s back is noticed', async () => {
  const settings = { maxPeers: 2, emptySeconds: 60, metadata: { lesson: 7 }, policy: { chat: 'moderators' } }
  const first = await ask('PUT', '/rooms/algebra', { body: settings })
  const again = await ask('PUT', '/rooms/algebra', { body: settings })
  assert.deepEqual([first.status, again.status], [201, 200])
  assert.deepEqual(first.body, again.body)
  assert.equal(first.body.policy.chat, 'moderators')
  assert.equal(first.etag, `"${first.body.version}"`)

  const changed = await ask('PATCH', '/rooms/algebra', {
    body: { metadata: { lesson: 8 } },
    headers: { 'if-match': first.etag! },
  })
  assert.deepEqual([changed.status, changed.body.metadata], [200, { lesson: 8 }])
  const late = await ask('PATCH', '/rooms/algebra', {
    body: { metadata: { lesson: 9 } },
    headers: { 'if-match': first.etag! },
  })
  assert.deepEqual([late.status, late.body.code], [412, 'precondition-failed'])
  assert.deepEqual((await ask('GET', '/rooms/algebra')).body.metadata, { lesson: 8 })

  const full = await Promise.all(['ana', 'ben'].map((identity) => enter('algebra', identity)))
  for (const client of full) await client.join()
  const third = await enter('algebra', 'cleo')
  await assert.rejects(third.join(), (error: RefusedError) => error.code === 'limit-exceeded')

  assert.equal((await ask('DELETE', '/rooms/algebra')).status, 204)
  for (const client of full) assert.equal((await client.isClosed()).reason, 'ended')
  assert.equal((await ask('DELETE', '/rooms/algebra')).status, 204)
  assert.equal((await ask('GET', '/rooms/algebra')).body.code, 'not-found')
})

test('what the token says of somebody stays true of them', async () => {
  const { body } = await ask('POST', '/rooms/club/tokens', {
    body: { identity: 'ana', name: 'Ana', metadata: { role: 'pupil' } },
  })
  const ana = await SignalingClient.connect(server.url, { room: 'club', accessToken: body.token })
  await ana.join()
  await ana.request('room.setMetadata', { metadata: { role: 'teacher', mood: 'good' } })
  const { metadata } = (await ask('GET', '/rooms/club/participants/ana')).body
  assert.deepEqual(metadata, { role: 'pupil', mood: 'good' })
  await ana.close()
})

test('a room offers only the codecs it was opened with', async () => {
  await ask('PUT', '/rooms/plain', { body: { codecs: ['opus', 'vp8'] } })
  const client = await enter('plain', 'ana')
  const { routerRtpCapabilities } = await client.request('getRouterRtpCapabilities', {})
  const names = new Set(routerRtpCapabilities.codecs!.map(({ mimeType }) => mimeType.toLowerCase()))
  assert.deepEqual([...names].toSorted(), ['audio/opus', 'video/rtx', 'video/vp8'])
  const other = await ask('PUT', '/rooms/plain', { body: { codecs: ['opus', 'vp9'] } })
  assert.deepEqual([other.status, other.body.code], [409, 'conflict'])
  assert.equal((await ask('PUT', '/rooms/av1', { body: { codecs: ['av1'] } })).body.code, 'bad-request')
  await client.close()
})

test('participants are listed, changed, muted and removed', async () => {
  const ana = await enter('class', 'ana')
  const ben = await enter('class', 'ben')
  const { sendingId } = await ana.join()
  await ben.join()
  const { producerId } = await ana.request('produce', {
    transportId: sendingId,
    kind: 'audio',
    rtpParameters: opusParameters(),
  })
  const video = await ana.request('produce', {
    transportId: sendingId,
    kind: 'video',
    rtpParameters: vp8Parameters(2),
  })

  const page = await ask('GET', '/rooms/class/participants?limit=1')
  assert.deepEqual(
    page.body.items.map(({ peerId, displayName, proven }: Record<string, unknown>) => [
      peerId,
      displayName,
      proven,
    ]),
    [['ana', 'ANA', true]],
  )
  const rest = await ask('GET', `/rooms/class/participants?limit=1&cursor=${page.body.next}`)
  assert.deepEqual([rest.body.items[0].peerId, rest.body.next], ['ben', undefined])

  const path = '/rooms/class/participants/ana'
  const muted = await ask('PUT', `${path}/tracks/${producerId}`, { body: { muted: true } })
  assert.deepEqual([muted.status, muted.body.paused], [200, true])
  await ana.hears('room.mutedBy', (data) => data.producerId === producerId)
  await ask('PUT', `${path}/tracks/${producerId}`, { body: { muted: false } })
  await ana.hears('room.unmuteAsked', (data) => data.source === 'microphone')
  const foreign = await ask('PUT', `/rooms/class/participants/ben/tracks/${producerId}`, {
    body: { muted: true },
  })
  assert.equal(foreign.body.code, 'not-found')

  const changed = await ask('PATCH', path, {
    body: { displayName: 'Ana M.', metadata: { seat: 4 }, grants: { publish: ['microphone'] } },
  })
  assert.deepEqual(
    [changed.body.displayName, changed.body.metadata, changed.body.grants.publish],
    ['Ana M.', { seat: 4 }, ['microphone']],
  )
  assert.deepEqual(
    changed.body.tracks.map((track: { producerId: string }) => track.producerId),
    [producerId],
  )
  await ana.hears('room.stoppedBy', (data) => data.producerId === video.producerId)
  await ben.hears('peerDisplayNameChanged', (data) => data.displayName === 'Ana M.')

  const sent = await ask('POST', '/rooms/class/data', {
    body: { topic: 'poll', payload: { question: 'Which?' }, to: ['ben', 'nobody'] },
  })
  assert.deepEqual([sent.status, sent.body], [202, { told: 1 }])
  const message = await ben.hears('room.message')
  assert.deepEqual(message, { from: 'server', topic: 'poll', payload: { question: 'Which?' } })
  assert.equal(ana.notifications('room.message').length, 0)

  assert.equal((await ask('DELETE', `${path}?message=Bye`)).status, 204)
  assert.equal((await ana.isClosed()).reason, 'removed')
  assert.equal((await ask('DELETE', path)).status, 204)
  const back = await enter('class', 'ana')
  await back.join()
  assert.equal((await ask('DELETE', `${path}?ban=true`)).status, 204)
  assert.equal((await back.isClosed()).reason, 'banned')
  const banned = await enter('class', 'ana')
  await assert.rejects(banned.join(), (error: RefusedError) => error.code === 'banned')
  const bans = await ask('GET', '/rooms/class/bans')
  assert.deepEqual(
    bans.body.items.map(({ peerId }: { peerId: string }) => peerId),
    ['ana'],
  )
  await ask('DELETE', `/rooms/class/bans/${bans.body.items[0].banId}`)
  const forgiven = await enter('class', 'ana')
  await forgiven.join()

  const { audit } = await server.app.services()
  const entries = await until('all of it is in the audit log', async () => {
    const { items } = await audit.find({ target: 'ana', limit: 50 })
    return items.length >= 5 && items
  })
  const acts = new Set(entries.map(({ action, actor_kind }) => `${actor_kind} ${action}`))
  for (const action of ['muted', 'grants-changed', 'removed', 'banned'])
    assert.ok(acts.has(`api-key participant.${action}`), `${action}: ${[...acts].join(', ')}`)
  for (const client of [ben, forgiven]) await client.close()
})

test('a backend admits and turns away who waits', async () => {
  await ask('PUT', '/rooms/office', { body: { policy: { lobby: true } } })
  const ana = await enter('office', 'ana')
  const ben = await enter('office', 'ben')
  await Promise.all([ana, ben].map((client) => client.hears('room.waiting')))
  const waiting = await ask('GET', '/rooms/office/lobby')
  assert.deepEqual(
    waiting.body.items.map(({ displayName }: { displayName: string }) => displayName).toSorted(),
    ['ANA', 'BEN'],
  )
  assert.equal((await ask('POST', '/rooms/office/lobby/ana/admit', { body: {} })).status, 204)
  await ana.join()
  assert.equal((await ask('POST', '/rooms/office/lobby/ben/deny', { body: {} })).status, 204)
  assert.equal((await ben.isClosed()).reason, 'denied')
  assert.equal((await ask('POST', '/rooms/office/lobby/ben/deny', { body: {} })).body.code, 'not-found')
  assert.equal((await ask('GET', '/rooms/office')).body.waiting, 0)
  await ana.close()
})

test('rooms of meetings are opened by their meeting only, and tokens live as long as the operator allows', async () => {
  const meeting = await ask('PUT', '/rooms/meeting:mtg_1', { body: {} })
  assert.deepEqual([meeting.status, meeting.body.code], [409, 'conflict'])
  const long = await ask('POST', '/rooms/class/tokens', { body: { identity: 'ana', lifeSeconds: 86_401 } })
  assert.deepEqual([long.status, long.body.data.limit], [429, 'tokenMaxSeconds'])
  for (const claims of [
    { identity: 'a'.repeat(1000) },
    { identity: ' ' },
    { identity: 'ana', metadata: { much: 'a'.repeat(9000) } },
  ]) {
    const useless = await ask('POST', '/rooms/class/tokens', { body: claims })
    assert.deepEqual([useless.status, useless.body.code], [400, 'bad-request'], Object.keys(claims).join())
  }
})
