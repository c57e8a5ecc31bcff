import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config/schema.ts'
import { AppError } from '../lib/app-error.ts'
import { contentDisposition } from '../lib/content-disposition.ts'
import type { Log } from '../lib/log.ts'
import type { Objects } from './core.ts'
import type { FileRow } from './files.store.ts'
import { partOf } from './ranges.ts'
import type { RecordingRow } from './recordings.store.ts'
import { downloadName } from './views.ts'

export interface DeliveryOptions {
  readonly storage: Config['storage']
  readonly store: Pick<Objects, 'kind' | 'read' | 'link'>
  /** The folder of a recording in the data folder. */
  readonly folderOf: (recordingId: string) => string
  readonly log: Log
}

export interface Wanted {
  readonly row: RecordingRow
  readonly file: Pick<FileRow, 'id' | 'kind' | 'name' | 'content_type' | 'bytes'>
  /** To be saved instead of shown. */
  readonly isDownload: boolean
  /** What it is called then, besides the title and the day. */
  readonly about?: string | undefined
  /** A link to a bucket must not open for longer. */
  readonly until?: Date | undefined
  readonly now: Date
}

/**
 * A reader that takes nothing for so long is cut off, in milliseconds: a player that was paused asks again for what it lacks,
 * and nobody holds files open for nothing.
 */
export const stalledMs = 120_000
/** What is read ahead for each reader, in bytes. */
const chunkBytes = 128 * 1024
/** Pictures and indices are small and asked for by scripts, which buckets refuse; video and sound are worth a way of their own. */
const worthLink = ['video', 'audio', 'track']

/** Hands files of recordings out: from the data folder, through this server from a bucket, or by a link to the bucket. */
export class Delivery {
  readonly #options: DeliveryOptions

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /**
   * Answers with a file or the part of it that is asked for. What it returns is to be sent; undefined: headers alone.
   * Throws `not-found` when the file is not there, `unavailable` when the storage is away.
   */
  async answer(wanted: Wanted, request: FastifyRequest, reply: FastifyReply): Promise<Readable | undefined> {
    const { row, file, isDownload, about } = wanted
    const url = await this.#linkTo(wanted)
    if (url !== undefined) {
      reply.code(302).headers({ location: url, 'cache-control': 'private, no-store' })
      return undefined
    }
    const source = await this.#open(row, file)
    try {
      const { bytes } = source
      const etag = `"${file.id}-${bytes.toString(36)}"`
      const part = partOf(request, { bytes, etag })
      if (part.kind === 'unsatisfiable') {
        reply.header('content-range', `bytes */${bytes}`)
        throw new AppError('out-of-range', `This file has ${bytes} bytes.`, { bytes })
      }
      const name = downloadName(file, row, about)
      reply.headers({
        etag,
        'accept-ranges': 'bytes',
        // Kept by the browser that got it, and asked for each time whether it still may.
        'cache-control': 'private, no-cache',
        'content-type': file.content_type,
        'content-disposition': contentDisposition(isDownload ? 'attachment' : 'inline', name),
      })
      if (part.kind === 'unchanged') {
        reply.code(304)
        return undefined
      }
      const { from, to } = part.kind === 'range' ? part : { from: 0, to: bytes - 1 }
      if (part.kind === 'range') reply.code(206).header('content-range', `bytes ${from}-${to}/${bytes}`)
      reply.header('content-length', to - from + 1)
      // Where there is a stream, Fastify leaves the length as it is.
      if (request.method === 'HEAD' || bytes === 0) return Readable.from([])
      reply.raw.setTimeout(stalledMs, () => reply.raw.destroy())
      return await source.stream({ from, to })
    } finally {
      await source.done()
    }
  }

  /** A link to the bucket, where people are to go there and everything is there. */
  async #linkTo({ row, file, isDownload, about, until, now }: Wanted): Promise<string | undefined> {
    const { storage, store, log } = this.#options
    const isStored = row.storage === 's3' && row.stored_at !== null
    if (!isStored || storage.delivery !== 'redirect' || !worthLink.includes(file.kind)) return undefined
    const left = until ? Math.floor((until.getTime() - now.getTime()) / 1000) : Infinity
    const expiresSeconds = Math.min(storage.linkSeconds, left)
    if (expiresSeconds < 1 || store.kind !== 's3') return undefined
    const how = {
      expiresSeconds,
      contentType: file.content_type,
      ...(isDownload ? { downloadName: downloadName(file, row, about) } : {}),
    }
    return store.link(keyOf(row, file.name), how).catch((error: unknown) => {
      log.warn(
        { err: error, recordingId: row.id, file: file.name },
        'there is no link to a file in the storage',
      )
      throw storageAway()
    })
  }

  async #open(row: RecordingRow, file: Wanted['file']): Promise<Source> {
    const { store, folderOf, log } = this.#options
    if (row.is_local) {
      const local = await openLocal(join(folderOf(row.id), basename(file.name)))
      if (local) return local
    }
    if (row.storage !== 's3') throw fileNotThere()
    // It was kept in a bucket by a server that was configured for one.
    if (store.kind !== 's3') throw storageAway()
    return {
      bytes: file.bytes,
      stream: (range) =>
        store.read(keyOf(row, file.name), range).catch((error: unknown) => {
          log.warn(
            { err: error, recordingId: row.id, file: file.name },
            'a file cannot be read from the storage',
          )
          throw storageAway()
        }),
      done: async () => undefined,
    }
  }
}

/** An open file. */
interface Source {
  readonly bytes: number
  stream(range: { from: number; to: number }): Promise<Readable>
  /** Closes what no stream has taken over. */
  done(): Promise<void>
}

/** Undefined where there is none. No link is followed: nothing that lies elsewhere is of a recording. */
async function openLocal(path: string): Promise<Source | undefined> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    const stats = await handle.stat()
    if (!stats.isFile()) {
      await handle.close()
      return undefined
    }
    return sourceOf(handle, stats.size)
  } catch (error) {
    await handle?.close()
    if (['ENOENT', 'ELOOP', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code)))
      return undefined
    throw error
  }
}

function sourceOf(handle: FileHandle, bytes: number): Source {
  let isTaken = false
  return {
    bytes,
    stream: async ({ from, to }) => {
      isTaken = true
      return handle.createReadStream({ start: from, end: to, highWaterMark: chunkBytes })
    },
    done: async () => {
      if (!isTaken) await handle.close()
    },
  }
}

function keyOf({ prefix }: RecordingRow, name: string): string {
  return `${prefix}/${name}`
}

export function fileNotThere(): AppError {
  return new AppError('not-found', 'This file is not there any more.')
}

export function storageAway(): AppError {
  return new AppError('unavailable', 'The storage does not answer. Try again later.', { why: 'storage' })
}

/** Where browsers load video and sound from, besides this server: for its Content-Security-Policy. */
export function linkOrigins(storage: Config['storage']): string[] {
  if (storage.kind !== 's3' || storage.delivery !== 'redirect') return []
  const { bucket, region, endpoint, publicEndpoint } = storage
  const base = publicEndpoint || endpoint
  if (base === '') {
    return [`https://${bucket}.s3.${region}.amazonaws.com`, `https://s3.${region}.amazonaws.com`]
  }
  if (!URL.canParse(base)) return []
  const { protocol, host, origin } = new URL(base)
  // A bucket may be in the path or in the name of the host, if that is a name.
  return /^[a-z0-9.-]+$/.test(bucket) && !/^(\[|[\d.]+(:\d+)?$)/.test(host)
    ? [origin, `${protocol}//${bucket}.${host}`]
    : [origin]
}
