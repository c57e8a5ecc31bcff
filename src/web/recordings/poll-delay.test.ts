import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Recording } from '../api/types.ts'
import { nextDelay } from './poll-delay.ts'

const recording = (change: Partial<Recording>): Recording => ({
  id: 'rec_1',
  title: 'Algebra',
  room: 'a',
  state: 'processing',
  progress: 0,
  startedAt: '',
  startedBy: { kind: 'server' },
  durationMs: 1,
  bytes: 1,
  participants: [],
  upload: { state: 'local', bytes: 0, totalBytes: 0 },
  outputs: [],
  role: 'manager',
  mayDownload: true,
  version: 1,
  ...change,
})

test('what does not move on is asked for less and less, what does soon', () => {
  let delay = nextDelay({ of: undefined, ms: undefined }, recording({}))
  assert.equal(delay.ms, 1500)
  const seen = [0, 0, 0, 0, 0, 0, 0, 0].map(() => (delay = nextDelay(delay, recording({}))).ms ?? 0)
  assert.ok(seen.every((ms, i) => ms >= (seen[i - 1] ?? 0)))
  assert.equal(seen.at(-1), 20_000)
  assert.equal(nextDelay(delay, recording({ progress: 0.1 })).ms, 1500)
})

test('what is done is not asked for again, unless something is made of it or on its way', () => {
  const before = { of: undefined, ms: undefined }
  assert.equal(nextDelay(before, recording({ state: 'ready' })).ms, undefined)
  assert.equal(nextDelay(before, recording({ state: 'failed' })).ms, undefined)
  const upload = { state: 'uploading', bytes: 1, totalBytes: 2 } as const
  assert.equal(nextDelay(before, recording({ state: 'ready', upload })).ms, 1500)
})
