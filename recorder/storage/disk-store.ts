import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, realpath, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { contentTypeOf } from './content-type.ts'
import { localFailure } from './failures.ts'
import { checkedPrefix, splitKey } from './key-template.ts'
import type { ObjectStore } from './object-store.ts'
import { StorageError } from './storage-error.ts'

/** The folder that recordings are written to is the store: the prefix of a recording is the name of its folder. */
export class DiskStore implements ObjectStore {
  readonly kind = 'disk'
  readonly keyTemplate = '{recordingId}'
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async head(key: string): Promise<{ bytes: number; contentType: string | undefined } | undefined> {
    const file = await this.#open(key)
    if (!file) return undefined
    await file.handle.close()
    return { bytes: file.bytes, contentType: contentTypeOf(splitKey(key).name) }
  }

  async read(key: string, range?: { from: number; to: number }): Promise<Readable> {
    const file = await this.#open(key)
    if (!file) throw new StorageError('missing', `there is no ${key}`)
    const { from, to } = range ?? { from: 0, to: Number.MAX_SAFE_INTEGER }
    const isWithin = Number.isInteger(from) && from >= 0 && to >= from && (from < file.bytes || !range)
    if (!isWithin) {
      await file.handle.close()
      throw new StorageError('range', `${key} has ${file.bytes} bytes`)
    }
    return file.handle.createReadStream({ start: from, end: to })
  }

  link(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  async deleteAll(prefix: string): Promise<void> {
    const folder = join(this.#root, ...checkedPrefix(prefix).split('/'))
    try {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    } catch (error) {
      throw localFailure(error) ?? error
    }
  }

  async delete(key: string): Promise<void> {
    const { prefix, name } = splitKey(key)
    const path = join(this.#root, ...prefix.split('/'), name)
    try {
      await rm(path, { force: true })
    } catch (error) {
      throw localFailure(error) ?? error
    }
  }

  async check(): Promise<void> {
    const path = join(this.#root, `.check-${randomBytes(6).toString('hex')}`)
    try {
      await mkdir(this.#root, { recursive: true })
      await writeFile(path, 'Sluice looks whether it can write here.\n')
      await rm(path)
    } catch (error) {
      throw localFailure(error) ?? error
    }
  }

  /** Undefined if there is no such file. No link leads out of the folder of recordings, nor from one to another. */
  async #open(key: string): Promise<{ handle: FileHandle; bytes: number } | undefined> {
    const { prefix, name } = splitKey(key)
    const folder = join(this.#root, ...prefix.split('/'))
    try {
      const expected = join(await realpath(this.#root), ...prefix.split('/'))
      if ((await realpath(folder)) !== expected) return undefined
      if (!(await lstat(join(folder, name))).isFile()) return undefined
      const handle = await open(
        [folder, name].join(sep),
        constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      )
      return { handle, bytes: (await handle.stat()).size }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined
      throw localFailure(error) ?? error
    }
  }
}
