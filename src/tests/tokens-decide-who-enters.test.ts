import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import { opusParameters, vp8Parameters } from './support/rtp-parameters.ts'
import { startServer, type TestServer } from './support/server.ts'
import { RefusedError, SignalingClient } from './support/signaling-client.ts'

/** In production a room token, signed by hand with any JWT library, admits, names and limits whoever carries it. */

let server: TestServer
let key: { id: string; secret: { reveal(): string } }
before(async () => {
  server = await startServer({ SLUICE_MODE: 'production', SLUICE_HTTP_HOST: '127.0.0.1' })
  key = await (await server.app.apiKeys()).add({ name: 'tests', now: new Date() })
})
after(() => server.close())

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token made with nothing but an HMAC. */
function token(claims: object = {}, { alg = 'HS256', secret = key.secret.reveal() } = {}): string {
  const exp = Math.floor(Date.now() / 1000) + 60
  const payload = { iss: key.id, sub: 'ana', exp, room: { room: 'class' }, ...claims }
  const signed = `${part({ alg, typ: 'JWT' })}.${part(payload)}`
  const signature = alg === 'none' ? '' : createHmac('sha256', secret).update(signed).digest('base64url')
  return `${signed}.${signature}`
}

function connect(
  accessToken: string | undefined,
  options: { room?: string; peerId?: string; path?: string } = {},
): Promise<SignalingClient> {
  return SignalingClient.connect(server.url, {
    room: 'class',
    ...options,
    ...(accessToken ? { accessToken } : {}),
  })
}

async function refusal(asked: Promise<unknown>): Promise<RefusedError> {
  const error = await asked.then(
    () => assert.fail('was not refused'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof RefusedError, String(error))
  return error
}

test('a token admits: identity and name come from it, whatever the client says', async () => {
  const ana = await connect(token({ name: 'Ana', metadata: { role: 'teacher' } }), {
    peerId: 'somebody-else',
  })
  const ben = await connect(token({ sub: 'ben' }))
  await ana.join({ name: 'Mallory' })
  await ben.join({ name: 'Ben' })
  assert.equal((await ana.hears('room.welcome')).peerId, 'ana')
  const { peers } = await ben.request('room.getPeers', {})
  assert.deepEqual(
    peers.map(({ peerId, displayName, metadata }) => ({ peerId, displayName, metadata })),
    [{ peerId: 'ana', displayName: 'Ana', metadata: { role: 'teacher' } }],
  )
  await Promise.all([ana.close(), ben.close()])
})

test('a second connection with the same identity replaces the first, and nobody else can', async () => {
  const first = await connect(token())
  await first.join()
  for (const path of ['/ws', '/']) {
    const thief = await connect(token({ sub: 'ben' }), { peerId: 'ana', path })
    await thief.join()
    assert.equal(first.closed, undefined, 'the id of the token counts, not the one asked for')
    await thief.close()
  }
  const second = await connect(token())
  await second.join()
  assert.deepEqual(await first.isClosed(), { code: 4000, reason: 'replaced' })
  await second.close()
})

test('where guests may enter, none takes the place of somebody with a token', async () => {
  const open = await startServer({
    SLUICE_MODE: 'production',
    SLUICE_HTTP_HOST: '127.0.0.1',
    SLUICE_ROOMS_GUESTS: 'allow',
  })
  try {
    const { id, secret } = await (await open.app.apiKeys()).add({ name: 'tests', now: new Date() })
    const accessToken = token({ iss: id }, { secret: secret.reveal() })
    const ana = await SignalingClient.connect(open.url, {
      path: '/',
      peerId: 'ana',
      room: 'class',
      accessToken,
    })
    await ana.join()
    for (const path of ['/ws', '/']) {
      const guest = await SignalingClient.connect(open.url, { path, peerId: 'ana', room: 'class' })
      assert.equal((await refusal(guest.join())).code, 'peer-id-taken')
    }
    assert.equal(ana.closed, undefined)

    // Not even she herself sheds the token's limits by coming back with her secret alone.
    const again = await SignalingClient.connect(open.url, { room: 'class', accessToken })
    await again.join()
    const { peerSecret } = await again.hears('room.welcome')
    const shed = await SignalingClient.connect(open.url, { room: 'class', peerId: 'ana', peerSecret })
    assert.equal((await refusal(shed.join())).code, 'peer-id-taken')
  } finally {
    await open.close()
  }
})

test('a token that is wrong in any way is refused, and says why', async () => {
  const past = Math.floor(Date.now() / 1000) - 60
  const wrong: [string, string][] = [
    ['expired', token({ exp: past })],
    ['not-yet-valid', token({ nbf: past + 3600, exp: past + 7200 })],
    ['wrong-room', token({ room: { room: 'elsewhere' } })],
    ['unknown-key', token({ iss: 'key_unknown' })],
    ['bad-signature', token({}, { secret: 'another secret' })],
    ['wrong-algorithm', token({}, { alg: 'none' })],
    ['wrong-algorithm', token({}, { alg: 'RS256' })],
    ['missing-claim', token({ sub: undefined })],
    ['malformed', 'nonsense'],
  ]
  for (const [why, accessToken] of wrong) {
    const client = await connect(accessToken)
    const error = await refusal(client.join())
    assert.deepEqual([error.code, error.data?.['why']], ['unauthorized', why])
    await client.close()
  }
  assert.equal((await refusal((await connect(undefined)).join())).code, 'unauthorized')
})

test('a revoked key opens nothing any more', async () => {
  const keys = await server.app.apiKeys()
  const other = await keys.add({ name: 'revoked', now: new Date() })
  const signed = (): string => token({ iss: other.id }, { secret: other.secret.reveal() })
  const early = await connect(signed())
  await early.join()
  await keys.revoke(other.id, new Date())
  const late = await connect(signed())
  assert.equal((await refusal(late.join())).data?.['why'], 'unknown-key')
  await early.close()
})

test('grants are asked at every method', async () => {
  const host = await connect(token({ sub: 'host' }))
  const { sendingId } = await host.join()
  const { producerId } = await host.request('produce', {
    transportId: sendingId,
    kind: 'audio',
    rtpParameters: opusParameters(),
  })

  const grants = {
    room: 'class',
    publish: ['microphone'],
    subscribe: false,
    data: false,
    updateOwnMetadata: false,
  }
  const pupil = await connect(token({ sub: 'pupil', name: 'Pupil', room: grants }))
  const { sendingId: transportId } = await pupil.join()
  await pupil.request('produce', { transportId, kind: 'audio', rtpParameters: opusParameters() })
  const screenSound = { kind: 'audio', rtpParameters: opusParameters(), appData: { source: 'screensharing' } }
  const forbidden: [string, object][] = [
    ['produce', { transportId, kind: 'video', rtpParameters: vp8Parameters() }],
    ['produce', { transportId, ...screenSound }],
    ['produceData', { transportId, sctpStreamParameters: { streamId: 1 }, label: 'chat' }],
    ['room.subscribe', { producerId }],
    ['changeDisplayName', { displayName: 'Teacher' }],
    ['room.setMetadata', { metadata: { role: 'teacher' } }],
  ]
  for (const [method, data] of forbidden) {
    assert.equal((await refusal(pupil.request(method, data))).code, 'forbidden', method)
  }
  assert.equal(pupil.asked.length, 0, 'nothing was offered')

  const shut = await connect(token({ sub: 'shut', room: { room: 'class', join: false } }))
  assert.equal((await refusal(shut.join())).code, 'forbidden')
  const notOpen = { room: 'not-open', createRoom: false }
  const early = await connect(token({ sub: 'early', room: notOpen }), { room: 'not-open' })
  assert.equal((await refusal(early.join())).code, 'forbidden')
  await Promise.all([host.close(), pupil.close()])
})

test('somebody hidden receives, and nobody is told', async () => {
  const host = await connect(token({ sub: 'host' }))
  const { sendingId } = await host.join()
  await host.request('produce', { transportId: sendingId, kind: 'audio', rtpParameters: opusParameters() })
  const hidden = await connect(token({ sub: 'ghost', room: { room: 'class', hidden: true } }))
  const own = await hidden.join()
  await hidden.isAsked('newConsumer')
  const speak = { transportId: own.sendingId, kind: 'audio' as const, rtpParameters: opusParameters() }
  assert.equal((await refusal(hidden.request('produce', speak))).code, 'forbidden')
  assert.deepEqual((await host.request('room.getPeers', {})).peers, [])
  await hidden.request('changeDisplayName', { displayName: 'Boo' })
  await hidden.close()
  const visible = await connect(token({ sub: 'visible' }))
  await visible.join()
  await host.hears('newPeer', ({ peer }) => peer.peerId === 'visible')
  const told = host.heard.filter(({ data }) => JSON.stringify(data).includes('ghost'))
  assert.deepEqual(told, [])
  await Promise.all([host.close(), visible.close()])
})
