import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test, type TestContext } from 'node:test'
import { readManifest, type Manifest, type Track } from '../../recorder/manifest.ts'
import { complaintsAbout } from '../../recorder/probe.ts'
import type { RoomId } from '../lib/ids.ts'
import { findRecording } from '../recordings/recordings.store.ts'
import { guest, openToAll, tokensOf } from './support/people.ts'
import { decodePictures, encodePictures, ffmpeg } from './support/recorder-media.ts'
import { atPace } from './support/at-pace.ts'
import { nothingComesAnyMore } from './support/recorder-stage.ts'
import { recordable, sendMedia } from './support/room-media.ts'
import { startServer, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

/** What may be lost of what was sent before something was killed, in milliseconds. */
const mostLostMs = 2000
const everyMs = 40
const pictures = encodePictures({ codec: 'vp8', frames: 400, keyEvery: 25, kbps: 1000 })

let server: TestServer
let token: Awaited<ReturnType<typeof tokensOf>>
before(async () => {
  server = await startServer({ ...openToAll, ...recordable, SLUICE_WORKERS_COUNT: '2' }, undefined, {
    withDatabase: true,
  })
  token = await tokensOf(server)
})
after(() => server?.close())

const folderOf = (dataDir: string, recordingId: string) => join(dataDir, 'recordings', recordingId)

function manifestOf(recordingId: string): Promise<Manifest> {
  return until('its manifest is finished', async () => {
    const found = await readManifest(folderOf(server.dataDir, recordingId))
    return found?.state === 'finished' && found
  })
}

async function rowOf(of: TestServer, recordingId: string) {
  const { db } = await of.app.services()
  return findRecording(db, recordingId)
}

/** Numbers of the pictures in a track of which FFmpeg must have nothing to complain. */
async function numbersIn(folder: string, track: Track): Promise<number[]> {
  const numbers: number[] = []
  for (const { name } of track.files) {
    assert.equal(await complaintsAbout(join(folder, name), ffmpeg), '')
    numbers.push(...(await decodePictures(join(folder, name))).map(({ number }) => number))
  }
  return numbers
}

/** How much of what was sent before the kill is missing at the end of what was kept. */
function lostMs(numbers: readonly number[], lastSent: number): number {
  return (lastSent - Math.max(...numbers.filter((number) => number <= lastSent))) * everyMs
}

function check(t: TestContext, what: string, lost: number): void {
  t.diagnostic(`SIGKILL of ${what} cost ${lost} ms`)
  assert.ok(lost <= mostLostMs, `lost ${lost} ms`)
}

/** Longer than what was sent last takes through the worker and the recorder on a busy machine, in milliseconds. */
const quietMs = 500

test('a worker: the recording goes on when people come back', async (t) => {
  const frames = await pictures
  const ana = async () =>
    guest(server, 'worker', { accessToken: await token('ana', 'worker', { record: true }) })
  const first = await ana()
  const camera = await sendMedia(server, 'worker', first, { codec: 'vp8' })
  const { recording } = await first.client.request('recording.start', {})
  const { recordingId } = recording
  let lastSent = -1
  await atPace(150, everyMs, (place) => {
    if (!camera.producer.closed) {
      camera.send(frames[place]!)
      lastSent = place
    }
    if (place !== 130) return
    const { workerIndex } = server.app.rooms.get('worker' as RoomId)!
    process.kill(server.app.workerStatus()[workerIndex]!.pid!, 'SIGKILL')
  })
  assert.deepEqual(await first.client.isClosed(), { code: 4001, reason: 'worker-died' })
  assert.equal(server.app.liveRecordings.of('worker')?.recordingId, recordingId)

  const again = await ana()
  const told = await again.client.hears('recording.changed')
  assert.equal(told.recording?.recordingId, recordingId, 'the same recording goes on')
  const cameraAgain = await sendMedia(server, 'worker', again, { codec: 'vp8' })
  await until('it is recorded again', async () => {
    const statistics = await server.app.liveRecordings.statistics()
    return statistics?.recordings.some((one) => one.recordingId === recordingId && one.tracks.length === 1)
  })
  await atPace(75, everyMs, (place) => cameraAgain.send(frames[200 + place]!))
  await nothingComesAnyMore(server.app.liveRecordings, recordingId, quietMs)
  await again.client.request('recording.stop', {})

  const manifest = await manifestOf(recordingId)
  const cameras = manifest.tracks.filter(({ source }) => source === 'camera')
  assert.deepEqual(
    cameras.map(({ endReason }) => endReason),
    ['worker-died', 'stopped'],
  )
  const folder = folderOf(server.dataDir, recordingId)
  const before = await numbersIn(folder, cameras[0]!)
  check(t, 'a worker', lostMs(before, lastSent))
  const afterwards = await numbersIn(folder, cameras[1]!)
  // It begins with a key frame: the first picture, or the next one if that came before the tap was open.
  assert.ok([200, 225].includes(afterwards[0]!), `begins with ${afterwards[0]}`)
  assert.equal(afterwards.at(-1), 274)
  assert.equal((await rowOf(server, recordingId))?.end_reason, 'stopped')
})

test('the recorder: another recording takes its place, and what it had is brought to a true state', async (t) => {
  const frames = await pictures
  const ana = await guest(server, 'recorder', {
    accessToken: await token('ana', 'recorder', { record: true }),
  })
  const camera = await sendMedia(server, 'recorder', ana, { codec: 'vp8' })
  const { recording } = await ana.client.request('recording.start', {})
  const { recorderPid } = server.app.liveRecordings
  let lastSent = -1
  await atPace(325, everyMs, (place) => {
    camera.send(frames[place]!)
    if (place !== 130) return
    process.kill(recorderPid!, 'SIGKILL')
    lastSent = place
  })
  const told = await ana.client.hears('recording.changed', ({ reason }) => reason === 'recorder-died')
  const next = told.recording!
  assert.notEqual(next.recordingId, recording.recordingId)
  assert.equal(next.state, 'recording')
  assert.notEqual(server.app.liveRecordings.recorderPid, recorderPid)
  await nothingComesAnyMore(server.app.liveRecordings, next.recordingId, quietMs)
  await ana.client.request('recording.stop', {})

  const manifest = await manifestOf(recording.recordingId)
  const [track] = manifest.tracks.filter(({ source }) => source === 'camera')
  assert.deepEqual(
    [manifest.endReason, track!.endReason, track!.files[0]!.state],
    ['recorder-died', 'recorder-died', 'recovered'],
  )
  const kept = await numbersIn(folderOf(server.dataDir, recording.recordingId), track!)
  check(t, 'the recorder', lostMs(kept, lastSent))
  const going = await manifestOf(next.recordingId)
  const continued = await numbersIn(folderOf(server.dataDir, next.recordingId), going.tracks[0]!)
  assert.equal(continued.at(-1), 324)
  t.diagnostic(`nothing is kept of ${(continued[0]! - lastSent) * everyMs} ms after it`)
  const rows = await until('both rows are true', async () => {
    const found = [await rowOf(server, recording.recordingId), await rowOf(server, next.recordingId)]
    return found.every((row) => row && row.state !== 'recording') && found
  })
  assert.deepEqual(
    rows.map((row) => row?.end_reason),
    ['recorder-died', 'stopped'],
  )
})

test('the server: its recorder finishes, and the next start tells what happened', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-killed-'))
  try {
    const script = join(import.meta.dirname, 'support', 'recorded-room-process.ts')
    const child = spawn(process.execPath, [script, dataDir, '400'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    let begun: { recordingId: string; recorder: number } | undefined
    let lastSent = -1
    for await (const line of createInterface({ input: child.stdout })) {
      if (!begun) begun = JSON.parse(line) as NonNullable<typeof begun>
      else lastSent = Number(line)
      if (lastSent === 130) child.kill('SIGKILL')
    }
    await exited
    const { recordingId, recorder } = begun!
    await until('its recorder is gone, too', () => !existsSync(`/proc/${recorder}`))

    const next = await startServer({ ...openToAll, ...recordable, SLUICE_DATA_DIR: dataDir })
    try {
      const row = await until('its row is true', async () => {
        const found = await rowOf(next, recordingId)
        return found?.state !== 'recording' && found?.state !== 'processing' && found
      })
      assert.equal(row.end_reason, 'server-gone')
      const folder = folderOf(dataDir, recordingId)
      const manifest = await readManifest(folder)
      assert.deepEqual([manifest?.state, manifest?.endReason], ['finished', 'server-gone'])
      const [track] = manifest!.tracks.filter(({ source }) => source === 'camera')
      check(t, 'the server', lostMs(await numbersIn(folder, track!), lastSent))
    } finally {
      await next.close()
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})
