import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrackEndReason } from '../../recorder/manifest.ts'
import type { OpenTap } from '../../recorder/open-tap.ts'
import type { Peer, PeerProducer } from '../rooms/peer.ts'
import { LiveTap } from './live-tap.ts'

const peer = {} as Peer

/** A tap that opens, or does not, when the test says so. */
function opening() {
  const reasons: TrackEndReason[] = []
  const failures: unknown[] = []
  const producer = { closed: false }
  let open: () => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  let asked: () => TrackEndReason | undefined = () => undefined
  const opened = new Promise<OpenTap>((resolve, reject) => {
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
  const tap = new LiveTap({
    trackId: 't1',
    peer,
    producer: producer as unknown as PeerProducer,
    open: (endedBecause) => {
      asked = endedBecause
      return opened
    },
    onFailed: (_tap, error) => failures.push(error),
  })
  return { tap, producer, open, fail, reasons, failures, endedBecause: () => asked() }
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
  fail(new Error('no such codec'))
  assert.equal(await tap.close('stopped'), undefined)
  assert.equal(failures.length, 0, 'it was closed before that was known')

  const other = opening()
  other.fail(new Error('no such codec'))
  await new Promise(setImmediate)
  assert.deepEqual([other.failures.length, other.tap.isFailed], [1, true])
  assert.equal(await other.tap.close('stopped'), undefined)
})

test('that its producer is gone is no failure', async () => {
  const { tap, producer, fail, failures } = opening()
  producer.closed = true
  fail(new Error('not found'))
  await new Promise(setImmediate)
  assert.deepEqual([failures, tap.isFailed], [[], false])
})
