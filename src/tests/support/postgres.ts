import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { findPostgres } from '../../../scripts/postgres-programs.ts'
import { until } from './until.ts'

/** A real PostgreSQL of its own, on loopback, that remembers nothing. */
export interface TestPostgres {
  /** Makes an empty database and returns its URL. */
  createDatabase(): Promise<string>
  /** Writes everything in a database as SQL. */
  dump(url: string): Promise<string>
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>
  /** Starts it again after `kill`, on the same port and with the same data. */
  start(): Promise<void>
  close(): Promise<void>
}

export async function startPostgres(): Promise<TestPostgres> {
  const programs = findPostgres()
  if (!programs) throw new Error('no PostgreSQL: npm test installs it, or set POSTGRES_BIN')
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? unprivilegedUser() : undefined
  const folder = mkdtempSync(join(tmpdir(), 'sluice-postgres-'))
  if (user) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const run = (program: string, args: readonly string[]): ChildProcess =>
    spawn(join(programs, program), args, { ...user, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })

  const port = await freePort()
  const url = (database: string) => `postgres://sluice@127.0.0.1:${port}/${database}`
  let server: ChildProcess | undefined
  let databases = 0

  async function start(): Promise<void> {
    const settings = { port, fsync: 'off', unix_socket_directories: '', listen_addresses: '127.0.0.1' }
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    server = run('postgres', ['-D', data, ...args])
    const said = collect(server)
    await until('PostgreSQL answers', () => query(url('postgres'), 'select 1'), { why: said })
  }

  async function kill(): Promise<void> {
    if (server?.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    server.kill('SIGQUIT')
    await exited
  }

  async function close(): Promise<void> {
    await kill()
    rmSync(folder, { recursive: true, force: true })
  }

  try {
    await finish(
      run('initdb', ['-D', data, '-U', 'sluice', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N']),
    )
    await start()
  } catch (error) {
    await close()
    throw error
  }

  return {
    createDatabase: async () => {
      const name = `test_${++databases}`
      await query(url('postgres'), `create database ${name}`)
      return url(name)
    },
    dump: (database) => finish(run('pg_dump', ['--dbname', database])),
    kill,
    start,
    close,
  }
}

async function query(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    return await client.query(sql)
  } finally {
    await client.end()
  }
}

/** Resolves with what a program printed when it ends well. */
async function finish(program: ChildProcess): Promise<string> {
  const said = collect(program)
  const [code] = (await once(program, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${program.spawnfile} ended with ${code}: ${said()}`)
  return said()
}

function collect(program: ChildProcess): () => string {
  const parts: string[] = []
  for (const stream of [program.stdout, program.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => parts.push(text))
  }
  return () => parts.join('')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function unprivilegedUser(): { uid: number; gid: number } {
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody')
}
