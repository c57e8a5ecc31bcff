import { createHash, type Hash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { StorageError } from './storage-error.ts'

const chunkBytes = 4 * 1024 * 1024

/** Hexadecimal digits. */
export function md5Of(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex')
}

/** Exactly these bytes of a file; throws if it has become shorter. */
export async function readAt(handle: FileHandle, from: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, length - done, from + done)
    if (bytesRead === 0) throw new StorageError('local', 'A file became shorter while it was read.')
    done += bytesRead
  }
  return bytes
}

/** Feeds a whole file to a hash. */
export async function hashFile(path: string, hash: Pick<Hash, 'update'>): Promise<void> {
  const handle = await open(path)
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes)
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunkBytes)
      if (bytesRead === 0) return
      hash.update(chunk.subarray(0, bytesRead))
    }
  } finally {
    await handle.close()
  }
}
