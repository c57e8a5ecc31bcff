import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spareCores } from './cores.ts'

test('the recorder gets the cores that no worker is on, and none when there are none', () => {
  assert.deepEqual(spareCores([0, 1, 2, 3], [2, 3]), [0, 1])
  assert.deepEqual(spareCores([0, 1], [1, 0, 1]), [])
})
