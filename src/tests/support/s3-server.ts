import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { loadConfig } from '../../../config/load.ts'
import type { Config } from '../../../config/schema.ts'
import { findSwift } from '../../../scripts/swift.ts'

type StorageConfig = Config['storage']

const accessKeyId = 'tests:sluice'
const secretAccessKey = 'of-the-tests'
const bucket = 'recordings'
/** Asked for once, since asking starts a Python. */
let python: Promise<string | undefined> | undefined

/** OpenStack Swift on this machine, through its S3 interface: it checks signatures, checksums and parts as S3 does. */
export class S3Server {
  readonly port: number
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #client: S3Client

  /** With the bucket of `storage`, unless it is not to be there. */
  static async start(options: { bucket?: false } = {}): Promise<S3Server> {
    python ??= findSwift()
    const program = await python
    if (program === undefined) throw new Error('there is no OpenStack Swift: npm test installs it')
    const folder = await mkdtemp(join(tmpdir(), 'sluice-s3-'))
    const script = join(import.meta.dirname, 's3-server.py')
    const child = spawn(program, [script, folder, '0', accessKeyId, secretAccessKey], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const server = new S3Server(child, folder, Number(line.toString()))
    if (options.bucket !== false) await server.makeBucket()
    return server
  }

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child
    this.#folder = folder
    this.port = port
    this.#client = new S3Client({
      endpoint: this.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
      requestChecksumCalculation: 'WHEN_REQUIRED',
    })
  }

  async close(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
    await rm(this.#folder, { recursive: true, force: true })
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async makeBucket(): Promise<void> {
    await this.#client.send(new CreateBucketCommand({ Bucket: bucket }))
  }

  /** Settings that use it, perhaps through a proxy. */
  storage(changes: Partial<StorageConfig> = {}): StorageConfig {
    return storageConfig({
      kind: 's3',
      bucket,
      endpoint: this.endpoint,
      pathStyle: true,
      accessKeyId,
      secretAccessKey,
      partMegabytes: 5,
      ...changes,
    })
  }

  async keys(): Promise<string[]> {
    const { Contents = [] } = await this.#client.send(new ListObjectsV2Command({ Bucket: bucket }))
    return Contents.map(({ Key = '' }) => Key)
  }

  /** Keys of uploads in parts that are not complete. */
  async unfinished(): Promise<string[]> {
    const { Uploads = [] } = await this.#client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
    return Uploads.map(({ Key = '' }) => Key)
  }

  async clear(): Promise<void> {
    for (const key of await this.keys()) await this.delete(key)
    await this.abortAll()
  }

  async put(key: string, body: Buffer): Promise<void> {
    await this.#client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
  }

  async delete(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
  }

  /** Ends all uploads in parts, as a life-cycle rule does. */
  async abortAll(): Promise<void> {
    const { Uploads = [] } = await this.#client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
    for (const { Key, UploadId } of Uploads) {
      await this.#client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }))
    }
  }

  async get(key: string): Promise<Buffer> {
    const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    return Buffer.from((await Body?.transformToByteArray()) ?? [])
  }
}

/** The settings of storage, everything else at its default. */
export function storageConfig(changes: Partial<StorageConfig> = {}): StorageConfig {
  return { ...loadConfig({ argv: [], env: {}, cwd: tmpdir() }).config.storage, ...changes }
}
