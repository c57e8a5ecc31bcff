import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../../config/schema.ts'
import { findSwift } from '../../../scripts/swift.ts'

/** A service that speaks S3, and who we are there. */
export interface S3Service {
  /** How it is reached, and the encryption that is asked for. */
  readonly settings: Partial<Config['storage']> & {
    readonly endpoint: string
    readonly region: string
    readonly accessKeyId: string
    readonly secretAccessKey: string
  }
  close(): Promise<void>
}

/** Asked for once, since asking starts a Python. */
let python: Promise<string | undefined> | undefined

/**
 * The service that TEST_S3_ENDPOINT names: plain HTTP, as the proxy of the tests does not speak TLS. Its other variables are
 * in docs/storage.md.
 */
export function namedService(env: NodeJS.ProcessEnv = process.env): S3Service | undefined {
  const endpoint = env['TEST_S3_ENDPOINT']
  if (endpoint === undefined) return undefined
  return {
    settings: {
      endpoint,
      region: env['TEST_S3_REGION'] ?? 'us-east-1',
      accessKeyId: env['TEST_S3_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['TEST_S3_SECRET_ACCESS_KEY'] ?? '',
      encryption: (env['TEST_S3_ENCRYPTION'] ?? 'none') as Config['storage']['encryption'],
      kmsKeyId: env['TEST_S3_KMS_KEY_ID'] ?? '',
    },
    close: () => Promise.resolve(),
  }
}

/** OpenStack Swift on this machine, through its S3 interface: it checks signatures, checksums and parts as S3 does. */
export async function startSwift(): Promise<S3Service> {
  python ??= findSwift()
  const program = await python
  if (program === undefined) throw new Error('there is no OpenStack Swift: npm test installs it')
  const keys = { accessKeyId: 'tests:sluice', secretAccessKey: 'of-the-tests' }
  const folder = await mkdtemp(join(tmpdir(), 'sluice-s3-'))
  const script = join(import.meta.dirname, 's3-server.py')
  const child = spawn(program, [script, folder, '0', keys.accessKeyId, keys.secretAccessKey], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    settings: { endpoint: `http://127.0.0.1:${Number(line.toString())}`, region: 'us-east-1', ...keys },
    close: async () => {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
