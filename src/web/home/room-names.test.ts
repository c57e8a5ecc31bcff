import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostElsewhere, isRoomName, randomRoomName, readRoomName } from './room-names.ts'

test('a random room name is three short words that the app itself accepts', () => {
  for (let i = 0; i < 500; i++) {
    const name = randomRoomName()
    assert.match(name, /^[a-z]+-[a-z]+-[a-z]+$/)
    assert.ok(name.length <= 32 && isRoomName(name), name)
  }
})

test('a name, a path and a link all lead to the same room', () => {
  for (const text of [
    'calm-river-otter',
    ' Calm River otter ',
    '/r/calm-river-otter',
    '/r/calm%20river%20otter',
    'https://meet.example.org/r/calm-river-otter?x=1#y',
    'meet.example.org/r/calm-river-otter',
  ]) {
    assert.equal(readRoomName(text), 'calm-river-otter', text)
  }
})

test('what cannot be a room is not one', () => {
  for (const text of ['', '   ', 'https://example.org/', '/r/%E0%A4%A', 'a/b', 'x'.repeat(65)]) {
    assert.equal(readRoomName(text), undefined, text)
  }
})

test('a link to another server is told from one to this', () => {
  assert.equal(hostElsewhere('https://meet.example.org/r/a', 'localhost:4443'), 'meet.example.org')
  for (const text of ['http://localhost:4443/r/a', '/r/a', 'a', 'https://', 'meet.example.org/r/a']) {
    assert.equal(hostElsewhere(text, 'localhost:4443'), undefined, text)
  }
})
