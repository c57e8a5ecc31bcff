import assert from 'node:assert/strict'
import { test } from 'node:test'
import { destinationOf } from './destination.ts'

const here = 'meet.example.org'
const to = (text: string, rooms = true) => destinationOf(text, { here, rooms })

test('codes lead to meetings, names to rooms, links to either', () => {
  assert.deepEqual(to('abc-defg-hjk'), { path: '/m/abc-defg-hjk' })
  assert.deepEqual(to('ABCDEFGHJK '), { path: '/m/abc-defg-hjk' })
  assert.deepEqual(to('https://meet.example.org/m/abc-defg-hjk'), { path: '/m/abc-defg-hjk' })
  assert.deepEqual(to('Calm river otter'), { path: '/r/calm-river-otter' })
  assert.deepEqual(to('https://meet.example.org/r/Team'), { path: '/r/Team' })
})

test('what leads nowhere is said', () => {
  for (const text of ['', '  ', 'https://elsewhere.example/m/abc-defg-hjk', 'a/b', '/m/abc', '!']) {
    assert.ok('wrong' in to(text), text)
  }
  assert.match(JSON.stringify(to('https://elsewhere.example/r/x')), /elsewhere\.example/)
})

test('where guests may open no rooms, names of rooms are no answer, links are', () => {
  assert.ok('wrong' in to('calm-river-otter', false))
  assert.deepEqual(to('/r/team', false), { path: '/r/team' })
  assert.deepEqual(to('abc-defg-hjk', false), { path: '/m/abc-defg-hjk' })
})
