import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { readManifest } from '../../recorder/manifest.ts'
import { startBrowser } from '../../src/tests/support/browser.ts'
import { PatternCaller, type SentPatterns } from '../../src/tests/support/call-pattern-caller.ts'
import { provideEmptyPglite } from '../../src/tests/support/empty-pglite.ts'
import type { PatternName, PatternSending } from '../../src/tests/support/call-pattern.ts'
import { until } from '../../src/tests/support/until.ts'

/** The call of `npm run bench -- sync`: three people in Chromium who send clocks and tones, recorded by a server of its own process. */

/** What somebody's clock said when ours said what, in milliseconds since 1970. */
export interface ClockReading {
  readonly ourMs: number
  readonly theirMs: number
  /** How long asking took: the reading is as unsure. */
  readonly tookMs: number
}

/** Resident memory of processes in kilobytes. */
export interface MemoryReading {
  readonly atMs: number
  readonly kilobytes: Readonly<Record<string, number>>
  /** Of the last minute. */
  readonly load: number
}

/** What the manifest said of a file while it was written. */
export interface LineReading {
  readonly atMs: number
  readonly name: string
  readonly offsetMs: number
  readonly driftPpm: number
}

/** What is known of a call beside its recording. */
export interface CallFacts {
  readonly recordingId: string
  readonly beganMs: number
  /** Parts per million by which Ben's machine is faster than this one, if it is. */
  readonly machinePpm: number | undefined
  readonly cardPpm: number
  readonly sent: Readonly<Record<PatternName, SentPatterns>>
  readonly clocks: Readonly<Record<PatternName, readonly ClockReading[]>>
  readonly memory: readonly MemoryReading[]
  readonly lines: readonly LineReading[]
  readonly complaints: readonly string[]
}

/** Small and slow, so that a browser keeps up on a machine that does other things, too. */
const camera = { width: 640, height: 360, everyMs: 66 }
const clockEveryMs = 5000
const noteEveryMs = 60_000
const roomId = 'synchrony'

/**
 * Holds it for so many minutes and writes what is known of it to `facts.json` in the folder each minute. The folder is the server's data
 * folder as well.
 */
export async function holdSyncCall(options: {
  folder: string
  minutes: number
  machinePpm: number
  cardPpm: number
  say: (text: string) => void
}): Promise<void> {
  const { folder, minutes, cardPpm, say } = options
  const library = findFaketime()
  const machinePpm = library === undefined ? undefined : options.machinePpm
  if (library === undefined) say('libfaketime is not installed (package faketime): all clocks are alike.')
  const server = await startServerProcess(folder)
  const browsers: Browser[] = []
  try {
    browsers.push(await startBrowser())
    if (library !== undefined) {
      browsers.push(
        await startBrowser([], {
          env: { LD_PRELOAD: library, FAKETIME: `+0 x${1 + options.machinePpm / 1e6}` },
        }),
      )
    }
    const enter = (browser: Browser, name: PatternName) =>
      PatternCaller.join(browser, { url: server.url, room: roomId, name, listens: false })
    const [ana, ben, cleo] = [
      await enter(browsers[0]!, 'ana'),
      await enter(browsers.at(-1)!, 'ben'),
      await enter(browsers[0]!, 'cleo'),
    ]
    const people = [ana, ben, cleo]
    const recordingId = await ana.record()
    const usual: PatternSending = { camera, isSingle: true }
    await ana.publish(usual)
    await ben.publish(usual)
    await cleo.publish({ ...usual, cardPpm })
    say(`Recording ${recordingId} goes on for ${minutes} minutes.`)

    const beganMs = Date.now()
    const clocks: Record<PatternName, ClockReading[]> = { ana: [], ben: [], cleo: [] }
    const memory: MemoryReading[] = []
    const lines: LineReading[] = []
    const note = async (): Promise<void> => {
      const atMs = Date.now()
      memory.push({ atMs, kilobytes: memoryOf(server.child.pid!), load: loadavg()[0]! })
      const manifest = await readManifest(join(folder, 'recordings', recordingId))
      for (const { name, offsetMs, driftPpm } of manifest?.tracks.flatMap(({ files }) => files) ?? [])
        lines.push({ atMs, name, offsetMs, driftPpm })
      const [sentByAna, sentByBen, sentByCleo] = [await ana.sent(), await ben.sent(), await cleo.sent()]
      const facts: CallFacts = {
        ...{ recordingId, beganMs, machinePpm, cardPpm, clocks, memory, lines },
        sent: { ana: sentByAna, ben: sentByBen, cleo: sentByCleo },
        complaints: people.flatMap(({ name, complaints }) => complaints.map((text) => `${name}: ${text}`)),
      }
      writeFileSync(join(folder, 'facts.json'), JSON.stringify(facts))
      say(`${Math.round((atMs - beganMs) / 60_000)} min: ${JSON.stringify(memory.at(-1))}`)
    }
    let notedMs = 0
    while (Date.now() < beganMs + minutes * 60_000) {
      for (const { name, page } of people)
        clocks[name].push(await clockReading(() => page.evaluate('Date.now()')))
      if (Date.now() - notedMs >= noteEveryMs) {
        notedMs = Date.now()
        await note()
      }
      await delay(clockEveryMs)
    }
    for (const caller of people) await caller.countEncoded()
    await note()
    await ana.stopRecording()
    const isFinished = async () =>
      (await readManifest(join(folder, 'recordings', recordingId)))?.state === 'finished'
    await until('the recording is finished', isFinished)
    await note()
  } finally {
    for (const browser of browsers) await browser.close()
    server.child.kill('SIGTERM')
    await server.ended
  }
}

export function readFacts(folder: string): CallFacts {
  return JSON.parse(readFileSync(join(folder, 'facts.json'), 'utf8')) as CallFacts
}

/** The one for programs with threads. */
function findFaketime(): string | undefined {
  return globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0]
}

/** Of several readings the one that took the shortest time. */
async function clockReading(ask: () => Promise<unknown>): Promise<ClockReading> {
  let best: ClockReading | undefined
  for (let turn = 0; turn < 5; turn++) {
    const before = now()
    const theirMs = (await ask()) as number
    const tookMs = now() - before
    if (best === undefined || tookMs < best.tookMs) best = { ourMs: before + tookMs / 2, theirMs, tookMs }
  }
  return best!
}

const now = () => performance.timeOrigin + performance.now()

interface ServerProcess {
  readonly child: ChildProcess
  readonly url: string
  readonly ended: Promise<unknown>
}

/** As an operator would start it, on ports the system chooses. Its log is in the folder. */
async function startServerProcess(folder: string): Promise<ServerProcess> {
  await provideEmptyPglite(folder)
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', '..', 'src', 'main.ts')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      SLUICE_DATA_DIR: folder,
      SLUICE_HTTP_PORT: '0',
      SLUICE_WORKERS_PORT_BASE: '0',
      SLUICE_WORKERS_COUNT: '1',
      SLUICE_RECORDINGS_OUTPUT: 'none',
    },
  })
  const ended = once(child, 'close')
  let output = ''
  child.stdout.on('data', (text: Buffer) => {
    if (output.length < 10_000) output += text.toString()
  })
  child.stdout.pipe(createWriteStream(join(folder, 'server.log')))
  const url = await until('the server says its address', () => /^ {2}open +(\S+)$/m.exec(output)?.[1], {
    why: () => output,
  })
  return { child, url, ended }
}

/** Of the server and its children, by what they are. */
function memoryOf(serverPid: number): Record<string, number> {
  const kilobytes: Record<string, number> = { server: residentKilobytes(serverPid) }
  for (const path of globSync(`/proc/${serverPid}/task/*/children`)) {
    for (const pid of readFileSync(path, 'utf8').split(' ').filter(Boolean)) {
      if (!existsSync(`/proc/${pid}`)) continue
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      const what = ['recorder-process', 'mediasoup-worker'].find((name) => command.includes(name))
      if (what !== undefined) kilobytes[what] = residentKilobytes(Number(pid))
    }
  }
  return kilobytes
}

function residentKilobytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}
