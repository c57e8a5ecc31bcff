import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Value } from 'typebox/value'
import { Email } from '../protocol/rest.ts'
import { assertName } from './accounts.ts'

test('a name is one line: a mail that greets somebody by it says nothing else in our name', () => {
  const name = 'Ana,\r\n\r\nyour account is locked:\u2028https://example.org/\u0085\u0000x\n'
  assert.equal(assertName(name, { nameLength: 100 }), 'Ana, your account is locked: https://example.org/ x')
  assert.throws(() => assertName('\n\u0007 ', { nameLength: 100 }), { code: 'bad-request' })
})

test('an e-mail address holds no spaces, line breaks or quotes', () => {
  for (const good of ['ana@example.org', "o'hara+x@a-b.example.org", 'a@localhost']) {
    assert.ok(Value.Check(Email, good), good)
  }
  for (const bad of [
    '"a\r\nATTACH:x"@example.org',
    '"a b"@example.org',
    '"a"@example.org',
    'a@example.org\n',
  ]) {
    assert.ok(!Value.Check(Email, bad), JSON.stringify(bad))
  }
})
