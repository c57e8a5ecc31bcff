import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { contentDisposition } from '../../src/lib/content-disposition.ts'
import type { Log } from '../../src/lib/log.ts'
import type { Bucket } from './bucket.ts'
import { explain, factsOf, type StorageSettings } from './failures.ts'
import { checkedPrefix, prefixOf, splitKey } from './key-template.ts'
import { md5Of } from './local-file.ts'
import { mapLimit } from './map-limit.ts'
import type { ObjectStore } from './object-store.ts'
import { StorageError } from './storage-error.ts'
import { storageTiming, type StorageTiming } from './timing.ts'

const deletionsAtOnce = 8
/** How often everything is deleted and listed: services that spread a bucket over machines may list for a moment what is gone. */
const mostRounds = 5

/** A bucket, as the server sees it. Its client, some 40 MB of code, is loaded when it is first needed. */
export class S3Store implements ObjectStore {
  readonly kind = 's3'
  readonly keyTemplate: string
  readonly #storage: StorageSettings
  readonly #timing: StorageTiming
  readonly #log: Log
  #bucket: Promise<Bucket> | undefined
  #signer: Promise<(key: string, options: LinkOptions) => Promise<string>> | undefined

  constructor(storage: StorageSettings, options: { log: Log; timing?: Partial<StorageTiming> }) {
    this.keyTemplate = storage.keyTemplate
    this.#storage = storage
    this.#timing = { ...storageTiming, ...options.timing }
    this.#log = options.log
  }

  async head(key: string): Promise<{ bytes: number; contentType: string | undefined } | undefined> {
    splitKey(key)
    const found = await (await this.#open()).head(key)
    return found && { bytes: found.bytes, contentType: found.contentType }
  }

  async read(key: string, range?: { from: number; to: number }): Promise<Readable> {
    splitKey(key)
    return (await this.#open()).read(key, range)
  }

  async link(key: string, options: LinkOptions): Promise<string | undefined> {
    if (this.#storage.delivery === 'server') return undefined
    splitKey(key)
    this.#signer ??= this.#openSigner()
    try {
      const sign = await this.#signer
      return await sign(key, options)
    } catch (error) {
      throw explain(error, this.#storage)
    }
  }

  async deleteAll(prefix: string): Promise<void> {
    const staying = await this.#deleteBelow(prefix)
    if (staying) this.#warnOfVersions(prefix)
  }

  async delete(key: string): Promise<void> {
    splitKey(key)
    const staying = await this.#deleteUntilGone(key, async (bucket) =>
      (await bucket.head(key)) ? [key] : [],
    )
    if (staying) this.#warnOfVersions(key)
  }

  async check(): Promise<void> {
    const bucket = await this.#open()
    const recordingId = `check-${randomBytes(6).toString('hex')}`
    const prefix = prefixOf(this.keyTemplate, { recordingId, roomId: 'check', startedAt: new Date() })
    const key = `${prefix}/check.txt`
    const sent = Buffer.from('Sluice looks whether it can write here.\n')
    try {
      await bucket.put(key, sent, md5Of(sent))
      const found = await buffer(await bucket.read(key))
      if (!found.equals(sent)) throw new StorageError('damaged', 'What is read is not what was written.')
      if (!(await bucket.list(prefix)).has('check.txt')) {
        throw new StorageError('damaged', 'What was written is not in the list of objects.')
      }
      await this.#checkLink(key)
      const upload = { key: `${prefix}/check.bin`, uploadId: await bucket.begin(`${prefix}/check.bin`) }
      await bucket.parts(upload)
      await bucket.abort(upload)
    } catch (error) {
      await this.#deleteBelow(prefix).catch(() => undefined)
      throw error
    }
    if (await this.#deleteBelow(prefix)) {
      throw new StorageError(
        'refused',
        'The bucket keeps versions, and older ones stay there when a recording is deleted: ' +
          'the credentials need s3:ListBucketVersions and s3:DeleteObjectVersion.',
      )
    }
  }

  /** A link may not open though everything else works: its maker’s clock is not corrected, and it may go another way. */
  async #checkLink(key: string): Promise<void> {
    const { linkSeconds, publicEndpoint } = this.#storage
    const link = await this.link(key, { expiresSeconds: linkSeconds, contentType: 'text/plain' })
    if (link === undefined) return
    const signal = AbortSignal.timeout(this.#timing.connectMs)
    // Browsers may get to where this server does not.
    const answer = await fetch(link, { signal }).catch(() => undefined)
    const told = await answer?.text()
    if (!answer || answer.ok) return
    const why = /<Code>(\w+)<\/Code>/.exec(told ?? '')?.[1] ?? ''
    const endpoint = publicEndpoint === '' ? '' : ', and storage.publicEndpoint right'
    throw new StorageError(
      'refused',
      `Links to its objects do not open: is the clock of this server right${endpoint}? (${answer.status} ${why})`,
    )
  }

  #deleteBelow(prefix: string): Promise<boolean> {
    checkedPrefix(prefix)
    return this.#deleteUntilGone(`${prefix}/`, async (bucket) => {
      const names = [...(await bucket.list(prefix)).keys()]
      return names.map((name) => `${prefix}/${name}`)
    })
  }

  /**
   * Deletes objects, unfinished uploads, and versions where there are any. Gives whether versions stay that we may not list;
   * throws when something else is left.
   */
  async #deleteUntilGone(keyPrefix: string, list: (bucket: Bucket) => Promise<string[]>): Promise<boolean> {
    const bucket = await this.#open()
    // What lies in a folder below is not ours, nor is a longer name that begins the same.
    const isOurs = ({ key }: { key: string }) =>
      keyPrefix.endsWith('/') ? !key.slice(keyPrefix.length).includes('/') : key === keyPrefix
    let isKept = false
    let left: string[] = []
    for (let round = 1; round <= mostRounds; round++) {
      await mapLimit(await list(bucket), deletionsAtOnce, async (key) => {
        if (await bucket.remove(key)) isKept = true
      })
      const uploads = (await bucket.uploads(keyPrefix)).filter(isOurs)
      await mapLimit(uploads, deletionsAtOnce, (upload) => bucket.abort(upload))
      const versions = await versionsOf(bucket, keyPrefix)
      const ours = Map.groupBy(versions?.filter(isOurs) ?? [], ({ key }) => key)
      // Those of one object in turn: each makes another one the newest, and Swift that is asked for two at once hangs for a minute.
      await mapLimit([...ours.values()], deletionsAtOnce, async (ofOne) => {
        for (const { key, versionId } of ofOne) await bucket.remove(key, versionId)
      })
      left = [
        ...(await list(bucket)),
        ...(await bucket.uploads(keyPrefix)).filter(isOurs).map(({ key }) => key),
      ]
      if (left.length === 0) return isKept && !versions
      await delay(200 * round)
    }
    throw new StorageError('refused', `${left.length} objects are still there after deleting: ${left[0]} …`)
  }

  #warnOfVersions(about: string): void {
    this.#log.warn(
      { about },
      'older versions of what was deleted stay in the bucket, as the credentials may not list them',
    )
  }

  #open(): Promise<Bucket> {
    this.#bucket ??= import('./bucket.ts').then(
      ({ Bucket, createClient }) => new Bucket(createClient(this.#storage, this.#timing), this.#storage),
    )
    return this.#bucket
  }

  async #openSigner(): Promise<(key: string, options: LinkOptions) => Promise<string>> {
    const [{ createClient }, { GetObjectCommand }, { getSignedUrl }] = await Promise.all([
      import('./bucket.ts'),
      import('@aws-sdk/client-s3'),
      import('@aws-sdk/s3-request-presigner'),
    ])
    const { endpoint, publicEndpoint, bucket } = this.#storage
    const client = createClient(
      this.#storage,
      this.#timing,
      publicEndpoint === '' ? endpoint : publicEndpoint,
    )
    return (key, { expiresSeconds, downloadName, contentType }) => {
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ResponseContentType: contentType,
        ...(downloadName !== undefined && {
          ResponseContentDisposition: contentDisposition('attachment', downloadName),
        }),
      })
      return getSignedUrl(client, command, { expiresIn: expiresSeconds })
    }
  }
}

/** Who may not list versions can still delete from a bucket without them: undefined. */
async function versionsOf(
  bucket: Bucket,
  keyPrefix: string,
): Promise<{ key: string; versionId: string }[] | undefined> {
  try {
    return await bucket.versions(keyPrefix)
  } catch (error) {
    if (!(error instanceof StorageError) || factsOf(error.cause).status !== 403) throw error
    return undefined
  }
}

interface LinkOptions {
  readonly expiresSeconds: number
  readonly downloadName?: string
  readonly contentType: string
}
