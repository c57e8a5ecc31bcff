import assert from 'node:assert/strict'
import { test } from 'node:test'
import { looksLikeEmail, passwordProblem } from './checks.ts'

test('addresses that a mail could reach pass, slips do not', () => {
  for (const good of [
    'ana@example.org',
    ' ana@example.org ',
    'a.b+c@sub.example.co.uk',
    'root@localhost',
    'ä@ö.de',
  ])
    assert.ok(looksLikeEmail(good), good)
  for (const bad of [
    '',
    'ana',
    'ana@',
    '@example.org',
    'ana@example',
    'ana@example.',
    'a na@example.org',
    'a@b@c.org',
  ])
    assert.ok(!looksLikeEmail(bad), bad)
})

test('a password is too short, too uniform, the address itself, or nothing is known against it', () => {
  const rules = { minLength: 10, email: 'Ana@example.org' }
  assert.match(passwordProblem('short', rules) ?? '', /10 characters/)
  assert.match(passwordProblem('aaaaaaaaaabb', rules) ?? '', /different/)
  assert.match(passwordProblem('ana@EXAMPLE.org', rules) ?? '', /address/)
  assert.equal(passwordProblem('river otter at dawn', rules), undefined)
  // Counted as people see characters, not as JavaScript stores them.
  assert.match(passwordProblem('😀😁😂🤣😃', rules) ?? '', /10 characters/)
})
