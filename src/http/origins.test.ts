import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayConnect } from './origins.ts'

const http = { publicUrl: 'https://meet.example.org/', corsOrigins: ['https://app.example.com'] } as never
const development = { mode: 'development', http } as const
const production = { mode: 'production', http } as const

test('programs that are no browser may connect', () => {
  assert.equal(mayConnect({ origin: undefined, host: 'anything' }, development), true)
})

test('pages of this host may connect, whatever their port', () => {
  for (const host of ['localhost:4443', '127.0.0.1:4443', '[::1]:4443', '192.168.1.5:4443']) {
    const origin = `http://${host.replace('4443', '5173')}`
    assert.equal(mayConnect({ origin, host }, development), true, origin)
  }
  assert.equal(
    mayConnect({ origin: 'https://media.example.net', host: 'media.example.net' }, production),
    true,
  )
})

test('pages of the public URL and of configured origins may connect', () => {
  assert.equal(mayConnect({ origin: 'https://meet.example.org', host: '10.0.0.1' }, production), true)
  assert.equal(mayConnect({ origin: 'https://app.example.com', host: '10.0.0.1' }, production), true)
})

test('pages of anybody else may not, nor those without an origin of their own', () => {
  for (const origin of [
    'https://evil.example',
    'http://app.example.com',
    'https://meet.example.org.evil.example',
    'null',
    '',
  ]) {
    assert.equal(mayConnect({ origin, host: 'media.example.net' }, production), false, origin)
  }
})

test('in development a foreign name that resolves to this machine is refused', () => {
  assert.equal(
    mayConnect({ origin: 'http://evil.example:4443', host: 'evil.example:4443' }, development),
    false,
  )
})
