import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newCallPath, readNewCall } from './call-paths.ts'

const read = (path: string) => readNewCall(new URL(path, 'https://meet.example.org').searchParams)

test('whom to call stands in the address and is read back', () => {
  const callees = [
    { to: 'ana@example.org', name: 'Ana & Co' },
    { to: 'acc_1', name: 'Ben' },
  ]
  assert.deepEqual(read(newCallPath(callees, 'audio')), { callees, type: 'audio' })
})

test('an address that somebody typed does no harm', () => {
  assert.deepEqual(read('/calls/new'), { callees: [], type: 'video' })
  assert.deepEqual(read('/calls/new?to=&to=a@example.org&type=x'), {
    callees: [{ to: 'a@example.org', name: 'a@example.org' }],
    type: 'video',
  })
})
