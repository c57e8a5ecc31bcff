import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitLinks } from './links.ts'

test('web addresses in a message become links and everything else stays text', () => {
  assert.deepEqual(splitLinks('see https://example.org/a?b=1, ok'), [
    { text: 'see ' },
    { text: 'https://example.org/a?b=1', href: 'https://example.org/a?b=1' },
    { text: ', ok' },
  ])
})

test('other schemes are never links', () => {
  assert.deepEqual(splitLinks('javascript:alert(1) data:text/html,x'), [
    { text: 'javascript:alert(1) data:text/html,x' },
  ])
})

test('a bracket that belongs to the address stays in it', () => {
  assert.equal(splitLinks('(https://example.org/Gate_(water))')[1]?.text, 'https://example.org/Gate_(water)')
})

test('text after nothing but an unusable address is kept', () => {
  assert.deepEqual(splitLinks('http://'), [{ text: 'http://' }])
})
