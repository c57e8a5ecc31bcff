import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { availableMemory } from 'node:process'
import { fileURLToPath } from 'node:url'
import { mediasoupFolder } from './mediasoup.ts'
import { addedFolders, buildLibraries, buildTools, mesonOptions, patches, type Patch } from './recipe.ts'
import { run } from './run.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
/** A compiler of this code base takes up to so much memory. */
const bytesPerJob = 700 * 1024 * 1024

export interface BuildProgress {
  done: number
  total: number
}

export interface BuildOptions {
  report: (line: string) => void
  /** Called for each file that was compiled. Without it, `report` gets a line every tenth of the way. */
  progress?: ((progress: BuildProgress) => void) | undefined
}

/** Names the recipe: the same bytes build the same worker. */
export function hashOfBuildFiles(folder: string = here): string {
  const hash = createHash('sha256')
  const files = addedFolders
    .flatMap((added) => readdirSync(join(folder, added), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
  for (const file of ['recipe.ts', ...files].sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(folder, file)))
      .update('\0')
  }
  return hash.digest('hex').slice(0, 16)
}

/** The Debian packages that a build still needs on this machine. */
export async function missingBuildPackages(): Promise<string[]> {
  const missing = new Set<string>()

  await Promise.all([
    ...Object.entries(buildTools).map(async ([command, debianPackage]) => {
      const name = command === 'c++' ? (process.env.CXX ?? command) : command
      const { code } = await run(name, ['--version'])
      if (code !== 0) missing.add(debianPackage)
    }),
    ...Object.entries(buildLibraries).map(async ([library, debianPackage]) => {
      const { code } = await run('pkg-config', ['--exists', library])
      if (code !== 0) missing.add(debianPackage)
    }),
  ])
  return [...missing].sort()
}

/**
 * Builds the worker in `folder` from the sources in the npm package and the system's libraries.
 * node_modules is only read.
 */
export async function buildWorker(folder: string, options: BuildOptions): Promise<string> {
  const source = join(folder, 'source')
  const build = join(folder, 'build')

  await mkdir(source, { recursive: true })
  for (const part of [
    'deps',
    'fbs',
    'fuzzer',
    'include',
    'mocks',
    'src',
    'test',
    'meson.build',
    'meson_options.txt',
  ]) {
    await cp(join(mediasoupFolder, 'worker', part), join(source, part), { recursive: true })
  }
  for (const added of addedFolders) await cp(join(here, added), join(source, added), { recursive: true })
  for (const patch of patches) await applyPatch(source, patch)

  await step('meson', ['setup', ...mesonOptions, build, source])

  const jobs = Math.max(1, Math.min(availableParallelism(), Math.floor(availableMemory() / bytesPerJob)))
  const progress = options.progress ?? everyTenth(options.report)
  await step('ninja', ['-C', build, '-j', String(jobs), 'mediasoup-worker'], {
    onLine: (line) => {
      const now = parseNinjaProgress(line)
      if (now) progress(now)
    },
  })

  const binary = join(build, 'mediasoup-worker')
  await run('strip', [binary])
  await chmod(binary, 0o755)
  return binary
}

/** Replaces text that must be there exactly once: a mediasoup that changed it has to be looked at by a person. */
export async function applyPatch(source: string, patch: Patch): Promise<void> {
  const path = join(source, patch.file)
  const text = await readFile(path, 'utf8')
  const found = text.split(patch.find).length - 1

  if (found !== 1) {
    throw new Error(
      `mediasoup's ${patch.file} has "${patch.find}" ${found} times instead of once. It has to be replaced because ` +
        `${patch.why}; adapt workers/binary/recipe.ts to this version of mediasoup.`,
    )
  }
  await writeFile(
    path,
    text.replace(patch.find, () => patch.replace),
  )
}

/** Reads ninja's `[12/261] Compiling …`. */
export function parseNinjaProgress(line: string): BuildProgress | undefined {
  const match = /^\[(\d+)\/(\d+)\] /.exec(line)
  if (!match) return undefined
  return { done: Number(match[1]), total: Number(match[2]) }
}

export function everyTenth(report: (line: string) => void): (progress: BuildProgress) => void {
  let reported = 0
  return ({ done, total }) => {
    const tenth = Math.floor((done * 10) / total)
    if (tenth <= reported) return
    reported = tenth
    report(`building the worker: ${done} of ${total} files`)
  }
}

async function step(
  command: string,
  args: string[],
  options: { onLine?: (line: string) => void } = {},
): Promise<void> {
  const { code, output } = await run(command, args, options)
  if (code === 0) return
  const lines = output.split('\n').filter((line) => parseNinjaProgress(line) === undefined)
  throw new Error(`${command} failed:\n${lines.slice(-30).join('\n')}`)
}

export async function makeBuildFolder(cache: string, key: string): Promise<string> {
  await mkdir(cache, { recursive: true })
  return mkdtemp(join(cache, `.build-${key}-`))
}

/** Removes what a killed build of the same key left. Only for the holder of the key's lock. */
export async function removeAbandonedBuilds(cache: string, key: string): Promise<void> {
  for (const name of readdirSync(cache)) {
    if (name.startsWith(`.build-${key}-`)) await rm(join(cache, name), { recursive: true, force: true })
  }
}
