import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rate } from './rate.ts'

test('a burst passes, then only the average, and a pause earns the burst again', () => {
  const rate = new Rate({ perSecond: 10, burst: 5, nowMs: 0 })
  const passed = (nowMs: number, count: number): number =>
    Array.from({ length: count }, () => rate.take(nowMs)).filter(Boolean).length
  assert.equal(passed(0, 8), 5)
  assert.equal(passed(100, 8), 1)
  assert.equal(passed(600, 8), 5)
  assert.equal(passed(3_600_000, 100), 5)
})

test('what weighs more takes several places, but never more than there are', () => {
  const rate = new Rate({ perSecond: 1, burst: 5, nowMs: 0 })
  assert.deepEqual([rate.take(0, 3), rate.take(0, 3), rate.take(0, 2)], [true, false, true])
  assert.equal(rate.take(5000, 100), true)
})

test('a clock that steps back neither gives nor takes', () => {
  const rate = new Rate({ perSecond: 1, burst: 1, nowMs: 1000 })
  assert.equal(rate.take(500), true)
  assert.equal(rate.take(400), false)
})
