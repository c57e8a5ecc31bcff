import { createHash } from 'node:crypto'

/** Most parts an object can have, by the rules of S3. */
const mostParts = 10_000
const mebibyte = 1024 * 1024
/** Parts that turned out too small become no larger than this. */
export const mostPartBytes = 512 * mebibyte
/** Memory for parts on their way. A single part may be larger. */
const partMemory = 32 * mebibyte
const mostAtOnce = 4

/** Size of parts in which a file of so many bytes fits. Some services want all parts but the last to be of one size. */
export function partBytesFor(fileBytes: number, wanted: number): number {
  const least = Math.ceil(fileBytes / mostParts / mebibyte) * mebibyte
  return Math.max(wanted, least)
}

export function fits(fileBytes: number, partBytes: number): boolean {
  return fileBytes <= partBytes * mostParts
}

/** Where a part lies in its file, its number from 1 on. */
export function partRange(
  partNumber: number,
  partBytes: number,
  fileBytes: number,
): { from: number; bytes: number } {
  const from = (partNumber - 1) * partBytes
  return { from, bytes: Math.min(partBytes, fileBytes - from) }
}

/** How many parts may be on their way at the same time. */
export function partsAtOnce(partBytes: number): number {
  return Math.max(1, Math.min(mostAtOnce, Math.floor(partMemory / partBytes)))
}

/** The ETag of an object that was uploaded in parts, where the service makes it as Amazon does. */
export function multipartEtag(md5s: readonly string[]): string {
  const all = createHash('md5').update(Buffer.concat(md5s.map((md5) => Buffer.from(md5, 'hex'))))
  return `${all.digest('hex')}-${md5s.length}`
}

/** So many of something at the same time; who comes later waits, in order. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}
