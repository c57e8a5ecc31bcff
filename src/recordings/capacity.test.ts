import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../config/load.ts'
import type { Room } from '../rooms/room.ts'
import type { Media } from './admission.ts'
import { Capacity } from './capacity.ts'

/** A room in which so many have a microphone and a camera on. */
function room(id: string, people: number): Room {
  const producers = new Map([
    ['a', { kind: 'audio' }],
    ['v', { kind: 'video' }],
  ])
  const visiblePeers = Array.from({ length: people }, () => ({ producers }))
  return { id, workerIndex: 0, visiblePeers } as unknown as Room
}

function capacity(maxConcurrent: number, cores = 4) {
  const env = { SLUICE_RECORDINGS_MAX_CONCURRENT: String(maxConcurrent) }
  const { config } = loadConfig({ argv: [], env, cwd: '/' })
  const recorded = new Map<string, Media>()
  const made = new Capacity({
    config,
    workerShares: () => [0.1],
    recorderShare: () => 0,
    cores,
    recorded: () => recorded,
  })
  return { capacity: made, recorded }
}

test('of rooms that are started at once as many are admitted as fit together', () => {
  const { capacity: one } = capacity(1)
  assert.equal(one.reserve(room('a', 2)), undefined)
  assert.match(one.reserve(room('b', 2))!, /\(1\)/)
  one.giveBack('a')
  assert.equal(one.reserve(room('b', 2)), undefined)

  // Each fits alone into the one core of the recorder; two do not.
  const { capacity: busy, recorded } = capacity(20)
  assert.equal(busy.reserve(room('a', 60)), undefined)
  assert.match(busy.reserve(room('b', 60))!, /recorder/)
  // What goes on counts as what it is; a room is not in its own way.
  busy.giveBack('a')
  recorded.set('a', { audio: 60, video: 60 })
  assert.match(busy.reserve(room('b', 60))!, /recorder/)
  assert.equal(busy.reserve(room('a', 60)), undefined)
})

test('a machine that is full with what was just admitted takes no more', () => {
  const { capacity: small } = capacity(20, 0.5)
  assert.equal(small.reserve(room('a', 40)), undefined)
  assert.match(small.reserve(room('b', 20))!, /machine/)
})

test('recordings of empty rooms count as calls of two', () => {
  const { capacity: many } = capacity(1000)
  let admitted = 0
  while (many.reserve(room(`room-${admitted}`, 0)) === undefined) admitted++
  assert.ok(admitted > 40 && admitted < 55, String(admitted))
})
