import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endWords, failureWords, holdWords, outputName, stateChip, uploadWords } from './words.ts'

test('a recording that can be watched needs no word, the others have one', () => {
  assert.equal(stateChip({ state: 'ready', progress: 1 }), undefined)
  assert.equal(stateChip({ state: 'processing', progress: 0.417 })?.text, 'Processing, 41 %')
  assert.equal(stateChip({ state: 'processing', progress: 0.999 })?.text, 'Processing, 99 %')
})

test('a failure says what can be done, to those who can', () => {
  const error = { code: 'render-failed', message: 'FFmpeg stopped' }
  assert.match(failureWords({ error, role: 'manager', outputs: [] }), /^FFmpeg stopped\. .*tracks\.$/)
  assert.match(failureWords({ error, role: 'viewer', outputs: [] }), /Ask the host/)
  const ffmpeg = { code: 'no-ffmpeg', message: 'x' }
  assert.match(failureWords({ error: ffmpeg, role: 'manager', outputs: [] }), /install it/)
})

test('versions are called by what they show', () => {
  const output = {
    id: 'o',
    state: 'ready',
    progress: 1,
    attempts: 1,
    createdAt: '',
    files: [],
  } as const
  assert.equal(outputName({ ...output, kind: 'audio' }), 'Sound only')
  assert.equal(
    outputName({ ...output, kind: 'video', layout: 'speaker', size: '1280x720', names: false }),
    'Video, who speaks is large, 720p, without names',
  )
})

test('ends and uploads that are as they should be are told briefly or not at all', () => {
  assert.equal(endWords('stopped'), undefined)
  assert.match(endWords('disk-full') ?? '', /disk/)
  const upload = { bytes: 0, totalBytes: 10 }
  assert.match(uploadWords({ ...upload, state: 'waiting', error: 'Access denied.' }), /\(Access denied\)/)
})

test('what waits for something says for what', () => {
  const output = { id: 'out', kind: 'audio', progress: 0, createdAt: '', files: [] } as const
  const error = { code: 'disk-full', message: 'There is no room' }
  assert.equal(holdWords({ outputs: [{ ...output, state: 'queued', error }] }), 'There is no room.')
  assert.equal(holdWords({ outputs: [{ ...output, state: 'running', error }] }), undefined)
  assert.equal(holdWords({ outputs: [], error }), 'There is no room.')
})
