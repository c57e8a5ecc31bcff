import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMessage } from './envelope.ts'

test('requests, responses and notifications are told apart by their marker', () => {
  assert.deepEqual(parseMessage('{"request":true,"id":3,"method":"join","data":{"a":1}}'), {
    kind: 'request',
    id: 3,
    method: 'join',
    data: { a: 1 },
  })
  assert.deepEqual(parseMessage('{"notification":true,"method":"x"}'), {
    kind: 'notification',
    method: 'x',
    data: {},
  })
  assert.deepEqual(parseMessage('{"response":true,"id":0,"ok":true,"data":[1]}'), {
    kind: 'response',
    id: 0,
    ok: true,
    data: [1],
    errorCode: undefined,
    errorReason: undefined,
  })
})

test('an error response of protoo-server has no ok at all', () => {
  const message = parseMessage('{"response":true,"id":1,"errorCode":403,"errorReason":"no"}')
  assert.deepEqual(message, {
    kind: 'response',
    id: 1,
    ok: false,
    data: {},
    errorCode: 403,
    errorReason: 'no',
  })
})

test('missing and falsy data count as an empty object', () => {
  for (const data of ['', ',"data":null', ',"data":0', ',"data":""']) {
    const message = parseMessage(`{"request":true,"id":1,"method":"m"${data}}`)
    assert.deepEqual((message as { data: unknown }).data, {})
  }
})

test('what can still be answered keeps its id', () => {
  for (const [text, id] of [
    ['{"request":true,"id":7}', 7],
    ['{"request":true,"id":7,"method":5}', 7],
    ['{"request":true,"id":-1,"method":"m"}', undefined],
    ['{"request":true,"id":1.5,"method":"m"}', undefined],
    ['{"request":true,"id":1e400,"method":"m"}', undefined],
    ['[1]', undefined],
    ['nonsense', undefined],
    [`{"request":true,"id":7,"method":"${'m'.repeat(500)}"}`, 7],
  ] as const) {
    const message = parseMessage(text)
    assert.equal(message.kind, 'unreadable')
    assert.equal(message.kind === 'unreadable' && message.id, id, text)
  }
})
