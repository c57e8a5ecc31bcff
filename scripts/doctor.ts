import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { styleText } from 'node:util'
import { lanAddress, resolveListen } from '../config/addresses.ts'
import { parseCommandLine } from '../config/command-line.ts'
import { withLan } from '../config/lan.ts'
import { ConfigError, loadConfig, type Environment, type LoadedConfig } from '../config/load.ts'
import { listSettings } from '../config/setting-list.ts'
import { findFfmpeg } from '../recorder/ffmpeg-binary.ts'
import { urlOf } from '../src/start-summary.ts'
import { findWorkerBinary } from '../workers/binary/resolve.ts'
import { chooseCores, usableCores } from '../workers/cores.ts'
import {
  bad,
  checkDatabase,
  checkDataDir,
  checkHttpPort,
  checkLimits,
  checkMail,
  checkMediaPorts,
  checkMemory,
  checkStorage,
  checkTls,
  ok,
  warn,
  type Finding,
} from './doctor-checks.ts'

/**
 * `npm run doctor`: what Sluice would do if it were started here and now, and what would keep it from working.
 * Takes the options of `npm start`. Changes nothing. Ends with 1 when something is bad.
 */

export interface Examination {
  /** Name and value of each fact the start would print. */
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly findings: readonly Finding[]
}

export interface Circumstances {
  readonly argv: readonly string[]
  readonly env: Environment
  readonly cwd: string
}

export async function examine(circumstances: Circumstances): Promise<Examination> {
  const facts: [string, string][] = [['Version', versions()]]
  const findings: Finding[] = []

  const loaded = load(circumstances, findings)
  const { argv, cwd } = circumstances
  if (loaded) {
    const { http } = loaded.config
    const address = parseCommandLine(argv).lan ? lanAddress() : undefined
    facts.push(['URL', urlOf(http, { port: http.port, lanAddress: address })])
    facts.push(['Mode', loaded.config.mode])
    facts.push(['Configuration', configurationFact(loaded, cwd)])
    facts.push(['Data folder', loaded.config.dataDir])
  }
  await examineBinaries(facts, findings)
  if (loaded) await examineConfig(loaded, parseCommandLine(argv).lan, facts, findings)
  findings.push(...(await checkLimits()))
  return { facts, findings }
}

function versions(): string {
  return `Sluice ${packageVersion('.')}, mediasoup ${packageVersion('node_modules/mediasoup')}, Node ${process.versions.node}`
}

function packageVersion(folder: string): string {
  const text = readFileSync(join(import.meta.dirname, '..', folder, 'package.json'), 'utf8')
  const { version } = JSON.parse(text) as { version?: unknown }
  return String(version)
}

/** The configuration as the start would have it. Nothing is made: the certificate of --lan may not exist yet. */
function load({ argv, env, cwd }: Circumstances, findings: Finding[]): LoadedConfig | undefined {
  try {
    const loaded = loadConfig({ argv, env, cwd })
    findings.push(ok('The configuration loads.'))
    for (const text of loaded.warnings) findings.push(warn(text, 'Change it if it is not meant.'))
    if (!parseCommandLine(argv).lan) return loaded
    const address = lanAddress()
    if (address === undefined) {
      findings.push(bad('--lan: this machine has no IPv4 address in a network.', 'Connect it to a network.'))
      return loaded
    }
    const folder = join(loaded.config.dataDir, 'lan')
    return withLan(loaded, { address, certPath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem') })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const [, ...problems] = error.message.split('\n')
    findings.push(
      bad(
        ['The configuration does not load:', ...problems].join('\n'),
        'config/SETTINGS.md describes every setting.',
      ),
    )
    return undefined
  }
}

function configurationFact({ file, sources }: LoadedConfig, cwd: string): string {
  const from = (source: string) => listSettings().filter(({ path }) => ({ ...sources })[path] === source)
  const environment = from('environment').map((setting) => setting.environment)
  return [
    file === undefined ? 'no file' : `${relative(cwd, file)} (${from('file').length} settings)`,
    ...environment,
    ...(from('argument').length > 0 ? ['--lan'] : []),
    ...(from('default').length === listSettings().length ? ['everything at its default'] : []),
  ].join(', ')
}

async function examineBinaries(facts: [string, string][], findings: Finding[]): Promise<void> {
  try {
    const worker = await findWorkerBinary()
    if (worker) {
      facts.push(['Worker', `${worker.path} (${worker.version}, ${worker.source})`])
      findings.push(ok('The mediasoup worker starts.'))
    } else {
      findings.push(bad('There is no mediasoup worker that runs.', 'npm start gets or builds one.'))
    }
  } catch (error) {
    findings.push(bad('The mediasoup worker cannot be used.', messageOf(error)))
  }
  try {
    const ffmpeg = await findFfmpeg()
    if (ffmpeg) findings.push(ok(`FFmpeg ${ffmpeg.version} (${ffmpeg.source}): ${ffmpeg.path}`))
    else
      findings.push(
        warn(
          'There is no FFmpeg: what is recorded is kept as tracks, and no video is made of it.',
          'Install it (apt install ffmpeg), or set FFMPEG_PATH.',
        ),
      )
  } catch (error) {
    findings.push(bad('FFmpeg cannot be used.', messageOf(error)))
  }
}

async function examineConfig(
  { config, sources }: LoadedConfig,
  lan: boolean,
  facts: [string, string][],
  findings: Finding[],
): Promise<void> {
  let cores: readonly number[] = []
  try {
    cores = chooseCores(config.workers, usableCores())
  } catch (error) {
    findings.push(bad('The workers cannot be placed.', messageOf(error)))
  }
  const placed =
    config.workers.pin && process.platform === 'linux' ? `, on cores ${cores.join(', ')}` : ', not pinned'
  facts.push(['Workers', `${cores.length}${placed}`])

  const http = await checkHttpPort(config)
  findings.push(http.finding)
  try {
    const { listen, warnings } = await resolveListen(config.workers, { mode: config.mode, lan })
    facts.push([
      'Media',
      listen
        .map(({ ip, announcedAddress }) => (announcedAddress ? `${ip} announced as ${announcedAddress}` : ip))
        .join(', '),
    ])
    if (warnings.length === 0) findings.push(ok('Media addresses fit the mode.'))
    for (const text of warnings) findings.push(warn(text, 'SETTINGS.md, workers.listen, has examples.'))
    findings.push(await checkMediaPorts(listen, config.workers.portBase, cores.length, http.sluiceRuns))
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const { wrong, allowed } of error.problems)
      findings.push(bad(`workers.listen: ${wrong}.`, `Allowed: ${allowed ?? ''}`))
  }
  // With --lan the start makes a certificate that fits, whatever is there now.
  findings.push(
    sources['http.tlsCert'] === 'argument'
      ? ok('TLS: a certificate of its own, for --lan.')
      : await checkTls(config),
  )
  findings.push(...(await checkDataDir(config.dataDir, config.recordings)))
  findings.push(await checkDatabase(config), await checkMail(config), await checkStorage(config))
  findings.push(checkMemory(cores.length))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const marks = { ok: ['✔', 'green'], warn: ['!', 'yellow'], bad: ['✘', 'red'] } as const

function report({ facts, findings }: Examination): string {
  const width = Math.max(...facts.map(([name]) => name.length))
  const lines = facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
  lines.push('')
  for (const { status, text, advice } of findings) {
    const [mark, colour] = marks[status]
    lines.push(`${styleText(colour, mark)} ${text.replaceAll('\n', '\n  ')}`)
    if (advice !== undefined) lines.push(`    ${advice}`)
  }
  const count = (status: Finding['status']) => findings.filter((finding) => finding.status === status).length
  lines.push(
    '',
    count('bad') > 0
      ? `${count('bad')} to mend before it works, ${count('warn')} to look at.`
      : count('warn') > 0
        ? `It works; ${count('warn')} to look at.`
        : 'All is well.',
  )
  return lines.join('\n')
}

if (import.meta.main) {
  const examination = await examine({ argv: process.argv.slice(2), env: process.env, cwd: process.cwd() })
  console.log(report(examination))
  process.exitCode = examination.findings.some(({ status }) => status === 'bad') ? 1 : 0
}
