import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requests } from '../protocol/requests.ts'
import { opusParameters, vp8Parameters } from './support/rtp-parameters.ts'
import { startServer, type TestServer } from './support/server.ts'
import { RefusedError, SignalingClient } from './support/signaling-client.ts'

/** A bad message of any kind gets a coded answer or is ignored as documented; the session and the server live on. */

let server: TestServer
before(
  async () =>
    (server = await startServer({
      SLUICE_LIMITS_MESSAGES_PER_SECOND: '10000',
      SLUICE_LIMITS_MESSAGE_BURST: '10000',
    })),
)
after(() => server.close())

async function refusal(promise: Promise<unknown>): Promise<RefusedError> {
  const error = await promise.then(
    () => assert.fail('was not refused'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof RefusedError, String(error))
  return error
}

/** Values of every JSON type: what is not right for a field must be refused, whatever it is. */
const wrongValues = [null, true, -1, 1.5, 1e308, '', 'x'.repeat(5000), [], [[]], {}, { length: -1 }, [null]]

test('every method refuses every field of a wrong type with a code, and the session lives on', async () => {
  const client = await SignalingClient.connect(server.url, { room: 'fuzz' })
  await client.join()
  let refused = 0
  for (const [method, facts] of Object.entries(requests)) {
    if (method === 'room.leave' || method === 'room.end') continue
    const fields = Object.keys(facts.input.properties)
    const inputs: unknown[] = [...wrongValues.filter((value) => typeof value !== 'object'), [], [1]]
    for (const field of fields) {
      for (const value of wrongValues) inputs.push({ [field]: value })
    }
    for (const data of inputs) {
      const answer = await client.ask({ request: true, method, data })
      if (answer.ok) continue
      refused++
      assert.ok(answer.code, `${method} ${JSON.stringify(data)?.slice(0, 80)}`)
      assert.notEqual(
        answer.code,
        'internal',
        `${method} ${JSON.stringify(data)?.slice(0, 80)}: ${answer.errorReason}`,
      )
      assert.doesNotMatch(answer.errorReason ?? '', /at .*\.ts|node:|flatbuffers|undefined/)
    }
  }
  assert.ok(refused > 500, `only ${refused} were refused`)
  await client.request('room.ping', {})
  await client.close()
})

test('deep violations in media parameters are refused and the worker lives on', async () => {
  const client = await SignalingClient.connect(server.url, { room: 'deep' })
  const { sendingId } = await client.join()
  const pid = server.app.workerStatus()[0]!.pid

  const spoil: ((good: ReturnType<typeof vp8Parameters>) => object)[] = [
    (good) => ({ ...good, codecs: [] }),
    (good) => ({ ...good, codecs: [{ ...good.codecs[0]!, mimeType: 'video/none' }] }),
    (good) => ({ ...good, codecs: [{ ...good.codecs[0]!, mimeType: 'audio/opus' }] }),
    (good) => ({ ...good, codecs: [{ ...good.codecs[0]!, payloadType: 300 }] }),
    (good) => ({ ...good, codecs: [{ ...good.codecs[0]!, clockRate: -90000 }] }),
    (good) => ({ ...good, codecs: [{ ...good.codecs[0]!, parameters: { apt: { deep: 1 } } }] }),
    (good) => ({ ...good, codecs: Array.from({ length: 40 }, () => good.codecs[0]!) }),
    (good) => ({ ...good, encodings: [{ ssrc: 2 ** 40 }] }),
    (good) => ({ ...good, encodings: [{ ssrc: 'ten' }] }),
    (good) => ({ ...good, encodings: [{ ssrc: 7, scalabilityMode: 5 }] }),
    (good) => ({ ...good, encodings: [{ ssrc: 7 }, { ssrc: 7 }] }),
    (good) => ({ ...good, encodings: Array.from({ length: 17 }, (_, ssrc) => ({ ssrc })) }),
    (good) => ({ ...good, headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 0 }] }),
    (good) => ({ ...good, headerExtensions: [{ uri: 5, id: 1 }] }),
    (good) => ({ ...good, rtcp: { cname: 5 } }),
    (good) => ({ ...good, mid: 'm'.repeat(100) }),
  ]
  for (const [index, make] of spoil.entries()) {
    const rtpParameters = make(vp8Parameters())
    const answer = await client.ask({
      request: true,
      method: 'produce',
      data: { transportId: sendingId, kind: 'video', rtpParameters },
    })
    assert.equal(answer.ok, false, `case ${index} was accepted`)
    assert.ok(
      ['bad-request', 'invalid-media'].includes(answer.code!),
      `case ${index}: ${answer.code} ${answer.errorReason}`,
    )
  }

  const good = vp8Parameters()
  await client.request('produce', { transportId: sendingId, kind: 'video', rtpParameters: good })
  const again = await refusal(
    client.request('produce', { transportId: sendingId, kind: 'video', rtpParameters: good }),
  )
  assert.equal(again.code, 'invalid-media', 'the same SSRC twice')

  for (const dtlsParameters of [
    { fingerprints: [] },
    { fingerprints: [{ algorithm: 'md5', value: 'AA:BB' }] },
    { fingerprints: [{ algorithm: 'sha-256', value: 'ZZ'.repeat(40) }] },
    { role: 'judge', fingerprints: [{ algorithm: 'sha-256', value: Array(32).fill('AA').join(':') }] },
  ]) {
    const error = await refusal(
      client.request('connectWebRtcTransport', { transportId: sendingId, dtlsParameters } as never),
    )
    assert.equal(error.code, 'bad-request')
  }
  assert.equal(server.app.workerStatus()[0]!.pid, pid, 'the worker is the same')
  await client.close()
})

test('ids that do not exist, and ids of another peer or room, all answer not-found', async () => {
  const ana = await SignalingClient.connect(server.url, { room: 'ids' })
  const ben = await SignalingClient.connect(server.url, { room: 'ids' })
  const far = await SignalingClient.connect(server.url, { room: 'ids-elsewhere' })
  const anas = await ana.join()
  await ben.join()
  await far.join()
  const { producerId } = await ana.request('produce', {
    transportId: anas.sendingId,
    kind: 'audio',
    rtpParameters: opusParameters(),
  })
  const { dataProducerId } = await ana.request('produceData', {
    transportId: anas.sendingId,
    sctpStreamParameters: { streamId: 1, ordered: true },
    label: 'chat',
  })
  const bens = (await ben.isAsked('newConsumer'))['consumerId'] as string
  const bensData = (await ben.isAsked('newDataConsumer'))['dataConsumerId'] as string

  const dtlsParameters = {
    fingerprints: [{ algorithm: 'sha-256' as const, value: Array(32).fill('AA').join(':') }],
  }
  const onAnas: [string, object][] = [
    ['connectWebRtcTransport', { transportId: anas.sendingId, dtlsParameters }],
    ['restartIce', { transportId: anas.sendingId }],
    ['closeTransport', { transportId: anas.sendingId }],
    ['getTransportStats', { transportId: anas.sendingId }],
    ['produce', { transportId: anas.sendingId, kind: 'audio', rtpParameters: opusParameters() }],
    ['produceData', { transportId: anas.sendingId, sctpStreamParameters: { streamId: 2 } }],
    ['closeProducer', { producerId }],
    ['pauseProducer', { producerId }],
    ['resumeProducer', { producerId }],
    ['getProducerStats', { producerId }],
    ['room.setProducerMetadata', { producerId, metadata: {} }],
    ['closeDataProducer', { dataProducerId }],
    ['getDataProducerStats', { dataProducerId }],
  ]
  const onBens: [string, object][] = [
    ['pauseConsumer', { consumerId: bens }],
    ['resumeConsumer', { consumerId: bens }],
    ['setConsumerPreferredLayers', { consumerId: bens, spatialLayer: 0 }],
    ['setConsumerPriority', { consumerId: bens, priority: 2 }],
    ['requestConsumerKeyFrame', { consumerId: bens }],
    ['getConsumerStats', { consumerId: bens }],
    ['room.unsubscribe', { consumerId: bens }],
    ['getDataConsumerStats', { dataConsumerId: bensData }],
    ['room.unsubscribeData', { dataConsumerId: bensData }],
  ]
  const expectNotFound = async (
    client: SignalingClient,
    who: string,
    [method, data]: [string, object],
  ): Promise<void> => {
    const error = await refusal(client.request(method, data))
    assert.equal(error.code, 'not-found', `${method} by ${who}: ${error.message}`)
  }
  for (const call of onAnas) {
    await expectNotFound(ben, 'ben', call)
    await expectNotFound(far, 'far', call)
  }
  for (const call of onBens) {
    await expectNotFound(ana, 'ana', call)
    await expectNotFound(far, 'far', call)
  }
  for (const [method, data] of [...onAnas, ...onBens]) {
    const unknown = Object.fromEntries(
      Object.entries(data).map(([key, value]) => [
        key,
        key.endsWith('Id') ? '00000000-0000-0000-0000-000000000000' : value,
      ]),
    )
    await expectNotFound(ana, 'ana with made-up ids', [method, unknown])
  }
  await expectNotFound(far, 'far', ['room.subscribe', { producerId }])
  await expectNotFound(far, 'far', ['room.subscribeData', { dataProducerId }])
  await expectNotFound(ana, 'ana', ['room.subscribe', { producerId }])
  await expectNotFound(far, 'far', [
    'room.getProducers',
    { peerId: (await ana.hears('room.welcome')).peerId },
  ])

  assert.deepEqual((await ana.request('getProducerStats', { producerId })).stats.length >= 0, true)
  await Promise.all([ana.close(), ben.close(), far.close()])
})

test('what is no message is told to our clients, ignored for demo clients, and ends neither', async () => {
  const notMessages = [
    'not json',
    '[]',
    'null',
    '42',
    '{}',
    '{"request":true}',
    '{"request":true,"method":"room.ping"}',
    '{"request":true,"id":"1","method":"room.ping"}',
    '{"notification":true}',
    '{"notification":true,"method":5}',
    '{"notification":true,"method":"noSuchThing"}',
    '{"response":true,"id":99,"ok":true}',
    '{"response":true}',
    '{"__proto__":{"request":true},"id":1,"method":"room.ping"}',
    Buffer.from([0, 1, 2, 255]),
  ]
  const ours = await SignalingClient.connect(server.url, { room: 'garbage' })
  const demo = await SignalingClient.connect(server.url, { room: 'garbage', path: '/', peerId: 'demo' })
  for (const text of notMessages) {
    ours.send(text)
    demo.send(text)
  }
  await ours.request('room.ping', {})
  await demo.request('room.ping', {})
  const rejected = ours.notifications('room.messageRejected')
  // All but the two responses, which nobody waits for: one of them is readable.
  assert.equal(rejected.length, notMessages.length - 1, JSON.stringify(rejected))
  assert.equal(demo.notifications('room.messageRejected').length, 0)

  const answer = await ours.ask({ request: true })
  assert.deepEqual([answer.ok, answer.code], [false, 'bad-request'])
  const unknown = await refusal(ours.request('selfDestruct', {}))
  assert.equal(unknown.code, 'unknown-method')
  const inherited = await refusal(ours.request('constructor', {}))
  assert.equal(inherited.code, 'unknown-method')
  await Promise.all([ours.close(), demo.close()])
})

test('an oversize message closes its socket with 1009 and nobody else’s', async () => {
  const big = await SignalingClient.connect(server.url, { room: 'big' })
  const other = await SignalingClient.connect(server.url, { room: 'big' })
  await other.join()
  big.send(
    JSON.stringify({ request: true, id: 1, method: 'room.ping', data: { filler: 'x'.repeat(300_000) } }),
  )
  assert.equal((await big.isClosed()).code, 1009)
  await other.request('room.ping', {})
  await other.close()
})

test('metadata nested deeper than anybody means is refused, not passed on until a stack overflows', async () => {
  const client = await SignalingClient.connect(server.url, { room: 'nested' })
  const nested = (levels: number): object =>
    Array.from({ length: levels }).reduce<object>((inner) => ({ inner }), {})
  const join = { displayName: 'Nested', device: {} }
  for (const levels of [33, 1000]) {
    const refused = await refusal(client.request('join', { ...join, metadata: nested(levels) }))
    assert.equal(refused.code, 'bad-request')
  }
  await client.request('join', { ...join, metadata: nested(31) })
  await client.close()
})

test('messages that would be slow to explain are refused at once, so that nobody waits for them', async () => {
  const client = await SignalingClient.connect(server.url, { room: 'slow' })
  const many = Array.from({ length: 80_000 }, () => ({}))
  const codec = { mimeType: 'audio/opus', payloadType: 111, clockRate: 48000, channels: 2 }
  const parameters = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`p${index}`, 1]))
  const slow: [string, object][] = [
    ['produce', { transportId: 'x', kind: 'audio', rtpParameters: { codecs: [codec], encodings: many } }],
    ['produce', { transportId: 'x', kind: 'audio', rtpParameters: { codecs: [{ ...codec, parameters }] } }],
    ['join', { displayName: 'Slow', device: {}, rtpCapabilities: { codecs: many } }],
  ]
  const start = performance.now()
  for (const [method, data] of slow) {
    for (let time = 0; time < 10; time++) {
      assert.equal((await refusal(client.request(method, data))).code, 'bad-request')
    }
  }
  // Explaining each took half a second and more.
  assert.ok(performance.now() - start < 5000, `${performance.now() - start} ms`)
  await client.close()
})

test('methods in the wrong order get a code that says what to do', async () => {
  const client = await SignalingClient.connect(server.url, { room: 'order' })
  assert.equal(
    (
      await refusal(
        client.request('produce', { transportId: 'x', kind: 'audio', rtpParameters: opusParameters() }),
      )
    ).code,
    'not-joined',
  )
  assert.equal((await refusal(client.request('changeDisplayName', { displayName: 'x' }))).code, 'not-joined')
  const { sendingId, receivingId } = await client.join()
  const join = { displayName: 'Again', device: {} }
  assert.equal((await refusal(client.request('join', join))).code, 'already-joined')
  const onReceiving = { transportId: receivingId, kind: 'audio' as const, rtpParameters: opusParameters() }
  assert.equal((await refusal(client.request('produce', onReceiving))).code, 'conflict')
  const dtlsParameters = {
    fingerprints: [{ algorithm: 'sha-256' as const, value: Array(32).fill('AA').join(':') }],
  }
  await client.request('connectWebRtcTransport', { transportId: sendingId, dtlsParameters })
  assert.equal(
    (await refusal(client.request('connectWebRtcTransport', { transportId: sendingId, dtlsParameters })))
      .code,
    'conflict',
  )
  for (const method of ['applyNetworkThrottle', 'stopNetworkThrottle', 'resetNetworkThrottle']) {
    assert.equal((await refusal(client.request(method, { secret: 'x' }))).code, 'not-supported')
  }
  const bot = { transportId: sendingId, sctpStreamParameters: { streamId: 5 }, label: 'bot' }
  assert.equal((await refusal(client.request('produceData', bot))).code, 'not-supported')
  assert.equal(
    (await refusal(client.request('changeDisplayName', { displayName: ' \u202e\u200b ' }))).code,
    'bad-request',
  )
  await client.close()
})

test('what ends while it is asked about answers not-found, also when only the worker knows it yet', async () => {
  const ana = await SignalingClient.connect(server.url, { room: 'ends' })
  const ben = await SignalingClient.connect(server.url, { room: 'ends' })
  const { sendingId: transportId } = await ana.join()
  await ben.join()
  await ana.request('produce', { transportId, kind: 'audio', rtpParameters: opusParameters() })
  const { consumerId } = (await ben.isAsked('newConsumer')) as { consumerId: string }
  await ben.request('setConsumerPriority', { consumerId, priority: 2 })

  // The worker reads all of it at once, the closing first, and says that the consumer ends after it has answered the rest.
  const { pid } = server.app.workerStatus()[0]!
  process.kill(pid!, 'SIGSTOP')
  await ana.request('closeTransport', { transportId })
  const refused = [
    refusal(ben.request('setConsumerPriority', { consumerId, priority: 3 })),
    refusal(ben.request('getConsumerStats', { consumerId })),
  ]
  await ben.request('room.ping', {})
  process.kill(pid!, 'SIGCONT')
  for (const error of await Promise.all(refused)) assert.equal(error.code, 'not-found')
  await Promise.all([ana.close(), ben.close()])
})

test('two joins at once make one peer', async () => {
  const client = await SignalingClient.connect(server.url, { room: 'twice' })
  const join = { request: true, method: 'join', data: { displayName: 'Twice', device: {} } }
  const answers = await Promise.all([client.ask(join), client.ask(join)])
  assert.deepEqual(answers.map((answer) => answer.ok).toSorted(), [false, true])
  await client.close()
})
