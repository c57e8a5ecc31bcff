import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../lib/app-error.ts'
import { assertCanBeKept, assertMayKeepUntil, expiryOf } from './retention.ts'

const day = (number: number): Date => new Date(Date.UTC(2026, 10, number))
const config = { keepDays: 10 }
const row = { state: 'ready', ended_at: day(1), expires_at: day(11) } as const

const refused = (error: unknown): boolean => {
  assert.ok(error instanceof AppError)
  assert.deepEqual(
    [error.code, error.data],
    ['forbidden', { why: 'retention', until: day(11).toISOString() }],
  )
  return true
}

function mayKeep(wanted: Date | null, about: Partial<Parameters<typeof assertMayKeepUntil>[1]> = {}): void {
  assertMayKeepUntil(wanted, { ...row, ...about }, { config, now: day(1) })
}

test('a recording stays as long as the operator says, or shorter', () => {
  assert.deepEqual(expiryOf(day(1), config), day(11))
  assert.equal(expiryOf(day(1), { keepDays: 0 }), null)
  mayKeep(day(11))
  mayKeep(day(2))
  assert.throws(() => mayKeep(day(12)), refused)
  assert.throws(() => mayKeep(null), refused)
  assertMayKeepUntil(null, row, { config: { keepDays: 0 }, now: day(1) })
})

test('what was shortened may be lengthened again up to there, and what an operator gave is nobody’s to take', () => {
  mayKeep(day(11), { expires_at: day(3) })
  assert.throws(() => mayKeep(day(12), { expires_at: day(3) }), refused)
  mayKeep(day(40), { expires_at: day(50) })
  assert.throws(() => mayKeep(day(60), { expires_at: day(50) }), refused)
  mayKeep(day(40), { expires_at: null })
  mayKeep(null, { expires_at: null })
})

test('one that goes on, or is only being listed, does not stay for ever because nothing is written down yet', () => {
  const going = { state: 'recording', ended_at: null, expires_at: null } as const
  mayKeep(day(5), going)
  assert.throws(() => mayKeep(null, going), refused)
  assert.throws(() => mayKeep(day(30), { ...going, state: 'processing', ended_at: day(1) }), refused)
  // Nor for who runs the server: they would believe that it does.
  const tooSoon = { code: 'conflict', data: { why: 'not-ready' } }
  assert.throws(() => assertCanBeKept(going, config), tooSoon)
  assert.throws(() => assertCanBeKept({ ...going, expires_at: day(5) }, config), tooSoon)
  assert.throws(() => assertCanBeKept({ ...going, state: 'processing' }, config), tooSoon)
  assertCanBeKept({ state: 'processing', expires_at: day(11) }, config)
  assertCanBeKept({ state: 'ready', expires_at: null }, config)
  assertCanBeKept(going, { keepDays: 0 })
})
