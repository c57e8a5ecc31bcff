import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findRecording } from '../recordings/recordings.store.ts'
import { person } from './support/accounts.ts'
import { joined, publish } from './support/people.ts'
import { isAudited } from './support/recording-audit.ts'
import type { RestClient } from './support/rest-client.ts'
import { recordable } from './support/room-media.ts'
import { startServer, type TestServer } from './support/server.ts'
import { SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

let server: TestServer
before(async () => {
  server = await startServer(
    { ...recordable, SLUICE_RECORDINGS_MAX_CONCURRENT: '1', SLUICE_MEETINGS_TICK_SECONDS: '1' },
    undefined,
    { withDatabase: true },
  )
})
after(() => server.close())

async function enter(code: string, client: RestClient, name: string) {
  const { status, body } = await client.post(`/meetings/by-code/${code}/join`, { name })
  assert.equal(status, 200, JSON.stringify(body))
  const socket = await SignalingClient.connect(server.url, { room: body.room, accessToken: body.token })
  return joined(socket, name)
}

test('a meeting that is to be recorded is, as soon as somebody is there, and its view says so', async () => {
  const ana = await person(server, { name: 'Ana' })
  const ben = await person(server, { name: 'Ben', role: 'member' })
  const { body: meeting } = await ana.client.post('/meetings', { title: 'Algebra', record: 'always' })
  assert.deepEqual([meeting.record, meeting.recording], ['always', false])

  const guest = await enter(meeting.code, ben.client, 'Ben')
  const told = await guest.client.hears(
    'recording.changed',
    ({ recording }) => recording?.state === 'recording',
  )
  assert.equal(told.recording?.by, undefined, 'nobody started it')
  assert.equal((await ana.client.get(`/meetings/${meeting.id}`)).body.recording, true)
  await assert.rejects(guest.client.request('recording.stop', {}), { code: 'forbidden' })
  const { db } = await server.app.services()
  const row = await findRecording(db, told.recording!.recordingId)
  assert.deepEqual(
    [row?.meeting_id, row?.title, row?.started_by],
    [meeting.id, 'Algebra', { kind: 'server' }],
  )

  // What a host stopped stays stopped, and can be started again.
  const host = await enter(meeting.code, ana.client, 'Ana')
  await host.client.request('recording.stop', {})
  assert.equal((await ana.client.get(`/meetings/${meeting.id}`)).body.recording, false)
  await guest.client.close()
  const back = await enter(meeting.code, ben.client, 'Ben')
  await publish(back, 'microphone')
  const { recording } = await host.client.request('recording.start', {})
  assert.equal(recording.by, host.peerId)
  const started = await findRecording(db, recording.recordingId)
  await isAudited(server, meeting.room, [
    ['recording.started', 'server', told.recording?.recordingId, undefined],
    ['recording.stopped', 'participant', told.recording?.recordingId, undefined],
    ['recording.started', 'participant', recording.recordingId, undefined],
  ])
  assert.deepEqual(started?.started_by, { kind: 'account', id: host.peerId, name: 'Ana' })
  assert.equal((await ana.client.post(`/meetings/${meeting.id}/end`)).status, 200)
  await until('it is over', () => server.app.liveRecordings.of(meeting.room) === undefined)
  const ended = await until('its end is written down', async () => {
    const found = await findRecording(db, recording.recordingId)
    return found?.state !== 'recording' && found
  })
  assert.equal(ended.end_reason, 'room-closed')
})

test('a meeting that is not to be recorded is not, whoever asks', async () => {
  const ana = await person(server, { name: 'Ana' })
  const { body: meeting } = await ana.client.post('/meetings', { record: 'never' })
  const host = await enter(meeting.code, ana.client, 'Ana')
  assert.equal((await host.client.request('room.get', {})).grants.record, false)
  await assert.rejects(host.client.request('recording.start', {}), {
    code: 'forbidden',
    data: { why: 'policy' },
  })

  const changed = await ana.client.call('PATCH', `/meetings/${meeting.id}`, { body: { record: 'hosts' } })
  assert.equal(changed.body.record, 'hosts')
  await host.client.request('recording.start', {})
  await host.client.request('recording.stop', {})
  await ana.client.post(`/meetings/${meeting.id}/end`)
})

test('another policy holds for the call that goes on: never ends its recording, always begins one', async () => {
  const ana = await person(server, { name: 'Ana' })
  const ben = await person(server, { name: 'Ben', role: 'member' })
  const { body: meeting } = await ana.client.post('/meetings', { record: 'hosts' })
  const host = await enter(meeting.code, ana.client, 'Ana')
  const other = await enter(meeting.code, ben.client, 'Ben')
  const change = async (record: string): Promise<void> => {
    const { status, body } = await ana.client.call('PATCH', `/meetings/${meeting.id}`, { body: { record } })
    assert.equal(status, 200, JSON.stringify(body))
  }
  const { recording } = await host.client.request('recording.start', {})
  await change('never')
  assert.deepEqual(await other.client.hears('recording.changed', ({ recording }) => !recording), {
    reason: 'stopped',
  })
  await assert.rejects(host.client.request('recording.start', {}), { code: 'forbidden' })
  await isAudited(server, meeting.room, [
    ['recording.started', 'participant', recording.recordingId, undefined],
    ['recording.ended', 'server', recording.recordingId, 'stopped'],
  ])

  await change('always')
  const isRecorded = await until('it is recorded', () => server.app.liveRecordings.of(meeting.room))
  assert.equal(isRecorded.by, undefined)
  await host.client.request('recording.stop', {})
  // What a host stopped stays stopped, whatever else of the meeting is changed.
  await ana.client.call('PATCH', `/meetings/${meeting.id}`, { body: { title: 'Geometry', record: 'always' } })
  assert.equal(server.app.liveRecordings.of(meeting.room), undefined)
  await ana.client.post(`/meetings/${meeting.id}/end`)
})

test('whoever comes back while the last recording is being finished is recorded, too', async () => {
  const ana = await person(server, { name: 'Ana' })
  const { body: meeting } = await ana.client.post('/meetings', { record: 'always' })
  const { liveRecordings: live, rooms } = server.app
  const host = await enter(meeting.code, ana.client, 'Ana')
  const first = await host.client.hears('recording.changed', ({ recording }) => recording !== undefined)
  await until('it goes on', () => live.of(meeting.room)?.state === 'recording')
  const pid = live.recorderPid!
  // Finishing takes as long as the recorder has other things to do.
  process.kill(pid, 'SIGSTOP')
  rooms.get(meeting.room)!.close('room-closed')
  // Ending it once more is no wish about the next call.
  const stopped = live.stop(meeting.room)
  await enter(meeting.code, ana.client, 'Ana')
  process.kill(pid, 'SIGCONT')
  await stopped
  const next = await until('the next call is recorded', () => live.of(meeting.room))
  assert.notEqual(next.recordingId, first.recording?.recordingId)
  await ana.client.post(`/meetings/${meeting.id}/end`)
})

test('whoever comes back while the recording of the room before is just beginning is recorded, too', async () => {
  const ana = await person(server, { name: 'Ana' })
  const { body: meeting } = await ana.client.post('/meetings', { record: 'always' })
  const { liveRecordings: live, rooms } = server.app
  await until('nothing else is recorded', async () => (await live.statistics())?.recordings.length === 0)
  const pid = live.recorderPid!
  process.kill(pid, 'SIGSTOP')
  await enter(meeting.code, ana.client, 'Ana')
  const first = await until('it begins', () => live.of(meeting.room))
  rooms.get(meeting.room)!.close('room-closed')
  await enter(meeting.code, ana.client, 'Ana')
  process.kill(pid, 'SIGCONT')
  await until('the next call is recorded', () => {
    const next = live.of(meeting.room)
    return next?.state === 'recording' && next.recordingId !== first.recordingId
  })
  await ana.client.post(`/meetings/${meeting.id}/end`)
})

test('hosts are told when a meeting that is to be recorded cannot be', async () => {
  const ana = await person(server, { name: 'Ana' })
  const busy = await ana.client.post('/meetings', {})
  const other = await enter(busy.body.code, ana.client, 'Ana')
  await other.client.request('recording.start', {})
  const { body: meeting } = await ana.client.post('/meetings', { record: 'always' })
  const host = await enter(meeting.code, ana.client, 'Ana')
  assert.deepEqual(await host.client.hears('recording.failed'), { why: 'capacity' })
  await other.client.request('recording.stop', {})
  // It is tried again by itself.
  const told = await host.client.hears('recording.changed', ({ recording }) => recording !== undefined)
  assert.equal(told.recording?.by, undefined)
})
