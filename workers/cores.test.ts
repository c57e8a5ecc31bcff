import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseCores, parseCoreList, usableCores } from './cores.ts'

function files(contents: Record<string, string>): (path: string) => string | undefined {
  return (path) => contents[path]
}

test('the CPU set of this process counts, not the cores of the host', () => {
  const usable = usableCores(files({ '/proc/self/status': 'Name:\tnode\nCpus_allowed_list:\t2-3,6\n' }))
  assert.deepEqual(usable, { cores: [2, 3, 6], quota: undefined })
})

test('the tightest cgroup quota above this process counts, in either version', () => {
  const status = { '/proc/self/status': 'Cpus_allowed_list:\t0-7\n' }
  const version2 = usableCores(
    files({
      ...status,
      '/proc/self/cgroup': '0::/system.slice/sluice.service\n',
      '/sys/fs/cgroup/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/system.slice/cpu.max': '250000 100000\n',
      '/sys/fs/cgroup/system.slice/sluice.service/cpu.max': '400000 100000\n',
    }),
  )
  assert.equal(version2.quota, 2.5)
  const version1 = usableCores(
    files({
      ...status,
      '/proc/self/cgroup': '4:cpu,cpuacct:/docker/abc\n3:memory:/docker/abc\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '150000\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    }),
  )
  assert.equal(version1.quota, 1.5)
  const unlimited = usableCores(
    files({ ...status, '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000' }),
  )
  assert.equal(unlimited.quota, undefined)
})

test('without /proc every core of the system counts', () => {
  assert.ok(usableCores(files({})).cores.length >= 1)
})

test('the kernel’s core lists are read', () => {
  assert.deepEqual(parseCoreList('0-2,5,8-9'), [0, 1, 2, 5, 8, 9])
  assert.deepEqual(parseCoreList('7'), [7])
})

const eight = { cores: [0, 1, 2, 3, 4, 5, 6, 7], quota: undefined }
const automatic = { count: 0, cores: [], keepFree: 0 }

test('one worker per usable core, less those kept free', () => {
  assert.deepEqual(chooseCores(automatic, eight), eight.cores)
  assert.deepEqual(chooseCores({ ...automatic, keepFree: 2 }, eight), [2, 3, 4, 5, 6, 7])
  assert.deepEqual(chooseCores({ ...automatic, keepFree: 20 }, eight), [7], 'one always stays')
})

test('a quota gives fewer workers than cores', () => {
  assert.deepEqual(chooseCores(automatic, { ...eight, quota: 2.5 }), [6, 7])
  assert.deepEqual(chooseCores(automatic, { ...eight, quota: 0.5 }), [7])
  assert.deepEqual(chooseCores({ ...automatic, keepFree: 1 }, { ...eight, quota: 3 }), [6, 7])
})

test('a given count takes that many, more than the cores go round', () => {
  assert.deepEqual(chooseCores({ ...automatic, count: 3 }, eight), [5, 6, 7])
  assert.deepEqual(chooseCores({ ...automatic, count: 3 }, { cores: [0, 1], quota: undefined }), [0, 1, 0])
})

test('given cores are used in their order, and one out of reach is named', () => {
  assert.deepEqual(chooseCores({ ...automatic, cores: [6, 4] }, eight), [6, 4])
  assert.throws(() => chooseCores({ ...automatic, cores: [6, 99] }, eight), /names core 99/)
})
