import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readManifest } from '../../recorder/manifest.ts'
import { guest, openToAll, publish, tokensOf } from './support/people.ts'
import { recordable } from './support/room-media.ts'
import { startServer, type TestServer } from './support/server.ts'
import { SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

let server: TestServer
let token: Awaited<ReturnType<typeof tokensOf>>
before(async () => {
  server = await startServer(
    {
      ...openToAll,
      ...recordable,
      SLUICE_RECORDINGS_CONSENT: 'ask',
      SLUICE_RECORDINGS_NOTICE: 'May we keep this?',
    },
    undefined,
    { withDatabase: true },
  )
  token = await tokensOf(server)
})
after(() => server.close())

/** Who is recorded now, and what of them. */
async function recorded(recordingId: string): Promise<string[]> {
  const statistics = await server.app.liveRecordings.statistics()
  const found = statistics?.recordings.find((recording) => recording.recordingId === recordingId)
  return (found?.tracks ?? []).map(({ participantId, source }) => `${participantId} ${source}`).toSorted()
}

async function isRecorded(recordingId: string, wanted: readonly string[]): Promise<void> {
  await until(`recorded are ${wanted.join(', ')}`, async () => {
    return JSON.stringify(await recorded(recordingId)) === JSON.stringify(wanted.toSorted())
  })
}

test('nobody is recorded before they agreed, and who takes it back is not from then on', async () => {
  const room = 'ask'
  const enter = async (identity: string, grants = {}) =>
    guest(server, room, { accessToken: await token(identity, room, grants) })
  const host = await enter('host', { moderate: true })
  const ana = await enter('ana')
  const ben = await guest(server, room)
  const demo = await SignalingClient.connect(server.url, { path: '/', room, peerId: 'demo' })
  const { sendingId } = await demo.join()
  for (const person of [host, ana, ben]) await publish(person, 'microphone')
  await publish({ client: demo, peerId: 'demo', peerSecret: '', sendingId }, 'microphone')
  await assert.rejects(ana.client.request('recording.consent', { agrees: true }), { code: 'not-found' })

  const { recording } = await host.client.request('recording.start', {})
  assert.deepEqual([recording.asksConsent, recording.notice], [true, 'May we keep this?'])
  const { recordingId } = recording
  const health = await host.client.hears('recording.health')
  assert.deepEqual(health.waitingForConsent.toSorted(), ['ana', ben.peerId, 'demo', 'host'].toSorted())
  assert.equal(health.tracks, 0)

  await ana.client.request('recording.consent', { agrees: true })
  await isRecorded(recordingId, ['ana microphone'])
  await publish(ana, 'camera')
  await publish(ben, 'camera')
  await isRecorded(recordingId, ['ana camera', 'ana microphone'])
  await ben.client.request('recording.consent', { agrees: true })
  await isRecorded(recordingId, [
    'ana camera',
    'ana microphone',
    `${ben.peerId} camera`,
    `${ben.peerId} microphone`,
  ])
  await host.client.hears('recording.health', ({ waitingForConsent }) => waitingForConsent.length === 2)

  await ben.client.request('recording.consent', { agrees: false })
  await isRecorded(recordingId, ['ana camera', 'ana microphone'])
  await ben.client.request('recording.consent', { agrees: true })
  await isRecorded(recordingId, [
    'ana camera',
    'ana microphone',
    `${ben.peerId} camera`,
    `${ben.peerId} microphone`,
  ])

  // Whom a token proves need not say it again; a guest does.
  await ana.client.close()
  const again = await enter('ana')
  await publish(again, 'microphone')
  await ben.client.close()
  const { peerId, peerSecret } = ben
  const benAgain = await guest(server, room, { peerId, peerSecret })
  await publish(benAgain, 'microphone')
  await isRecorded(recordingId, ['ana microphone'])
  await benAgain.client.request('recording.consent', { agrees: true })
  await isRecorded(recordingId, ['ana microphone', `${peerId} microphone`])

  await host.client.request('recording.stop', {})
  const manifest = await readManifest(join(server.dataDir, 'recordings', recordingId))
  const people = new Set(manifest!.tracks.map(({ participantId }) => participantId))
  assert.deepEqual([...people].toSorted(), ['ana', peerId].toSorted())
  const { db } = await server.app.services()
  const rows = await until('both are listed, and nobody else', async () => {
    const found = await db
      .selectFrom('recording_participants')
      .select('identity')
      .where('recording_id', '=', recordingId)
      .execute()
    return found.length === 2 && found
  })
  assert.deepEqual(rows.map(({ identity }) => identity).toSorted(), ['ana', peerId].toSorted())
})

test('what is taken back while the recorder is being replaced is not recorded by the next one', async () => {
  const host = await guest(server, 'replaced', {
    accessToken: await token('host', 'replaced', { moderate: true }),
  })
  const ana = await guest(server, 'replaced', { accessToken: await token('ana', 'replaced') })
  for (const person of [host, ana]) await publish(person, 'microphone')
  const { recording } = await host.client.request('recording.start', {})
  for (const { client } of [host, ana]) await client.request('recording.consent', { agrees: true })
  await isRecorded(recording.recordingId, ['ana microphone', 'host microphone'])
  const { liveRecordings } = server.app
  process.kill(liveRecordings.recorderPid!, 'SIGKILL')
  await until('it is dead', () => liveRecordings.recorderPid === undefined)
  await ana.client.request('recording.consent', { agrees: false })
  const { recordingId } = await until('another one goes on', () => {
    const live = liveRecordings.of('replaced')
    return live?.state === 'recording' && live.recordingId !== recording.recordingId && live
  })
  await isRecorded(recordingId, ['host microphone'])
  await host.client.request('recording.stop', {})
  const manifest = await readManifest(join(server.dataDir, 'recordings', recordingId))
  assert.deepEqual(
    manifest?.tracks.map(({ participantId }) => participantId),
    ['host'],
  )
})

test('what one agreed to is no consent to the next recording', async () => {
  const host = await guest(server, 'next')
  await publish(host, 'microphone')
  const first = await host.client.request('recording.start', {})
  await host.client.request('recording.consent', { agrees: true })
  await isRecorded(first.recording.recordingId, [`${host.peerId} microphone`])
  await host.client.request('recording.stop', {})
  const second = await host.client.request('recording.start', {})
  await host.client.hears(
    'recording.health',
    ({ recordingId, waitingForConsent }) =>
      recordingId === second.recording.recordingId && waitingForConsent[0] === host.peerId,
  )
  assert.deepEqual(await recorded(second.recording.recordingId), [])
  await host.client.request('recording.stop', {})
})
