// Everything between the npm packages and a running server: `node scripts/setup.ts <start|test|build|worker>`, run by
// scripts/bootstrap.mjs. Says nothing and costs little when everything is there.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findFfmpeg } from '../recorder/ffmpeg-binary.ts'
import { cacheFolder } from '../workers/binary/cache.mjs'
import { obtainWorkerBinary } from '../workers/binary/resolve.ts'
import { run } from '../workers/binary/run.ts'
import { aptAccess, aptInstall, installCommand } from './apt.ts'
import { findChromium } from './chromium.ts'
import { findPostgres, installPostgres } from './postgres-programs.ts'
import { SetupOutput } from './setup-output.ts'
import { findSwift, installSwift } from './swift.ts'
import { buildWebApp } from './web-build.ts'

const project = fileURLToPath(new URL('..', import.meta.url))
/** start: a server. test: that and the tests. build: what an image holds. worker: the part of it that takes minutes. */
const purposes = ['start', 'test', 'build', 'worker'] as const
type Purpose = (typeof purposes)[number]

const output = new SetupOutput()
const { report } = output

async function setUp(purpose: Purpose): Promise<void> {
  await provideWorker()
  if (purpose === 'worker') return
  if (purpose !== 'build') await provideFfmpeg()
  if (purpose === 'test') {
    await provideChromium()
    await providePostgres()
    await provideSwift()
  }
  if (purpose === 'build') await buildSdk()
  await provideWebApp(purpose)
}

async function provideWorker(): Promise<void> {
  await obtainWorkerBinary({
    report,
    progress: output.progress,
    installPackages: async (packages) => {
      try {
        await aptInstall(packages, report)
      } catch (error) {
        throw new Error(`building the worker needs more packages, ${messageOf(error)}`, { cause: error })
      }
    },
  })
}

/** Only recording needs FFmpeg, so a server without it starts all the same. */
async function provideFfmpeg(): Promise<void> {
  if (await findFfmpeg()) return

  const tried = join(cacheFolder(), 'ffmpeg-tried')
  if (!isYoungerThanADay(tried) && (await aptAccess())) {
    await aptInstall(['ffmpeg'], report).catch((error: unknown) => report(messageOf(error)))
    if (await findFfmpeg()) return
    // What failed would fail again, and cost each start its time.
    try {
      writeFileSync(tried, '')
    } catch {
      // A folder that cannot be written only means that it is tried again.
    }
  }

  report(
    `there is no FFmpeg, so no video is made of what is recorded. Please run:  ${installCommand(['ffmpeg'])}\n` +
      '        or where GitHub can be reached:  npm rebuild ffmpeg-static --ignore-scripts=false\n' +
      '        or name one in FFMPEG_PATH',
  )
}

function isYoungerThanADay(path: string): boolean {
  const mtimeMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return Date.now() - mtimeMs < 24 * 60 * 60 * 1000
}

async function provideChromium(): Promise<void> {
  const missing: string[] = []
  if (findChromium() === undefined) missing.push('chromium')
  if (!(await hasFonts())) missing.push('fonts-liberation')
  if (missing.length === 0) return

  try {
    await aptInstall(missing, report)
  } catch (error) {
    throw new Error(`the browser tests need ${missing.join(' and ')}, ${messageOf(error)}`, { cause: error })
  }
  if (findChromium() === undefined)
    throw new Error('the browser tests need Chromium; name one in CHROMIUM_PATH')
}

async function providePostgres(): Promise<void> {
  if (findPostgres() !== undefined) return
  try {
    await installPostgres(report)
  } catch (error) {
    throw new Error(`the database tests need PostgreSQL, ${messageOf(error)}`, { cause: error })
  }
  if (findPostgres() === undefined)
    throw new Error('the database tests need PostgreSQL; name the folder of its programs in POSTGRES_BIN')
}

async function provideSwift(): Promise<void> {
  if ((await findSwift()) !== undefined) return
  try {
    await installSwift(report)
  } catch (error) {
    throw new Error(`the storage tests need OpenStack Swift, ${messageOf(error)}`, { cause: error })
  }
  if ((await findSwift()) === undefined)
    throw new Error('the storage tests need OpenStack Swift; name a Python that has it in SWIFT_PYTHON')
}

/** Without any font a page's text is empty boxes. */
async function hasFonts(): Promise<boolean> {
  if (!existsSync('/usr/share/fonts')) return false
  const { code, output: fonts } = await run('fc-list', [':lang=en', 'file'])
  return code === undefined || fonts.trim() !== ''
}

/** A server whose web app cannot be built still serves applications, so only a start goes on without it. */
async function provideWebApp(purpose: Purpose): Promise<void> {
  try {
    await buildWebApp(project, report)
  } catch (error) {
    if (purpose !== 'start') throw error
    report(`going on with the web app as it was before, if there was one: ${messageOf(error)}`)
  }
}

async function buildSdk(): Promise<void> {
  const packageJson = JSON.parse(readFileSync(join(project, 'src', 'sdk', 'package.json'), 'utf8')) as {
    scripts?: Record<string, string>
  }
  if (packageJson.scripts?.build === undefined) return
  const { code, output: said } = await run('npm', ['run', 'build', '--workspace', 'src/sdk'], {
    cwd: project,
  })
  if (code !== 0) throw new Error(`the SDK could not be built:\n${said}`)
  report('built the SDK')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function isPurpose(word: string | undefined): word is Purpose {
  return purposes.some((purpose) => purpose === word)
}

try {
  const purpose = process.argv[2]
  if (!isPurpose(purpose)) throw new Error(`usage: node scripts/setup.ts ${purposes.join('|')}`)
  await setUp(purpose)
} catch (error) {
  process.stderr.write(`set-up failed: ${messageOf(error)}\n`)
  if (process.env.SLUICE_DEBUG && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`)
  process.exitCode = 1
}
