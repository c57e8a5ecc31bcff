import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { ConfigError, loadConfig, type Environment } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import type { ApiKeys } from '../src/auth/api-keys.ts'
import { DatabaseInUseError } from '../src/db/pglite.ts'
import { AppError } from '../src/lib/app-error.ts'
import { createLog } from '../src/lib/log.ts'
import { openServices, type Services } from '../src/services.ts'

/** What `npm run keys`, `token` and `accounts` share. */

export interface Circumstances {
  readonly argv: readonly string[]
  readonly env: Environment
  readonly cwd: string
  readonly now: Date
}

/** Something the person at the keyboard can put right. */
export class UsageError extends Error {}

export function readArguments<const T extends ParseArgsOptionsConfig>(argv: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** The configuration as `npm start` would read it here. */
export function readConfig({ env, cwd }: Circumstances, file: string | undefined): Config {
  return loadConfig({ argv: file === undefined ? [] : ['--config', file], env, cwd }).config
}

export function withApiKeys<T>(config: Config, act: (keys: ApiKeys) => Promise<T>): Promise<T> {
  return withServices(config, ({ apiKeys }) => act(apiKeys))
}

/** Opens the database for as long as `act` takes. */
export async function withServices<T>(config: Config, act: (services: Services) => Promise<T>): Promise<T> {
  const log = createLog({ level: 'error', pretty: true })
  const { dataDir } = config
  const services = await openServices({ config, log }).catch((error: unknown) => {
    if (!(error instanceof DatabaseInUseError)) throw error
    throw new UsageError(
      `A running Sluice uses the embedded database in ${dataDir}, and it serves one process at a time.\n` +
        'Stop that Sluice meanwhile, or give both a PostgreSQL (DATABASE_URL).\n' +
        'With the id and secret of a key in SLUICE_API_KEY and SLUICE_API_SECRET, npm run token needs no database.',
    )
  })
  try {
    return await act(services)
  } finally {
    await services.close()
  }
}

/** Prints what `act` returns, or what went wrong in words. */
export async function runTool(act: (circumstances: Circumstances) => Promise<string>): Promise<void> {
  try {
    const argv = process.argv.slice(2)
    process.stdout.write(await act({ argv, env: process.env, cwd: process.cwd(), now: new Date() }))
  } catch (error) {
    const isExpected =
      error instanceof UsageError || error instanceof AppError || error instanceof ConfigError
    process.stderr.write(`${isExpected ? error.message : ((error as Error).stack ?? String(error))}\n`)
    process.exitCode = 1
  }
}

/** Rows as lines, each column as wide as it has to be. */
export function inColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]!.length))) ?? []
  return rows
    .map(
      (row) =>
        row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd() + '\n',
    )
    .join('')
}
