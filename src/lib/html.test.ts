import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linked, oneLine, paragraphs } from './html.ts'

test('a mail says the same as text and as HTML, and what strangers typed becomes no link', () => {
  assert.deepEqual(paragraphs(['Hello http://evil.example <b>,', 'Bye']), {
    text: 'Hello http://evil.example <b>,\n\nBye\n',
    html: '<!doctype html>\n<p>Hello http://evil.example &lt;b&gt;,</p>\n<p>Bye</p>\n',
  })
})

test('web addresses become links without what ends the sentence', () => {
  assert.equal(
    String(linked('See https://example.org/a?b=1&c=2. Or <i>.')),
    'See <a href="https://example.org/a?b=1&amp;c=2">https://example.org/a?b=1&amp;c=2</a>. Or &lt;i&gt;.',
  )
})

test('what people typed begins no other line', () => {
  assert.equal(oneLine(' Algebra\r\nBCC: all\u2028 now '), 'Algebra BCC: all  now')
})
