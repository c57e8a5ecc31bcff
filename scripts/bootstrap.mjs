// @ts-check
// The first step of every npm script: `node scripts/bootstrap.mjs <start|test|build|worker>`.
// It needs nothing but npm and Node 18, and brings what the rest needs: the packages, and a Node that runs TypeScript.
// Its syntax is older than that, so that a Node that is too old can say so.
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, promises, readFileSync, readlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cacheFolder, withLock } from '../workers/binary/cache.mjs'

const { access, cp, mkdir, mkdtemp, rename, rm, symlink, writeFile } = promises
const project = fileURLToPath(new URL('..', import.meta.url))
const modules = join(project, 'node_modules')
const runtimeFolder = join(project, 'scripts', 'node-runtime')
/** The first Node that runs TypeScript without a flag (it came into 22 later than into 23). */
const oldestNode = '22.18'
const purposes = ['start', 'test', 'build', 'worker']

class Problem extends Error {}

async function main() {
  const purpose = process.argv[2] ?? ''
  if (!purposes.includes(purpose))
    throw new Problem(`usage: node scripts/bootstrap.mjs ${purposes.join('|')}`)
  if (process.platform === 'win32') {
    throw new Problem('Sluice runs on Linux and macOS. On Windows, use it inside WSL 2 or with Docker.')
  }

  if (Number(process.versions.node.split('.')[0]) < 18) {
    throw new Problem(
      `this is Node ${process.versions.node}, which is too old even to fetch a newer one. Please install Node 24.`,
    )
  }

  await installPackages()
  const node = await provideNode()
  process.exitCode = await runSetup(node, purpose)
}

/** `npm ci`, unless node_modules already holds what package-lock.json asks for. */
async function installPackages() {
  if (packagesAreInstalled()) return

  await withLock(
    join(cacheFolder(), 'locks', `packages-${hash(project)}.lock`),
    async () => {
      if (packagesAreInstalled()) return
      say('installing packages …')
      const start = Date.now()
      await npm(['ci'], project)
      await writeFile(stampPath(), lockHash())
      say(`installed packages in ${seconds(start)}`)
    },
    { waiting: () => say('waiting for another set-up that is installing packages …') },
  )
}

function packagesAreInstalled() {
  const wanted = lockHash()
  try {
    if (readFileSync(stampPath(), 'utf8') === wanted) return true
  } catch {
    // No stamp: fresh, or installed by hand.
  }
  return installedByHand()
}

/** Whether an `npm install` of the user has put in place everything that the lock file names. */
function installedByHand() {
  /** @type {Record<string, { version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, link?: boolean }>} */
  let wanted
  /** @type {typeof wanted} */
  let found
  try {
    wanted = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')).packages
    found = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')).packages
  } catch {
    return false
  }
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const there = found[path]
    if (!there) return Boolean(entry.optional ?? entry.devOptional)
    return there.version === entry.version && there.integrity === entry.integrity
  })
}

function stampPath() {
  return join(modules, '.sluice-packages')
}

function lockHash() {
  return hash(readFileSync(join(project, 'package-lock.json')))
}

/** The path of a Node that runs TypeScript; an older one than that is not first in the PATH of npm scripts afterwards. */
async function provideNode() {
  const link = join(modules, '.bin', 'node')
  if (isNewEnough(process.versions.node)) return process.execPath

  const { os, cpu, version } = wantedRuntime()
  const home = join(cacheFolder(), 'node', `${version}-${os}-${cpu}`)
  const node = join(home, 'node_modules', `node-${os}-${cpu}`, 'bin', 'node')
  if (!existsSync(node)) {
    await withLock(join(cacheFolder(), 'locks', `node-${version}.lock`), async () => {
      if (!existsSync(node)) await installNode(home, version)
    })
  }

  // Beside the link and renamed, so that there is never a moment without one.
  if (!existsSync(link) || readLink(link) !== node) {
    await mkdir(dirname(link), { recursive: true })
    const fresh = `${link}.${process.pid}`
    await symlink(node, fresh)
    await rename(fresh, link)
  }
  return node
}

/** @param {string} version */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major >= 24 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)
}

function wantedRuntime() {
  const os = process.platform
  const cpu = process.arch
  const { optionalDependencies } = JSON.parse(readFileSync(join(runtimeFolder, 'package.json'), 'utf8'))
  const version = optionalDependencies[`node-${os}-${cpu}`]
  if (version === undefined) {
    throw new Problem(
      `Sluice needs Node ${oldestNode} or newer; this is ${process.versions.node}, and a newer one can be ` +
        `brought along for Linux on x64 and arm64 only (this is ${os} on ${cpu}). Please install Node 24.`,
    )
  }
  return { os, cpu, version }
}

/** @param {string} home @param {string} version */
async function installNode(home, version) {
  say(`this is Node ${process.versions.node}; bringing Node ${version} along …`)
  const start = Date.now()
  await mkdir(dirname(home), { recursive: true })
  const folder = await mkdtemp(`${home}-`)

  try {
    await cp(runtimeFolder, folder, { recursive: true })
    await npm(['ci'], folder)
    const node = join(folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
    await checkNode(node, version)
    await rm(home, { recursive: true, force: true })
    await rename(folder, home)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  say(`Node ${version} is ready (${seconds(start)})`)
}

/** @param {string} node @param {string} version */
async function checkNode(node, version) {
  await access(node)
  try {
    const { stdout } = await promisify(execFile)(node, ['--version'])
    if (stdout.trim() === `v${version}`) return
  } catch {
    // For instance a system with another libc.
  }
  throw new Problem(
    `Sluice needs Node ${oldestNode} or newer; this is ${process.versions.node}, and the official binary of ` +
      `Node ${version} does not run on this system. Please install Node 24 with your system's packages.`,
  )
}

/** @param {string} node @param {string} purpose */
async function runSetup(node, purpose) {
  const setup = join(project, 'scripts', 'setup.ts')
  const { code } = await execute(node, [setup, purpose], { inherit: true })
  return code
}

/** @param {string[]} args @param {string} folder */
async function npm(args, folder) {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error']
  const cli = process.env.npm_execpath
  const [command, first] = cli?.endsWith('.js') ? [process.execPath, [cli]] : ['npm', []]
  const { code, output } = await execute(command, [...first, ...args, ...flags], { folder })
  if (code === 0) return

  throw new Problem(
    code === 127
      ? 'npm is missing. Please install it (it comes with Node.js; on Debian the package is "npm").'
      : `"npm ${args.join(' ')}" failed in ${folder}. Is the npm registry reachable?\n${withoutUsage(output)}`,
  )
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ folder?: string, inherit?: boolean }} options
 * @returns {Promise<{ code: number, output: string }>}
 */
function execute(command, args, options) {
  // What npm tells the script that it runs about the package would tell an inner npm to work on that package.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(package|lifecycle|config_local_prefix)/.test(name),
    ),
  )
  // Downloads that Node does go through the proxy that the environment names, as npm's do.
  if (env.NODE_USE_ENV_PROXY === undefined) env.NODE_USE_ENV_PROXY = '1'

  return new Promise((resolve) => {
    const stdio = options.inherit ? 'inherit' : ['ignore', 'pipe', 'pipe']
    const child = spawn(
      command,
      args,
      /** @type {import('node:child_process').SpawnOptions} */ ({ cwd: options.folder, env, stdio }),
    )
    const forward = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal)
    process.on('SIGTERM', forward)
    let output = ''
    child.stdout?.on('data', (chunk) => (output += chunk))
    child.stderr?.on('data', (chunk) => (output += chunk))
    child.once('error', (error) => resolve({ code: 127, output: error.message }))
    child.once('close', (code) => {
      process.off('SIGTERM', forward)
      resolve({ code: code ?? 1, output })
    })
  })
}

/** npm explains all its options after some errors. @param {string} output */
function withoutUsage(output) {
  return output.split(/^npm error Usage:/m, 1)[0]?.trim()
}

/** @param {string} path */
function readLink(path) {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** @param {string | Buffer} data */
function hash(data) {
  return createHash('sha256').update(data).digest('hex').slice(0, 32)
}

/** @param {number} start */
function seconds(start) {
  return `${((Date.now() - start) / 1000).toFixed(1)} s`
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`set-up: ${line}\n`)
}

main().catch((error) => {
  const known = error instanceof Problem && !process.env.SLUICE_DEBUG
  process.stderr.write(`set-up failed: ${known ? error.message : (error?.message ?? error)}\n`)
  if (process.env.SLUICE_DEBUG) process.stderr.write(`${error?.stack}\n`)
  process.exitCode = 1
})
