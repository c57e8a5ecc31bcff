import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { prepareLan } from '../config/lan.ts'
import { loadConfig, type Environment } from '../config/load.ts'
import { MailServer } from '../src/tests/support/mail-server.ts'
import { startPostgres } from '../src/tests/support/postgres.ts'
import {
  checkDatabase,
  checkDataDir,
  checkHttpPort,
  checkMail,
  checkStorage,
  checkMediaPorts,
  checkMemory,
  checkTls,
  judgeDisk,
  judgeOpenFiles,
  judgeSocketBuffers,
} from './doctor-checks.ts'

async function scratch(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-doctor-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const config = (env: Environment) => loadConfig({ argv: [], env, cwd: '/nowhere' }).config

async function serve(t: TestContext, answer: object): Promise<number> {
  const server = createServer((_, response) => response.end(JSON.stringify(answer)))
  t.after(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

function runDoctor(cwd: string, env: Environment): Promise<{ code: number; output: string }> {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'FORCE_COLOR'))
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(import.meta.dirname, 'doctor.ts')],
      { cwd, env: { ...own, ...env, NO_COLOR: '1' } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    )
  })
}

test('the doctor repeats the facts of the start and ends well where nothing is wrong', async (t) => {
  const cwd = await scratch(t)
  const { code, output } = await runDoctor(cwd, { SLUICE_HTTP_PORT: '0', SLUICE_WORKERS_PORT_BASE: '0' })
  assert.equal(code, 0, output)
  for (const fact of [
    'Version',
    'URL',
    'Mode',
    'Configuration',
    'Data folder',
    'Worker',
    'Workers',
    'Media',
  ]) {
    assert.match(output, new RegExp(`^${fact} +\\S`, 'm'))
  }
  assert.match(output, /SLUICE_HTTP_PORT, SLUICE_WORKERS_PORT_BASE/)
})

test('a configuration that does not load is told with all its problems, and the exit code is 1', async (t) => {
  const { code, output } = await runDoctor(await scratch(t), { SLUICE_MODE: 'prod', SLUICE_HTTP_PRT: '1' })
  assert.equal(code, 1)
  assert.match(output, /✘ The configuration does not load:/)
  assert.match(output, /mode \(SLUICE_MODE\): "prod" is not allowed/)
  assert.match(output, /did you mean SLUICE_HTTP_PORT\?/)
})

test('a port held by another program is bad, one held by Sluice is not', async (t) => {
  const other = await checkHttpPort(config({ SLUICE_HTTP_PORT: String(await serve(t, { status: 'ok' })) }))
  assert.equal(other.finding.status, 'bad')
  assert.match(other.finding.text, /another program has it/)
  const sluice = await checkHttpPort(
    config({ SLUICE_HTTP_PORT: String(await serve(t, { status: 'ok', version: '1.0.0' })) }),
  )
  assert.equal(sluice.finding.status, 'ok')
  assert.equal(sluice.sluiceRuns, true)
})

test('media ports are tried on every address, UDP and TCP', async (t) => {
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  const taken = await checkMediaPorts([{ ip: '127.0.0.1' }], port, 1, false)
  assert.equal(taken.status, 'bad')
  assert.match(taken.text, new RegExp(`UDP ${port} cannot be used`))
  assert.doesNotMatch(taken.text, /TCP/)
  assert.equal((await checkMediaPorts([{ ip: '127.0.0.1' }], port, 1, true)).status, 'ok')
  assert.match(
    (await checkMediaPorts([{ ip: '192.0.2.99' }], port, 1, false)).text,
    /does not have that address/,
  )
})

test('certificates are read, and their key, dates and name are checked', async (t) => {
  const dataDir = await scratch(t)
  const network = (address: string) => ({
    eth0: [{ address, netmask: '', family: 'IPv4' as const, mac: '', internal: false, cidr: null }],
  })
  const { certPath, keyPath } = await prepareLan({
    dataDir,
    interfaces: network('192.168.1.20'),
    hostname: 'studio',
  })
  const tls = (env: Environment, now?: Date) =>
    checkTls(config({ SLUICE_HTTP_TLS_CERT: certPath, SLUICE_HTTP_TLS_KEY: keyPath, ...env }), now)

  assert.equal((await tls({})).status, 'ok')
  assert.equal((await tls({ SLUICE_HTTP_PUBLIC_URL: 'https://studio.local' })).status, 'ok')
  assert.match(
    (await tls({ SLUICE_HTTP_PUBLIC_URL: 'https://meet.example.org' })).text,
    /not for meet\.example\.org/,
  )
  const inDays = (days: number) => new Date(Date.now() + days * 24 * 60 * 60 * 1000)
  assert.equal((await tls({}, inDays(390))).status, 'warn')
  assert.match((await tls({}, inDays(400))).text, /expired/)
  assert.match((await tls({}, inDays(-30))).text, /is valid from/)

  assert.match((await tls({ SLUICE_HTTP_TLS_KEY: join(dataDir, 'missing.pem') })).text, /cannot be read/)
  const otherDir = await scratch(t)
  const other = await prepareLan({ dataDir: otherDir, interfaces: network('192.168.1.20') })
  assert.match((await tls({ SLUICE_HTTP_TLS_KEY: other.keyPath })).text, /is not the key of/)
  await writeFile(other.keyPath, await readFile(certPath))
  assert.match((await tls({ SLUICE_HTTP_TLS_KEY: other.keyPath })).text, /not a PEM private key/)
})

test('production without TLS is told that browsers give no camera', async () => {
  assert.equal((await checkTls(config({ SLUICE_MODE: 'production' }))).status, 'warn')
  const proxied = config({ SLUICE_MODE: 'production', SLUICE_HTTP_PUBLIC_URL: 'https://meet.example.org' })
  assert.equal((await checkTls(proxied)).status, 'ok')
})

test('the data folder must be a folder that can be written, or one that can be made', async (t) => {
  const folder = await scratch(t)
  const { recordings } = config({})
  assert.equal((await checkDataDir(folder, recordings))[0]?.status, 'ok')
  assert.match((await checkDataDir(join(folder, 'new', 'data'), recordings))[0]?.text ?? '', /will be made/)
  await writeFile(join(folder, 'file'), '')
  assert.equal((await checkDataDir(join(folder, 'file'), recordings))[0]?.status, 'bad')
  assert.equal(judgeDisk('/srv', 50 * 1024 * 1024, recordings).status, 'bad')
  assert.equal(judgeDisk('/srv', 500 * 1024 * 1024, { ...recordings, enabled: false }).status, 'ok')
})

test('a disk on which no recording would begin is told', () => {
  const { recordings } = config({ SLUICE_RECORDINGS_MIN_FREE_MEGABYTES: '3000' })
  const finding = judgeDisk('/srv', 5_900_000_000, recordings)
  assert.equal(finding.status, 'warn')
  assert.match(finding.text, /no recording begins below 6000 MB/)
  assert.equal(judgeDisk('/srv', 6_000_000_000, recordings).status, 'ok')
})

test('a database that does not let us in is bad, and its password is not said', async (t) => {
  assert.equal((await checkDatabase(config({}))).status, 'ok')
  const postgres = await startPostgres()
  t.after(() => postgres.close())
  const url = await postgres.createDatabase()
  assert.match((await checkDatabase(config({ DATABASE_URL: url }))).text, /PostgreSQL \d+.* answers/)
  for (const wrong of [
    url.replace(/\w+$/, 'no_such_database').replace('sluice@', 'sluice:pa55word@'),
    'postgres://sluice:pa55word@127.0.0.1:1/sluice',
  ]) {
    const finding = await checkDatabase(config({ DATABASE_URL: wrong }))
    assert.equal(finding.status, 'bad')
    assert.doesNotMatch(finding.text, /pa55word/)
  }
})

test('a mail server that does not answer is bad, and none is worth a warning in production', async (t) => {
  const server = await MailServer.start()
  t.after(() => server.stop())
  const mail = (smtpUrl: string) =>
    checkMail(config({ SLUICE_MAIL_SMTP_URL: smtpUrl, SLUICE_MAIL_FROM: 'Sluice <meet@example.org>' }))
  assert.equal((await mail(server.url)).status, 'ok')
  assert.equal((await mail('smtp://127.0.0.1:1')).status, 'bad')
  assert.deepEqual(server.received, [])
  assert.equal((await checkMail(config({}))).status, 'ok')
  assert.equal((await checkMail(config({ SLUICE_MODE: 'production' }))).status, 'warn')
})

test('storage: the data folder is fine, and a bucket is tried', async () => {
  assert.equal((await checkStorage(config({}))).status, 'ok')
  const finding = await checkStorage(
    config({
      SLUICE_STORAGE_KIND: 's3',
      SLUICE_STORAGE_BUCKET: 'recordings',
      SLUICE_STORAGE_ENDPOINT: 'http://127.0.0.1:9',
      SLUICE_STORAGE_ACCESS_KEY_ID: 'nobody',
      SLUICE_STORAGE_SECRET_ACCESS_KEY: 'hidden',
    }),
  )
  assert.equal(finding.status, 'warn')
  assert.match(finding.text, /recordings at 127\.0\.0\.1:9: Nobody answers there/)
  assert.doesNotMatch(JSON.stringify(finding), /hidden/)
})

test('limits of the system below what is recommended come with the line that raises them', () => {
  const limits = (soft: number) =>
    `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}     524288     files\n`
  assert.match(judgeOpenFiles(limits(1024)).advice ?? '', /LimitNOFILE=65536/)
  assert.equal(judgeOpenFiles(limits(524_288)).status, 'ok')
  assert.match(
    judgeSocketBuffers('212992\n', '212992\n').advice ?? '',
    /sysctl -w net\.core\.rmem_max=4194304/,
  )
  assert.equal(judgeSocketBuffers('8388608', '8388608').status, 'ok')
  assert.equal(judgeSocketBuffers(undefined, undefined).status, 'ok')
  assert.equal(checkMemory(4, 200 * 1024 * 1024).status, 'warn')
})
