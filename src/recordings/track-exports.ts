import { createWriteStream } from 'node:fs'
import { link, mkdir, open, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FastifyReply } from 'fastify'
import type { Config } from '../../config/schema.ts'
import { findFfmpeg } from '../../recorder/ffmpeg-binary.ts'
import type { Track } from '../../recorder/manifest.ts'
import { exportTrack, RenderError } from '../../recorder/outputs/render.ts'
import { AppError } from '../lib/app-error.ts'
import { contentDisposition } from '../lib/content-disposition.ts'
import { randomId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import { minFreeBytes, type Objects } from './core.ts'
import { fileNotThere, stalledMs } from './delivery.ts'
import type { FileRow } from './files.store.ts'
import type { RecordingsFolder } from './recordings-folder.ts'
import type { RecordingRow } from './recordings.store.ts'
import { aboutTrack } from './tracks.ts'
import { downloadName } from './views.ts'

export interface TrackExportsOptions {
  readonly config: Pick<Config, 'recordings'>
  readonly objects: Pick<Objects, 'kind' | 'read'>
  readonly home: Pick<RecordingsFolder, 'folderOf' | 'scratchOf' | 'freeBytes'>
  readonly log: Log
}

export interface ExportRequest {
  readonly row: RecordingRow
  readonly track: Track
  /** Those of the track. */
  readonly files: readonly FileRow[]
}

/** Joining copies gigabytes: more of it at once only takes longer for everybody. */
const maxAtOnce = 2

/** Joins the files of one track for whoever wants it as one. What is made for that is gone when it is sent. */
export class TrackExports {
  readonly #options: TrackExportsOptions
  #running = 0

  constructor(options: TrackExportsOptions) {
    this.#options = options
  }

  /**
   * What is to be sent. Throws `conflict` (`why: several-files`) for files that cannot be one, `not-found` when one is gone, and
   * `unavailable` with `data.why`: busy, disk, storage, no-ffmpeg or not-joined.
   */
  async answer(wanted: ExportRequest, reply: FastifyReply): Promise<Readable> {
    const { row, track, files } = wanted
    const name = downloadName(
      { kind: 'track', name: `track.${track.codec === 'h264' ? 'mkv' : 'webm'}` },
      row,
      aboutTrack(track),
    )
    const contentType = files[0]!.content_type
    const describe = (): void => {
      reply.headers({
        'content-type': contentType,
        'content-disposition': contentDisposition('attachment', name),
        'accept-ranges': 'none',
      })
    }
    if (reply.request.method === 'HEAD') {
      describe()
      return Readable.from([])
    }
    if (this.#running >= maxAtOnce)
      throw unavailable('busy', 'Other tracks are being joined. Try again in a minute.')
    this.#running++
    const gone = new AbortController()
    const abort = (): void => gone.abort()
    reply.raw.once('close', abort)
    try {
      const { bytes, stream } = await this.#join(wanted, gone.signal)
      describe()
      reply.header('content-length', bytes)
      reply.raw.setTimeout(stalledMs, () => reply.raw.destroy())
      return stream
    } finally {
      reply.raw.off('close', abort)
      this.#running--
    }
  }

  async #join(
    { row, track, files }: ExportRequest,
    signal: AbortSignal,
  ): Promise<{ bytes: number; stream: Readable }> {
    const ffmpeg = (await findFfmpeg().catch(() => undefined))?.path
    if (ffmpeg === undefined) throw unavailable('no-ffmpeg', 'This server has no FFmpeg.')
    const folder = this.#options.home.scratchOf(`export-${randomId()}`)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    try {
      await this.#assertRoom(files)
      for (const file of files) await this.#fetch({ row, file, folder, signal })
      const names = new Set(files.map((file) => file.name))
      const present = { ...track, files: track.files.filter((file) => names.has(file.name)) }
      const made = await exportTrack({ track: present, folder, name: 'joined', ffmpeg, signal })
      const [one, ...others] = made
      if (!one || others.length > 0) {
        throw new AppError('conflict', 'The files of this track cannot be one. Get each of them.', {
          why: 'several-files',
        })
      }
      const handle = await open(join(folder, basename(one.name)))
      return { bytes: one.bytes, stream: handle.createReadStream() }
    } catch (error) {
      throw this.#told(error, row)
    } finally {
      // What is open can still be read.
      await rm(folder, { recursive: true, force: true })
    }
  }

  /** The file as it is here, without a copy; else from the bucket. */
  async #fetch(from: {
    row: RecordingRow
    file: FileRow
    folder: string
    signal: AbortSignal
  }): Promise<void> {
    const { row, file, folder, signal } = from
    const { objects, home } = this.#options
    const path = join(folder, basename(file.name))
    try {
      return await link(join(home.folderOf(row.id), basename(file.name)), path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    if (row.storage !== 's3' || objects.kind !== 's3') throw fileNotThere()
    const bytes = await objects.read(`${row.prefix}/${file.name}`)
    await pipeline(bytes, createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal })
  }

  /** It takes as much again as the files, and twice that where they are in a bucket. */
  async #assertRoom(files: readonly FileRow[]): Promise<void> {
    const { home, config } = this.#options
    const needed = 2 * files.reduce((total, { bytes }) => total + bytes, 0)
    if ((await home.freeBytes()) - needed > minFreeBytes(config)) return
    throw unavailable('disk', 'The disk of the server has no room to join this track. Get each of its files.')
  }

  #told(error: unknown, row: RecordingRow): unknown {
    if (error instanceof AppError) return error
    this.#options.log.warn({ err: error, recordingId: row.id }, 'a track could not be joined')
    if (error instanceof RenderError)
      return unavailable('not-joined', 'This track could not be joined. Get each of its files.')
    return unavailable('storage', 'The files of this track cannot be read now. Try again later.')
  }
}

function unavailable(why: string, message: string): AppError {
  return new AppError('unavailable', message, { why })
}
