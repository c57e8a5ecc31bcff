import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { RoomId } from '../lib/ids.ts'
import { guest, openToAll, publish, tokensOf } from './support/people.ts'
import { isAudited } from './support/recording-audit.ts'
import { recordable } from './support/room-media.ts'
import { startServer, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

/** The recorder dies at the worst moments: nothing hangs, nothing goes on that nobody records, and the next one works. */

const start = () => startServer({ ...openToAll, ...recordable }, undefined, { withDatabase: true })

let server: TestServer
let token: Awaited<ReturnType<typeof tokensOf>>
before(async () => {
  server = await start()
  token = await tokensOf(server)
})
after(() => server.close())

const enter = async (room: string) =>
  guest(server, room, { accessToken: await token('rec', room, { record: true }) })

function kill(): void {
  const pid = server.app.liveRecordings.recorderPid
  if (pid !== undefined) process.kill(pid, 'SIGKILL')
}

async function states(room: string, on = server): Promise<string[]> {
  const { db } = await on.app.services()
  const rows = await db.selectFrom('recordings').select('state').where('room_id', '=', room).execute()
  return rows.map(({ state }) => state)
}

/** Whatever came of it, the room can be recorded now. */
async function works(
  room: string,
  client: Awaited<ReturnType<typeof enter>>['client'],
  on = server,
): Promise<void> {
  const { liveRecordings } = on.app
  const { recording } = await until('it can be recorded', () => client.request('recording.start', {}))
  await until(
    'it is being recorded',
    async () =>
      (await liveRecordings.statistics())?.recordings.some(
        ({ recordingId }) => recordingId === liveRecordings.of(room)?.recordingId,
      ) && recording,
  )
  await client.request('recording.stop', {})
  await until('no row says that it goes on', async () => !(await states(room, on)).includes('recording'))
}

test('while a recording is being started', async () => {
  const rec = await enter('starting')
  await publish(rec, 'camera')
  await works('starting', rec.client)
  for (const afterMs of [0, 1, 3, 6, 10]) {
    const started = rec.client.request('recording.start', {}).catch((error: { code: string }) => error.code)
    const [answer] = await Promise.all([started, delay(afterMs).then(kill)])
    assert.ok(typeof answer === 'object' || answer === 'unavailable', String(answer))
    if (typeof answer === 'object') await rec.client.request('recording.stop', {}).catch(() => undefined)
    await works('starting', rec.client)
  }
})

test('while the next recorder comes up its room closes: the end is written down once', async () => {
  const rec = await enter('closing')
  const { recording } = await rec.client.request('recording.start', {})
  const { liveRecordings, rooms } = server.app
  kill()
  await until('it is being replaced', () => liveRecordings.of('closing')?.state === 'stopping')
  rooms.get('closing' as RoomId)!.end()
  await until('nothing goes on', () => liveRecordings.of('closing') === undefined)
  const again = await enter('closing')
  const next = await again.client.request('recording.start', {})
  await again.client.request('recording.stop', {})
  await isAudited(server, 'closing', [
    ['recording.started', 'participant', recording.recordingId, undefined],
    ['recording.ended', 'server', recording.recordingId, 'recorder-died'],
    ['recording.started', 'participant', next.recording.recordingId, undefined],
    ['recording.stopped', 'participant', next.recording.recordingId, undefined],
  ])
})

test('while a recording is being stopped', async () => {
  const rec = await enter('stopping')
  await publish(rec, 'camera')
  for (let round = 0; round < 3; round++) {
    await rec.client.request('recording.start', {})
    const stopped = rec.client.request('recording.stop', {})
    kill()
    await stopped
    assert.equal(server.app.liveRecordings.of('stopping'), undefined)
    await works('stopping', rec.client)
  }
})

test('while taps are being opened and closed', async () => {
  const rec = await enter('tapping')
  await rec.client.request('recording.start', {})
  for (let round = 0; round < 3; round++) {
    const { recordingId } = server.app.liveRecordings.of('tapping')!
    const producerId = await publish(rec, 'camera')
    kill()
    await rec.client.request('closeProducer', { producerId })
    await publish(rec, 'microphone')
    await until('another recording goes on', () => {
      const live = server.app.liveRecordings.of('tapping')
      return live?.state === 'recording' && live.recordingId !== recordingId
    })
  }
  await until('all microphones are recorded by the last one', async () => {
    const statistics = await server.app.liveRecordings.statistics()
    const sources = statistics?.recordings.flatMap(({ tracks }) => tracks.map(({ source }) => source))
    return sources?.length === 3 && sources.every((source) => source === 'microphone')
  })
  await rec.client.request('recording.stop', {})
  await until('no row says that it goes on', async () => !(await states('tapping')).includes('recording'))
})

// It is waited for long, so at the same time, on servers of their own.
suite('while it hangs', { concurrency: true }, () => {
  test('it is killed, and another recording goes on', async () => {
    const rec = await enter('hanging')
    const { recording } = await rec.client.request('recording.start', {})
    const pid = server.app.liveRecordings.recorderPid!
    process.kill(pid, 'SIGSTOP')
    const { recordingId } = await until(
      'another recording goes on',
      () => {
        const live = server.app.liveRecordings.of('hanging')
        return live?.state === 'recording' && live.recordingId !== recording.recordingId && live
      },
      { patienceMs: 60_000 },
    )
    assert.notEqual(server.app.liveRecordings.recorderPid, pid)
    await rec.client.request('recording.stop', {})
    await isAudited(server, 'hanging', [
      ['recording.started', 'participant', recording.recordingId, undefined],
      ['recording.ended', 'server', recording.recordingId, 'recorder-died'],
      ['recording.started', 'server', recordingId, undefined],
      ['recording.stopped', 'participant', recordingId, undefined],
    ])
  })

  test('before a recording begins: it is killed, and the next one can', async (t) => {
    const other = await start()
    t.after(() => other.close())
    const sign = await tokensOf(other)
    const rec = await guest(other, 'idle', { accessToken: await sign('rec', 'idle', { record: true }) })
    await rec.client.request('recording.start', {})
    await rec.client.request('recording.stop', {})
    process.kill(other.app.liveRecordings.recorderPid!, 'SIGSTOP')
    await assert.rejects(rec.client.request('recording.start', {}), { code: 'unavailable' })
    await works('idle', rec.client, other)
  })
})

/** Waits for another recorder than this one. */
async function nextRecorder(pid: number): Promise<number> {
  return until('there is another recorder', () => {
    const { recorderPid } = server.app.liveRecordings
    return recorderPid !== pid && recorderPid
  })
}

test('again while another is taking its place: the recording goes on', async () => {
  const rec = await enter('twice')
  const { recording } = await rec.client.request('recording.start', {})
  const first = server.app.liveRecordings.recorderPid!
  process.kill(first, 'SIGKILL')
  const second = await nextRecorder(first)
  process.kill(second, 'SIGKILL')
  await nextRecorder(second)
  await until('another recording goes on', () => {
    const live = server.app.liveRecordings.of('twice')
    return live?.state === 'recording' && live.recordingId !== recording.recordingId
  })
  await rec.client.request('recording.stop', {})
})

test('one after the other: at some point the recording ends, and everybody is told', async () => {
  const rec = await enter('doomed')
  await rec.client.request('recording.start', {})
  const { liveRecordings } = server.app
  let deaths = 0
  for (; liveRecordings.of('doomed') && deaths < 10; deaths++) {
    const { recordingId } = liveRecordings.of('doomed')!
    kill()
    await until('another one goes on, or none', () => {
      const live = liveRecordings.of('doomed')
      return !live || (live.state === 'recording' && live.recordingId !== recordingId)
    })
  }
  assert.equal(deaths, 5)
  const { reason } = await rec.client.hears('recording.changed', ({ recording }) => recording === undefined)
  assert.equal(reason, 'recorder-died')
  await works('doomed', rec.client)
})

test('together with the worker: it ends, and says why', async () => {
  const rec = await enter('both')
  const { recording } = await rec.client.request('recording.start', {})
  process.kill(server.app.workerStatus()[0]!.pid!, 'SIGKILL')
  await rec.client.isClosed()
  kill()
  await until('it is over', () => server.app.liveRecordings.of('both') === undefined)
  const { db } = await server.app.services()
  const row = await until('its row says so', async () => {
    const found = await db
      .selectFrom('recordings')
      .select(['state', 'end_reason'])
      .where('id', '=', recording.recordingId)
      .executeTakeFirst()
    return found?.state !== 'recording' && found
  })
  assert.equal(row.end_reason, 'recorder-died')
})
