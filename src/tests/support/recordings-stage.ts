import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import { loadConfig } from '../../../config/load.ts'
import type { UploadState } from '../../../recorder/storage/uploads.ts'
import type { Db } from '../../db/database.ts'
import { AppError } from '../../lib/app-error.ts'
import type { CreateUploads, Objects, Render } from '../../recordings/core.ts'
import { RecordingsFolder } from '../../recordings/recordings-folder.ts'
import { filesOf } from '../../recordings/files.store.ts'
import { outputsOf } from '../../recordings/outputs.store.ts'
import { participantsOf } from '../../recordings/participants.store.ts'
import { findRecording, type RecordingRow } from '../../recordings/recordings.store.ts'
import { Recordings } from '../../recordings/recordings.ts'
import type { EndReason } from '../../recordings/shapes.ts'
import { silent } from './databases.ts'
import { until } from './until.ts'

/** A bucket in memory, which may be away. */
export class MemoryBucket implements Objects {
  readonly kind = 's3'
  readonly keyTemplate = 'kept/{recordingId}'
  readonly objects = new Map<string, Buffer>()
  isAway = false
  /** What is got back from it does not come before its server closes. */
  hangs = false
  isHanging = false

  async head(key: string): Promise<{ bytes: number; contentType: string } | undefined> {
    this.#assertThere()
    const found = this.objects.get(key)
    return found && { bytes: found.length, contentType: 'application/octet-stream' }
  }

  async read(key: string): Promise<Readable> {
    this.#assertThere()
    return Readable.from([this.objects.get(key)!])
  }

  link(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  async deleteAll(prefix: string): Promise<void> {
    this.#assertThere()
    for (const key of this.objects.keys()) if (key.startsWith(`${prefix}/`)) this.objects.delete(key)
  }

  async delete(key: string): Promise<void> {
    this.#assertThere()
    this.objects.delete(key)
  }

  #assertThere(): void {
    if (this.isAway) throw new Error('the bucket is away')
  }
}

const disk: Objects = {
  kind: 'disk',
  keyTemplate: '{recordingId}',
  head: () => Promise.resolve(undefined),
  read: () => Promise.reject(new Error('there is nothing')),
  link: () => Promise.resolve(undefined),
  deleteAll: () => Promise.resolve(),
  delete: () => Promise.resolve(),
}

/** Writes what a renderer would, without FFmpeg. */
export const quickRender: Render = async ({ folder, name, kind }) => {
  const extension = kind === 'video' ? 'mp4' : 'm4a'
  writeFileSync(join(folder, `${name}.${extension}`), `${kind} of ${name}`)
  if (kind === 'video') writeFileSync(join(folder, `${name}.jpg`), 'poster')
  const media = {
    kind,
    name: `${name}.${extension}`,
    contentType: `${kind}/mp4`,
    bytes: 9 + kind.length + 15,
  }
  media.bytes = readFileSync(join(folder, media.name)).length
  const poster = { kind: 'poster', name: `${name}.jpg`, contentType: 'image/jpeg', bytes: 6 } as const
  return kind === 'video' ? [media, poster] : [media]
}

/** What never comes: a process that is killed while it waits for it does nothing any more. */
export const never = new Promise<never>(() => undefined)

export interface StageOptions {
  readonly db: Db
  readonly settings?: Record<string, string>
  readonly bucket?: MemoryBucket
  /** The data folder of another stage, as for a second process. */
  readonly dataDir?: string
}

/** Recordings over a database and a data folder of their own, with real files of the recorder and without FFmpeg. */
export class RecordingsStage {
  readonly db: Db
  readonly dataDir: string
  readonly bucket: MemoryBucket | undefined
  /** What renders; each may be replaced. */
  render: Render = quickRender
  ffmpeg: string | undefined = 'ffmpeg'
  /** How often something was rendered. */
  rendered = 0
  readonly rendering: string[] = []
  databaseIsAway = false
  /** What the disk is said to have left; undefined: what it has. */
  freeBytes: (() => number) | undefined
  readonly #settings: Record<string, string>
  recordings!: Recordings
  #home!: RecordingsFolder

  static async create(t: TestContext, options: StageOptions): Promise<RecordingsStage> {
    const stage = new RecordingsStage(options)
    stage.start()
    t.after(async () => {
      await stage.recordings.close()
      rmSync(stage.dataDir, { recursive: true, force: true })
    })
    return stage
  }

  private constructor(options: StageOptions) {
    this.db = options.db
    this.bucket = options.bucket
    this.#settings = options.settings ?? {}
    this.dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'sluice-recordings-'))
  }

  start(): void {
    const settings = {
      SLUICE_RECORDINGS_MIN_FREE_MEGABYTES: '16',
      SLUICE_STORAGE_KEEP_LOCAL_HOURS: '0',
      ...this.#settings,
    }
    const { config } = loadConfig({ argv: [], env: settings, cwd: '/tmp' })
    this.#home = new RecordingsFolder(this.dataDir)
    const measure = this.#home.freeBytes.bind(this.#home)
    this.#home.freeBytes = async () => this.freeBytes?.() ?? measure()
    this.recordings = new Recordings({
      db: this.#mayBeAway(this.db),
      config,
      log: silent,
      home: this.#home,
      objects: this.bucket ?? disk,
      createUploads: (onChanged) => this.#uploads(onChanged),
      render: async (options) => {
        this.rendered++
        this.rendering.push(options.name)
        return this.render(options)
      },
      findFfmpeg: async () => this.ffmpeg,
      retryMs: 20,
    })
  }

  #mayBeAway(db: Db): Db {
    return new Proxy(db, {
      get: (target, name) => {
        if (this.databaseIsAway) throw new AppError('unavailable', 'The database does not answer.')
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }

  /** The process is gone: it was killed while it waited for what never comes. Another one starts. */
  async restartAfterKill(render: Render = quickRender): Promise<void> {
    this.#home.close()
    this.render = render
    this.start()
    await this.recordings.recover()
  }

  #uploads(onChanged: Parameters<CreateUploads>[0]): ReturnType<CreateUploads> {
    const { bucket } = this
    const followed = new Map<string, { folder: string; prefix: string }>()
    const closing = new AbortController()
    if (!bucket) {
      return {
        follow: () => undefined,
        complete: () => undefined,
        forget: () => Promise.resolve(),
        restore: () => Promise.resolve(),
        close: () => Promise.resolve(),
      }
    }
    return {
      follow: ({ recordingId, folder, prefix }) => followed.set(recordingId, { folder, prefix }),
      complete: (recordingId) => {
        const upload = followed.get(recordingId)
        assert.ok(upload, 'nothing is completed that was not followed')
        const tell = (state: UploadState) => setImmediate(() => onChanged(recordingId, state))
        const sizes = { bytes: 0, totalBytes: 1 }
        if (bucket.isAway) {
          return void tell({ ...sizes, state: 'waiting', error: 'away', nextTryAt: new Date(0) })
        }
        for (const name of readdirSync(upload.folder)) {
          bucket.objects.set(`${upload.prefix}/${name}`, readFileSync(join(upload.folder, name)))
        }
        tell({ bytes: 1, totalBytes: 1, state: 'stored' })
      },
      forget: async (recordingId) => void followed.delete(recordingId),
      restore: async ({ folder, prefix, names = [] }) => {
        if (bucket.isAway) throw new Error('the bucket is away')
        if (bucket.hangs) {
          bucket.isHanging = true
          await once(closing.signal, 'abort')
          throw new Error('the server is shutting down')
        }
        mkdirSync(folder, { recursive: true })
        for (const name of names) writeFileSync(join(folder, name), bucket.objects.get(`${prefix}/${name}`)!)
      },
      close: async () => closing.abort(),
    }
  }

  /** One that goes on; its folder holds what `fixture` does. */
  async begin(fixture: string, now = new Date()): Promise<string> {
    const { recordingId, folder } = await this.recordings.begin({
      roomId: 'lobby',
      meetingId: undefined,
      startedBy: { kind: 'api-key', id: 'key_tests' },
      now,
    })
    cpSync(fixture, folder, { recursive: true })
    return recordingId
  }

  /** One that is over. */
  async record(fixture: string, reason: EndReason = 'stopped'): Promise<string> {
    const id = await this.begin(fixture)
    await this.recordings.ended(id, { reason, now: new Date() })
    return id
  }

  folderOf(id: string): string {
    return join(this.dataDir, 'recordings', id)
  }

  namesIn(id: string): string[] {
    return existsSync(this.folderOf(id)) ? readdirSync(this.folderOf(id)).toSorted() : []
  }

  async row(id: string): Promise<RecordingRow> {
    const row = await findRecording(this.db, id)
    assert.ok(row, 'there is such a recording')
    return row
  }

  outputs(id: string) {
    return outputsOf(this.db, [id])
  }

  files(id: string) {
    return filesOf(this.db, [id])
  }

  participants(id: string) {
    return participantsOf(this.db, [id])
  }

  /** Waits until a recording is in this state. */
  async reaches(id: string, state: string): Promise<RecordingRow> {
    return until(
      `${id} is ${state}`,
      async () => {
        const row = await findRecording(this.db, id)
        return row?.state === state && row
      },
      { why: async () => [await findRecording(this.db, id), await this.outputs(id)] },
    )
  }

  async isGone(id: string): Promise<boolean> {
    return (await findRecording(this.db, id)) === undefined && !existsSync(this.folderOf(id))
  }
}
