import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import { AppError } from '../lib/app-error.ts'
import {
  emptyDatabase,
  forEachDatabase,
  forEachEngine,
  silent,
  temporaryFolder,
} from '../tests/support/databases.ts'
import { provideEmptyPglite } from '../tests/support/empty-pglite.ts'
import { startPostgres } from '../tests/support/postgres.ts'
import { until } from '../tests/support/until.ts'
import { connect, openDatabase, type Db } from './database.ts'
import { migrate } from './migrate.ts'
import { migrations } from './migrations/index.ts'
import { DatabaseInUseError } from './pglite.ts'

const names = Object.keys(migrations)

async function migrated(db: Db): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from sluice_migration order by name`.execute(db)
  return rows.map(({ name }) => name)
}

async function columns(db: Db): Promise<unknown[]> {
  const { rows } = await sql`
    select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
    where table_schema = 'public' order by table_name, column_name`.execute(db)
  return rows
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'unavailable' && error.status === 503

/** A process that holds the database open, when it has come so far. */
function processWith(t: TestContext, where: { dataDir: string; url?: string | undefined }) {
  const script = join(import.meta.dirname, '..', 'tests', 'support', 'database-process.ts')
  const args = [script, where.dataDir, ...(where.url ? [where.url] : [])]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  return { child, opened: once(child.stdout!, 'data'), exited: once(child, 'exit') }
}

test('migrations are listed in the order of their names', () => {
  assert.deepEqual(names, [...names].sort())
})

forEachEngine('migrations lead to the same tables from empty and from each earlier state', async (where) => {
  const db = await connect({ ...where, log: silent })
  try {
    await migrate(db, { log: silent })
    const newest = await columns(db)
    assert.ok(newest.length > 0)
    for (const name of names) {
      await sql`drop schema public cascade; `.execute(db)
      await sql`create schema public`.execute(db)
      await migrate(db, { log: silent, target: name })
      assert.deepEqual(await migrated(db), names.slice(0, names.indexOf(name) + 1))
      await migrate(db, { log: silent })
      assert.deepEqual(await columns(db), newest, `from ${name}`)
    }
    await migrate(db, { log: silent })
    assert.deepEqual(await migrated(db), names)
  } finally {
    await db.close()
  }
})

forEachDatabase('a database of a newer Sluice is not touched, and the error says so', async (db) => {
  await sql`insert into sluice_migration values ('9999-future', '2030-01-01')`.execute(db)
  await assert.rejects(migrate(db, { log: silent }), /newer Sluice/)
  await sql`delete from sluice_migration where name = '9999-future'`.execute(db)
})

forEachDatabase('values are read alike on both engines', async (db) => {
  const { rows } = await sql`
    select 9007199254740991::bigint as big, count(*) as count, '2026-11-20'::date as day,
      '2026-11-20T10:00:00Z'::timestamptz as moment, '{"a":[1]}'::jsonb as json, true as truth, null as nothing
    from (values (1), (2)) as two`.execute(db)
  assert.deepEqual(rows, [
    {
      big: Number.MAX_SAFE_INTEGER,
      count: 2,
      day: '2026-11-20',
      moment: new Date('2026-11-20T10:00:00Z'),
      json: { a: [1] },
      truth: true,
      nothing: null,
    },
  ])
  const sent = { bytes: new Uint8Array([0, 255, 7]), moment: new Date('2026-11-20T10:00:00.123Z') }
  const back = await sql<typeof sent>`
    select ${sent.bytes}::bytea as bytes, ${sent.moment}::timestamptz as moment`.execute(db)
  assert.deepEqual([...back.rows[0]!.bytes], [...sent.bytes])
  assert.deepEqual(back.rows[0]!.moment, sent.moment)
})

forEachDatabase('a transaction that throws leaves nothing', async (db) => {
  const created_at = new Date()
  const failing = db.transaction().execute(async (trx) => {
    await trx.insertInto('api_keys').values({ id: 'k', name: 'n', created_at }).execute()
    throw new Error('no')
  })
  await assert.rejects(failing, /no/)
  assert.deepEqual(await db.selectFrom('api_keys').selectAll().execute(), [])
})

test('two processes that start together on PostgreSQL migrate once', async (t) => {
  const where = await emptyDatabase('PostgreSQL', temporaryFolder(t))
  const processes = [processWith(t, where), processWith(t, where)]
  await Promise.all(processes.map(({ opened }) => opened))
  const db = await openDatabase({ ...where, log: silent })
  assert.deepEqual(await migrated(db), names)
  await db.close()
  for (const { child, exited } of processes) {
    child.stdin!.end()
    assert.deepEqual(await exited, [0, null])
  }
})

test('a second process is told that the embedded database is in use, until the first has died', async (t) => {
  const dataDir = temporaryFolder(t)
  await provideEmptyPglite(dataDir)
  const { child, opened, exited } = processWith(t, { dataDir })
  await opened
  await assert.rejects(openDatabase({ dataDir, log: silent }), (error) => {
    assert.ok(error instanceof DatabaseInUseError)
    assert.match(error.message, /Stop that one first, or give both a PostgreSQL \(DATABASE_URL\)/)
    return true
  })
  child.kill('SIGKILL')
  await exited
  const db = await openDatabase({ dataDir, log: silent })
  assert.equal(await db.healthy(), true)
  await assert.rejects(openDatabase({ dataDir, log: silent }), DatabaseInUseError, 'in the same process')
  await db.close()
})

test('a lost PostgreSQL makes queries unavailable until it is back, and a start waits for it', async (t) => {
  const server = await startPostgres()
  t.after(() => server.close())
  const where = { url: await server.createDatabase(), dataDir: temporaryFolder(t), log: silent }
  const db = await openDatabase(where)
  t.after(() => db.close())
  const list = () => db.selectFrom('api_keys').select('id').execute()

  // One connection waits idle, one is in a query and one in a transaction when the server goes.
  const asleep = sql`select pg_sleep(60)`.execute(db)
  const transaction = db.transaction().execute(async (trx) => {
    await sql`select 1`.execute(trx)
    await assert.rejects(asleep, isUnavailable)
    await trx.selectFrom('api_keys').select('id').execute()
  })
  await Promise.all([list(), list(), list()])
  const lost = Promise.all([
    assert.rejects(asleep, isUnavailable),
    assert.rejects(transaction, isUnavailable),
  ])
  await server.kill()
  await lost

  const askedAtMs = performance.now()
  await assert.rejects(list(), isUnavailable)
  await assert.rejects(list(), isUnavailable)
  assert.equal(await db.healthy(), false)
  assert.ok(performance.now() - askedAtMs < 5_000, 'the answer comes soon')

  const starting = openDatabase(where)
  await server.start()
  await until('the database answers again', () => db.healthy())
  assert.deepEqual(await list(), [])
  const second = await starting
  assert.deepEqual(await migrated(second), names)
  await second.close()
})
