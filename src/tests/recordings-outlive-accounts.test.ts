import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { goodPassword, person } from './support/accounts.ts'
import { joined, publish } from './support/people.ts'
import type { RestClient } from './support/rest-client.ts'
import { recordable } from './support/room-media.ts'
import { startServer, type TestServer } from './support/server.ts'
import { SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

let server: TestServer
before(async () => {
  server = await startServer({ ...recordable, SLUICE_MEETINGS_TICK_SECONDS: '1' }, undefined, {
    withDatabase: true,
  })
})
after(() => server.close())

async function enter(code: string, client: RestClient, name: string) {
  const { status, body } = await client.post(`/meetings/by-code/${code}/join`, { name })
  assert.equal(status, 200, JSON.stringify(body))
  const socket = await SignalingClient.connect(server.url, { room: body.room, accessToken: body.token })
  return joined(socket, name)
}

test('accounts and meetings that are deleted while they are recorded end it, or nothing', async () => {
  const { db } = await server.app.services()
  const ana = await person(server, { name: 'Ana' })
  const meet = async () => {
    const ben = await person(server, { name: 'Ben', role: 'member' })
    const { body: meeting } = await ana.client.post('/meetings', { title: 'Algebra' })
    const host = await enter(meeting.code, ana.client, 'Ana')
    const guest = await enter(meeting.code, ben.client, 'Ben')
    await publish(guest, 'microphone')
    const { recording } = await host.client.request('recording.start', {})
    return { meeting, ben, recordingId: recording.recordingId }
  }
  const isOver = (recordingId: string) =>
    until('it is over', async () => {
      const row = await db
        .selectFrom('recordings')
        .selectAll()
        .where('id', '=', recordingId)
        .executeTakeFirstOrThrow()
      return row.state !== 'recording' && row.state !== 'processing' && row
    })
  const namesIn = async (recordingId: string) =>
    (
      await db
        .selectFrom('recording_participants')
        .select('name')
        .where('recording_id', '=', recordingId)
        .orderBy('name')
        .execute()
    ).map(({ name }) => name)

  // Somebody who is recorded; then the meeting.
  const first = await meet()
  await until('both are written down', async () => (await namesIn(first.recordingId)).length === 2)
  const copy = await first.ben.client.get('/account/export')
  assert.equal(copy.body.recordings.attended[0].id, first.recordingId)
  const gone = await first.ben.client.post('/account/delete', { password: goodPassword })
  assert.equal(gone.status, 204)
  assert.equal(server.app.liveRecordings.of(first.meeting.room)?.state, 'recording')
  assert.equal((await ana.client.call('DELETE', `/meetings/${first.meeting.id}`)).status, 204)
  const { end_reason: reason, meeting_id: meetingId } = await isOver(first.recordingId)
  assert.deepEqual([reason, meetingId], ['room-closed', null])
  assert.deepEqual(await namesIn(first.recordingId), ['Ana', 'Former member'])

  // The host, with whom the meeting goes.
  const second = await meet()
  await until('both are written down', async () => (await namesIn(second.recordingId)).length === 2)
  assert.equal((await ana.client.post('/account/delete', { password: goodPassword })).status, 204)
  const ended = await isOver(second.recordingId)
  assert.deepEqual(
    [ended.end_reason, ended.started_by],
    ['room-closed', { kind: 'account', name: 'Former member' }],
  )
  assert.deepEqual(await namesIn(second.recordingId), ['Ben', 'Former member'])
  // Who is left still has it.
  assert.equal((await second.ben.client.get(`/recordings/${second.recordingId}`)).status, 200)
})
