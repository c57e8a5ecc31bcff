import { rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { RecordedFile, Track } from '../manifest.ts'
import { runFluent } from './fluent.ts'
import { concatList, stripsOf } from './strips.ts'

export interface ExportTrackOptions {
  readonly track: Track
  /** Where its files are, and where what is made is put. */
  readonly folder: string
  /** Base name of what is made. */
  readonly name: string
  readonly ffmpeg: string
  readonly signal?: AbortSignal
}

export interface ExportedFile {
  /** In the folder. A file of the track itself if there was nothing to join. */
  readonly name: string
  readonly contentType: string
  readonly bytes: number
  /** When its time 0 was, in milliseconds of the recording. */
  readonly offsetMs: number
}

/**
 * One file of a track for download: all its parts one after the other with their times, nothing encoded again. Else the list
 * of its files: if they overlap, or if they are H.264 of several sizes, which one Matroska file cannot hold for every player.
 * Throws a RenderError.
 */
export async function exportTrack(options: ExportTrackOptions): Promise<ExportedFile[]> {
  const { track, name, ffmpeg, signal } = options
  if (basename(name) !== name) throw new Error('a name is not a path')
  const folder = resolve(options.folder)
  const contentType = typeOf(track)
  const describe = async (file: RecordedFile): Promise<ExportedFile> => {
    const { size: bytes } = await stat(join(folder, basename(file.name)))
    return { name: file.name, contentType, bytes, offsetMs: file.offsetMs }
  }
  const [strip, ...others] = stripsOf([track])
  if (!strip) return []
  const files = [strip, ...others].flatMap((found) => found.files)
  if (files.length === 1 || others.length > 0 || !canBeJoined(track)) return Promise.all(files.map(describe))

  const joined = `${name}.${track.codec === 'h264' ? 'mkv' : 'webm'}`
  const [list, unfinished] = [join(folder, `.${joined}.txt`), join(folder, `.${joined}.part`)]
  try {
    await writeFile(
      list,
      concatList(files, (file) => join(folder, basename(file))),
    )
    await runFluent(ffmpeg, signal, (command) =>
      command
        .input(list)
        .inputOptions('-f', 'concat', '-safe', '0')
        .outputOptions('-map', '0', '-c', 'copy', '-fflags', '+bitexact')
        .outputOptions('-f', track.codec === 'h264' ? 'matroska' : 'webm')
        .output(unfinished),
    )
    const { size: bytes } = await stat(unfinished)
    await rename(unfinished, join(folder, joined))
    return [{ name: joined, contentType, bytes, offsetMs: files[0]!.offsetMs }]
  } finally {
    await Promise.all([list, unfinished].map((path) => rm(path, { force: true })))
  }
}

function canBeJoined({ codec, files }: Track): boolean {
  if (codec !== 'h264') return true
  const sizes = new Set(files.map(({ width, height }) => `${width ?? 0}x${height ?? 0}`))
  return sizes.size === 1
}

function typeOf({ codec }: Track): string {
  if (codec === 'opus') return 'audio/webm'
  return codec === 'h264' ? 'video/x-matroska' : 'video/webm'
}
