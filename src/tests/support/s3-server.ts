import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { loadConfig } from '../../../config/load.ts'
import type { Config } from '../../../config/schema.ts'
import { namedService, startSwift, type S3Service } from './s3-service.ts'

type StorageConfig = Config['storage']

/** A bucket of its own for a test, at OpenStack Swift or the service that TEST_S3_ENDPOINT names. */
export class S3Server {
  /** Whose peculiarities tests may reckon with. */
  readonly isSwift: boolean
  readonly bucket = `sluice-tests-${randomBytes(6).toString('hex')}`
  readonly #service: S3Service
  readonly #client: S3Client
  #hasBucket = false

  /** With the bucket of `storage`, unless it is not to be there. */
  static async start(options: { bucket?: false } = {}): Promise<S3Server> {
    const named = namedService()
    const server = new S3Server(named ?? (await startSwift()), { isSwift: named === undefined })
    if (options.bucket !== false) await server.makeBucket()
    return server
  }

  private constructor(service: S3Service, { isSwift }: { isSwift: boolean }) {
    this.isSwift = isSwift
    this.#service = service
    const { endpoint, region, accessKeyId, secretAccessKey } = service.settings
    this.#client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
      requestChecksumCalculation: 'WHEN_REQUIRED',
    })
  }

  async close(): Promise<void> {
    if (!this.isSwift && this.#hasBucket) await this.#deleteBucket()
    this.#client.destroy()
    await this.#service.close()
  }

  get endpoint(): string {
    return this.#service.settings.endpoint
  }

  async makeBucket(): Promise<void> {
    await this.#client.send(new CreateBucketCommand({ Bucket: this.bucket }))
    this.#hasBucket = true
  }

  async #deleteBucket(): Promise<void> {
    await this.clear()
    await this.#client.send(new DeleteBucketCommand({ Bucket: this.bucket }))
  }

  /** Settings that use it, perhaps through a proxy. */
  storage(changes: Partial<StorageConfig> = {}): StorageConfig {
    return storageConfig({
      kind: 's3',
      bucket: this.bucket,
      pathStyle: true,
      partMegabytes: 5,
      ...this.#service.settings,
      ...changes,
    })
  }

  /** What is deleted or replaced from now on stays as an older version. */
  async keepVersions(): Promise<void> {
    const input = { Bucket: this.bucket, VersioningConfiguration: { Status: 'Enabled' as const } }
    await this.#client.send(new PutBucketVersioningCommand(input))
  }

  async keys(): Promise<string[]> {
    const { Contents = [] } = await this.#client.send(new ListObjectsV2Command({ Bucket: this.bucket }))
    return Contents.map(({ Key = '' }) => Key)
  }

  /** Keys of uploads in parts that are not complete. */
  async unfinished(): Promise<string[]> {
    const { Uploads = [] } = await this.#client.send(new ListMultipartUploadsCommand({ Bucket: this.bucket }))
    return Uploads.map(({ Key = '' }) => Key)
  }

  /** Keys of all versions and delete markers. */
  async versions(): Promise<{ key: string; versionId: string }[]> {
    const input = { Bucket: this.bucket }
    const { Versions = [], DeleteMarkers = [] } = await this.#client.send(
      new ListObjectVersionsCommand(input),
    )
    return [...Versions, ...DeleteMarkers].map(({ Key = '', VersionId = '' }) => ({
      key: Key,
      versionId: VersionId,
    }))
  }

  async clear(): Promise<void> {
    for (const { key, versionId } of await this.versions()) await this.delete(key, versionId)
    await this.abortAll()
  }

  async put(key: string, body: Buffer): Promise<void> {
    await this.#client.send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: body }))
  }

  async delete(key: string, versionId?: string): Promise<void> {
    const input = { Bucket: this.bucket, Key: key, ...(versionId !== undefined && { VersionId: versionId }) }
    await this.#client.send(new DeleteObjectCommand(input))
  }

  /** Ends all uploads in parts, as a life-cycle rule does. */
  async abortAll(): Promise<void> {
    const { Uploads = [] } = await this.#client.send(new ListMultipartUploadsCommand({ Bucket: this.bucket }))
    for (const { Key, UploadId } of Uploads) {
      await this.#client.send(new AbortMultipartUploadCommand({ Bucket: this.bucket, Key, UploadId }))
    }
  }

  async get(key: string): Promise<Buffer> {
    const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }))
    return Buffer.from((await Body?.transformToByteArray()) ?? [])
  }
}

/** The settings of storage, everything else at its default. */
export function storageConfig(changes: Partial<StorageConfig> = {}): StorageConfig {
  return { ...loadConfig({ argv: [], env: {}, cwd: tmpdir() }).config.storage, ...changes }
}
