import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Value } from 'typebox/value'
import { sources } from './model.ts'
import { allowAll, GrantsInput, guestGrants, mayPublish, toGrants } from './grants.ts'

test('the defaults are those of the schema, and guests have them', () => {
  assert.deepEqual(toGrants(), guestGrants)
  assert.deepEqual(Value.Default(GrantsInput, {}), { ...guestGrants })
})

test('what is left out has its default, and what is said holds', () => {
  assert.deepEqual(toGrants({ moderate: true, data: false }), { ...guestGrants, moderate: true, data: false })
})

test('publishing is granted for everything, nothing, or source by source', () => {
  const granted = (input: GrantsInput) => sources.filter((source) => mayPublish(toGrants(input), source))
  assert.deepEqual(granted({}), [...sources])
  assert.deepEqual(granted({ publish: true }), [...sources])
  assert.deepEqual(granted({ publish: false }), [])
  assert.deepEqual(granted({ publish: [] }), [])
  assert.deepEqual(granted({ publish: ['microphone', 'screen'] }), ['microphone', 'screen'])
})

test('all rights are all but being hidden', () => {
  const { publish, hidden, ...rights } = allowAll
  assert.equal(publish, true)
  assert.equal(hidden, false)
  assert.deepEqual(new Set(Object.values(rights)), new Set([true]))
})
