import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEmail, readAddresses } from './invitees.ts'

test('a pasted list is read whatever separates it', () => {
  const { found, wrong } = readAddresses(
    'ana@example.org, ben@example.org;carl@example.org\n dora@example.org  eve@example.org',
  )
  assert.deepEqual(
    found.map(({ email }) => email),
    ['ana', 'ben', 'carl', 'dora', 'eve'].map((name) => `${name}@example.org`),
  )
  assert.deepEqual(wrong, [])
})

test('names beside addresses are kept, as mail programs copy them', () => {
  const { found } = readAddresses(
    'Ana Petrović <Ana@Example.org>, "Weber, Jonas" <jonas@example.org> <eve@example.org>',
  )
  assert.deepEqual(found, [
    { email: 'ana@example.org', name: 'Ana Petrović' },
    { email: 'jonas@example.org', name: 'Weber, Jonas' },
    { email: 'eve@example.org' },
  ])
})

test('an address comes once, what is none is told', () => {
  const { found, wrong } = readAddresses('ana@example.org ANA@example.org ben@ mailto:carl@example.org dora')
  assert.deepEqual(
    found.map(({ email }) => email),
    ['ana@example.org', 'carl@example.org'],
  )
  assert.deepEqual(wrong, ['ben@', 'dora'])
  assert.deepEqual(readAddresses(' ,;\n'), { found: [], wrong: [] })
})

test('slips of the finger are found', () => {
  for (const text of [
    'ana@example',
    'ana example.org',
    '@example.org',
    'a@b@example.org',
    'ana@example..org',
    'ana@example.o',
  ]) {
    assert.ok(!isEmail(text), text)
  }
  assert.ok(isEmail('ana+meet@mail.example.co.uk') && isEmail('jürgen@müller.example'))
  assert.ok(!isEmail(`${'a'.repeat(250)}@example.org`))
})
