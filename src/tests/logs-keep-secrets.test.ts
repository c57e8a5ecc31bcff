import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { WebSocket } from 'ws'
import { startServer, type TestServer } from './support/server.ts'
import { SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

interface Line {
  readonly level: number
  readonly msg: string
}

let server: TestServer
let text = ''
const lines = (): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

before(async () => {
  const log = pino({ level: 'trace' }, { write: (line: string) => void (text += line) })
  server = await startServer({}, log)
})
after(() => server.close())

/** Opens a WebSocket anywhere and resolves with the HTTP status it is refused with. */
function refusedStatus(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`, 'protoo')
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode)
      socket.terminate()
    })
    socket.once('open', () => reject(new Error(`${path} opened a WebSocket`)))
    socket.on('error', () => undefined)
  })
}

test('no log, at any level, has a token of a query or header, or what proves a peer', async () => {
  const query = '?roomId=x&access_token=hidden-one&peerSecret=hidden-two'
  const headers = { authorization: 'Bearer hidden-three', cookie: 'session=hidden-four' }
  for (const path of ['/', '/r/room', '/healthz', '/ws', '/nowhere', '/%ff'])
    await fetch(`${server.url}${path}${query}`, { headers })
  for (const path of [
    'shared-recordings/hidden-five',
    'shared-recordings/hidden-six/files/x',
    'calendar/hidden-seven.ics',
  ])
    await fetch(`${server.url}/api/v1/${path}`)
  await fetch(`${server.url}/recordings/shared/hidden-eight`)
  for (const path of ['/r/room', '/healthz', '/favicon.svg']) {
    assert.equal(await refusedStatus(`${path}${query}`), 400, 'WebSockets have two addresses')
  }
  assert.equal(await refusedStatus(`/nowhere${query}`), 404)

  const client = await SignalingClient.connect(server.url, { room: 'logs', headers })
  const { peerId, peerSecret } = await client.hears('room.welcome')
  await client.join()
  const again = await SignalingClient.connect(server.url, { room: 'logs', peerId, peerSecret })
  await again.join()
  await again.close()
  await until('the end is logged', () => lines().some((line) => line.msg === 'peer left'))
  assert.doesNotMatch(text, /hidden-/)
  assert.ok(!text.includes(peerSecret))
})

test('what clients do wrong is no error in the log', async () => {
  const frames = {
    'a compressed frame': [0xc1, 0x80, 0, 0, 0, 0],
    'a frame without a mask': [0x81, 0x01, 0x61],
    'an unknown kind of frame': [0x83, 0x80, 0, 0, 0, 0],
    'text that is not UTF-8': [0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe],
    'a close code that does not exist': [0x88, 0x82, 0, 0, 0, 0, 0, 1],
  }
  const before = lines().length
  for (const [what, frame] of Object.entries(frames)) {
    const socket = connect(server.port, '127.0.0.1')
    const ended = new Promise((resolve) => socket.once('close', resolve))
    socket.write(
      [
        'GET /ws?roomId=frames HTTP/1.1',
        'Host: 127.0.0.1',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Protocol: protoo',
        '\r\n',
      ].join('\r\n'),
    )
    socket.once('data', () => socket.write(Buffer.from(frame)))
    await ended
    await until(`the session of ${what} is gone`, () => server.app.sessionCount === 0)
  }
  const since = lines().slice(before)
  assert.equal(since.filter((line) => line.msg === 'socket error').length, 5)
  assert.deepEqual(
    since.filter((line) => line.level >= 40),
    [],
  )
})
