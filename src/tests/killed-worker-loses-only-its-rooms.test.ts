import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { opusParameters } from './support/rtp-parameters.ts'
import { startServer, type TestServer } from './support/server.ts'
import { SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

let server: TestServer
before(async () => (server = await startServer({ SLUICE_WORKERS_COUNT: '2' })))
after(() => server.close())

test('rooms on other workers notice nothing, and a new room opens at once on a new worker', async () => {
  const ana = await SignalingClient.connect(server.url, { room: 'one' })
  const anas = await ana.join()
  const eve = await SignalingClient.connect(server.url, { room: 'one' })
  await eve.join()
  await ana.request('produce', {
    transportId: anas.sendingId,
    kind: 'audio',
    rtpParameters: opusParameters(),
  })
  const ben = await SignalingClient.connect(server.url, { room: 'two' })
  const bens = await ben.join()
  const [one, two] = ['one', 'two'].map((id) => server.app.rooms.list().find((room) => room.id === id)!)
  assert.notEqual(one!.workerIndex, two!.workerIndex, 'rooms spread over workers')

  const victim = server.app.workerStatus()[one!.workerIndex]!
  process.kill(victim.pid!, 'SIGKILL')
  assert.deepEqual(await ana.isClosed(), { code: 4001, reason: 'worker-died' })
  assert.deepEqual(ana.notifications('room.closed'), [{ reason: 'worker-died', reconnect: true }])

  await eve.isClosed()
  assert.deepEqual(eve.notifications('room.producerClosed'), [], 'nobody stopped publishing')

  const again = await SignalingClient.connect(server.url, { room: 'one' })
  await again.join()
  await ben.request('produce', {
    transportId: bens.sendingId,
    kind: 'audio',
    rtpParameters: opusParameters(),
  })
  assert.equal(ben.closed, undefined)
  assert.equal(ben.notifications('room.closed').length, 0)

  const replaced = await until('the worker is replaced on its core', () => {
    const now = server.app.workerStatus()[victim.index]!
    return now.pid !== undefined && now.pid !== victim.pid && now
  })
  assert.equal(replaced.core, victim.core)
  assert.equal(replaced.deaths, 1)
  const ready = (await (await fetch(`${server.url}/readyz`)).json()) as { workers: object }
  assert.deepEqual(ready.workers, { up: 2, configured: 2 })
})

test('with every worker gone rooms are refused with a reason, until the workers are back', async () => {
  const before = server.app.workerStatus()
  for (const worker of before) process.kill(worker.pid!, 'SIGKILL')
  await until('a room opens again', async () => {
    const client = await SignalingClient.connect(server.url, { room: `after-${Math.random()}` })
    try {
      await client.join()
      return true
    } catch (error) {
      assert.equal((error as { code?: string }).code ?? 'closed', 'unavailable')
      return false
    } finally {
      await client.close()
    }
  })
  await until('both are up', () => server.app.workerStatus().every((worker) => worker.pid !== undefined))
})

test('a worker that dies again and again is started at growing intervals, and nothing else ends', async () => {
  for (let round = 0; round < 4; round++) {
    const up = await until('worker 0 is up', () => server.app.workerStatus()[0]!.pid)
    process.kill(up, 'SIGKILL')
    await until('its death is noticed', () => server.app.workerStatus()[0]!.pid !== up)
  }
  const client = await SignalingClient.connect(server.url, { room: 'meanwhile' })
  await client.join()
  await until('worker 0 is back', () => server.app.workerStatus()[0]!.pid)
})
