import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { loadConfig } from '../../config/load.ts'
import { createLog } from '../../src/lib/log.ts'
import { openServices } from '../../src/services.ts'
import { received, seesAndHears, startBrowser, type ReceivedTrack } from '../../src/tests/support/browser.ts'
import { Caller } from '../../src/tests/support/caller.ts'
import { median } from '../../src/tests/support/composite-figures.ts'
import { provideEmptyPglite } from '../../src/tests/support/empty-pglite.ts'
import { startPostgres } from '../../src/tests/support/postgres.ts'
import { until } from '../../src/tests/support/until.ts'
import type { LoopDelay } from './loop-probe.ts'

/**
 * `npm run bench -- logins`: what log-ins do to a call. A server process holds a call of two browsers on this machine; times with
 * log-ins at a steady rate alternate with quiet ones, so that both see the same machine.
 */

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: 'string', default: '50' },
    rounds: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '10' },
    database: { type: 'string', default: 'postgres' },
  },
})
const rate = Number(values.rate)
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const accountCount = 50
const password = 'correct horse battery'

/** What one call partner received in a time. */
interface Received {
  readonly frames: number
  readonly packets: number
  readonly lost: number
  readonly freezes: number
  /** Milliseconds of late or early arrival, by sound and picture. */
  readonly jitterMs: number
}

interface Window extends Received {
  readonly loop: LoopDelay
  readonly answered: number
  readonly refused: number
  readonly latenciesMs: readonly number[]
}

const dataDir = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const postgres = values.database === 'postgres' ? await startPostgres() : undefined
if (!postgres) await provideEmptyPglite(dataDir)
const env = {
  SLUICE_DATA_DIR: dataDir,
  SLUICE_HTTP_PORT: '0',
  SLUICE_WORKERS_PORT_BASE: '0',
  SLUICE_LOG_LEVEL: 'warn',
  SLUICE_LIMITS_LOGINS_PER_MINUTE: '100000',
  SLUICE_LIMITS_LOGINS_PER_MINUTE_PER_ADDRESS: '100000',
  SLUICE_LIMITS_REQUESTS_PER_MINUTE: '1000000',
  ...(postgres ? { DATABASE_URL: await postgres.createDatabase() } : {}),
}
await makeAccounts()
const server = spawn(
  process.execPath,
  [
    '--import',
    join(import.meta.dirname, 'loop-probe.ts'),
    join(import.meta.dirname, '..', '..', 'src', 'main.ts'),
  ],
  { env: { ...process.env, ...env }, cwd: dataDir, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
)
const browser = await startBrowser()
try {
  const url = await addressOf(server)
  const ana = await Caller.join(browser, { url, room: 'bench', name: 'Ana' })
  const ben = await Caller.join(browser, { url, room: 'bench', name: 'Ben' })
  await seesAndHears(ana.page, 1)
  await seesAndHears(ben.page, 1)
  // The bitrate climbs, and the password process starts.
  await logIns(url, 5)
  await delay(5000)

  const quiet: Window[] = []
  const busy: Window[] = []
  for (let round = 1; round <= rounds; round++) {
    quiet.push(await measure(ben, url, 0))
    busy.push(await measure(ben, url, rate))
    process.stdout.write(`round ${round} of ${rounds}\n`)
  }
  report(quiet, busy)
} finally {
  await browser.close()
  server.kill('SIGTERM')
  await once(server, 'exit')
  await postgres?.close()
  rmSync(dataDir, { recursive: true, force: true })
}

/** Accounts that can log in, with one hash for all. */
async function makeAccounts(): Promise<void> {
  const log = createLog({ level: 'error', pretty: true })
  const { config } = loadConfig({ argv: [], env, cwd: dataDir })
  const services = await openServices({ config, log })
  const now = new Date()
  const password_hash = await services.accounts.passwords.hash(password)
  for (let i = 0; i < accountCount; i++) {
    const person = { id: `acc_bench_${i}`, email: emailOf(i), name: `Person ${i}`, role: 'host' }
    await services.db
      .insertInto('accounts')
      .values({ ...person, password_hash, email_verified_at: now, created_at: now })
      .execute()
  }
  await services.close()
}

function emailOf(i: number): string {
  return `person-${i % accountCount}@example.org`
}

async function addressOf(child: ChildProcess): Promise<string> {
  let output = ''
  child.stdout!.on('data', (text: Buffer) => (output += text.toString()))
  return until('the server prints its address', () => /^ {2}open +(\S+)$/m.exec(output)?.[1])
}

/** Log-ins at a steady rate, whether or not the ones before were answered. */
async function logIns(url: string, perSecond: number) {
  const latenciesMs: number[] = []
  let refused = 0
  const one = async (i: number): Promise<void> => {
    await delay((i * 1000) / perSecond)
    const startMs = performance.now()
    const response = await fetch(`${url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: emailOf(i), password }),
    })
    await response.arrayBuffer()
    if (response.ok) latenciesMs.push(performance.now() - startMs)
    else refused++
  }
  await Promise.all(Array.from({ length: perSecond * seconds }, (_, i) => one(i)))
  return { latenciesMs, refused, answered: latenciesMs.length }
}

async function measure(person: Caller, url: string, perSecond: number): Promise<Window> {
  await loopDelay()
  const before = await receivedBy(person)
  const answers = logIns(url, perSecond)
  await delay(seconds * 1000)
  const after = await receivedBy(person)
  const loop = await loopDelay()
  return {
    ...(await answers),
    loop,
    frames: after.frames - before.frames,
    packets: after.packets - before.packets,
    lost: after.lost - before.lost,
    freezes: after.freezes - before.freezes,
    jitterMs: after.jitterMs,
  }
}

async function loopDelay(): Promise<LoopDelay> {
  const answer = once(server, 'message')
  server.send('how late?')
  return ((await answer) as [LoopDelay])[0]
}

async function receivedBy({ page }: Caller): Promise<Received> {
  const tracks = await received(page)
  const sum = (of: (track: ReceivedTrack) => number): number =>
    tracks.reduce((total, track) => total + of(track), 0)
  return {
    frames: sum((track) => track.framesDecoded),
    packets: sum((track) => track.packetsReceived),
    lost: sum((track) => track.packetsLost),
    freezes: sum((track) => track.freezeCount),
    jitterMs: Math.max(...tracks.map((track) => track.jitter * 1000)),
  }
}

function report(quiet: readonly Window[], busy: readonly Window[]): void {
  const rows: [name: string, of: (window: Window) => number][] = [
    ['event loop, p50 ms', ({ loop }) => loop.p50],
    ['event loop, p99 ms', ({ loop }) => loop.p99],
    ['event loop, worst ms', ({ loop }) => loop.max],
    ['CPU of the server, %', ({ loop }) => loop.cpuMs / seconds / 10],
    ['frames per second', ({ frames }) => frames / seconds],
    ['packets per second', ({ packets }) => packets / seconds],
    ['packets lost, %', ({ lost, packets }) => (100 * lost) / (packets + lost)],
    ['freezes', ({ freezes }) => freezes],
    ['jitter, ms', ({ jitterMs }) => jitterMs],
  ]
  const latencies = busy.flatMap(({ latenciesMs }) => latenciesMs).toSorted((a, b) => a - b)
  const at = (share: number): string => (latencies[Math.floor(share * latencies.length)] ?? 0).toFixed(0)
  const answered = busy.reduce((sum, window) => sum + window.answered, 0)
  const refused = busy.reduce((sum, window) => sum + window.refused, 0)
  const lines = rows.map(([name, of]) => {
    const [without, beside] = [median(quiet.map(of)), median(busy.map(of))]
    const ratio = without === 0 ? '' : `  x ${(beside / without).toFixed(2)}`
    return `${name.padEnd(22)} ${without.toFixed(2).padStart(9)} ${beside.toFixed(2).padStart(9)}${ratio}`
  })
  process.stdout.write(
    [
      `${rate} log-ins a second on ${values.database}: ${answered} answered (median ${at(0.5)} ms, p99 ${at(0.99)} ms), ${refused} refused`,
      `${'medians of the rounds'.padEnd(22)} ${'quiet'.padStart(9)} ${'log-ins'.padStart(9)}`,
      ...lines,
      '',
    ].join('\n'),
  )
}
