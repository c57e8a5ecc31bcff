import { setTimeout as delay } from 'node:timers/promises'
import { Kysely, PGliteDialect, sql, type Dialect } from 'kysely'
import { AppError } from '../lib/app-error.ts'
import type { Log } from '../lib/log.ts'
import { migrate } from './migrate.ts'
import { postgresDialect } from './postgres.ts'
import type { Tables } from './tables.ts'

export interface DatabaseOptions {
  /** `postgres://…`; empty or left out for the embedded database. */
  readonly url?: string | undefined
  readonly dataDir: string
  readonly log: Log
}

/** A PostgreSQL that starts together with this process may take so long to answer, in milliseconds. */
const startMs = 20_000
const retryMs = 500

/** Connects, migrates, and resolves when queries can be made. */
export async function openDatabase({ url, dataDir, log }: DatabaseOptions): Promise<Db> {
  const db = await connect({ url, dataDir, log })
  try {
    await untilItAnswers(db)
    await migrate(db, { log })
    return db
  } catch (error) {
    await db.close()
    throw error
  }
}

/** The same without migrating; for tests of migrations. */
export async function connect({ url, dataDir, log }: DatabaseOptions): Promise<Db> {
  if (url) return new Db(postgresDialect({ url, log }), { engine: 'postgres' })
  // Who has a PostgreSQL does not load another one.
  const { openPglite } = await import('./pglite.ts')
  const { pglite, release } = await openPglite({ dataDir, log })
  const db = new Db(new PGliteDialect({ pglite }), { engine: 'pglite', release })
  // Kysely closes only what it has used.
  await sql`select 1`.execute(db)
  return db
}

async function untilItAnswers(db: Db): Promise<void> {
  const deadline = performance.now() + startMs
  for (;;) {
    try {
      await sql`select 1`.execute(db)
      return
    } catch (error) {
      const isPassing = error instanceof AppError && error.code === 'unavailable'
      if (!isPassing || performance.now() > deadline) throw error
      await delay(retryMs)
    }
  }
}

/** Kysely over our tables, whichever engine holds them. */
export class Db extends Kysely<Tables> {
  readonly engine: 'postgres' | 'pglite'
  readonly #release: () => void
  #closed: Promise<void> | undefined

  constructor(dialect: Dialect, options: { engine: 'postgres' | 'pglite'; release?: () => void }) {
    super({ dialect })
    this.engine = options.engine
    this.#release = options.release ?? (() => undefined)
  }

  /** Whether a query can be made now. */
  async healthy(): Promise<boolean> {
    return sql`select 1`.execute(this).then(
      () => true,
      () => false,
    )
  }

  /** Waits for queries under way. */
  close(): Promise<void> {
    this.#closed ??= this.destroy().finally(() => this.#release())
    return this.#closed
  }
}
