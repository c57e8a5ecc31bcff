import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { Crc64Nvme } from '@aws-sdk/checksums/crc'
import type { Bucket, UnfinishedUpload } from './bucket.ts'
import { factsOf } from './failures.ts'
import type { Journal, SentPart } from './journal.ts'
import { hashFile, md5Of, readAt } from './local-file.ts'
import { fits, mostPartBytes, multipartEtag, partBytesFor, partRange, type Slots } from './parts.ts'
import { StorageError } from './storage-error.ts'

export interface FileUploadOptions {
  readonly bucket: Bucket
  readonly key: string
  /** Of the object, and in the journal; the file may still have another. */
  readonly name: string
  readonly journal: Journal
  readonly partBytes: number
  /** Parts on their way, of all recordings together. */
  readonly slots: Slots
  /** Something arrived. */
  readonly onProgress: () => void
}

/** A file as it was read. */
interface LocalFacts {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
  /** The ETag its object has, where the service makes ETags as Amazon does. */
  readonly etag: string
}

/**
 * One file on its way into the bucket: its parts while it grows, and once it is finished the rest, its completion and the
 * proof that the object is the file. Everything that has arrived is in the journal first.
 */
export class FileUpload {
  readonly #options: FileUploadOptions
  /** The upload whose parts the service was asked for; the journal alone may be older than what is there. */
  #confirmed: string | undefined
  /** ETag of what was accepted as a whole, and not verified yet. */
  #accepted: string | undefined
  /** The service takes no more parts of an upload. */
  #needsLargerParts = false

  constructor(options: FileUploadOptions) {
    this.#options = options
  }

  /** Bytes that have arrived. */
  get bytes(): number {
    const entry = this.#options.journal.find(this.#options.name)
    if (entry?.stored) return entry.stored.bytes
    return Object.values(entry?.parts ?? {}).reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Sends the parts that will not change any more: not the first, whose head is written at the end, nor the last. */
  async grow(path: string): Promise<void> {
    const handle = await open(path)
    try {
      await this.#enlargeParts()
      const { size } = await handle.stat()
      const partBytes = this.#partBytes(size)
      const whole = Math.floor(size / partBytes)
      if (whole < 2) return
      const upload = await this.#openUpload(size)
      const sent = this.#parts()
      const missing = Array.from({ length: whole - 1 }, (_, index) => index + 2).filter((n) => !sent[n])
      await this.#sendParts(missing, async (partNumber) => {
        const { from, bytes } = partRange(partNumber, partBytes, size)
        const body = await readAt(handle, from, bytes)
        return () => this.#sendPart(upload, partNumber, body, md5Of(body))
      })
    } finally {
      await handle.close()
    }
  }

  /** Resolves when the object is there and is what the file is. Does nothing if that was so already. */
  async finish(path: string): Promise<void> {
    const { journal, name } = this.#options
    const handle = await open(path)
    try {
      const { size, mtimeMs } = await handle.stat()
      const stored = journal.find(name)?.stored
      if (stored?.bytes === size && stored.modifiedMs === mtimeMs) return
      await this.#enlargeParts()
      const facts =
        size > this.#partBytes(size)
          ? await this.#inParts(handle, path, size)
          : await this.#whole(handle, path, size)

      const now = await handle.stat()
      if (now.size !== size || now.mtimeMs !== mtimeMs) {
        throw new StorageError('local', `${name} changed while it was uploaded.`)
      }
      journal.set(name, { parts: {}, stored: { bytes: size, modifiedMs: mtimeMs, sha256: facts.sha256 } })
      await journal.save()
    } finally {
      await handle.close()
    }
    this.#options.onProgress()
  }

  async #whole(handle: FileHandle, path: string, size: number): Promise<LocalFacts> {
    const { bucket, key, slots } = this.#options
    await this.#drop()
    await slots.take()
    try {
      const body = await readAt(handle, 0, size)
      const etag = md5Of(body)
      const facts = { path, bytes: size, etag, sha256: createHash('sha256').update(body).digest('hex') }
      if (this.#accepted !== etag) await bucket.put(key, body, etag)
      this.#accepted = etag
      await this.#verify(facts)
      this.#accepted = undefined
      return facts
    } finally {
      slots.give()
    }
  }

  async #inParts(handle: FileHandle, path: string, size: number): Promise<LocalFacts> {
    const { bucket, key } = this.#options
    const upload = await this.#openUpload(size)
    const partBytes = this.#partBytes(size)
    const count = Math.ceil(size / partBytes)

    // Everything is read once more: what was sent while the file grew may have been repaired or cut since.
    const sha256 = createHash('sha256')
    const md5s: string[] = []
    const numbers = Array.from({ length: count }, (_, index) => index + 1)
    await this.#sendParts(numbers, async (partNumber) => {
      const { from, bytes } = partRange(partNumber, partBytes, size)
      const body = await readAt(handle, from, bytes)
      sha256.update(body)
      const md5 = md5Of(body)
      md5s.push(md5)
      const sent = this.#parts()[partNumber]
      if (sent?.md5 === md5 && sent.bytes === bytes) return undefined
      return () => this.#sendPart(upload, partNumber, body, md5)
    })

    const facts = { path, bytes: size, etag: multipartEtag(md5s), sha256: sha256.digest('hex') }
    // An answer that was lost leaves an object that is complete.
    if ((await bucket.head(key))?.etag === facts.etag) return facts
    const parts = this.#parts()
    const etags = numbers.map((partNumber) => parts[partNumber]!.etag)
    await this.#complete(upload, etags, facts)
    await this.#verify(facts)
    return facts
  }

  /**
   * What is refused is begun anew the next time, unless the object is there: the answer of a first try may have been lost,
   * and a second one is told that there is no such upload.
   */
  async #complete(upload: UnfinishedUpload, etags: readonly string[], facts: LocalFacts): Promise<void> {
    const { bucket, key } = this.#options
    try {
      await bucket.complete(upload, etags)
    } catch (error) {
      if (!(error instanceof StorageError) || error.code === 'away') throw error
      if ((await bucket.head(key))?.etag === facts.etag) return
      const { status } = factsOf(error.cause)
      if (status === 400 || status === 404) await this.#drop()
      throw error
    }
  }

  /** Throws, and deletes the object, if it is not what the file is. */
  async #verify(facts: LocalFacts): Promise<void> {
    const { bucket, key, name } = this.#options
    if (await this.#isSame(facts)) return
    this.#accepted = undefined
    await bucket.remove(key)
    await this.#restart()
    throw new StorageError(
      'damaged',
      `${name} arrived as something else. It was deleted there and is sent again.`,
    )
  }

  async #isSame(facts: LocalFacts): Promise<boolean> {
    const { bucket, key } = this.#options
    const found = await bucket.head(key)
    if (found?.bytes !== facts.bytes) return false
    if (found.etag === facts.etag) return true
    // With KMS, and at some services always, an ETag says nothing of the content.
    if (found.crc64 !== undefined) return found.crc64 === (await crc64Of(facts.path))
    const hash = createHash('sha256')
    for await (const chunk of await bucket.read(key)) hash.update(chunk as Buffer)
    return hash.digest('hex') === facts.sha256
  }

  #partBytes(size: number): number {
    const { journal, name, partBytes } = this.#options
    const begun = journal.find(name)?.partBytes
    return begun !== undefined && fits(size, begun) ? begun : partBytesFor(size, partBytes)
  }

  #parts(): Readonly<Record<string, SentPart>> {
    return this.#options.journal.find(this.#options.name)?.parts ?? {}
  }

  /** The upload of the journal, if the service still knows it, or a new one. */
  async #openUpload(size: number): Promise<UnfinishedUpload> {
    const { bucket, journal, key, name } = this.#options
    const known = journal.find(name)
    if (known?.uploadId !== undefined && known.partBytes !== undefined && fits(size, known.partBytes)) {
      const upload = { key, uploadId: known.uploadId }
      if (this.#confirmed === known.uploadId || (await this.#confirm(upload))) return upload
    }

    await this.#drop()
    // What a process that was killed had begun, and had no time to write down.
    for (const upload of await bucket.uploads(key)) if (upload.key === key) await bucket.abort(upload)
    const uploadId = await bucket.begin(key)
    journal.set(name, { uploadId, partBytes: this.#partBytes(size), parts: {} })
    await journal.save()
    this.#confirmed = uploadId
    return { key, uploadId }
  }

  /** Keeps in the journal what the service really has. False if it has nothing of this upload. */
  async #confirm(upload: UnfinishedUpload): Promise<boolean> {
    const { bucket, journal, name } = this.#options
    const found = await bucket.parts(upload)
    if (!found) return false
    const known = journal.find(name)
    const parts = Object.entries(known?.parts ?? {}).filter(([partNumber, { etag, bytes }]) => {
      const part = found.get(Number(partNumber))
      return part?.etag === etag && part.bytes === bytes
    })
    journal.set(name, { ...known, parts: Object.fromEntries(parts) })
    this.#confirmed = upload.uploadId
    return true
  }

  /** Reads parts in order and sends so many at the same time. One that fails does not take the others with it. */
  async #sendParts(
    numbers: readonly number[],
    read: (partNumber: number) => Promise<(() => Promise<void>) | undefined>,
  ): Promise<void> {
    const { slots } = this.#options
    const errors: unknown[] = []
    const sending: Promise<void>[] = []
    try {
      for (const partNumber of numbers) {
        await slots.take()
        let send: (() => Promise<void>) | undefined
        try {
          send = await read(partNumber)
        } finally {
          if (!send) slots.give()
        }
        if (!send) continue
        const sent = send()
          .catch((error: unknown) => void errors.push(error))
          .finally(() => slots.give())
        sending.push(sent)
        // A service that is away would be asked for every part.
        if (errors.length > 0) break
      }
    } finally {
      await Promise.all(sending)
    }
    if (errors.length > 0) throw errors[0]
  }

  async #sendPart(upload: UnfinishedUpload, partNumber: number, body: Buffer, md5: string): Promise<void> {
    const { bucket, journal, name, onProgress } = this.#options
    try {
      const etag = await bucket.putPart(upload, partNumber, body, md5)
      const entry = journal.find(name)
      if (entry?.uploadId !== upload.uploadId) return
      entry.parts[partNumber] = { md5, etag, bytes: body.length }
    } catch (error) {
      // Life-cycle rules of buckets end uploads that take too long.
      if (error instanceof StorageError && error.code === 'refused') this.#confirmed = undefined
      const { name: refusal } = factsOf(error instanceof StorageError ? error.cause : error)
      if (refusal === 'InvalidArgument' && partNumber > 1) this.#needsLargerParts = true
      throw error
    }
    await journal.save()
    onProgress()
  }

  /** Some services take a thousand parts where Amazon takes ten. Then all is sent anew, in parts twice as large. */
  async #enlargeParts(): Promise<void> {
    if (!this.#needsLargerParts) return
    const { journal, name } = this.#options
    const begun = journal.find(name)?.partBytes
    await this.#drop()
    this.#needsLargerParts = false
    if (begun === undefined) return
    journal.set(name, { partBytes: Math.min(2 * begun, mostPartBytes), parts: {} })
    await journal.save()
  }

  /** Gives up what was begun in parts. */
  async #drop(): Promise<void> {
    const { bucket, key, journal, name } = this.#options
    const uploadId = journal.find(name)?.uploadId
    if (uploadId === undefined) return
    await bucket.abort({ key, uploadId })
    await this.#restart()
  }

  async #restart(): Promise<void> {
    const { journal, name } = this.#options
    this.#confirmed = undefined
    journal.forget(name)
    await journal.save()
  }
}

async function crc64Of(path: string): Promise<string> {
  const crc = new Crc64Nvme()
  await hashFile(path, crc as never)
  return Buffer.from(await crc.digest()).toString('base64')
}
