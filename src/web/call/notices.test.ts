import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeComing, listNames } from './notices.ts'

test('names are listed up to two, then counted', () => {
  assert.equal(listNames(['Ana']), 'Ana')
  assert.equal(listNames(['Ana', 'Ben']), 'Ana and Ben')
  assert.equal(listNames(['Ana', 'Ben', 'Cleo', 'Dan']), 'Ana, Ben and 2 more')
  assert.equal(listNames(['Ana', 'Ben', 'Cleo'], 500), 'Ana, Ben and 498 more')
})

test('arrivals and departures are separate sentences', () => {
  assert.deepEqual(describeComing({ joined: ['Ana'], left: ['Ben', 'Cleo'] }), [
    'Ana joined',
    'Ben and Cleo left',
  ])
  assert.deepEqual(describeComing({ joined: [], left: [] }), [])
})
