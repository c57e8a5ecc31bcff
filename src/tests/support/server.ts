import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../../config/load.ts'
import { findWorkerBinary } from '../../../workers/binary/resolve.ts'
import { App } from '../../app.ts'
import { createLog, type Log } from '../../lib/log.ts'
import { provideEmptyPglite } from './empty-pglite.ts'

export interface TestServer {
  readonly app: App
  /** `http://127.0.0.1:port` */
  readonly url: string
  readonly port: number
  readonly dataDir: string
  close(): Promise<void>
}

/**
 * The whole server in this process, with real workers, on ports the system chooses. `settings` are environment variables
 * (`SLUICE_LIMITS_ROOMS: '1'`), as an operator would set them. Set SLUICE_TEST_LOG=debug to see its log. `withDatabase` puts an
 * empty one there, for tests that need one soon.
 */
export async function startServer(
  settings: Record<string, string> = {},
  log: Log = createLog({ level: process.env['SLUICE_TEST_LOG'] ?? 'silent', pretty: false }),
  { withDatabase = false }: { withDatabase?: boolean } = {},
): Promise<TestServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-test-'))
  const { config } = loadConfig({
    argv: [],
    cwd: dataDir,
    env: {
      SLUICE_DATA_DIR: dataDir,
      SLUICE_HTTP_PORT: '0',
      SLUICE_WORKERS_PORT_BASE: '0',
      SLUICE_WORKERS_COUNT: '1',
      ...settings,
    },
  })
  // Where tokens are the way in, the database is opened at the start.
  if (withDatabase || config.mode === 'production') await provideEmptyPglite(dataDir)
  const binary = await findWorkerBinary()
  if (!binary) throw new Error('no mediasoup worker: npm test gets one first')
  const app = await App.create({
    config,
    listen: [{ ip: '127.0.0.1' }],
    workerBinary: binary.path,
    log,
  })
  const port = await app.listen()
  return {
    app,
    port,
    dataDir: config.dataDir,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      await app.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** A server for one test. */
export async function withServer(
  settings: Record<string, string>,
  run: (server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await startServer(settings)
  try {
    await run(server)
  } finally {
    await server.close()
  }
}
