import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { checkServerIdentity } from 'node:tls'
import type { Interfaces } from './addresses.ts'
import { prepareLan, qrCode, withLan } from './lan.ts'
import { loadConfig } from './load.ts'

const network = (address: string): Interfaces => ({
  eth0: [
    {
      address,
      netmask: '255.255.255.0',
      family: 'IPv4',
      mac: '02:00:00:00:00:01',
      internal: false,
      cidr: null,
    },
  ],
})

async function scratch(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-lan-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('a browser of the local network can open the page over TLS', async (t) => {
  const lan = await prepareLan({
    dataDir: await scratch(t),
    interfaces: network('192.168.1.20'),
    hostname: 'Studio',
  })
  assert.equal(lan.address, '192.168.1.20')
  const cert = await readFile(lan.certPath)
  const server = createServer({ cert, key: await readFile(lan.keyPath) }, (_, response) =>
    response.end('hello'),
  )
  t.after(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  for (const host of ['localhost', 'studio', 'studio.local', '192.168.1.20']) {
    // The connection goes to this machine; the certificate is checked for the name the browser would have used.
    const request = get({
      host: '127.0.0.1',
      port,
      ca: cert,
      agent: false,
      checkServerIdentity: (_, presented) => checkServerIdentity(host, presented),
    })
    const [response] = await once(request, 'response')
    response.resume()
    assert.equal(response.statusCode, 200, host)
  }
})

test('only the owner can read the key', async (t) => {
  const { keyPath } = await prepareLan({ dataDir: await scratch(t), interfaces: network('192.168.1.20') })
  assert.equal((await stat(keyPath)).mode & 0o777, 0o600)
})

test('the certificate stays the same from start to start', async (t) => {
  const options = { dataDir: await scratch(t), interfaces: network('192.168.1.20') }
  const first = await readFile((await prepareLan(options)).certPath, 'utf8')
  assert.equal(await readFile((await prepareLan(options)).certPath, 'utf8'), first)
})

test('a new certificate is made when the address changed, expiry is near, or the key does not fit', async (t) => {
  const dataDir = await scratch(t)
  const { certPath, keyPath } = await prepareLan({ dataDir, interfaces: network('192.168.1.20') })
  const first = await readFile(certPath, 'utf8')

  await prepareLan({ dataDir, interfaces: network('10.0.0.9') })
  const moved = await readFile(certPath, 'utf8')
  assert.notEqual(moved, first)
  assert.ok(new X509Certificate(moved).checkIP('10.0.0.9'))

  const nextYear = new Date(Date.now() + 380 * 24 * 60 * 60 * 1000)
  await prepareLan({ dataDir, interfaces: network('10.0.0.9'), now: nextYear })
  const renewed = await readFile(certPath, 'utf8')
  assert.notEqual(renewed, moved)
  assert.ok(new X509Certificate(renewed).validToDate > nextYear)

  await writeFile(keyPath, 'not a key')
  await prepareLan({ dataDir, interfaces: network('10.0.0.9') })
  assert.match(await readFile(keyPath, 'utf8'), /PRIVATE KEY/)
})

test('without a network --lan says so', async (t) => {
  await assert.rejects(
    prepareLan({ dataDir: await scratch(t), interfaces: {} }),
    /no IPv4 address in a network/,
  )
})

test('--lan sets the certificate and the address, but not over the operator’s own', () => {
  const lan = { address: '192.168.1.20', certPath: '/data/lan/cert.pem', keyPath: '/data/lan/key.pem' }
  const plain = withLan(loadConfig({ argv: ['--lan'], env: {}, cwd: '/nowhere' }), lan)
  assert.equal(plain.config.http.tlsCert, lan.certPath)
  assert.equal(plain.config.http.host, '0.0.0.0')
  assert.equal(plain.sources['http.tlsKey'], 'argument')
  assert.throws(() => Object.assign(plain.config.http, { port: 1 }), TypeError)

  const env = {
    SLUICE_HTTP_TLS_CERT: '/own.pem',
    SLUICE_HTTP_TLS_KEY: '/own.key',
    SLUICE_HTTP_HOST: '192.168.1.20',
  }
  const own = withLan(loadConfig({ argv: ['--lan'], env, cwd: '/nowhere' }), lan)
  assert.equal(own.config.http.tlsCert, '/own.pem')
  assert.equal(own.config.http.host, '192.168.1.20')
})

test('the address can be scanned from a terminal', async () => {
  const code = await qrCode('https://192.168.1.20:4443')
  const lines = code.trimEnd().split('\n')
  assert.ok(lines.length < 24, 'it fits a terminal')
  assert.match(code, /[▀▄█]/)
})
