import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gradeConnection, levelFromDbov, settleQuality, unsettled } from './quality.ts'
import type { ConnectionQuality } from './types.ts'

test('the worst of what is known counts', () => {
  assert.equal(gradeConnection({ scores: [10, 10], transport: 'connected' }), 'excellent')
  assert.equal(gradeConnection({ scores: [8], transport: 'connected' }), 'good')
  assert.equal(gradeConnection({ scores: [3], transport: 'connected' }), 'poor')
  assert.equal(gradeConnection({ scores: [10], transport: 'connected', roundTripTime: 300 }), 'good')
  assert.equal(gradeConnection({ scores: [10], transport: 'connected', packetLoss: 0.1 }), 'poor')
  assert.equal(gradeConnection({ scores: [10], transport: 'lost' }), 'lost')
})

test('streams that rest say nothing', () => {
  assert.equal(gradeConnection({ scores: [10, 0], transport: 'unknown' }), 'excellent')
  assert.equal(gradeConnection({ scores: [0], transport: 'unknown' }), 'unknown')
  assert.equal(gradeConnection({ scores: [], transport: 'unknown' }), 'unknown')
})

test('a grade shows when it lasts, and a loss at once', () => {
  const seen: ConnectionQuality[] = []
  let state = unsettled
  const at = (seconds: number, grade: ConnectionQuality): void => {
    state = settleQuality(state, grade, seconds * 1000)
    seen.push(state.shown)
  }
  at(0, 'excellent')
  at(2, 'poor')
  at(4, 'excellent')
  assert.deepEqual(seen.splice(0), ['excellent', 'excellent', 'excellent'])
  at(6, 'poor')
  at(8, 'poor')
  at(10, 'poor')
  assert.deepEqual(seen.splice(0), ['excellent', 'excellent', 'poor'])
  at(12, 'good')
  at(16, 'good')
  at(18, 'good')
  assert.deepEqual(seen.splice(0), ['poor', 'poor', 'good'])
  at(19, 'lost')
  at(20, 'good')
  assert.deepEqual(seen.splice(0), ['lost', 'good'])
})

test('loudness is linear in decibels', () => {
  assert.equal(levelFromDbov(-127), 0)
  assert.equal(levelFromDbov(-40), 0.5)
  assert.equal(levelFromDbov(0), 1)
})
