import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reconnectDelay, reconnectPolicy } from './backoff.ts'
import { signalingUrl } from './signaling.ts'

const parts = { roomId: 'a room', peerId: 'p', peerSecret: undefined, token: undefined, name: '' }
const page = 'https://meet.example:8443/r/standup?x=1#top'

test('the address of the server may be left out, or given with or without TLS and folder', () => {
  const query = '?roomId=a+room&peerId=p'
  assert.equal(signalingUrl('', page, parts), `wss://meet.example:8443/ws${query}`)
  assert.equal(signalingUrl('/media', page, parts), `wss://meet.example:8443/media/ws${query}`)
  assert.equal(signalingUrl('https://sfu.example', page, parts), `wss://sfu.example/ws${query}`)
  assert.equal(signalingUrl('http://127.0.0.1:4443/', page, parts), `ws://127.0.0.1:4443/ws${query}`)
  assert.equal(signalingUrl('wss://sfu.example/ws', page, parts), `wss://sfu.example/ws${query}`)
})

test('secret, token and name travel in the query', () => {
  const url = new URL(signalingUrl('', page, { ...parts, peerSecret: 's&s', token: 't=t', name: 'Ána & co' }))
  assert.equal(url.searchParams.get('displayName'), 'Ána & co')
  assert.equal(url.searchParams.get('peerSecret'), 's&s')
  assert.equal(url.searchParams.get('access_token'), 't=t')
})

test('what is no address is refused', () => {
  for (const wrong of ['ftp://sfu.example', 'http://', 'mailto:ana@example.org']) {
    assert.throws(() => signalingUrl(wrong, page, parts), { code: 'invalid-argument' })
  }
  assert.throws(() => signalingUrl('', page, { ...parts, roomId: '' }), { code: 'invalid-argument' })
})

test('tries come at once, then at growing intervals, never all clients together', () => {
  const policy = reconnectPolicy({ initialDelay: 500, maxDelay: 5000 })
  assert.ok(reconnectDelay(0, policy, 1) <= 150)
  assert.deepEqual(
    [1, 2, 3, 4, 5, 9].map((attempt) => reconnectDelay(attempt, policy, 1)),
    [500, 1000, 2000, 4000, 5000, 5000],
  )
  assert.equal(reconnectDelay(5, policy, 0), 2500)
})
