import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrackEndReason } from '../../recorder/manifest.ts'
import type { OpenTap } from '../../recorder/open-tap.ts'
import type { Peer, PeerProducer } from '../rooms/peer.ts'
import { LiveTap } from './live-tap.ts'

const peer = {} as Peer

/** A tap whose newest try succeeds, or does not, when the test says so. */
function opening() {
  const reasons: TrackEndReason[] = []
  const failures: (number | undefined)[] = []
  const tried: string[] = []
  const producer = { closed: false }
  let open: () => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  let asked: () => TrackEndReason | undefined = () => undefined
  let nextTrack = 1
  const tap = new LiveTap({
    peer,
    producer: producer as unknown as PeerProducer,
    newTrackId: () => `t${nextTrack++}`,
    open: (trackId, endedBecause) => {
      tried.push(trackId)
      asked = endedBecause
      return new Promise<OpenTap>((resolve, reject) => {
        open = () =>
          resolve({
            consumer: {} as OpenTap['consumer'],
            close: async (reason) => {
              reasons.push(reason)
              return undefined
            },
          })
        fail = reject
      })
    },
    onFailed: (_tap, _error, retryMs) => failures.push(retryMs),
  })
  return {
    tap,
    producer,
    open: () => open(),
    fail: async (why = 'no port') => {
      fail(new Error(why))
      await new Promise(setImmediate)
    },
    tried,
    reasons,
    failures,
    endedBecause: () => asked(),
  }
}

test('one that is closed while it opens is closed when it is open, once, for the first reason', async () => {
  const { tap, open, reasons, failures, endedBecause } = opening()
  const closed = [tap.close('left'), tap.close('stopped')]
  assert.equal(endedBecause(), 'left')
  assert.deepEqual(reasons, [])
  open()
  await Promise.all(closed)
  assert.deepEqual([reasons, failures, tap.isFailed], [['left'], [], false])
})

test('one that cannot be opened is told of, and closing it is no fault', async () => {
  const { tap, fail, failures } = opening()
  const failed = fail()
  assert.equal(await tap.close('stopped'), undefined)
  await failed
  assert.equal(failures.length, 0, 'it was closed before that was known')

  const other = opening()
  await other.fail()
  assert.deepEqual([other.failures.length, other.tap.isFailed], [1, true])
  assert.equal(await other.tap.close('stopped'), undefined)
})

test('one that cannot be opened is tried again, later each time, as another track, until it can be', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { tap, open, fail, failures, tried, reasons } = opening()
  await fail()
  t.mock.timers.tick(499)
  assert.deepEqual([tried, tap.isFailed], [['t1'], true])
  t.mock.timers.tick(1)
  assert.deepEqual([tried, tap.trackId, tap.isFailed], [['t1', 't2'], 't2', true])
  await fail()
  assert.deepEqual(failures, [500, 2000])
  t.mock.timers.tick(2000)
  open()
  await new Promise(setImmediate)
  assert.deepEqual([tap.trackId, tap.isFailed], ['t3', false])
  await tap.close('left')
  assert.deepEqual(reasons, ['left'], 'what was opened in the end is what is closed')
})

test('it is given up after some tries, and once it is closed or its producer is gone', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const stubborn = opening()
  for (const waitMs of [500, 2000, 8000, 30_000, 3_600_000]) {
    await stubborn.fail()
    t.mock.timers.tick(waitMs)
  }
  assert.deepEqual(stubborn.failures, [500, 2000, 8000, 30_000, undefined])
  assert.deepEqual([stubborn.tried.length, stubborn.tap.isFailed], [5, true])

  const closed = opening()
  await closed.fail()
  await closed.tap.close('stopped')
  const gone = opening()
  await gone.fail()
  gone.producer.closed = true
  t.mock.timers.tick(3_600_000)
  assert.deepEqual([closed.tried, gone.tried], [['t1'], ['t1']])
})

test('that its producer is gone is no failure', async () => {
  const { tap, producer, fail, failures } = opening()
  producer.closed = true
  await fail('not found')
  assert.deepEqual([failures, tap.isFailed], [[], false])
})
