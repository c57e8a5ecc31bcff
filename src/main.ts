import { networkInterfaces } from 'node:os'
import { resolveListen } from '../config/addresses.ts'
import { helpText, parseCommandLine } from '../config/command-line.ts'
import { prepareLan, qrCode, withLan, type Lan } from '../config/lan.ts'
import { ConfigError, loadConfig } from '../config/load.ts'
import { findWorkerBinary } from '../workers/binary/resolve.ts'
import { App, version } from './app.ts'
import { createLog, type Log } from './lib/log.ts'
import { startSummary } from './start-summary.ts'

/** The process: reads what it is told, starts the app, says where it is, ends on signals. */

/** Exit codes: 1 for a fault, 2 for a configuration that cannot be used (sysexits calls it usage). */
const exitCodes = { fault: 1, configuration: 2 } as const
/** A shutdown that takes longer than this is cut, in milliseconds. */
const shutdownMs = 15_000
/** How long clients are told to come back after such a fault, in milliseconds. */
const faultMs = 2000
/**
 * A signal that comes again within this time is the same one, in milliseconds: on Ctrl-C the terminal signals this process
 * and npm, and npm passes its own on.
 */
const echoMs = 500

async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  const commandLine = parseCommandLine(argv)
  if (commandLine.help) return void process.stdout.write(helpText)
  if (commandLine.version) return void process.stdout.write(`${version}\n`)

  const plain = loadConfig({ argv, env: process.env, cwd: process.cwd() })
  const lan = commandLine.lan ? await prepareLan({ dataDir: plain.config.dataDir }) : undefined
  const loaded = lan ? withLan(plain, lan) : plain
  const { config } = loaded
  const isPretty = config.log.pretty === 'always' || (config.log.pretty === 'auto' && process.stdout.isTTY)
  const log = createLog({ level: config.log.level, pretty: isPretty })

  const { listen, warnings } = await resolveListen(config.workers, {
    mode: config.mode,
    lan: lan !== undefined,
    interfaces: networkInterfaces(),
  })
  for (const warning of [...loaded.warnings, ...warnings]) log.warn(warning)

  const binary = await findWorkerBinary()
  if (!binary) {
    throw new ConfigError([
      {
        setting: 'MEDIASOUP_WORKER_BIN',
        wrong: 'there is no mediasoup worker yet; npm start gets one first',
      },
    ])
  }
  const app = await App.create({ config, listen, workerBinary: binary.path, log, lanAddress: lan?.address })
  closeOnSignals(app, log)
  closeOnFaults(app, log)
  await app.listen()

  const { url } = app
  const workers = app.workerStatus()
  const setUpCode = (await isSetUpNeeded(app, log)) ? app.setUpCode : undefined
  process.stdout.write(
    startSummary({ url, config, file: loaded.file, binary, workers, listen, version, setUpCode }),
  )
  if (lan) process.stdout.write(await lanHint(url, lan))
}

/** A database that cannot be asked keeps nobody from meeting: the log says so, and who needs it is told. */
async function isSetUpNeeded(app: App, log: Log): Promise<boolean> {
  try {
    return await app.setUpNeeded()
  } catch (error) {
    log.error({ err: error }, 'the database cannot be opened')
    return false
  }
}

async function lanHint(url: string, lan: Lan): Promise<string> {
  return [
    '',
    await qrCode(url),
    `Open ${url} on a phone in the same network, or scan the code.`,
    'Its browser will warn once, because the certificate was made here and not by an authority. That is expected:',
    `the certificate is ${lan.certPath}.`,
    '',
  ].join('\n')
}

function closeOnSignals(app: App, log: Log): void {
  let askedAtMs: number | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    if (askedAtMs !== undefined) {
      // Whoever asks twice does not want to wait.
      if (performance.now() - askedAtMs > echoMs) process.exit(exitCodes.fault)
      return
    }
    askedAtMs = performance.now()
    log.info({ signal }, 'closing')
    setTimeout(() => {
      log.error('could not close in time')
      process.exit(exitCodes.fault)
    }, shutdownMs).unref()
    app.close('server-closing').then(
      () => {
        log.info('closed')
        process.exitCode = 0
      },
      (error: unknown) => {
        log.error({ err: error }, 'closing failed')
        process.exit(exitCodes.fault)
      },
    )
  }
  // Before the listeners of mediasoup, which close each worker at once: clients would hear that it had died.
  process.prependListener('SIGTERM', onSignal)
  process.prependListener('SIGINT', onSignal)
}

/** A fault nobody caught: the state may be wrong, so the process ends, but clients are told to come back first. */
function closeOnFaults(app: App, log: Log): void {
  const onFault = (error: unknown): void => {
    log.fatal({ err: error }, 'a fault that nobody caught; closing')
    process.exitCode = exitCodes.fault
    setTimeout(() => process.exit(exitCodes.fault), faultMs).unref()
    void app.close('server-closing').finally(() => process.exit(exitCodes.fault))
  }
  process.on('uncaughtException', onFault)
  process.on('unhandledRejection', onFault)
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`)
    process.exit(exitCodes.configuration)
  }
  process.stderr.write(`${process.env['SLUICE_DEBUG'] ? ((error as Error).stack ?? '') : explain(error)}\n`)
  process.exit(exitCodes.fault)
})

/** A start that failed, for a person: what is wrong, not where in the code. */
function explain(error: unknown): string {
  const { code, message, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') {
    return `Port ${port} is taken, maybe by another Sluice. Stop that, or choose one: SLUICE_HTTP_PORT=4444 npm start`
  }
  const media = /\[protocol:(\w+), .*port:(\d+)\]: address already in use/.exec(message)
  if (media) {
    return `${media[1]!.toUpperCase()} port ${media[2]} for media is taken, maybe by another Sluice. Stop that, or choose others: SLUICE_WORKERS_PORT_BASE=45444 npm start`
  }
  return `Sluice could not start: ${message}\nnpm run doctor says what is amiss on this machine.`
}
