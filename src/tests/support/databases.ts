import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import { openDatabase, type Db } from '../../db/database.ts'
import { createLog } from '../../lib/log.ts'
import { provideEmptyPglite } from './empty-pglite.ts'
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

/** A test on each engine, with a migrated database whose tables are empty; the tests of a file share it. */
export function forEachDatabase(
  name: string,
  act: (db: Db, t: TestContext, where: EmptyDatabase) => Promise<void>,
): void {
  for (const engine of ['PGlite', 'PostgreSQL'] as const) {
    test(`${name} (${engine})`, async (t) => {
      const { db, where } = await sharedDatabase(engine)
      const tables = (await db.introspection.getTables()).map((table) => table.name)
      for (const table of tables.filter((table) => !table.startsWith('sluice_migration'))) {
        await sql`truncate ${sql.table(table)} cascade`.execute(db)
      }
      await act(db, t, where)
    })
  }
}

interface SharedDatabase {
  readonly db: Db
  readonly where: EmptyDatabase
}

const sharedDatabases = new Map<EmptyDatabase['engine'], Promise<SharedDatabase>>()

function sharedDatabase(engine: EmptyDatabase['engine']): Promise<SharedDatabase> {
  const made = sharedDatabases.get(engine) ?? openShared(engine)
  sharedDatabases.set(engine, made)
  return made
}

async function openShared(engine: EmptyDatabase['engine']): Promise<SharedDatabase> {
  const where = await emptyDatabase(engine, mkdtempSync(join(tmpdir(), 'sluice-test-')))
  return { db: await openDatabase({ ...where, log: silent }), where }
}

after(async () => {
  for (const opened of sharedDatabases.values()) {
    const { db, where } = await opened
    await db.close()
    rmSync(where.dataDir, { recursive: true, force: true })
  }
  await (await postgres)?.close()
})

/** A test on each engine, with an empty database that nobody has opened. */
export function forEachEngine(
  name: string,
  act: (where: EmptyDatabase, t: TestContext) => Promise<void>,
): void {
  for (const engine of ['PGlite', 'PostgreSQL'] as const) {
    test(`${name} (${engine})`, async (t) => act(await emptyDatabase(engine, temporaryFolder(t)), t))
  }
}

/** An empty database in the PostgreSQL of this file's tests, or an embedded one in `dataDir`. */
export async function emptyDatabase(
  engine: EmptyDatabase['engine'],
  dataDir: string,
): Promise<EmptyDatabase> {
  if (engine === 'PGlite') {
    await provideEmptyPglite(dataDir)
    return { engine, url: undefined, dataDir, contents: async () => bytesBelow(dataDir) }
  }
  postgres ??= startPostgres()
  const server = await postgres
  const url = await server.createDatabase()
  return { engine, url, dataDir, contents: async () => Buffer.from(await server.dump(url)) }
}

/** One for all tests of a file. */
let postgres: Promise<TestPostgres> | undefined

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
