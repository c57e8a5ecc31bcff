import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { recordable } from './support/room-media.ts'
import { opusParameters, vp8Parameters } from './support/rtp-parameters.ts'
import { startServer } from './support/server.ts'
import { SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

/** Names of what keeps this process alive or listens: timers, sockets, child processes. */
function resources(): string[] {
  // A file that the start read may be just being closed.
  return process
    .getActiveResourcesInfo()
    .filter((name) => name !== 'CloseReq')
    .toSorted()
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length
}

async function busyRoom(url: string, room: string): Promise<SignalingClient[]> {
  const clients = await Promise.all([1, 2, 3].map(() => SignalingClient.connect(url, { room })))
  for (const client of clients) {
    const { sendingId } = await client.join()
    const transportId = sendingId
    await client.request('produce', { transportId, kind: 'audio', rtpParameters: opusParameters() })
    await client.request('produce', { transportId, kind: 'video', rtpParameters: vp8Parameters(3) })
    await client.request('produceData', { transportId, sctpStreamParameters: { streamId: 1 }, label: 'chat' })
  }
  for (const client of clients) {
    await until('everything is offered', () => client.asked.length === 6, { why: () => client.asked.length })
  }
  return clients
}

test('what a recording took of its room is gone with the recording, or with the room', async () => {
  const server = await startServer({ ...recordable, SLUICE_ROOMS_EMPTY_SECONDS: '0' }, undefined, {
    withDatabase: true,
  })
  try {
    for (const isStopped of [true, false]) {
      const clients = await busyRoom(server.url, 'recorded')
      await clients[0]!.request('recording.start', {})
      await until('six producers are recorded', () => server.app.workerStatus()[0]!.consumers === 18)
      if (isStopped) {
        await clients[0]!.request('recording.stop', {})
        assert.equal(server.app.workerStatus()[0]!.consumers, 12)
      }
      for (const client of clients) await client.request('room.leave', {})
      await until('the room is gone', () => server.app.rooms.size === 0 && server.app.sessionCount === 0)
      await until('its recording, too', () => server.app.liveRecordings.of('recorded') === undefined)
      assert.equal(server.app.workerStatus()[0]!.consumers, 0)
      assert.deepEqual((await server.app.workers.dump(0)).routerIds, [])
      assert.deepEqual((await server.app.liveRecordings.statistics())?.recordings, [])
    }
  } finally {
    await server.close()
  }
})

test('after a room closes no router, transport, producer or consumer is left in its worker', async () => {
  const server = await startServer({ SLUICE_ROOMS_EMPTY_SECONDS: '0' })
  try {
    for (let round = 0; round < 3; round++) {
      const clients = await busyRoom(server.url, `round-${round}`)
      assert.equal(server.app.workerStatus()[0]!.consumers, 12)
      const [leaves, drops, closes] = clients
      await leaves!.request('room.leave', {})
      drops!.socket.terminate()
      await closes!.close()
      await until('the room is gone', () => server.app.rooms.size === 0 && server.app.sessionCount === 0)
      assert.equal(server.app.workerStatus()[0]!.consumers, 0)
      const dump = await server.app.workers.dump(0)
      assert.deepEqual(dump.routerIds, [])
      // The WebRtcServer stays; what transports registered with it does not.
      assert.equal(dump.webRtcServerIds.length, 1)
    }
  } finally {
    await server.close()
  }
})

test('what is being made on a transport that closes is closed with it', async () => {
  const server = await startServer()
  try {
    const [ana, ben] = [await SignalingClient.connect(server.url), await SignalingClient.connect(server.url)]
    const { sendingId: transportId } = await ana.join()
    await ben.join()
    const produced = Array.from({ length: 15 }, () =>
      ana.ask({
        request: true,
        method: 'produce',
        data: { transportId, kind: 'audio', rtpParameters: opusParameters() },
      }),
    )
    await ana.request('closeTransport', { transportId })
    await Promise.all(produced)
    assert.deepEqual((await ben.request('room.getProducers', {})).producers, [])
  } finally {
    await server.close()
  }
})

test('after the server closes no process, port, timer, socket or file is left', async () => {
  const warmUp = await startServer(recordable, undefined, { withDatabase: true })
  const [first] = await busyRoom(warmUp.url, 'first')
  await first!.request('recording.start', {})
  await warmUp.close()
  await until('the warm-up is gone', () => !resources().includes('ProcessWrap'))
  const before = { resources: resources(), files: openFiles() }

  const server = await startServer({ ...recordable, SLUICE_WORKERS_COUNT: '2' }, undefined, {
    withDatabase: true,
  })
  const clients = await busyRoom(server.url, 'busy')
  await clients[0]!.request('recording.start', {})
  const pids = server.app.workerStatus().map((worker) => worker.pid!)
  pids.push(server.app.liveRecordings.recorderPid!)
  await server.close()
  for (const client of clients) await client.isClosed()

  for (const pid of pids) assert.equal(existsSync(`/proc/${pid}`), false, `process ${pid} still runs`)
  await assert.rejects(fetch(`${server.url}/healthz`))
  await until('only what was there before is left', () => resources().length <= before.resources.length, {
    why: () => ({ before: before.resources, now: resources() }),
  })
  await until('no file is left open', () => openFiles() <= before.files, {
    why: () => [before.files, openFiles()],
  })
})

test('a client that drops before it is let in leaves no timer', async () => {
  const server = await startServer()
  try {
    const before = resources()
    const drop = async (room: string): Promise<void> =>
      (await SignalingClient.connect(server.url, { room })).socket.terminate()
    await Promise.all(Array.from({ length: 60 }, (_, index) => drop(`dropped-${index}`)))
    await until('sessions and rooms are gone', () => server.app.sessionCount + server.app.rooms.size === 0)
    assert.deepEqual(resources(), before)
  } finally {
    await server.close()
  }
})
