import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import {
  addressKind,
  hostAddress,
  httpHost,
  lanAddress,
  parseListenEntry,
  resolveListen,
  type Interfaces,
  type Lookup,
} from './addresses.ts'
import { ConfigError } from './config-error.ts'
import { loadConfig } from './load.ts'

const entry = (address: string): NetworkInterfaceInfo => {
  const common = {
    address,
    netmask: '',
    mac: '02:00:00:00:00:01',
    internal: addressKind(address) === 'loopback',
    cidr: null,
  }
  return address.includes(':') ? { ...common, family: 'IPv6', scopeid: 0 } : { ...common, family: 'IPv4' }
}
const host = (addresses: Record<string, string[]>): Interfaces =>
  Object.fromEntries(Object.entries(addresses).map(([name, list]) => [name, list.map(entry)]))

const home = host({
  lo: ['127.0.0.1', '::1'],
  docker0: ['172.17.0.1'],
  eth0: ['192.168.1.20', 'fe80::1', 'fd00::20'],
})
const rented = host({ lo: ['127.0.0.1'], eth0: ['10.0.0.4', '198.51.100.7', '2001:db8::7'] })
const names: Lookup = (name, family) => {
  if (name !== 'media.example.org')
    return Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }))
  return Promise.resolve(family === 4 ? ['203.0.113.7'] : ['2001:db8::99', '2001:db8::98'])
}

const resolved = (
  listen: string[],
  interfaces = rented,
  mode: 'development' | 'production' = 'production',
  lan = false,
) => resolveListen({ listen }, { mode, lan, interfaces, lookup: names })

async function refusal(listen: string[], interfaces = rented): Promise<string> {
  const error = await resolved(listen, interfaces).then(
    () => assert.fail(`${listen.join(', ')} was accepted`),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof ConfigError)
  return error.message
}

test('development without addresses receives media on loopback only', async () => {
  const { listen, warnings } = await resolved([], home, 'development')
  assert.deepEqual(listen, [{ ip: '127.0.0.1' }])
  assert.deepEqual(warnings, [])
})

test('production without addresses announces the first public address', async () => {
  const { listen, warnings } = await resolved([])
  assert.deepEqual(listen, [{ ip: '0.0.0.0', announcedAddress: '198.51.100.7' }])
  assert.deepEqual(warnings, [])
})

test('production on a private network says that people outside cannot reach it', async () => {
  const { listen, warnings } = await resolved([], home)
  assert.deepEqual(listen, [{ ip: '0.0.0.0', announcedAddress: '192.168.1.20' }])
  assert.match(
    warnings.join(),
    /192\.168\.1\.20, a private address: people outside your network cannot reach it/,
  )
})

test('the local network is served on its own address, without a warning', async () => {
  const { listen, warnings } = await resolved([], home, 'development', true)
  assert.deepEqual(listen, [{ ip: '192.168.1.20' }])
  assert.deepEqual(warnings, [])
})

test('an announced name is resolved in the family it is announced for', async () => {
  const { listen, warnings } = await resolved(['0.0.0.0=media.example.org', '[::]=media.example.org'])
  assert.deepEqual(listen, [
    { ip: '0.0.0.0', announcedAddress: '203.0.113.7' },
    { ip: '::', announcedAddress: '2001:db8::99', flags: { ipv6Only: true } },
  ])
  assert.match(warnings.join(), /has 2 addresses; 2001:db8::99 is announced/)
})

test('IPv6 is read plain and in brackets', async () => {
  const expected = [{ ip: '2001:db8::7', announcedAddress: '2001:db8::99' }]
  assert.deepEqual((await resolved(['2001:db8::7=2001:db8::99'])).listen, expected)
  assert.deepEqual((await resolved(['[2001:db8:0:0::7] = [2001:DB8::99]'])).listen, expected)
})

test('a wildcard without an announced address announces this host', async () => {
  assert.deepEqual((await resolved(['0.0.0.0'])).listen, [
    { ip: '0.0.0.0', announcedAddress: '198.51.100.7' },
  ])
})

test('all wrong addresses are named at once, with what is wrong', async () => {
  const message = await refusal(['0.0.0.0=nowhere.example.org', 'eth0', '203.0.113.7', '0.0.0.0=2001:db8::1'])
  assert.match(message, /nowhere\.example\.org" announces a name that does not resolve: no A record/)
  assert.match(message, /"eth0" does not begin with an IP address/)
  assert.match(message, /"203\.0\.113\.7" is not an address of this host .*0\.0\.0\.0=203\.0\.113\.7/)
  assert.match(message, /announces an address of the other family/)
})

test('addresses that would take each other’s ports are refused', async () => {
  assert.match(await refusal(['10.0.0.4', '10.0.0.4']), /is listed twice/)
  assert.match(await refusal(['0.0.0.0', '10.0.0.4']), /overlaps with 0\.0\.0\.0/)
})

test('malformed entries are explained', () => {
  assert.match(String(parseListenEntry('10.0.0.4:44444')), /has a port/)
  assert.match(String(parseListenEntry('10.0.0.4=300.1.1.1')), /not followed by an IP address or DNS name/)
  assert.match(String(parseListenEntry('10.0.0.4=')), /not followed/)
  assert.match(String(parseListenEntry('fe80::1%eth0')), /zone/)
  assert.match(String(parseListenEntry('0.0.0.0=0.0.0.0')), /nobody can send to/)
})

test('addresses of containers and tunnels are used only where there is no other', () => {
  assert.equal(lanAddress(home), '192.168.1.20')
  assert.equal(lanAddress(host({ lo: ['127.0.0.1'], docker0: ['172.17.0.1'] })), '172.17.0.1')
  assert.equal(lanAddress(host({ lo: ['127.0.0.1'] })), undefined)
  assert.equal(lanAddress(host({ eth0: ['198.51.100.7'], eth1: ['10.1.2.3'] })), '10.1.2.3')
  assert.equal(hostAddress(host({ eth0: ['10.1.2.3'], eth1: ['198.51.100.7'] })), '198.51.100.7')
})

test('the address of this machine can be listened on', async () => {
  const { listen } = await resolveListen({ listen: ['127.0.0.1'] }, { mode: 'development', lan: false })
  assert.deepEqual(listen, [{ ip: '127.0.0.1' }])
})

test('HTTP listens on this machine only in development, on every address in production', () => {
  const host = (env: Record<string, string>) =>
    httpHost(loadConfig({ argv: [], env, cwd: '/nowhere' }).config)
  assert.equal(host({}), '127.0.0.1')
  assert.equal(host({ SLUICE_MODE: 'production' }), '::')
  assert.equal(host({ SLUICE_HTTP_HOST: '192.0.2.7' }), '192.0.2.7')
})
