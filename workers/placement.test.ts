import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cpuShare, loadOf, placeRoom, type WorkerLoad } from './placement.ts'
import { listenInfos } from './ports.ts'

function worker(index: number, load: Partial<WorkerLoad> = {}): WorkerLoad {
  return { index, up: true, cpu: 0, consumers: 0, newRouters: 0, ...load }
}

test('a room goes to the worker with the least measured CPU, not to the next in turn', () => {
  const workers = [worker(0, { cpu: 0.5 }), worker(1, { cpu: 0.1 }), worker(2, { cpu: 0.3 })]
  assert.equal(placeRoom(workers, 0.85), 1)
})

test('consumers count where CPU is not measured yet', () => {
  const workers = [worker(0, { consumers: 250 }), worker(1, { consumers: 100 })]
  assert.equal(placeRoom(workers, 0.85), 1)
  assert.equal(loadOf(workers[0]!), 0.5)
})

test('a burst of rooms between two samples spreads out', () => {
  const loads = [worker(0), worker(1), worker(2)]
  const placed = Array.from({ length: 9 }, () => {
    const index = placeRoom(loads, 0.85)!
    loads[index] = { ...loads[index]!, newRouters: loads[index]!.newRouters + 1 }
    return index
  })
  assert.deepEqual(placed.toSorted(), [0, 0, 0, 1, 1, 1, 2, 2, 2])
})

test('workers that are down or full get nothing, and without another there is no place', () => {
  assert.equal(placeRoom([worker(0, { up: false }), worker(1, { cpu: 0.8 })], 0.85), 1)
  assert.equal(placeRoom([worker(0, { up: false }), worker(1, { cpu: 0.9 })], 0.85), undefined)
  assert.equal(placeRoom([], 0.85), undefined)
})

test('consumers that cost little and a burst of rooms refuse nobody', () => {
  assert.equal(placeRoom([worker(0, { cpu: 0.1, consumers: 2000, newRouters: 100 })], 0.85), 0)
})

test('CPU share is CPU time per wall time', () => {
  assert.equal(cpuShare({ cpuMs: 100, atMs: 1000 }, { cpuMs: 600, atMs: 2000 }), 0.5)
  assert.equal(cpuShare({ cpuMs: 100, atMs: 1000 }, { cpuMs: 600, atMs: 1000 }), 0)
})

test('a worker listens on one UDP and one TCP port of every address', () => {
  const infos = listenInfos([{ ip: '0.0.0.0', announcedAddress: '203.0.113.7' }, { ip: '::1' }], 44444, 2)
  assert.deepEqual(
    infos.map(({ protocol, ip, port, announcedAddress }) => [protocol, ip, port, announcedAddress]),
    [
      ['udp', '0.0.0.0', 44446, '203.0.113.7'],
      ['tcp', '0.0.0.0', 44446, '203.0.113.7'],
      ['udp', '::1', 44446, undefined],
      ['tcp', '::1', 44446, undefined],
    ],
  )
  assert.ok(listenInfos([{ ip: '127.0.0.1' }], 0, 2).every((info) => info.port === undefined))
})
