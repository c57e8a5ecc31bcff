import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Call } from '../api/types.ts'
import { peopleKnown } from './people-known.ts'

test('people of calls come before those of meetings, each once and oneself never', () => {
  const call = {
    caller: { id: 'me', name: 'Me' },
    callees: [{ id: 'b', name: 'Ben', status: 'joined' as const }],
  } as unknown as Call
  const invitees = [
    { email: 'me@example.org', status: 'invited' },
    { email: 'ben@example.org', name: 'Ben', status: 'invited' },
    { email: 'eve@example.org', status: 'invited' },
  ]
  assert.deepEqual(peopleKnown([call, call], [{ invitees }], { id: 'me', email: 'me@example.org' }), [
    { to: 'b', name: 'Ben' },
    { to: 'eve@example.org', name: 'eve@example.org' },
  ])
})
