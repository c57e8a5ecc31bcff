import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { withServer } from './support/server.ts'
import { SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

test('a worker that hangs gets no new rooms, is killed and replaced, and its people are told to come back', () =>
  withServer(
    {
      SLUICE_WORKERS_COUNT: '2',
      SLUICE_WORKERS_LOAD_SAMPLE_MS: '500',
      SLUICE_WORKERS_HUNG_SECONDS: '5',
    },
    async ({ app, url }) => {
      const ana = await SignalingClient.connect(url, { room: 'one' })
      await ana.join()
      const index = app.rooms.list()[0]!.workerIndex
      const { pid } = app.workerStatus()[index]!
      process.kill(pid!, 'SIGSTOP')
      await until('it is known not to answer', () => !app.workerStatus()[index]!.answers)
      const readiness = (await (await fetch(`${url}/readyz`)).json()) as { workers: object }
      assert.deepEqual(readiness.workers, { up: 1, configured: 2 })
      for (const room of ['two', 'three', 'four']) {
        const ben = await SignalingClient.connect(url, { room })
        await ben.join()
        await ben.close()
      }
      assert.equal(ana.closed, undefined, 'a hang may pass')

      assert.deepEqual(await ana.isClosed(), { code: 4001, reason: 'worker-died' })
      await until('another worker answers in its place', () => {
        const now = app.workerStatus()[index]!
        return now.answers && now.pid !== pid
      })
    },
  ))

test('a server closes although a worker does not hear that it should end', () =>
  withServer({}, async ({ app }) => {
    const { pid } = app.workerStatus()[0]!
    process.kill(pid!, 'SIGSTOP')
    await app.close()
    assert.equal(existsSync(`/proc/${pid}`), false)
  }))
