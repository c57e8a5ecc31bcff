import type { ChildProcess } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../config/schema.ts'
import type { Log } from '../../src/lib/log.ts'
import { endChild, startChild } from '../child.ts'
import { journalName } from './journal.ts'
import type { FolderToRestore, FolderToUpload, FromUploader, ToUploader, UploadState } from './messages.ts'
import { StorageError } from './storage-error.ts'
import { storageTiming, waitMs, type StorageTiming } from './timing.ts'

export type { FolderToRestore, FolderToUpload, UploadState } from './messages.ts'

export interface UploadsOptions {
  readonly storage: Config['storage']
  readonly dataDir: string
  readonly log: Log
  readonly onChanged: (recordingId: string, state: UploadState) => void
  /** Only tests are less patient. */
  readonly timing?: Partial<StorageTiming>
}

/** A process that has lived for so long was started in vain no more, in milliseconds. */
const healthyAfterMs = 60_000
/** How long one that was told to end may take before it is killed. */
const closeGraceMs = 5_000

/** A recording whose files are brought into the bucket. */
interface Followed {
  readonly upload: FolderToUpload
  /** How often it was called complete. */
  round: number
  /** The round that is stored. */
  stored: number
  lastState: UploadState['state'] | undefined
}

interface Request {
  readonly message: Extract<ToUploader, { type: 'forget' | 'restore' }>
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Brings folders of recordings into the bucket, in a process of its own that is started when it is first needed and again
 * when it dies. Without a bucket (`storage.kind` disk) there is nothing to do and no process.
 */
export class Uploads {
  readonly #options: UploadsOptions
  readonly #timing: StorageTiming
  readonly #followed = new Map<string, Followed>()
  readonly #requests = new Map<number, Request>()
  #nextId = 1
  #child: ChildProcess | undefined
  #deaths = 0
  #restart: NodeJS.Timeout | undefined
  #closed: Promise<void> | undefined

  static create(options: UploadsOptions): Uploads {
    return new Uploads(options)
  }

  private constructor(options: UploadsOptions) {
    this.#options = options
    this.#timing = { ...storageTiming, ...options.timing }
  }

  /** Of the process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Begins or goes on with a folder, whose files may still grow. Idempotent. */
  follow(upload: FolderToUpload): void {
    if (this.#closed) return
    const { recordingId } = upload
    if (this.#followed.has(recordingId)) return
    this.#followed.set(recordingId, { upload, round: 0, stored: 0, lastState: undefined })
    if (this.#isLocal) void this.#tellLocal(upload)
    else this.#tell({ type: 'follow', upload })
  }

  /**
   * Nothing in the folder changes any more: when everything is in the bucket, `onChanged` tells `stored`. To be called again
   * when files were added.
   */
  complete(recordingId: string): void {
    if (this.#closed) return
    const followed = this.#followed.get(recordingId)
    if (!followed) throw new Error(`${recordingId} is completed and was never followed`)
    followed.round++
    if (this.#isLocal) void this.#tellLocal(followed.upload)
    else this.#tell({ type: 'complete', upload: followed.upload, round: followed.round })
  }

  /** Stops, because the recording is deleted. Resolves when nothing of it runs. */
  async forget(recordingId: string): Promise<void> {
    const isKnown = this.#followed.delete(recordingId)
    if (!isKnown || !this.#child) return
    await this.#ask((id) => ({ type: 'forget', id, recordingId }))
  }

  /** Gets files back from the bucket, each verified and whole at once. Throws a `StorageError`. */
  async restore(upload: FolderToRestore): Promise<void> {
    if (this.#isLocal) return checkLocal(upload)
    await this.#ask((id) => ({ type: 'restore', id, upload }))
  }

  /** Ends the process; what has arrived is written down, and the next one goes on there. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    clearTimeout(this.#restart)
    this.#followed.clear()
    this.#rejectAll()
    if (this.#child) await endChild(this.#child, closeGraceMs)
  }

  get #isLocal(): boolean {
    return this.#options.storage.kind === 'disk'
  }

  /** To the process; one that has to be started first is told all there is. */
  #tell(message: ToUploader): void {
    if (this.#child) this.#child.send(message, () => undefined)
    else if (!this.#restart) this.#start()
  }

  #ask(make: (id: number) => Request['message']): Promise<void> {
    if (this.#closed) return Promise.reject(gone())
    const message = make(this.#nextId++)
    return new Promise((resolve, reject) => {
      this.#requests.set(message.id, { message, resolve, reject })
      this.#tell(message)
    })
  }

  #start(): void {
    this.#restart = undefined
    const startedAt = performance.now()
    const child = startChild(join(import.meta.dirname, 'uploads-process.ts'))
    this.#child = child
    child.on('message', (message: FromUploader) => this.#received(message))
    const ended = (why: string) => this.#ended(child, why, performance.now() - startedAt)
    child.once('error', (error) => ended(error.message))
    child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`))

    this.#tell({ type: 'begin', storage: this.#options.storage, timing: this.#timing })
    for (const { upload, round, stored } of this.#followed.values()) {
      if (round === 0) this.#tell({ type: 'follow', upload })
      else if (round > stored) this.#tell({ type: 'complete', upload, round })
    }
    for (const { message } of this.#requests.values()) this.#tell(message)
  }

  #received(message: FromUploader): void {
    if (message.type === 'state') return this.#changed(message)
    const request = this.#requests.get(message.id)
    this.#requests.delete(message.id)
    if (!message.error) return request?.resolve()
    request?.reject(new StorageError(message.error.code, message.error.message))
  }

  #changed({ recordingId, state, round }: Extract<FromUploader, { type: 'state' }>): void {
    const followed = this.#followed.get(recordingId)
    if (!followed) return
    const isStored = state.state === 'stored'
    // Something was added in the meantime: that this is stored says nothing of it.
    if (isStored && round < followed.round) return
    if (isStored) followed.stored = round
    this.#log(recordingId, followed.lastState, state)
    followed.lastState = state.state
    this.#options.onChanged(recordingId, state)
  }

  #log(recordingId: string, before: UploadState['state'] | undefined, state: UploadState): void {
    const { log } = this.#options
    if (state.state === 'waiting') {
      const { error, nextTryAt } = state
      log.warn({ recordingId, why: error, nextTryAt }, 'a recording waits to be uploaded')
    } else if (state.state === 'stored') {
      log.info({ recordingId, bytes: state.bytes }, 'a recording is in the bucket, verified')
    } else if (before === 'waiting') {
      log.info({ recordingId }, 'a recording is uploaded again')
    }
  }

  #ended(child: ChildProcess, why: string, livedMs: number): void {
    if (this.#child !== child) return
    this.#child = undefined
    if (this.#closed) return
    this.#deaths = livedMs > healthyAfterMs ? 1 : this.#deaths + 1
    const restMs = waitMs(this.#deaths, this.#timing, Math.random())
    this.#options.log.error({ pid: child.pid, why, restMs }, 'the process that uploads died')
    for (const [id, { message, resolve }] of this.#requests) {
      // Nothing of it runs any more.
      if (message.type !== 'forget') continue
      this.#requests.delete(id)
      resolve()
    }
    this.#restart = setTimeout(() => this.#start(), restMs)
  }

  #rejectAll(): void {
    for (const { reject } of this.#requests.values()) reject(gone())
    this.#requests.clear()
  }

  async #tellLocal({ recordingId, folder }: FolderToUpload): Promise<void> {
    const bytes = await sizeOf(folder)
    if (this.#followed.has(recordingId)) {
      this.#options.onChanged(recordingId, { state: 'local', bytes, totalBytes: bytes })
    }
  }
}

function gone(): StorageError {
  return new StorageError('away', 'The server is shutting down.')
}

/** Bytes of all files; 0 for a folder that is not there. */
async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => [])
  let bytes = 0
  for (const name of names) {
    if (name !== journalName) bytes += (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0
  }
  return bytes
}

/** The folder is the store: what is wanted has to be there. */
async function checkLocal({ folder, names = [] }: FolderToRestore): Promise<void> {
  for (const name of names) {
    const isThere = await stat(join(folder, name)).then(
      () => true,
      () => false,
    )
    if (!isThere) throw new StorageError('missing', `There is no ${name} in ${folder}.`)
  }
}
