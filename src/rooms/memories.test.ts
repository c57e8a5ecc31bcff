import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RoomId } from '../lib/ids.ts'
import { Memories } from './memories.ts'
import type { RoomMemory } from './room.ts'

const minute = 60_000
const id = (number: number) => `room-${number}` as RoomId
const memory = (version: number) => ({ version }) as RoomMemory

test('a room is remembered for ten minutes, or until it is open again', () => {
  const memories = new Memories()
  memories.keep(id(1), memory(1), 0)
  assert.equal(memories.get(id(1), 9 * minute)?.version, 1)
  assert.equal(memories.get(id(1), 10 * minute), undefined)
  memories.keep(id(1), memory(2), 0)
  memories.forget(id(1))
  assert.equal(memories.get(id(1), 0), undefined)
})

test('only so many rooms are remembered: the first are forgotten first', () => {
  const memories = new Memories()
  for (let number = 0; number < 1500; number++) memories.keep(id(number), memory(number), number)
  assert.equal(memories.get(id(499), 1500), undefined)
  assert.equal(memories.get(id(500), 1500)?.version, 500)
  assert.equal(memories.get(id(1499), 1500)?.version, 1499)
})
