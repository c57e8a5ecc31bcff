import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeEnd, describeHealth, describeMark, describeRefusal, isBadEnd } from './recording-words.ts'

test('a refusal says why and what can be done', () => {
  assert.match(
    describeRefusal({ code: 'unavailable', data: { why: 'capacity' } }),
    /another recording has ended/,
  )
  assert.match(describeRefusal({ code: 'unavailable', data: { why: 'disk' } }), /disk/)
  assert.match(describeRefusal({ code: 'forbidden', data: { why: 'policy' } }), /settings/)
  assert.equal(describeRefusal({ code: 'forbidden' }), 'Only hosts may record here.')
  assert.equal(describeRefusal(new Error('Too often.')), 'Too often.')
})

test('an end that nobody wanted is told as such', () => {
  const guest = { mayRecord: false }
  assert.ok(isBadEnd('disk-full'))
  assert.ok(!isBadEnd('stopped'))
  assert.match(describeEnd('disk-full', guest) ?? '', /disk of the server is full/)
  assert.equal(describeEnd('room-closed', guest), undefined)
  assert.equal(describeEnd('stopped', guest), 'The recording has ended.')
  assert.match(describeEnd('stopped', { mayRecord: true }) ?? '', /look under Recordings/)
})

test('hosts learn of losses and of a disk that fills', () => {
  const fine = {
    recordingId: 'r',
    seconds: 60,
    tracks: 2,
    failedTracks: 0,
    packets: 10_000,
    lostPackets: 3,
    freeBytes: 50e9,
    waitingForConsent: [],
    untold: [],
    warnings: [],
  }
  assert.deepEqual(
    describeHealth(fine).map(({ bad }) => bad),
    [false, false],
  )
  const bad = describeHealth({ ...fine, lostPackets: 400, freeBytes: 1.2e9 })
  assert.match(bad[1]?.text ?? '', /^3\.8 %/)
  assert.match(bad[2]?.text ?? '', /1\.2 GB/)
  const broken = describeHealth({ ...fine, failedTracks: 1, warnings: ['tracks', 'cpu'] })
  assert.deepEqual(
    broken.map(({ bad }) => bad),
    [false, false, true, true],
  )
  assert.match(describeHealth({ ...fine, tracks: 0 })[0]?.text ?? '', /nobody has a microphone/)
})

test('the mark says whether one is recorded oneself', () => {
  const recording = {
    id: 'r',
    state: 'recording',
    since: 0,
    by: undefined,
    isOwn: false,
    notice: '',
    asksConsent: true,
  } as const
  assert.equal(describeMark({ ...recording, agreed: undefined }), 'This call is being recorded, without you')
  assert.equal(describeMark({ ...recording, agreed: true }), 'This call is being recorded')
})
