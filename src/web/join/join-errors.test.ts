import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endingOf, explainJoinError } from './join-errors.ts'

test('a full room and a full server are told apart', () => {
  const full = (limit: string) => explainJoinError({ code: 'limit-exceeded', data: { limit, max: 2 } }).title
  assert.equal(full('peersPerRoom'), 'This room is full.')
  assert.equal(full('rooms'), 'The server is full.')
})

test('an ended session is explained by its reason', () => {
  const title = (data: object) => explainJoinError({ code: 'session-ended', data }).title
  assert.equal(title({ reason: 'room-closed' }), 'The room was just closed.')
  assert.equal(title({ reason: 'join-timeout' }), 'That took too long.')
})

test('being sent away at the door is an ending, with what the host said; a full room is not', () => {
  assert.deepEqual(endingOf({ code: 'session-ended', data: { reason: 'denied' } }), { why: 'denied' })
  assert.deepEqual(endingOf({ code: 'session-ended', data: { reason: 'removed', message: 'Bye' } }), {
    why: 'removed',
    detail: '“Bye”',
  })
  assert.deepEqual(endingOf({ code: 'banned' }), { why: 'banned' })
  assert.equal(endingOf({ code: 'limit-exceeded', data: { limit: 'peersPerRoom' } }), undefined)
  assert.equal(endingOf(undefined), undefined)
})

test('unknown errors show their own text and never nothing', () => {
  assert.equal(explainJoinError(new Error('Odd.')).text, 'Odd.')
  assert.ok(explainJoinError(undefined).text.length > 0)
})
