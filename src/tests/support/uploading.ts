import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Config } from '../../../config/schema.ts'
import type { StorageTiming } from '../../../recorder/storage/timing.ts'
import { Uploads, type FolderToUpload, type UploadState } from '../../../recorder/storage/uploads.ts'
import { createLog } from '../../lib/log.ts'
import { until } from './until.ts'

/** How long uploads may take on a machine that is busy with other tests. */
const busyMs = 60_000

export const mebibyte = 1024 * 1024

/** Storage that looks again within moments. On a busy machine an answer may take long all the same. */
export const hastyTiming: StorageTiming = {
  connectMs: 20_000,
  idleMs: 30_000,
  attempts: 2,
  scanMs: 50,
  firstWaitMs: 50,
  longestWaitMs: 400,
}

/** The folder of a recording, as the recorder would write it. Deleted with the test. */
export class RecordingFolder {
  readonly upload: FolderToUpload
  readonly path: string

  static async create(t: TestContext, recordingId = 'rec_test'): Promise<RecordingFolder> {
    const dataDir = await mkdtemp(join(tmpdir(), 'sluice-uploads-'))
    t.after(() => rm(dataDir, { recursive: true, force: true }))
    const path = join(dataDir, 'recordings', recordingId)
    await mkdir(path, { recursive: true })
    return new RecordingFolder(path, recordingId)
  }

  private constructor(path: string, recordingId: string) {
    this.path = path
    this.upload = { recordingId, folder: path, prefix: `recordings/2026/11/${recordingId}` }
  }

  key(name: string): string {
    return `${this.upload.prefix}/${name}`
  }

  /** A file whole at once. */
  async write(name: string, content: Buffer | string): Promise<Buffer> {
    const bytes = Buffer.from(content)
    await writeFile(join(this.path, `${name}.tmp`), bytes)
    await rename(join(this.path, `${name}.tmp`), join(this.path, name))
    return bytes
  }

  /** More bytes at the end of a file that is being recorded. */
  async grow(name: string, bytes: number): Promise<void> {
    await writeFile(join(this.path, `${name}.part`), randomBytes(bytes), { flag: 'a' })
  }

  /** Writes the head again, as finishing a file does, and gives it its name. `cutTo` shortens it before, as recovery may. */
  async finish(name: string, cutTo?: number): Promise<void> {
    const path = join(this.path, `${name}.part`)
    const handle = await open(path, 'r+')
    if (cutTo !== undefined) await handle.truncate(cutTo)
    await handle.write(randomBytes(300), 0, 300, 0)
    await handle.close()
    await rename(path, join(this.path, name))
  }

  read(name: string): Promise<Buffer> {
    return readFile(join(this.path, name))
  }
}

/** Uploads with everything they told. Closed with the test. */
export class UploadsUnderTest {
  readonly uploads: Uploads
  readonly states: UploadState[] = []

  constructor(
    t: TestContext,
    storage: Config['storage'],
    options: { timing?: Partial<StorageTiming>; dataDir?: string } = {},
  ) {
    this.uploads = Uploads.create({
      storage,
      dataDir: options.dataDir ?? tmpdir(),
      log: createLog({ level: 'silent', pretty: false }),
      onChanged: (_recordingId, state) => this.states.push(state),
      timing: { ...hastyTiming, ...options.timing },
    })
    t.after(() => this.uploads.close())
  }

  get last(): UploadState | undefined {
    return this.states.at(-1)
  }

  /** Waits until this was told, after what was told before. */
  async reach(
    state: UploadState['state'],
    options: { error?: RegExp; patienceMs?: number } = {},
  ): Promise<UploadState> {
    const { error, patienceMs } = options
    return until(
      `an upload is ${state}${error ? ` because of ${error}` : ''}`,
      () =>
        this.last?.state === state && (!error || error.test(this.last.error ?? '')) ? this.last : undefined,
      { why: () => this.states.slice(-3), patienceMs: patienceMs ?? busyMs },
    )
  }

  /** Waits until one was told since `from`, even if others came after it. */
  async passed(state: UploadState['state'], error?: RegExp): Promise<UploadState> {
    const look = () =>
      this.states.find((told) => told.state === state && (!error || error.test(told.error ?? '')))
    return until(`an upload was ${state}${error ? ` because of ${error}` : ''}`, look, {
      why: () => this.states.slice(-3),
      patienceMs: busyMs,
    })
  }
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
