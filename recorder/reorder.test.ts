import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReorderBuffer, type OrderedPacket } from './reorder.ts'

const holdMs = 1000

function packet(sequence: number) {
  const wrapped = sequence & 0xffff
  return { payloadType: 1, sequence: wrapped, timestamp: 0, ssrc: 1, marker: false, payload: Buffer.alloc(0) }
}

function buffer() {
  const reorder = new ReorderBuffer({ holdMs })
  const seen = (packets: readonly OrderedPacket[]) => packets.map(({ sequence }) => sequence)
  return { reorder, push: (sequence: number, nowMs = 0) => seen(reorder.push(packet(sequence), nowMs)), seen }
}

test('what is in order passes at once, over the wrap, too', () => {
  const { push } = buffer()
  assert.deepEqual(
    [65_534, 65_535, 65_536, 65_537].map((sequence) => push(sequence)),
    [[65_534], [65_535], [0], [1]],
  )
})

test('a hole is waited for, and asked for', () => {
  const { reorder, push } = buffer()
  push(10)
  assert.deepEqual(push(13), [])
  assert.deepEqual(reorder.missing(10), [11, 12])
  assert.deepEqual(push(12, 500), [])
  assert.deepEqual(push(11, 990), [11, 12, 13])
  assert.deepEqual(reorder.missing(10), [])
  assert.equal(reorder.counts.reordered, 2)
})

test('each hole is given up a hold after it was noticed, and says how much is lost', () => {
  const { reorder, push, seen } = buffer()
  push(10)
  push(12, 100)
  push(15, 600)
  assert.deepEqual(reorder.tick(1099), [])
  assert.deepEqual(seen(reorder.tick(1100)), [12])
  assert.deepEqual(reorder.tick(1599), [])
  const [last] = reorder.tick(1600)
  assert.deepEqual([last?.sequence, last?.lostBefore], [15, 2])
  assert.equal(reorder.counts.lost, 3)
  assert.deepEqual(push(11, 1700), [])
  assert.equal(reorder.counts.late, 1)
})

test('what came already is not taken again', () => {
  const { reorder, push } = buffer()
  for (const sequence of [10, 10, 11, 13, 13, 9, 12]) push(sequence)
  assert.equal(reorder.counts.duplicates, 3)
  assert.deepEqual(push(14), [14])
})

test('a sequence far away is a new one', () => {
  const { reorder, push } = buffer()
  push(10)
  push(12)
  assert.deepEqual(push(30_000), [], 'one alone may have been under way for long')
  const packets = reorder.push(packet(30_001), 1)
  assert.deepEqual(
    packets.map(({ sequence, lostBefore }) => [sequence, lostBefore > 0]),
    [
      [12, true],
      [30_000, true],
      [30_001, false],
    ],
  )
  assert.deepEqual(push(30_002), [30_002])
})

test('a packet that was under way for seconds does not begin anything anew', () => {
  const { reorder, push } = buffer()
  for (let sequence = 0; sequence < 5000; sequence++) push(sequence)
  assert.deepEqual(push(7), [])
  assert.deepEqual(push(5000), [5000])
  assert.deepEqual(push(9), [])
  assert.deepEqual(push(5001), [5001])
  assert.equal(reorder.counts.late, 2)
})

test('a hole never holds more than the memory for two seconds of a fast stream', () => {
  const { reorder, push } = buffer()
  push(0)
  let passed = 0
  // Within the distance that is no restart.
  for (let sequence = 2; sequence < 7000; sequence++) passed += push(sequence).length
  assert.ok(passed > 0)
  assert.equal(reorder.counts.lost, 1)
})
