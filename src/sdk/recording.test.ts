import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveRecording as WireRecording } from '../protocol/model.ts'
import type { Output } from '../protocol/requests.ts'
import type { Connection } from './connection.ts'
import { RoomRecording } from './recording.ts'
import type { Notification } from './signaling.ts'

const wire: WireRecording = {
  recordingId: 'rec_1',
  state: 'recording',
  startedAt: '2026-11-20T10:00:00.000Z',
  by: 'ana',
  notice: 'This is recorded.',
  asksConsent: true,
}

/** One client, what it said to the server and what it told its listeners. */
function client() {
  const said: unknown[] = []
  const told: unknown[][] = []
  const connection = {
    request: async (method: string, data: object) => {
      said.push([method, data])
      return { recording: wire }
    },
    notify: (method: string, data: object) => said.push([method, data]),
  } as unknown as Connection
  const recording = new RoomRecording({
    announce: (event, ...args) => told.push([event, ...args]),
    connection: async () => connection,
  })
  const entered = (found: WireRecording | undefined) =>
    recording.entered({ room: { recording: found } } as unknown as Output<'room.get'>, connection)
  const changed = (data: { recording?: WireRecording; reason?: string }) =>
    recording.heed({ method: 'recording.changed', data } as Notification)
  return { said, told, recording, entered, changed }
}

test('a recording is told once for each change, and its end with the reason', () => {
  const { told, recording, entered, changed } = client()
  entered(undefined)
  assert.equal(recording.current, undefined)
  changed({ recording: { ...wire, state: 'starting' } })
  changed({ recording: wire })
  changed({ recording: wire })
  entered(wire)
  changed({ reason: 'stopped' })
  assert.deepEqual(
    told.map(([event, one, reason]) => [event, (one as { state?: string } | undefined)?.state, reason]),
    [
      ['recordingChanged', 'starting', undefined],
      ['recordingChanged', 'recording', undefined],
      ['recordingChanged', undefined, 'stopped'],
    ],
  )
})

test('what was agreed to is said again after a reconnection, for this recording only', async () => {
  const { said, recording, entered, changed } = client()
  entered(wire)
  assert.equal(recording.isAgreed, false)
  await recording.consent(true)
  assert.equal(recording.isAgreed, true)
  entered(wire)
  const consent = ['recording.consent', { agrees: true }]
  assert.deepEqual(said, [consent, consent])
  changed({ recording: { ...wire, recordingId: 'rec_2' }, reason: 'recorder-died' })
  assert.equal(recording.isAgreed, true, 'it goes on under another id')
  changed({ reason: 'stopped' })
  changed({ recording: { ...wire, recordingId: 'rec_3' } })
  assert.equal(recording.isAgreed, false)
  entered({ ...wire, recordingId: 'rec_3' })
  assert.equal(said.length, 2)
  recording.left()
  assert.equal(recording.current, undefined)
})

test('health is that of the recording that goes on', () => {
  const { told, recording, entered, changed } = client()
  const health = { recordingId: 'rec_1', seconds: 3 }
  const heed = (data: object) => recording.heed({ method: 'recording.health', data } as Notification)
  entered(wire)
  heed(health)
  heed({ ...health, recordingId: 'rec_0' })
  assert.equal(recording.health?.seconds, 3)
  assert.equal(told.filter(([event]) => event === 'recordingHealth').length, 1)
  changed({ reason: 'stopped' })
  assert.equal(recording.health, undefined)
})
