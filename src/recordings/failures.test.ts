import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asUnreadable, filesUnreadable, fullDisk, whyNotFinished } from './failures.ts'

const failed = (code?: string) => Object.assign(new Error('it failed'), { code })
const readingFailed = (code?: string) =>
  asUnreadable(Promise.reject(failed(code))).catch((error: unknown) => error)

test('files are called unreadable when reading them failed for good, and for nothing else', async () => {
  for (const code of ['EACCES', undefined]) {
    assert.deepEqual(whyNotFinished(await readingFailed(code)), { told: filesUnreadable, passes: false })
  }
  // A deadlock (SQLSTATE), a database that is away, something that nobody expected.
  for (const code of ['40P01', 'ECONNREFUSED', undefined]) {
    const { told, passes } = whyNotFinished(failed(code))
    assert.deepEqual([told.code, passes], ['waiting', true])
  }
  assert.equal(whyNotFinished(await readingFailed('EMFILE')).passes, true)
  for (const error of [failed('ENOSPC'), await readingFailed('ENOSPC')]) {
    assert.deepEqual(whyNotFinished(error), { told: fullDisk, passes: true })
  }
})
