import { constants, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cp, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { cacheFolder, withLock } from '../../../workers/binary/cache.mjs'
import { openDatabase, type Db } from '../../db/database.ts'
import { openPglite } from '../../db/pglite.ts'
import { createLog } from '../../lib/log.ts'
import { startPostgres, type TestPostgres } from './postgres.ts'

export const silent = createLog({ level: 'silent', pretty: false })

/** What `openDatabase` needs for an empty database that belongs to one test. */
export interface EmptyDatabase {
  readonly engine: 'PostgreSQL' | 'PGlite'
  readonly url: string | undefined
  readonly dataDir: string
  /** Everything that is in the database: the bytes of its files, or a dump. */
  contents(): Promise<Buffer>
}

/** A test on each engine, with a migrated database of its own that is closed at the end. */
export function forEachDatabase(
  name: string,
  act: (db: Db, t: TestContext, where: EmptyDatabase) => Promise<void>,
): void {
  forEachEngine(name, async (where, t) => {
    const db = await openDatabase({ ...where, log: silent })
    try {
      await act(db, t, where)
    } finally {
      await db.close()
    }
  })
}

/** A test on each engine, with an empty database that nobody has opened. */
export function forEachEngine(
  name: string,
  act: (where: EmptyDatabase, t: TestContext) => Promise<void>,
): void {
  test(`${name} (PGlite)`, async (t) => {
    const dataDir = temporaryFolder(t)
    await provideEmptyPglite(dataDir)
    await act({ engine: 'PGlite', url: undefined, dataDir, contents: async () => bytesBelow(dataDir) }, t)
  })
  test(`${name} (PostgreSQL)`, async (t) => {
    const server = await sharedPostgres()
    const url = await server.createDatabase()
    await act(
      {
        engine: 'PostgreSQL',
        url,
        dataDir: temporaryFolder(t),
        contents: async () => Buffer.from(await server.dump(url)),
      },
      t,
    )
  })
}

let shared: Promise<TestPostgres> | undefined

/** One PostgreSQL for all tests of a file. */
export function sharedPostgres(): Promise<TestPostgres> {
  shared ??= startPostgres()
  return shared
}

after(async () => (await shared)?.close())

/**
 * Puts an empty embedded database into a data folder. Making one costs seconds of CPU, so there is one in the cache to copy;
 * a server that starts on this folder is up sooner.
 */
export async function provideEmptyPglite(dataDir: string): Promise<void> {
  const cache = join(cacheFolder(), 'empty-pglite')
  const made = join(cache, pgliteVersion)
  if (!existsSync(made)) await withLock(`${made}.lock`, () => makeEmptyPglite(cache, made))
  await cp(join(made, 'db'), join(dataDir, 'db'), { recursive: true, mode: constants.COPYFILE_FICLONE })
}

async function makeEmptyPglite(cache: string, made: string): Promise<void> {
  if (existsSync(made)) return
  const dataDir = mkdtempSync(join(cache, 'unfinished-'))
  const { pglite, release } = await openPglite({ dataDir, log: silent })
  await pglite.close()
  release()
  await rename(dataDir, made)
}

const pgliteVersion = (
  JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', '..', 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
).dependencies['@electric-sql/pglite']!

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function bytesBelow(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return Buffer.concat(files.map((file) => readFileSync(join(file.parentPath, file.name))))
}
