import type { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type ServerSideEncryption,
} from '@aws-sdk/client-s3'
import { contentTypeOf } from './content-type.ts'
import { explain, factsOf, type StorageSettings } from './failures.ts'
import { md5Of } from './local-file.ts'
import { StorageError } from './storage-error.ts'
import type { StorageTiming } from './timing.ts'

/** Of no content: shows whether a service encrypts, and is deleted again. */
export const encryptionProbeName = 'encryption.txt'

export interface ObjectFacts {
  readonly bytes: number
  readonly contentType: string | undefined
  /** Without quotes. The MD5 of the object, or of the MD5s of its parts, unless the service does it otherwise. */
  readonly etag: string
  /** Base64, of the whole object, where the service keeps one. */
  readonly crc64: string | undefined
  /** How it is encrypted, as far as the service tells. */
  readonly encryption: string | undefined
}

/** A part that the service has. */
export interface StoredPart {
  readonly etag: string
  readonly bytes: number
}

export interface UnfinishedUpload {
  readonly key: string
  readonly uploadId: string
}

/** A client for the service of the settings, reached at another URL if there is one. */
export function createClient(
  storage: StorageSettings,
  timing: Pick<StorageTiming, 'connectMs' | 'idleMs' | 'attempts'>,
  endpoint: string = storage.endpoint,
): S3Client {
  const { accessKeyId, secretAccessKey, sessionToken } = storage
  return new S3Client({
    region: storage.region,
    forcePathStyle: storage.pathStyle,
    maxAttempts: timing.attempts,
    // Checksums in trailers are what services besides Amazon's stumble over. What is sent carries an MD5, which all check.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: timing.connectMs, socketTimeout: timing.idleMs },
    ...(endpoint !== '' && { endpoint }),
    ...(accessKeyId !== '' && {
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== '' && { sessionToken }) },
    }),
  })
}

/** The bucket of the settings: the requests we make, and errors in words. */
export class Bucket {
  readonly #client: S3Client
  readonly #storage: StorageSettings
  readonly #signal: AbortSignal | undefined
  readonly #name: string
  #encrypts: Promise<void> | undefined

  constructor(client: S3Client, storage: StorageSettings, signal?: AbortSignal) {
    this.#client = client
    this.#storage = storage
    this.#signal = signal
    this.#name = storage.bucket
  }

  /** The same bucket; its requests end with the signal. */
  until(signal: AbortSignal): Bucket {
    return new Bucket(this.#client, this.#storage, signal)
  }

  /** `md5` as hexadecimal digits: the service refuses what arrives differently. */
  async put(key: string, body: Buffer, md5: string): Promise<void> {
    await this.#proveEncryption(key)
    await this.#put(key, body, md5)
  }

  async #put(key: string, body: Buffer, md5: string): Promise<void> {
    const input = { ...this.#at(key), ...this.#kind(key), Body: body, ContentMD5: base64(md5) }
    await this.#ask('s3:PutObject', (options) => this.#client.send(new PutObjectCommand(input), options))
  }

  /** Begins an upload in parts; gives its id. */
  async begin(key: string): Promise<string> {
    await this.#proveEncryption(key)
    const input = { ...this.#at(key), ...this.#kind(key) }
    const { UploadId } = await this.#ask('s3:PutObject', (options) =>
      this.#client.send(new CreateMultipartUploadCommand(input), options),
    )
    if (UploadId === undefined) throw new StorageError('away', 'The service began an upload without an id.')
    return UploadId
  }

  /** Gives the ETag of the part. */
  async putPart(upload: UnfinishedUpload, partNumber: number, body: Buffer, md5: string): Promise<string> {
    const input = {
      ...this.#at(upload.key),
      UploadId: upload.uploadId,
      PartNumber: partNumber,
      Body: body,
      ContentMD5: base64(md5),
    }
    const { ETag } = await this.#ask('s3:PutObject', (options) =>
      this.#client.send(new UploadPartCommand(input), options),
    )
    return bare(ETag)
  }

  /** The parts that have arrived; undefined when there is no such upload any more. */
  async parts({ key, uploadId }: UnfinishedUpload): Promise<Map<number, StoredPart> | undefined> {
    const parts = new Map<number, StoredPart>()
    let after: string | undefined
    do {
      const input = {
        ...this.#at(key),
        UploadId: uploadId,
        ...(after !== undefined && { PartNumberMarker: after }),
      }
      const page = await this.#orMissing('s3:ListMultipartUploadParts', (options) =>
        this.#client.send(new ListPartsCommand(input), options),
      )
      if (!page) return undefined
      for (const { PartNumber = 0, ETag, Size = 0 } of page.Parts ?? []) {
        parts.set(PartNumber, { etag: bare(ETag), bytes: Size })
      }
      after = page.IsTruncated === true ? page.NextPartNumberMarker : undefined
    } while (after !== undefined)
    return parts
  }

  /** Makes the object of its parts, in this order. */
  async complete({ key, uploadId }: UnfinishedUpload, etags: readonly string[]): Promise<void> {
    const parts = etags.map((etag, index) => ({ PartNumber: index + 1, ETag: `"${etag}"` }))
    const input = { ...this.#at(key), UploadId: uploadId, MultipartUpload: { Parts: parts } }
    await this.#ask('s3:PutObject', (options) =>
      this.#client.send(new CompleteMultipartUploadCommand(input), options),
    )
  }

  /** What was uploaded of it is deleted. Does nothing if there is no such upload. */
  async abort({ key, uploadId }: UnfinishedUpload): Promise<void> {
    const input = { ...this.#at(key), UploadId: uploadId }
    await this.#orMissing('s3:AbortMultipartUpload', (options) =>
      this.#client.send(new AbortMultipartUploadCommand(input), options),
    )
  }

  async head(key: string): Promise<ObjectFacts | undefined> {
    const input = { ...this.#at(key), ChecksumMode: 'ENABLED' as const }
    // Who may not list is not told either that there is none.
    const found = await this.#orMissing('s3:GetObject and s3:ListBucket', (options) =>
      this.#client.send(new HeadObjectCommand(input), options),
    )
    if (!found) return undefined
    const isWhole = found.ChecksumType === undefined || found.ChecksumType === 'FULL_OBJECT'
    return {
      bytes: found.ContentLength ?? 0,
      contentType: found.ContentType,
      etag: bare(found.ETag),
      crc64: isWhole ? found.ChecksumCRC64NVME : undefined,
      encryption: found.ServerSideEncryption,
    }
  }

  async read(key: string, range?: { from: number; to?: number }): Promise<Readable> {
    const input = {
      ...this.#at(key),
      ...(range && { Range: `bytes=${range.from}-${range.to ?? ''}` }),
    }
    const { Body } = await this.#ask('s3:GetObject', (options) =>
      this.#client.send(new GetObjectCommand(input), options),
    )
    return Body as Readable
  }

  /** Objects directly below a prefix, not those of folders in it: their sizes by name. */
  async list(prefix: string): Promise<Map<string, number>> {
    const found = new Map<string, number>()
    let after: string | undefined
    do {
      const input = {
        Bucket: this.#name,
        Prefix: `${prefix}/`,
        Delimiter: '/',
        ...(after !== undefined && { ContinuationToken: after }),
      }
      const page = await this.#ask('s3:ListBucket', (options) =>
        this.#client.send(new ListObjectsV2Command(input), options),
      )
      for (const { Key = '', Size = 0 } of page.Contents ?? []) found.set(Key.slice(prefix.length + 1), Size)
      after = page.IsTruncated === true ? page.NextContinuationToken : undefined
    } while (after !== undefined)
    return found
  }

  /** Unfinished uploads whose key begins so. None where the service cannot tell. */
  async uploads(keyPrefix: string): Promise<UnfinishedUpload[]> {
    const found: UnfinishedUpload[] = []
    let after: { KeyMarker: string; UploadIdMarker: string } | undefined
    do {
      const input = { Bucket: this.#name, Prefix: keyPrefix, ...after }
      const page = await this.#orImpossible('s3:ListBucketMultipartUploads', (options) =>
        this.#client.send(new ListMultipartUploadsCommand(input), options),
      )
      for (const { Key, UploadId } of page?.Uploads ?? []) {
        if (Key !== undefined && UploadId !== undefined) found.push({ key: Key, uploadId: UploadId })
      }
      after =
        page?.IsTruncated === true
          ? { KeyMarker: page.NextKeyMarker ?? '', UploadIdMarker: page.NextUploadIdMarker ?? '' }
          : undefined
    } while (after !== undefined)
    return found
  }

  /** Versions and delete markers whose key begins so. None where the service has no versions. */
  async versions(keyPrefix: string): Promise<{ key: string; versionId: string }[]> {
    const found: { key: string; versionId: string }[] = []
    let after: { KeyMarker: string; VersionIdMarker: string } | undefined
    do {
      const input = { Bucket: this.#name, Prefix: keyPrefix, ...after }
      const page = await this.#orImpossible('s3:ListBucketVersions', (options) =>
        this.#client.send(new ListObjectVersionsCommand(input), options),
      )
      for (const { Key, VersionId } of [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])]) {
        if (Key !== undefined) found.push({ key: Key, versionId: VersionId ?? 'null' })
      }
      after =
        page?.IsTruncated === true
          ? { KeyMarker: page.NextKeyMarker ?? '', VersionIdMarker: page.NextVersionIdMarker ?? '' }
          : undefined
    } while (after !== undefined)
    return found
  }

  /** Gives whether the bucket keeps it as an older version: then what was deleted is still there. */
  async remove(key: string, versionId?: string): Promise<boolean> {
    const input = { ...this.#at(key), ...(versionId !== undefined && { VersionId: versionId }) }
    const permission = versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion'
    const answer = await this.#orMissing(permission, (options) =>
      this.#client.send(new DeleteObjectCommand(input), options),
    )
    return versionId === undefined && answer?.DeleteMarker === true
  }

  /**
   * There are services that take the request for encryption and do nothing. So before anything else is sent there, an object
   * of no content has to be encrypted; once for each recording.
   */
  async #proveEncryption(key: string): Promise<void> {
    if (this.#storage.encryption === 'none') return
    this.#encrypts ??= this.#tryEncryption(key).catch((error: unknown) => {
      this.#encrypts = undefined
      throw error
    })
    await this.#encrypts
  }

  async #tryEncryption(key: string): Promise<void> {
    const { encryption } = this.#storage
    const probe = `${key.slice(0, key.lastIndexOf('/'))}/${encryptionProbeName}`
    const nothing = Buffer.alloc(0)
    await this.#put(probe, nothing, md5Of(nothing))
    const found = await this.head(probe)
    await this.remove(probe)
    if (found?.encryption === encryption) return
    throw new StorageError(
      'refused',
      `${this.#name}: The service was asked for storage.encryption ${encryption} and does not say that it did so. ` +
        'Set it to none where everything is encrypted anyway.',
    )
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#name, Key: key }
  }

  /** What an object is, and how it is to be encrypted. */
  #kind(key: string): {
    ContentType: string
    ServerSideEncryption?: ServerSideEncryption
    SSEKMSKeyId?: string
  } {
    const { encryption, kmsKeyId } = this.#storage
    return {
      ContentType: contentTypeOf(key.slice(key.lastIndexOf('/') + 1)),
      ...(encryption !== 'none' && { ServerSideEncryption: encryption }),
      ...(encryption === 'aws:kms' && kmsKeyId !== '' && { SSEKMSKeyId: kmsKeyId }),
    }
  }

  #options(): { abortSignal?: AbortSignal } {
    return this.#signal ? { abortSignal: this.#signal } : {}
  }

  /** `permission` is what the credentials need for it. */
  async #ask<T>(permission: string, send: Send<T>): Promise<T> {
    try {
      return await send(this.#options())
    } catch (error) {
      throw explain(error, this.#storage, permission)
    }
  }

  /** Undefined for what is not there. That the bucket is not there is an error all the same, where the service says so. */
  async #orMissing<T>(permission: string, send: Send<T>): Promise<T | undefined> {
    try {
      return await send(this.#options())
    } catch (error) {
      const { name, status } = factsOf(error)
      if (status === 404 && name !== 'NoSuchBucket') return undefined
      throw explain(error, this.#storage, permission)
    }
  }

  async #orImpossible<T>(permission: string, send: Send<T>): Promise<T | undefined> {
    try {
      return await send(this.#options())
    } catch (error) {
      const { status } = factsOf(error)
      if (status === 501 || status === 405) return undefined
      throw explain(error, this.#storage, permission)
    }
  }
}

type Send<T> = (options: { abortSignal?: AbortSignal }) => Promise<T>

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}

function bare(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '').toLowerCase()
}
