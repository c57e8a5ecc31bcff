import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { cacheFolder, withLock } from './cache.mjs'

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cache-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('the cache is where the user says, or with the caches of the user, or in the project', (t) => {
  const home = scratch(t)
  assert.equal(cacheFolder({ SLUICE_CACHE_DIR: '/somewhere', HOME: home }), '/somewhere')
  assert.equal(
    cacheFolder({ XDG_CACHE_HOME: join(home, 'caches'), HOME: home }),
    join(home, 'caches', 'sluice'),
  )
  assert.equal(cacheFolder({ HOME: home }), join(home, '.cache', 'sluice'))
  assert.match(cacheFolder({ HOME: '/dev/null' }), /data\/cache$/)
  assert.match(cacheFolder({ HOME: join(home, 'none') }), /data\/cache$/)
})

test('one holder of a lock works at a time, and others are told that they wait', async (t) => {
  const path = join(scratch(t), 'a.lock')
  const steps: string[] = []
  let waited = 0
  const holding = Promise.withResolvers<void>()
  const secondWaits = Promise.withResolvers<void>()
  const first = withLock(path, async () => {
    steps.push('first begins')
    holding.resolve()
    // It ends only when the second one is known to wait.
    await secondWaits.promise
    steps.push('first ends')
  })
  await holding.promise
  const second = withLock(path, async () => void steps.push('second'), {
    waiting: () => {
      waited += 1
      secondWaits.resolve()
    },
  })
  await Promise.all([first, second])
  assert.deepEqual(steps, ['first begins', 'first ends', 'second'])
  assert.equal(waited, 1)
})

test('a lock is given back when the work fails', async (t) => {
  const folder = scratch(t)
  const path = join(folder, 'a.lock')
  await assert.rejects(
    withLock(path, () => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.deepEqual(readdirSync(folder), [])
})

test('the lock of a killed process is taken over', async (t) => {
  const folder = scratch(t)
  const path = join(folder, 'a.lock')
  writeFileSync(path, 'somebody')
  const longAgo = new Date(Date.now() - 60_000)
  utimesSync(path, longAgo, longAgo)
  assert.equal(await withLock(path, () => Promise.resolve('done')), 'done')
  assert.deepEqual(readdirSync(folder), [])
})
