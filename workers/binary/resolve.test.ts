import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { arch, platform } from 'node:process'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { mediasoupPackage } from './mediasoup.ts'
import { prebuiltIsWanted, prebuiltUrl } from './prebuilt.ts'
import { findWorkerBinary, localKey, obtainWorkerBinary, type Places } from './resolve.ts'
import { selfCheck } from './self-check.ts'

/** Ends as mediasoup's program does when it is not started by mediasoup, which is all that a quick look asks for. */
const runs = '#!/bin/sh\n[ -z "$MEDIASOUP_VERSION" ] && exit 41\nexit 1\n'
const doesNotRun = '#!/bin/sh\necho "cannot find libuv" >&2\nexit 127\n'

function places(t: TestContext, env: NodeJS.ProcessEnv = {}): Places {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-worker-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return { env, installed: join(folder, 'installed', 'mediasoup-worker'), cache: join(folder, 'cache') }
}

function program(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  chmodSync(path, 0o755)
  return path
}

const prebuiltPath = ({ cache }: Places): string =>
  join(cache, `${mediasoupPackage.version}-${platform}-${arch}-prebuilt`, 'mediasoup-worker')
const localPath = ({ cache }: Places): string => join(cache, localKey(), 'mediasoup-worker')

test('the first binary that runs is taken: named, installed, downloaded, built', async (t) => {
  const where = places(t)
  assert.equal(await findWorkerBinary(where), undefined)

  const local = program(localPath(where), runs)
  assert.deepEqual(await findWorkerBinary(where), {
    path: local,
    source: 'local-build',
    version: mediasoupPackage.version,
  })

  const prebuilt = program(prebuiltPath(where), runs)
  assert.deepEqual((await findWorkerBinary(where))?.path, prebuilt)

  const installed = program(where.installed, runs)
  assert.equal((await findWorkerBinary(where))?.path, installed)

  const named = program(join(dirname(where.cache), 'named'), runs)
  const found = await findWorkerBinary({ ...where, env: { MEDIASOUP_WORKER_BIN: named } })
  assert.deepEqual([found?.path, found?.source], [named, 'environment'])
})

test('a binary that does not run is passed over', async (t) => {
  const where = places(t)
  program(where.installed, doesNotRun)
  const local = program(localPath(where), runs)
  assert.equal((await findWorkerBinary(where))?.path, local)
})

test('a binary that was named but does not run is an error that says why', async (t) => {
  const where = places(t)
  program(localPath(where), runs)
  const named = program(join(dirname(where.cache), 'named'), doesNotRun)
  const naming = { ...where, env: { MEDIASOUP_WORKER_BIN: named } }
  await assert.rejects(findWorkerBinary(naming), /MEDIASOUP_WORKER_BIN names .*named.*cannot find libuv/)
  await assert.rejects(obtainWorkerBinary({ report: () => undefined }, naming), /cannot find libuv/)
})

test('set-up says which binary it does not take, and remembers it', async (t) => {
  const where = places(t)
  // It starts, but it is no worker: creating one with it fails.
  const installed = program(where.installed, runs)
  const local = program(localPath(where), runs)
  const lines: string[] = []

  const found = await obtainWorkerBinary({ report: (line) => lines.push(line) }, where)
  assert.equal(found.path, local)
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^not using .*installed/)
  assert.ok(existsSync(installed))
  assert.equal((await findWorkerBinary(where))?.path, local)
})

test('the key of a local build names version, platform, architecture and build files', () => {
  assert.equal(localKey('abc'), `${mediasoupPackage.version}-${platform}-${arch}-abc`)
})

test("the official binary is looked for where mediasoup's installer looks", () => {
  const machine = { platform: 'linux', arch: 'arm64', release: '6.1.0-40-arm64' }
  const { version } = mediasoupPackage
  assert.ok(
    prebuiltUrl(machine, {}).endsWith(
      `/releases/download/${version}/mediasoup-worker-${version}-linux-arm64-kernel6.tgz`,
    ),
  )
  assert.equal(
    prebuiltUrl(
      { ...machine, platform: 'darwin' },
      { MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: 'https://mirror.example' },
    ),
    `https://mirror.example/${version}/mediasoup-worker-${version}-darwin-arm64.tgz`,
  )
  assert.equal(prebuiltIsWanted({}), true)
  assert.equal(prebuiltIsWanted({ MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD: 'true' }), false)
})

test('the worker of this machine carries a call', async () => {
  const worker = await findWorkerBinary()
  assert.ok(worker, 'set-up provides a worker')
  await selfCheck(worker.path)
})
