import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Addresses, subscriberOf } from './addresses.ts'

test('an address may open so many at once, and then so many a second', () => {
  const addresses = new Addresses({ connectionsPerAddress: 3, connectionsPerSecond: 1 })
  const close = [0, 0, 0].map(() => {
    addresses.check('192.0.2.1', 0)
    return addresses.opened('192.0.2.1', 0)
  })
  assert.throws(() => addresses.check('192.0.2.1', 0), { data: { limit: 'connectionsPerAddress', max: 3 } })
  addresses.check('192.0.2.2', 0)
  for (const end of close) end()
  assert.throws(() => addresses.check('192.0.2.1', 0), { data: { limit: 'connectionsPerSecond', max: 1 } })
  addresses.check('192.0.2.1', 1000)
})

test('IPv6 counts by the /64, and IPv4 within IPv6 as IPv4', () => {
  assert.equal(subscriberOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2')
  assert.equal(subscriberOf('2001:DB8::7'), '2001:db8:0:0')
  assert.equal(subscriberOf('::1'), '0:0:0:0')
  assert.equal(subscriberOf('fe80::1%eth0'), 'fe80:0:0:0')
  assert.equal(subscriberOf('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(subscriberOf('192.0.2.1'), '192.0.2.1')
})
