import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { encryptionProbeName, type Bucket } from './bucket.ts'
import { localFailure } from './failures.ts'
import type { Journal } from './journal.ts'
import { isObjectName } from './key-template.ts'
import { hashFile } from './local-file.ts'
import { mapLimit } from './map-limit.ts'
import type { FolderToRestore } from './messages.ts'
import { StorageError } from './storage-error.ts'
import { parseSums, sumsName } from './sums.ts'

const filesAtOnce = 3
/** How often a download goes on where it broke off without having brought anything. */
const mostFruitless = 3

/** Gets objects back into their folder; each appears whole, and only if it is what was uploaded. */
export async function restore(
  { folder, prefix, names }: FolderToRestore,
  { bucket, journal }: { bucket: Bucket; journal: Journal },
): Promise<void> {
  const sumsKey = `${prefix}/${sumsName}`
  if (!(await bucket.head(sumsKey))) {
    throw new StorageError('missing', `There is no ${sumsKey}: this recording was never uploaded whole.`)
  }
  const sums = parseSums(await textOf(await bucket.read(sumsKey)))
  const wanted = names ?? [...(await bucket.list(prefix)).keys()]

  await mkdir(folder, { recursive: true })
  await mapLimit(
    wanted.filter((name) => name !== sumsName && name !== encryptionProbeName),
    filesAtOnce,
    async (name) => {
      const sha256 = sums.get(name)
      if (!isObjectName(name)) throw new StorageError('invalid', `${JSON.stringify(name)} is no file's name`)
      if (sha256 === undefined) throw new StorageError('missing', `${name} has no checksum in ${sumsKey}.`)
      const path = join(folder, name)
      if ((await hashOf(path)) === sha256) return
      await fetchFile({ bucket, key: `${prefix}/${name}`, path, sha256 })
      const { size, mtimeMs } = await stat(path)
      journal.set(name, { parts: {}, stored: { bytes: size, modifiedMs: mtimeMs, sha256 } })
      await journal.save()
    },
  )
}

async function hashOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    await hashFile(path, hash)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return hash.digest('hex')
}

async function fetchFile(options: {
  bucket: Bucket
  key: string
  path: string
  sha256: string
}): Promise<void> {
  const { bucket, key, path, sha256 } = options
  const unfinished = `${path}.restoring`
  const found = await bucket.head(key)
  if (!found) throw new StorageError('missing', `There is no ${key}.`)
  const handle = await open(unfinished, 'w')
  try {
    const hash = createHash('sha256')
    let at = 0
    for (let fruitless = 0; at < found.bytes;) {
      const before = at
      try {
        const body: Readable = await bucket.read(key, { from: at })
        for await (const chunk of body as AsyncIterable<Buffer>) {
          await handle.write(chunk, 0, chunk.length, at)
          hash.update(chunk)
          at += chunk.length
        }
        if (at < found.bytes) throw new StorageError('away', `${key} broke off after ${at} bytes.`)
      } catch (error) {
        fruitless = at > before ? 0 : fruitless + 1
        const isFinal = error instanceof StorageError && error.code !== 'away'
        if (isFinal || localFailure(error) || fruitless >= mostFruitless) throw error
      }
    }
    if (hash.digest('hex') !== sha256) {
      throw new StorageError('damaged', `${key} is not what was uploaded: its checksum differs.`)
    }
    await handle.datasync()
    await handle.close()
    await rename(unfinished, path)
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(unfinished, { force: true })
    throw error
  }
}
