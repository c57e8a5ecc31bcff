import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AppError } from './app-error.ts'
import { decodeCursor, decodeTimeCursor, encodeCursor, pageOf } from './cursor.ts'

test('a cursor comes back as it was given out', () => {
  const keepable = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))
  fc.assert(
    fc.property(keepable, keepable, (at, id) => {
      assert.deepEqual(decodeCursor(encodeCursor({ at, id })), { at, id })
    }),
  )
  const at = new Date('2026-11-20T14:05:00.123Z')
  assert.deepEqual(decodeTimeCursor(encodeCursor({ at: at.toISOString(), id: 'x' })), { at, id: 'x' })
})

test('any other text is a bad request, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.throws(
        () => decodeTimeCursor(text),
        (error) => error instanceof AppError && error.code === 'bad-request',
      )
    }),
  )
})

test('a page has a next one exactly when there is more', () => {
  const rows = ['a', 'b', 'c']
  const options = {
    item: (row: string) => row.toUpperCase(),
    cursor: (row: string) => ({ at: row, id: row }),
  }
  assert.deepEqual(pageOf(rows, 3, options), { items: ['A', 'B', 'C'] })
  assert.deepEqual(pageOf(rows, 2, options), { items: ['A', 'B'], next: encodeCursor({ at: 'b', id: 'b' }) })
  assert.deepEqual(pageOf([], 2, options), { items: [] })
})
