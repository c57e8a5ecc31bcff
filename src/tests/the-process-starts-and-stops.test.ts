import assert from 'node:assert/strict'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { prepareLan } from '../../config/lan.ts'
import { readManifest } from '../../recorder/manifest.ts'
import { opusParameters } from './support/rtp-parameters.ts'
import { SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

const main = join(import.meta.dirname, '..', 'main.ts')
const dataDir = mkdtempSync(join(tmpdir(), 'sluice-process-'))
after(() => rmSync(dataDir, { recursive: true, force: true }))

interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  readonly output: () => string
  readonly ended: Promise<number | null>
}

/** Runs the server as an operator would, on ports the system chooses. */
function run(argv: readonly string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [main, ...argv], {
    cwd: dataDir,
    // Leads a process group of its own, as in a terminal.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      SLUICE_HTTP_PORT: '0',
      SLUICE_WORKERS_PORT_BASE: '0',
      SLUICE_DATA_DIR: dataDir,
      ...env,
    },
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return { child, output: () => output, ended: new Promise((resolve) => child.once('close', resolve)) }
}

function addressIn(output: string): string | undefined {
  return /^ {2}open +(\S+)$/m.exec(output)?.[1]
}

test('a start says where to go, where data lies, which mode, worker and cores', async () => {
  const server = run([], { SLUICE_WORKERS_COUNT: '2' })
  const url = await until('the address is printed', () => addressIn(server.output()), { why: server.output })
  await until('everything is printed', () => /^ {2}media /m.test(server.output()))
  const output = server.output()
  assert.match(output, /^ {2}mode +development/m)
  assert.match(
    output,
    /^ {2}admin +nobody yet: open \S+\/register\?setUpCode=[A-Z2-9-]{9} to become the first$/m,
  )
  assert.ok(output.includes(dataDir))
  assert.match(output, /^ {2}worker +mediasoup 3\.\d+\.\d+/m)
  assert.match(output, /^ {2}workers +2 on cores \d+, \d+/m)
  assert.equal((await fetch(`${url}/readyz`)).status, 200)
  server.child.kill('SIGTERM')
  assert.equal(await server.ended, 0)
})

test('signals end it in order: clients are told, the exit code is 0, no worker is left', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const server = run([], { SLUICE_WORKERS_COUNT: '1' })
    const url = await until('the address is printed', () => addressIn(server.output()), {
      why: server.output,
    })
    const client = await SignalingClient.connect(url.replace('localhost', '127.0.0.1'))
    await client.join()
    const worker = Number(/"pid":(\d+),"msg":"worker started"/.exec(server.output())?.[1])
    assert.ok(existsSync(`/proc/${worker}`))
    server.child.kill(signal)
    assert.equal(await server.ended, 0)
    assert.deepEqual(await client.isClosed(), { code: 4001, reason: 'server-closing' })
    assert.equal(existsSync(`/proc/${worker}`), false)
  }
})

test('Ctrl-C, which signals the workers as well and may come twice, ends it in order', async () => {
  for (let round = 0; round < 5; round++) {
    const server = run([], { SLUICE_WORKERS_COUNT: '2' })
    const url = await until('the address is printed', () => addressIn(server.output()), {
      why: server.output,
    })
    const client = await SignalingClient.connect(url.replace('localhost', '127.0.0.1'))
    await client.join()
    process.kill(-server.child.pid!, 'SIGINT')
    server.child.kill('SIGINT')
    assert.equal(await server.ended, 0)
    assert.deepEqual(await client.isClosed(), { code: 4001, reason: 'server-closing' })
  }
})

test('Ctrl-C finishes a recording that goes on, and everybody hears that the server closes', async () => {
  const server = run([], { SLUICE_WORKERS_COUNT: '1', SLUICE_RECORDINGS_MIN_FREE_MEGABYTES: '16' })
  const url = await until('the address is printed', () => addressIn(server.output()), { why: server.output })
  const client = await SignalingClient.connect(url.replace('localhost', '127.0.0.1'))
  const { sendingId: transportId } = await client.join()
  await client.request('produce', { transportId, kind: 'audio', rtpParameters: opusParameters() })
  const { recording } = await client.request('recording.start', {})
  process.kill(-server.child.pid!, 'SIGINT')
  assert.equal(await server.ended, 0)
  assert.deepEqual(await client.isClosed(), { code: 4001, reason: 'server-closing' })
  const manifest = await readManifest(join(dataDir, 'recordings', recording.recordingId))
  assert.deepEqual([manifest?.state, manifest?.endReason], ['finished', 'room-closed'])
})

test('a wrong certificate is named by its setting', async () => {
  const missing = run([], { SLUICE_HTTP_TLS_CERT: '/nowhere.pem', SLUICE_HTTP_TLS_KEY: '/nowhere.pem' })
  assert.notEqual(await missing.ended, 0)
  assert.match(missing.output(), /http\.tlsCert cannot be read/)
  const noCertificate = join(dataDir, 'wrong.pem')
  writeFileSync(noCertificate, 'not a certificate')
  const wrong = run([], { SLUICE_HTTP_TLS_CERT: noCertificate, SLUICE_HTTP_TLS_KEY: noCertificate })
  assert.notEqual(await wrong.ended, 0)
  assert.match(wrong.output(), /http\.tlsCert and http\.tlsKey must be/)
})

test('a killed server leaves no worker behind', async () => {
  const server = run([], { SLUICE_WORKERS_COUNT: '1' })
  await until('the address is printed', () => addressIn(server.output()), { why: server.output })
  const worker = Number(/"pid":(\d+),"msg":"worker started"/.exec(server.output())?.[1])
  server.child.kill('SIGKILL')
  await server.ended
  await until('the worker is gone', () => !existsSync(`/proc/${worker}`))
})

test('a wrong configuration stops the start with every problem named, and exit code 2', async () => {
  const file = join(dataDir, 'wrong.yaml')
  writeFileSync(file, 'http:\n  prot: 5\nmedia:\n  maxIncomingBps: lots\n')
  const server = run(['--config', file], { SLUICE_LIMITS_ROMS: '3' })
  assert.equal(await server.ended, 2)
  for (const problem of [
    /http\.prot/,
    /http\.port/,
    /media\.maxIncomingBps/,
    /SLUICE_LIMITS_ROMS/,
    /SLUICE_LIMITS_ROOMS/,
  ]) {
    assert.match(server.output(), problem)
  }
  assert.doesNotMatch(server.output(), /\bat .*\.ts:\d+/)
  const option = run(['--lam'])
  assert.equal(await option.ended, 2)
  assert.match(option.output(), /--lan/)
})

test('a taken port is named', async () => {
  const first = run([], { SLUICE_WORKERS_COUNT: '1' })
  const url = await until('the address is printed', () => addressIn(first.output()), { why: first.output })
  const second = run([], { SLUICE_HTTP_PORT: new URL(url).port, SLUICE_WORKERS_COUNT: '1' })
  assert.equal(await second.ended, 1)
  assert.match(second.output(), new RegExp(`Port ${new URL(url).port} is taken`))
  first.child.kill('SIGTERM')
  await first.ended
})

test('TLS is served by certificate files, HTTP and WebSocket alike', async () => {
  const { certPath, keyPath } = await prepareLan({
    dataDir,
    interfaces: {
      eth0: [
        {
          address: '192.168.7.7',
          family: 'IPv4',
          internal: false,
          netmask: '255.255.255.0',
          mac: '',
          cidr: null,
        },
      ],
    },
  })
  const server = run([], {
    SLUICE_HTTP_TLS_CERT: certPath,
    SLUICE_HTTP_TLS_KEY: keyPath,
    SLUICE_WORKERS_COUNT: '1',
  })
  const url = await until('the address is printed', () => addressIn(server.output()), { why: server.output })
  assert.match(url, /^https:/)
  const status = await new Promise((resolve, reject) => {
    const asking = request(`${url}/readyz`, { rejectUnauthorized: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asking.on('error', reject)
    asking.end()
  })
  assert.equal(status, 200)
  const client = await SignalingClient.connect(url, { insecure: true })
  await client.join()
  await client.close()
  server.child.kill('SIGTERM')
  assert.equal(await server.ended, 0)
})
