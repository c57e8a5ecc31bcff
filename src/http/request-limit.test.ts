import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RequestLimit } from './request-limit.ts'

test('a limit counts each key for itself, and begins anew when its window is over', () => {
  const limit = new RequestLimit({ max: 2, seconds: 10 })
  assert.deepEqual(limit.take('a', 1000), { max: 2, remaining: 1, seconds: 10, exceeded: false })
  assert.deepEqual(limit.take('a', 4500), { max: 2, remaining: 0, seconds: 7, exceeded: false })
  assert.deepEqual(limit.take('a', 10_999), { max: 2, remaining: 0, seconds: 1, exceeded: true })
  assert.equal(limit.take('b', 10_999).exceeded, false)
  assert.deepEqual(limit.take('a', 11_000), { max: 2, remaining: 1, seconds: 10, exceeded: false })
})

test('a limit forgets those whose window began first, and no more of them than it must', () => {
  const limit = new RequestLimit({ max: 1, seconds: 1000 })
  limit.take('first', 0)
  limit.take('second', 1)
  for (let index = 0; index < 19_999; index++) limit.take(`other ${index}`, 2)
  assert.equal(limit.take('second', 3).exceeded, true)
  assert.equal(limit.take('first', 3).exceeded, false)
})
