import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchPath, safeReturn } from './router.ts'

Object.assign(globalThis, { location: new URL('https://meet.example.org/login') })

test('patterns name the parts of a path, and nothing else fits', () => {
  assert.deepEqual(matchPath('/', '/'), {})
  assert.deepEqual(matchPath('/meetings/:id/edit', '/meetings/m%2F1/edit/'), { id: 'm/1' })
  assert.equal(matchPath('/meetings/:id', '/meetings'), undefined)
  assert.equal(matchPath('/meetings/:id', '/meetings/'), undefined)
  assert.equal(matchPath('/meetings/:id', '/meetings/1/2'), undefined)
  assert.equal(matchPath('/meetings/:id', '/meetings/%E0%A4%A'), undefined)
})

test('a log-in leads back to pages of this app only', () => {
  for (const good of ['/admin/users?role=host#x', '/m/abc-defg-hjk']) assert.equal(safeReturn(good), good)
  for (const bad of [
    ...['//example.com', '/\\example.com', '/.//example.com', 'https://example.com/', 'javascript:alert(1)'],
    ...['', null, undefined, '/login', '/login?returnTo=/x', '\t//example.com', '/\t/example.com'],
  ])
    assert.equal(safeReturn(bad), '/', String(bad))
})
