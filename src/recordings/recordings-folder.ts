import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../lib/app-error.ts'
import { LockedError, lockFile } from '../lib/file-lock.ts'
import { randomId } from '../lib/ids.ts'

const recordingId = /^rec_[\w-]{1,64}$/
const hostFile = 'host.id'

/** Whether anything was ever recorded with this data folder: then the server has to look after it at its start. */
export function hasRecordings(dataDir: string): boolean {
  return existsSync(join(dataDir, 'recordings', hostFile))
}

/**
 * `<dataDir>/recordings`, which one process has at a time: a folder for each recording, `scratch` for what is being made,
 * and `host.id`, by which rows of a shared database are known to belong here. That id lies beside the recordings and is not
 * the name of the machine: containers change theirs, and a disk that is not mounted must not look like one that was emptied.
 */
export class RecordingsFolder {
  readonly folder: string
  #host: string | undefined
  #opening: Promise<string> | undefined
  #release: (() => void) | undefined

  constructor(dataDir: string) {
    this.folder = join(dataDir, 'recordings')
  }

  /** The id of this place; undefined until it was opened. */
  get host(): string | undefined {
    return this.#host
  }

  /** Makes the folder at the first time and takes it for this process. Throws `unavailable` when it cannot be had. */
  async open(): Promise<string> {
    this.#opening ??= this.#open()
    try {
      return await this.#opening
    } catch (error) {
      this.#opening = undefined
      throw error
    }
  }

  /** The same where it was made before; undefined where it was not. */
  async openIfThere(): Promise<string | undefined> {
    return existsSync(join(this.folder, hostFile)) ? this.open() : undefined
  }

  async #open(): Promise<string> {
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 })
      const release = lockFile(join(this.folder, 'in-use.lock'))
      try {
        this.#host = await this.#readHost()
      } catch (error) {
        release()
        throw error
      }
      this.#release = release
      return this.#host
    } catch (error) {
      const why =
        error instanceof LockedError
          ? 'Another Sluice uses the recordings in this data folder; each needs one of its own.'
          : 'The folder of recordings cannot be used.'
      throw Object.assign(new AppError('unavailable', why, { why: 'disk' }), { cause: error })
    }
  }

  async #readHost(): Promise<string> {
    const path = join(this.folder, hostFile)
    const known = await readFile(path, 'utf8').catch(() => '')
    if (/^hst_[\w-]+$/.test(known)) return known
    const made = `hst_${randomId()}`
    await writeFile(`${path}.new`, made)
    await rename(`${path}.new`, path)
    return made
  }

  /** Where a recording is. Throws for what is no id of one. */
  folderOf(id: string): string {
    if (!recordingId.test(id)) throw new Error('not an id of a recording')
    return join(this.folder, id)
  }

  /** Where something may be prepared; whoever makes it makes the folder. */
  scratchOf(outputId: string): string {
    return join(this.folder, 'scratch', outputId)
  }

  async ids(): Promise<string[]> {
    const entries = await readdir(this.folder, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory() && recordingId.test(entry.name))
      .map(({ name }) => name)
  }

  /** Removes what was being prepared, except for these. */
  async clearScratch(exceptFor: ReadonlySet<string>): Promise<void> {
    const folder = join(this.folder, 'scratch')
    const names = await readdir(folder).catch(() => [])
    for (const name of names.filter((name) => !exceptFor.has(name))) {
      await rm(join(folder, name), { recursive: true, force: true })
    }
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder)
    return bavail * bsize
  }

  /** Lets another process have it. */
  close(): void {
    this.#release?.()
    this.#release = undefined
    this.#opening = undefined
  }
}
