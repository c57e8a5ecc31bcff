// @ts-check
// Plain JavaScript, because scripts/bootstrap.mjs imports it on a Node that is too old for TypeScript.
import { randomUUID } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('../..', import.meta.url))

/** A lock whose holder has not shown a sign of life for so long belongs to a process that was killed. */
const staleAfterMs = 20_000

/**
 * The folder for what is expensive to make and outlives node_modules: the worker binary and Node.
 * SLUICE_CACHE_DIR, or `sluice` in the user's cache folder, or a folder of the project where that cannot be written.
 */
export function cacheFolder(env = process.env) {
  if (env.SLUICE_CACHE_DIR) return resolve(env.SLUICE_CACHE_DIR)

  const home = env.HOME ?? homedir()
  const candidates = []
  if (env.XDG_CACHE_HOME) candidates.push(join(env.XDG_CACHE_HOME, 'sluice'))
  // Users of services have homes that do not exist, and must not get one here.
  if (existsSync(home)) candidates.push(join(home, '.cache', 'sluice'))

  for (const candidate of candidates) {
    if (isWritable(candidate)) return candidate
  }
  return join(project, 'data', 'cache')
}

/** @param {string} folder */
function isWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Runs `work` while no other process that asks for the same lock file runs its own.
 * The lock of a killed process is taken over; `waiting` is called once if another process has to be waited for.
 *
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {{ waiting?: () => void }} [options]
 * @returns {Promise<T>}
 */
export async function withLock(path, work, options = {}) {
  const token = randomUUID()
  await mkdir(dirname(path), { recursive: true })

  for (let told = false; !(await take(path, token));) {
    if (await breakIfStale(path)) continue
    if (!told) options.waiting?.()
    told = true
    await new Promise((wake) => setTimeout(wake, 200))
  }

  const signOfLife = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => undefined)
  }, 1_000)
  signOfLife.unref()

  try {
    return await work()
  } finally {
    clearInterval(signOfLife)
    const holder = await readFile(path, 'utf8').catch(() => '')
    if (holder === token) await rm(path, { force: true })
  }
}

/** @param {string} path @param {string} token */
async function take(path, token) {
  try {
    const file = await open(path, 'wx')
    await file.writeFile(token)
    await file.close()
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  }
}

/** @param {string} path */
async function breakIfStale(path) {
  const age = await ageMs(path)
  if (age === undefined) return true
  if (age < staleAfterMs) return false

  // Moved away first, so that of several processes that saw the stale lock only one removes it.
  const moved = `${path}.${randomUUID()}`
  try {
    await rename(path, moved)
  } catch {
    return true
  }
  const movedAge = await ageMs(moved)
  if (movedAge !== undefined && movedAge < staleAfterMs) {
    // Another process was faster, and this is its new lock: give it back.
    await rename(moved, path).catch(() => undefined)
    return false
  }
  await rm(moved, { force: true })
  return true
}

/** @param {string} path */
async function ageMs(path) {
  try {
    return Date.now() - (await stat(path)).mtimeMs
  } catch {
    return undefined
  }
}
