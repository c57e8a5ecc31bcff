import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readManifest } from '../../recorder/manifest.ts'
import { Recorder } from '../../recorder/recorder.ts'
import type { RoomId } from '../lib/ids.ts'
import { findRecording } from '../recordings/recordings.store.ts'
import { guest, openToAll, publish, tokensOf, type Person } from './support/people.ts'
import { isAudited } from './support/recording-audit.ts'
import { recordable } from './support/room-media.ts'
import { startServer, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

let server: TestServer
let token: Awaited<ReturnType<typeof tokensOf>>
before(async () => {
  server = await startServer(
    { ...openToAll, ...recordable, SLUICE_RECORDINGS_MAX_CONCURRENT: '3' },
    undefined,
    { withDatabase: true },
  )
  token = await tokensOf(server)
})
after(() => server.close())

const roomOf = (id: string) => server.app.rooms.get(id as RoomId)!

async function rowOf(recordingId: string) {
  const { db } = await server.app.services()
  return findRecording(db, recordingId)
}

async function manifestOf(recordingId: string) {
  return readManifest(join(server.dataDir, 'recordings', recordingId))
}

/** Somebody whose token lets them record, and nothing else besides. */
async function recorder(room: string): Promise<Person> {
  return guest(server, room, { accessToken: await token('rec', room, { record: true }) })
}

async function tracksIn(room: string): Promise<number> {
  const { recordingId } = server.app.liveRecordings.of(room)!
  const statistics = await server.app.liveRecordings.statistics()
  return statistics?.recordings.find((recording) => recording.recordingId === recordingId)?.tracks.length ?? 0
}

test('who holds the grant records a room; everybody is told, whoever comes later, too', async () => {
  const rec = await recorder('told')
  const ben = await guest(server, 'told')
  const { recording } = await rec.client.request('recording.start', {})
  assert.equal(recording.state, 'recording')
  assert.equal(recording.by, 'rec')
  assert.equal(recording.notice, 'This call is being recorded.')
  assert.equal(recording.asksConsent, false)
  for (const { client } of [rec, ben]) {
    const told = await client.hears('recording.changed', (data) => data.recording?.state === 'recording')
    assert.deepEqual(told, { recording })
  }
  const eve = await guest(server, 'told')
  assert.deepEqual(await eve.client.hears('recording.changed'), { recording })
  assert.deepEqual((await eve.client.request('room.get', {})).room.recording, recording)

  await publish(ben, 'microphone')
  await publish(ben, 'camera')
  await until('both are recorded', async () => (await tracksIn('told')) === 2)
  const health = await rec.client.hears('recording.health', ({ tracks }) => tracks === 2)
  assert.equal(health.recordingId, recording.recordingId)
  assert.ok(health.freeBytes > 0)
  assert.deepEqual([health.failedTracks, health.waitingForConsent, health.warnings], [0, [], []])
  assert.deepEqual(ben.client.notifications('recording.health'), [], 'who may not stop it need not know')

  await rec.client.request('recording.stop', {})
  for (const { client } of [rec, ben, eve]) {
    assert.deepEqual(await client.hears('recording.changed', (data) => data.recording === undefined), {
      reason: 'stopped',
    })
  }
  assert.equal((await ben.client.request('room.get', {})).room.recording, undefined)
  await assert.rejects(rec.client.request('recording.stop', {}), { code: 'not-found' })
  const manifest = await manifestOf(recording.recordingId)
  assert.deepEqual(
    manifest?.tracks.map(({ trackId, participantId, source, endReason }) => [
      trackId,
      participantId,
      source,
      endReason,
    ]),
    [
      ['t1', ben.peerId, 'microphone', 'stopped'],
      ['t2', ben.peerId, 'camera', 'stopped'],
    ],
  )
  const row = await until('its end is written down', async () => {
    const found = await rowOf(recording.recordingId)
    return found?.state !== 'recording' && found
  })
  assert.deepEqual([row.end_reason, row.room_id], ['stopped', 'told'])
})

test('guests are refused, moderators are not; it is in the audit log who did it', async () => {
  const host = await guest(server, 'hosted')
  const ben = await guest(server, 'hosted')
  await assert.rejects(ben.client.request('recording.start', {}), { code: 'forbidden' })
  const { recording } = await host.client.request('recording.start', {})
  assert.equal(recording.by, host.peerId)
  await assert.rejects(ben.client.request('recording.stop', {}), { code: 'forbidden' })
  await host.client.request('recording.stop', {})
  await isAudited(server, 'hosted', [
    ['recording.started', 'participant', recording.recordingId, undefined],
    ['recording.stopped', 'participant', recording.recordingId, undefined],
  ])
  const { audit } = await server.app.services()
  const { items } = await audit.find({ target: 'hosted', actor: host.peerId, limit: 50 })
  assert.equal(items.length, 2)
})

test('two starts at once are one recording, and stopping one that starts waits for it', async () => {
  const rec = await recorder('once')
  const host = await guest(server, 'once', { accessToken: await token('host', 'once', { moderate: true }) })
  const [one, two] = await Promise.all([
    rec.client.request('recording.start', {}),
    host.client.request('recording.start', {}),
  ])
  assert.equal(one.recording.recordingId, two.recording.recordingId)
  const third = await host.client.request('recording.start', {})
  assert.equal(third.recording.recordingId, one.recording.recordingId)
  await Promise.all([host.client.request('recording.stop', {}), rec.client.request('recording.stop', {})])
  assert.equal(server.app.liveRecordings.of('once'), undefined)

  const starting = rec.client.request('recording.start', {})
  await host.client.request('recording.stop', {})
  const { recording } = await starting
  assert.notEqual(recording.recordingId, one.recording.recordingId)
  assert.equal((await manifestOf(recording.recordingId))?.endReason, 'stopped')
})

test('a room that closes ends its recording, also one that is just being started', async () => {
  const rec = await recorder('closes')
  const { recording } = await rec.client.request('recording.start', {})
  roomOf('closes').end()
  await until('it is over', () => server.app.liveRecordings.of('closes') === undefined)
  const manifest = await until('its manifest is finished', async () => {
    const found = await manifestOf(recording.recordingId)
    return found?.state === 'finished' && found
  })
  assert.equal(manifest.endReason, 'room-closed')
  await isAudited(server, 'closes', [
    ['recording.started', 'participant', recording.recordingId, undefined],
    ['recording.ended', 'server', recording.recordingId, 'room-closed'],
  ])

  const again = await recorder('closes')
  const starting = again.client.request('recording.start', {})
  roomOf('closes').end()
  await assert.rejects(starting)
  await until('nothing goes on', () => server.app.liveRecordings.of('closes') === undefined)
  const { db } = await server.app.services()
  await until('no row is left of it', async () => {
    const rows = await db.selectFrom('recordings').select('id').where('room_id', '=', 'closes').execute()
    return rows.length === 1
  })
})

test('of one whose room closes while the recorder begins it nothing is left, and nobody is said to have ended it', async () => {
  const other = await recorder('warm')
  await other.client.request('recording.start', {})
  const { liveRecordings } = server.app
  const rec = await recorder('early')
  const pid = liveRecordings.recorderPid!
  process.kill(pid, 'SIGSTOP')
  const starting = rec.client.request('recording.start', {})
  await until('it begins', () => liveRecordings.of('early')?.state === 'starting')
  roomOf('early').end()
  process.kill(pid, 'SIGCONT')
  await assert.rejects(starting)
  await until('nothing goes on', () => liveRecordings.of('early') === undefined)
  const again = await recorder('early')
  const { recording } = await again.client.request('recording.start', {})
  await again.client.request('recording.stop', {})
  await other.client.request('recording.stop', {})
  await isAudited(server, 'early', [
    ['recording.started', 'participant', recording.recordingId, undefined],
    ['recording.stopped', 'participant', recording.recordingId, undefined],
  ])
  const { db } = await server.app.services()
  await until('the other row is gone', async () => {
    const rows = await db.selectFrom('recordings').select('id').where('room_id', '=', 'early').execute()
    return rows.length === 1
  })
})

test('tracks end for the reason for which their producer does, and each has a name of its own', async () => {
  const rec = await recorder('reasons')
  const ben = await guest(server, 'reasons')
  const producerId = await publish(ben, 'camera')
  const { recording } = await rec.client.request('recording.start', {})
  await until('the camera is recorded', async () => (await tracksIn('reasons')) === 1)
  await ben.client.request('closeProducer', { producerId })
  // Published and closed before anything could be opened for it.
  const gone = await publish(ben, 'screen')
  await ben.client.request('closeProducer', { producerId: gone })
  await publish(ben, 'microphone')
  await until('the microphone is recorded', async () => (await tracksIn('reasons')) === 1)
  await ben.client.request('room.leave', {})
  await until('nothing is recorded', async () => (await tracksIn('reasons')) === 0)
  await rec.client.request('recording.stop', {})
  const manifest = await manifestOf(recording.recordingId)
  const ended = manifest?.tracks.map(({ source, endReason }) => [source, endReason])
  assert.deepEqual(
    ended?.filter(([source]) => source !== 'screen'),
    [
      ['camera', 'closed'],
      ['microphone', 'left'],
    ],
  )
  const ids = manifest!.tracks.map(({ trackId }) => trackId)
  assert.equal(new Set(ids).size, ids.length)
})

test('what does not fit is refused with a reason', async () => {
  const busy = await Promise.all(['full-1', 'full-2', 'full-3'].map((room) => recorder(room)))
  for (const { client } of busy) await client.request('recording.start', {})
  const one = await recorder('full-4')
  await assert.rejects(one.client.request('recording.start', {}), {
    code: 'unavailable',
    data: { why: 'capacity' },
  })
  for (const { client } of busy) await client.request('recording.stop', {})
  await one.client.request('recording.start', {})
  await one.client.request('recording.stop', {})

  // All at once, too: as many begin as fit, neither more nor fewer.
  const everybody = [...busy, one]
  const answers = await Promise.allSettled(
    everybody.map(({ client }) => client.request('recording.start', {})),
  )
  assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 3)
  await Promise.allSettled(everybody.map(({ client }) => client.request('recording.stop', {})))
})

test('a recorder that had no time left has it again when nothing is recorded any more', async (t) => {
  const busy = await recorder('tired')
  const one = await recorder('rested')
  // All of a core.
  t.mock.method(Recorder.prototype, 'statistics', async () => ({
    cpuMs: performance.now(),
    memoryBytes: 0,
    longestPauseMs: 0,
    recordings: [],
  }))
  await busy.client.request('recording.start', {})
  await until('nothing more fits', async () => {
    const why = await one.client.request('recording.start', {}).then(
      () => undefined,
      (error: { data?: { why?: string } }) => error.data?.why,
    )
    if (why === undefined) await one.client.request('recording.stop', {})
    return why === 'capacity'
  })
  await busy.client.request('recording.stop', {})
  await one.client.request('recording.start', {})
  await one.client.request('recording.stop', {})
})

test('a track that could not be opened is tried again; health shows it until it is recorded', async (t) => {
  const rec = await recorder('tried')
  await rec.client.request('recording.start', {})
  const addTap = t.mock.method(Recorder.prototype, 'addTap', async () =>
    Promise.reject(new Error('no socket')),
  )
  await publish(rec, 'microphone')
  const failed = await rec.client.hears('recording.health', ({ failedTracks }) => failedTracks === 1)
  assert.deepEqual([failed.tracks, failed.warnings], [0, ['tracks']])
  assert.ok(addTap.mock.callCount() > 1)
  addTap.mock.restore()
  await until('it is recorded', async () => (await tracksIn('tried')) === 1)
  const healed = await rec.client.hears('recording.health', ({ tracks }) => tracks === 1)
  assert.deepEqual([healed.failedTracks, healed.warnings], [0, []])
  await rec.client.request('recording.stop', {})
})

test('somebody hidden is not recorded, may record, and is not named', async () => {
  const hidden = await guest(server, 'hidden', {
    accessToken: await token('spy', 'hidden', { hidden: true, record: true }),
  })
  const ben = await guest(server, 'hidden')
  await publish(ben, 'microphone')
  const { recording } = await hidden.client.request('recording.start', {})
  assert.equal(recording.by, undefined)
  await until('one is recorded', async () => (await tracksIn('hidden')) === 1)
  const health = await hidden.client.hears('recording.health')
  assert.equal(health.tracks, 1)
  await hidden.client.request('recording.stop', {})
  const { db } = await server.app.services()
  const people = await db
    .selectFrom('recording_participants')
    .select('identity')
    .where('recording_id', '=', recording.recordingId)
    .execute()
  assert.deepEqual(people, [{ identity: ben.peerId }])
})

test('somebody with a long id is recorded, and a new name holds', async () => {
  const id = 'x'.repeat(128)
  const rec = await guest(server, 'long', { peerId: id })
  await publish(rec, 'microphone')
  const { recording } = await rec.client.request('recording.start', {})
  await until('it is recorded', async () => (await tracksIn('long')) === 1)
  await rec.client.request('changeDisplayName', { displayName: 'Ana' })
  await publish(rec, 'camera')
  await until('both are recorded', async () => (await tracksIn('long')) === 2)
  await rec.client.request('recording.stop', {})
  const manifest = await manifestOf(recording.recordingId)
  assert.deepEqual(
    manifest?.tracks.map(({ participantId, displayName }) => [participantId === id, displayName]),
    [
      [true, 'Ana'],
      [true, 'Ana'],
    ],
  )
})

test('a recording that nobody is in any more ends, though its room stays', async () => {
  const quiet = await startServer(
    {
      ...openToAll,
      ...recordable,
      SLUICE_ROOMS_DEPARTURE_SECONDS: '600',
      SLUICE_RECORDINGS_EMPTY_SECONDS: '5',
    },
    undefined,
    { withDatabase: true },
  )
  try {
    const host = await guest(quiet, 'empty')
    const { recording } = await host.client.request('recording.start', {})
    await host.client.close()
    await until('it is over', () => quiet.app.liveRecordings.of('empty') === undefined)
    assert.equal(quiet.app.rooms.size, 1)
    const manifest = await readManifest(join(quiet.dataDir, 'recordings', recording.recordingId))
    assert.equal(manifest?.endReason, 'empty')
    await isAudited(quiet, 'empty', [
      ['recording.started', 'participant', recording.recordingId, undefined],
      ['recording.ended', 'server', recording.recordingId, 'empty'],
    ])
  } finally {
    await quiet.close()
  }
})

test('a recording ends after as many hours as it may go on, and everybody is told', async (t) => {
  const brief = await startServer(
    { ...openToAll, ...recordable, SLUICE_RECORDINGS_MAX_HOURS: '1' },
    undefined,
    { withDatabase: true },
  )
  try {
    const host = await guest(brief, 'hours')
    const ben = await guest(brief, 'hours')
    const { recording } = await host.client.request('recording.start', {})
    const startedMs = Date.parse(recording.startedAt)
    t.mock.timers.enable({ apis: ['Date'], now: startedMs + 3_590_000 })
    // It was looked at, and goes on.
    await host.client.hears('recording.health', ({ seconds }) => seconds === 3590)
    t.mock.timers.setTime(startedMs + 3_601_000)
    const told = await ben.client.hears('recording.changed', (data) => data.recording === undefined)
    assert.deepEqual(told, { reason: 'too-long' })
    await until('it is over', () => brief.app.liveRecordings.of('hours') === undefined)
    const manifest = await readManifest(join(brief.dataDir, 'recordings', recording.recordingId))
    assert.equal(manifest?.endReason, 'too-long')
    const { db } = await brief.app.services()
    await until('its end is written down', async () => {
      return (await findRecording(db, recording.recordingId))?.end_reason === 'too-long'
    })
    await isAudited(brief, 'hours', [
      ['recording.started', 'participant', recording.recordingId, undefined],
      ['recording.ended', 'server', recording.recordingId, 'too-long'],
    ])
  } finally {
    t.mock.timers.reset()
    await brief.close()
  }
})

test('where nothing may be recorded, nothing is', async () => {
  const off = await startServer({ ...openToAll, ...recordable, SLUICE_RECORDINGS_ENABLED: 'false' })
  try {
    const host = await guest(off, 'off')
    await assert.rejects(host.client.request('recording.start', {}), {
      code: 'unavailable',
      data: { why: 'disabled' },
    })
  } finally {
    await off.close()
  }
})
