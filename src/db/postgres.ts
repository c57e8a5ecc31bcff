import {
  PostgresDialect,
  PostgresDriver,
  type DatabaseConnection,
  type Driver,
  type PostgresDialectConfig,
} from 'kysely'
import pg from 'pg'
import { AppError } from '../lib/app-error.ts'
import type { Log } from '../lib/log.ts'
import { parsers } from './parsers.ts'

/** How long a query waits for a connection, in milliseconds. Longer helps a busy database, shorter tells people sooner. */
const connectMs = 3_000
/** A query without an answer for so long is given up, in milliseconds: the network may swallow packets without a word. */
const queryMs = 60_000
const maxConnections = 10

/** PostgreSQL over the network. A lost connection becomes an AppError `unavailable`, and never ends the process. */
export function postgresDialect({ url, log }: { url: string; log: Log }): PostgresDialect {
  const pool = new pg.Pool({
    connectionString: url,
    connectionTimeoutMillis: connectMs,
    query_timeout: queryMs,
    keepAlive: true,
    max: maxConnections,
    application_name: 'sluice',
    types: { getTypeParser },
  })
  // The query that was under way is told; the event on top would end the process if nobody listened.
  const lost = (error: Error) => log.debug({ err: error }, 'a database connection was lost')
  pool.on('error', lost)
  pool.on('connect', (client) => client.on('error', lost))
  return new TellingDialect({ pool }, new Reachability(log))
}

const getTypeParser = ((oid: number, format?: 'text') =>
  parsers[oid] ?? pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser

/** Says once that the database is gone, and once that it is back. */
class Reachability {
  readonly #log: Log
  #isReachable = true

  constructor(log: Log) {
    this.#log = log
  }

  async watch<T>(act: () => Promise<T>): Promise<T> {
    try {
      const result = await act()
      if (!this.#isReachable) this.#log.info('the database answers again')
      this.#isReachable = true
      return result
    } catch (error) {
      if (!isLostConnection(error)) throw error
      if (this.#isReachable) this.#log.error({ err: error }, 'the database does not answer')
      this.#isReachable = false
      const unavailable = new AppError(
        'unavailable',
        'The database does not answer. Try again in a few seconds.',
      )
      unavailable.cause = error
      throw unavailable
    }
  }
}

class TellingDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig
  readonly #reachability: Reachability

  constructor(config: PostgresDialectConfig, reachability: Reachability) {
    super(config)
    this.#config = config
    this.#reachability = reachability
  }

  override createDriver(): Driver {
    return new TellingDriver(this.#config, this.#reachability)
  }
}

class TellingDriver extends PostgresDriver {
  readonly #reachability: Reachability
  readonly #watched = new WeakSet<DatabaseConnection>()

  constructor(config: PostgresDialectConfig, reachability: Reachability) {
    super(config)
    this.#reachability = reachability
  }

  override async acquireConnection(
    ...options: Parameters<PostgresDriver['acquireConnection']>
  ): Promise<DatabaseConnection> {
    const connection = await this.#reachability.watch(() => super.acquireConnection(...options))
    if (!this.#watched.has(connection)) {
      this.#watched.add(connection)
      const executeQuery = connection.executeQuery.bind(connection)
      connection.executeQuery = (...query) => this.#reachability.watch(() => executeQuery(...query))
    }
    return connection
  }
}

/** SQLSTATE classes of a server that is going, starting or full: connection exception, operator intervention, resources. */
const passingStates = /^(08|57P|53)/
/** What pg says of connections that ended without a code. */
const lostMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Client (has encountered|was closed)|Query read timeout)/

export function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  if (error instanceof pg.DatabaseError) return passingStates.test(code)
  // Several addresses that all failed.
  if (error instanceof AggregateError) return error.errors.some(isLostConnection)
  return 'syscall' in error || lostMessages.test(error.message)
}
