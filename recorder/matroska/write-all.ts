import type { FileHandle } from 'node:fs/promises'

/** Writes all bytes at a place of a file. A disk that is nearly full takes a part, and says so only when it gets the rest. */
export async function writeAll(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten
  }
}
