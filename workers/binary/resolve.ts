import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'
import {
  buildWorker,
  hashOfBuildFiles,
  makeBuildFolder,
  missingBuildPackages,
  removeAbandonedBuilds,
  type BuildProgress,
} from './build.ts'
import { cacheFolder, withLock } from './cache.mjs'
import { mediasoupFolder, mediasoupPackage } from './mediasoup.ts'
import { downloadPrebuilt, prebuiltIsWanted } from './prebuilt.ts'
import { run } from './run.ts'
import { selfCheck } from './self-check.ts'

export type WorkerBinarySource = 'environment' | 'installed' | 'prebuilt' | 'local-build'

export interface WorkerBinary {
  path: string
  source: WorkerBinarySource
  /** The version of mediasoup it belongs to. */
  version: string
}

export interface ObtainOptions {
  report: (line: string) => void
  /** Called for each compiled file of a local build. Without it, `report` gets a line every tenth of the way. */
  progress?: (progress: BuildProgress) => void
  /** Tries to install Debian packages that a local build lacks; throws an error that says what to do if it can't. */
  installPackages?: (packages: readonly string[]) => Promise<void>
}

/** Where binaries are looked for; a test puts its own places here. */
export interface Places {
  env: NodeJS.ProcessEnv
  installed: string
  cache: string
}

export function defaultPlaces(): Places {
  return {
    env: process.env,
    installed: join(mediasoupFolder, 'worker', 'out', 'Release', 'mediasoup-worker'),
    cache: join(cacheFolder(), 'worker'),
  }
}

/** mediasoup's program ends with this code when it is started without MEDIASOUP_VERSION: proof that it is one, and runs. */
const exitCodeWithoutVersion = 41
const version = mediasoupPackage.version

/** Quick: what is there already and starts; never downloads, builds or tries out. */
export async function findWorkerBinary(places: Places = defaultPlaces()): Promise<WorkerBinary | undefined> {
  const named = places.env.MEDIASOUP_WORKER_BIN
  if (named) {
    const binary = candidate(named, 'environment')
    const broken = await reasonItIsBroken(binary, places)
    if (broken !== undefined) throw namedIsBroken(named, broken)
    return binary
  }

  for (const binary of candidates(places)) {
    if (exists(binary.path) && (await reasonItIsBroken(binary, places)) === undefined) return binary
  }
  return undefined
}

/** For set-up: finds, downloads or builds a worker, tries it out, and keeps it. */
export async function obtainWorkerBinary(
  options: ObtainOptions,
  places: Places = defaultPlaces(),
): Promise<WorkerBinary> {
  const named = places.env.MEDIASOUP_WORKER_BIN
  if (named) {
    const binary = candidate(named, 'environment')
    const broken = await tryOut(binary, places)
    if (broken !== undefined) throw namedIsBroken(named, broken)
    return binary
  }

  for (const binary of candidates(places)) {
    if (!exists(binary.path)) continue
    const broken = await tryOut(binary, places)
    if (broken === undefined) return binary
    options.report(`not using ${binary.path}: ${broken}`)
  }

  // One at a time on this machine: two builds at once would only slow each other down.
  return withLock(
    join(places.cache, `${localKey()}.lock`),
    async () =>
      (await findWorkerBinary(places)) ??
      (await prebuilt(options, places)) ??
      (await localBuild(options, places)),
    { waiting: () => options.report('waiting for another set-up that is getting the worker …') },
  )
}

/** What is kept from an earlier set-up, best first. */
function candidates(places: Places): WorkerBinary[] {
  return [
    candidate(places.installed, 'installed'),
    candidate(cached(places, prebuiltKey()), 'prebuilt'),
    candidate(cached(places, localKey()), 'local-build'),
  ]
}

function candidate(path: string, source: WorkerBinarySource): WorkerBinary {
  return { path, source, version }
}

/** Everything that must be the same for a cached build to fit. */
export function localKey(buildFiles: string = hashOfBuildFiles()): string {
  return `${version}-${platform()}-${arch()}-${buildFiles}`
}

function prebuiltKey(): string {
  return `${version}-${platform()}-${arch()}-prebuilt`
}

function cached(places: Places, key: string): string {
  return join(places.cache, key, 'mediasoup-worker')
}

async function prebuilt(options: ObtainOptions, places: Places): Promise<WorkerBinary | undefined> {
  if (!prebuiltIsWanted(places.env)) return undefined

  options.report(`downloading the mediasoup worker ${version} …`)
  const folder = await makeBuildFolder(places.cache, prebuiltKey())
  try {
    const path = await downloadPrebuilt(folder)
    return await keep(path, candidate(cached(places, prebuiltKey()), 'prebuilt'))
  } catch (error) {
    options.report(`no prebuilt worker (${messageOf(error)}), building one`)
    return undefined
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function localBuild(options: ObtainOptions, places: Places): Promise<WorkerBinary> {
  const missing = await missingBuildPackages()
  if (missing.length > 0) {
    if (!options.installPackages) throw new Error(`Building the worker needs ${missing.join(', ')}.`)
    await options.installPackages(missing)
  }

  await removeAbandonedBuilds(places.cache, localKey())
  const folder = await makeBuildFolder(places.cache, localKey())
  const start = performance.now()
  options.report(`building the mediasoup worker ${version} (some minutes, once) …`)
  try {
    const path = await buildWorker(folder, { report: options.report, progress: options.progress })
    const binary = await keep(path, candidate(cached(places, localKey()), 'local-build'))
    options.report(`built the mediasoup worker in ${Math.round((performance.now() - start) / 1000)} s`)
    return binary
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Tries out a fresh binary and moves it to its place in one step, so that what is there is whole and works. */
async function keep(path: string, binary: WorkerBinary): Promise<WorkerBinary> {
  const broken = await startsAndCarriesACall(path)
  if (broken !== undefined) throw new Error(`the fresh worker does not work: ${broken}`)

  await mkdir(dirname(binary.path), { recursive: true })
  await rename(path, binary.path)
  return binary
}

/**
 * Tries out a binary that was found, once: the verdict is kept next to the cache, under what identifies the file.
 * Returns the reason if it does not work.
 */
async function tryOut(binary: WorkerBinary, places: Places): Promise<string | undefined> {
  const known = await readVerdict(binary, places)
  if (known !== undefined) return reasonItIsBroken(binary, places)

  // What is in the cache was tried out before it was put there.
  const fromCache = binary.path.startsWith(places.cache)
  const broken = fromCache
    ? await reasonItDoesNotStart(binary.path)
    : await startsAndCarriesACall(binary.path)
  if (!fromCache) await writeVerdict(binary, places, broken)
  return broken
}

async function reasonItIsBroken(binary: WorkerBinary, places: Places): Promise<string | undefined> {
  const verdict = await readVerdict(binary, places)
  return verdict || reasonItDoesNotStart(binary.path)
}

async function startsAndCarriesACall(path: string): Promise<string | undefined> {
  const broken = await reasonItDoesNotStart(path)
  if (broken !== undefined) return broken
  try {
    await selfCheck(path)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

async function reasonItDoesNotStart(path: string): Promise<string | undefined> {
  const { MEDIASOUP_VERSION: _, ...env } = process.env
  const { code, output } = await run(path, [], { env, timeoutMs: 5_000 })
  if (code === exitCodeWithoutVersion) return undefined
  return output.split('\n')[0] || `it is not a mediasoup worker (exit code ${code ?? 'none'})`
}

/** '' if the binary works, the reason if it does not, undefined if nobody has tried. */
async function readVerdict(binary: WorkerBinary, places: Places): Promise<string | undefined> {
  try {
    return await readFile(verdictPath(binary, places), 'utf8')
  } catch {
    return undefined
  }
}

async function writeVerdict(binary: WorkerBinary, places: Places, broken: string | undefined): Promise<void> {
  const path = verdictPath(binary, places)
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, broken ?? '')
  } catch {
    // A cache that cannot be written only means that the next set-up tries again.
  }
}

function verdictPath(binary: WorkerBinary, places: Places): string {
  const { size, mtimeMs } = statOf(binary.path) ?? { size: 0, mtimeMs: 0 }
  const identity = createHash('sha256').update([binary.path, size, mtimeMs, version].join('\0')).digest('hex')
  return join(places.cache, 'verdicts', identity.slice(0, 32))
}

function exists(path: string): boolean {
  return statOf(path) !== undefined
}

function statOf(path: string): { size: number; mtimeMs: number } | undefined {
  return statSync(path, { throwIfNoEntry: false })
}

function namedIsBroken(path: string, reason: string): Error {
  return new Error(
    `MEDIASOUP_WORKER_BIN names ${path}, which cannot be used: ${reason}. Correct it or unset it.`,
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
