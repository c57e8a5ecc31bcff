import { copyFile, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { Manifest, Track } from '../manifest.ts'
import { ids, readHead } from '../matroska/ebml.ts'
import { backdropList, backdropsOf, ground } from './backdrop.ts'
import { runFfmpeg, stopped } from './ffmpeg-run.ts'
import { peopleOf } from './people.ts'
import { pictureGraph, showingsOf } from './picture-graph.ts'
import { keyFrameEveryMs, makePoster, makePreview } from './pictures.ts'
import { RenderError } from './render-error.ts'
import { framesPerSecond, scenesOf, type LayoutName, type Scene } from './scenes.ts'
import { mixSound } from './sound.ts'
import { concatList, durationOf, stripsOf, type Strip } from './strips.ts'

export { exportTrack } from './export-track.ts'
export { endOrphans } from './orphans.ts'
export { RenderError, type RenderErrorCode } from './render-error.ts'

export interface RenderOptions {
  readonly manifest: Manifest
  /** Where its tracks are, and where what is made is put. */
  readonly folder: string
  /** Base name of what is made: `<name>.mp4`, `.m4a`, `.jpg`, `-preview.jpg`, `-preview.vtt`. */
  readonly name: string
  readonly kind: 'video' | 'audio'
  readonly layout: LayoutName
  readonly size: { readonly width: number; readonly height: number }
  readonly names: boolean
  readonly ffmpeg: string
  /** The cores FFmpeg is kept on, so that it takes nothing from media workers; none leaves that to the system. */
  readonly cores?: readonly number[] | undefined
  /** A folder for what is needed meanwhile: about as much as all sound together. A hidden one in `folder` if left out. */
  readonly scratch?: string
  /** 0 to 1, never less than before. */
  readonly onProgress?: (share: number) => void
  /** A track, or part of one, could not be used; the rest was. For people. */
  readonly onWarning?: (text: string) => void
  readonly signal?: AbortSignal
}

export interface RenderedFile {
  readonly kind: 'video' | 'audio' | 'poster' | 'preview' | 'preview-index'
  readonly name: string
  readonly contentType: string
  readonly bytes: number
  readonly durationMs?: number
  readonly width?: number
  readonly height?: number
}

type Made = Omit<RenderedFile, 'bytes'> & { readonly madeAs: string }

/** How far along it is when each part is done. */
const shares = { sound: 0.12, picture: 0.96 }
/** Fixed, because the number of threads changes what x264 writes. */
const encoderThreads = 2
const longestArgument = 100_000

/**
 * Makes one MP4 (H.264, AAC) with its pictures, or one M4A, of a recording. The same manifest gives the same bytes. Throws a
 * RenderError; then nothing is left of what was not finished. What is finished gets its names at the end, all of it.
 */
export async function render(options: RenderOptions): Promise<readonly RenderedFile[]> {
  if (basename(options.name) !== options.name) throw new Error('a name is not a path')
  const folder = resolve(options.folder)
  const scratch = options.scratch
    ? join(resolve(options.scratch), `render-${options.name}`)
    : join(folder, `.${options.name}.making`)
  const work = { folder, scratch, ...monotone(options.onProgress) }
  const made: Made[] = []
  try {
    await rm(scratch, { recursive: true, force: true })
    await mkdir(scratch, { recursive: true })
    made.push(...(await make(options, work)))
    const files: RenderedFile[] = []
    for (const { madeAs, ...file } of made) {
      const { size: bytes } = await stat(join(scratch, madeAs))
      files.push({ ...file, bytes })
    }
    if (options.signal?.aborted) throw stopped()
    for (const { madeAs, name } of made) await place(join(scratch, madeAs), join(folder, name))
    work.onProgress(1)
    return files
  } catch (error) {
    throw asRenderError(error)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

interface Work {
  readonly folder: string
  readonly scratch: string
  readonly onProgress: (share: number) => void
}

async function make(options: RenderOptions, work: Work): Promise<Made[]> {
  const { name, kind, ffmpeg, cores, signal, size } = options
  const { scratch, onProgress } = work
  const pathOf = (file: string) => join(work.folder, basename(file))
  const warn = (text: string) => options.onWarning?.(text)
  const tracks = await readableTracks(options.manifest.tracks, pathOf, warn)
  const strips = stripsOf(tracks)
  const durationMs = wholeFrames(durationOf(strips))
  if (durationMs === 0) {
    throw new RenderError('nothing-captured', 'There is nothing to see or hear in this recording.')
  }
  const people = peopleOf({ tracks }, durationMs)
  const soundShare = kind === 'audio' ? 1 : shares.sound
  const sound = await mixSound({
    ...{ strips, people, pathOf, scratch, durationMs, ffmpeg, cores, signal, onWarning: warn },
    onProgress: (share) => onProgress(share * soundShare),
  })
  if (kind === 'audio') {
    return [{ kind: 'audio', name: `${name}.m4a`, contentType: 'audio/mp4', durationMs, madeAs: sound }]
  }

  const scenes = scenesOf({
    ...{ people, strips, durationMs, size },
    layout: options.layout,
    names: options.names,
  })
  const backdrops = await drawBackdrops(scenes, options, scratch)
  const run = (used: readonly Strip[]) =>
    makeVideo(scenes, used, {
      ...{ scratch, backdrops, pathOf, durationMs, sound, ffmpeg, cores, signal },
      onTime: (ms) =>
        onProgress(shares.sound + (shares.picture - shares.sound) * Math.min(1, ms / durationMs)),
    })
  try {
    await run(strips)
  } catch (error) {
    if (!(error instanceof RenderError) || error.code !== 'ffmpeg-failed') throw error
    const good = await decodable(strips, { pathOf, scratch, ffmpeg, cores, signal, warn })
    if (good.length === strips.length) throw error
    await run(good)
  }
  onProgress(shares.picture)

  const pictures = { video: join(scratch, 'video.mp4'), durationMs, folder: scratch, ffmpeg, signal }
  await makePoster({ ...pictures, name: 'poster.jpg' })
  const shownAs = `${name}-preview.jpg`
  const preview = await makePreview({ ...pictures, name: 'preview.jpg', index: 'preview.vtt', shownAs })
  const { width, height } = size
  return [
    {
      kind: 'video',
      name: `${name}.mp4`,
      contentType: 'video/mp4',
      durationMs,
      width,
      height,
      madeAs: 'video.mp4',
    },
    { kind: 'poster', name: `${name}.jpg`, contentType: 'image/jpeg', width, height, madeAs: 'poster.jpg' },
    { kind: 'preview', name: shownAs, contentType: 'image/jpeg', ...preview, madeAs: 'preview.jpg' },
    { kind: 'preview-index', name: `${name}-preview.vtt`, contentType: 'text/vtt', madeAs: 'preview.vtt' },
  ]
}

/** A list of them for FFmpeg; all that look different are drawn in one run. */
async function drawBackdrops(
  scenes: readonly Scene[],
  { size, names, ffmpeg, cores, signal }: RenderOptions,
  scratch: string,
): Promise<string> {
  const { subtitles, count, numbers } = backdropsOf(scenes, { size, names })
  await writeFile(join(scratch, 'backdrops.ass'), subtitles)
  const empty = `color=c=${ground}:s=${size.width}x${size.height}:r=1:d=${count}`
  const args = [
    ...['-v', 'error', '-y', '-f', 'lavfi', '-i', `${empty},format=rgb24,ass=backdrops.ass`],
    ...[
      '-filter_threads',
      '1',
      '-threads',
      '1',
      '-frames:v',
      String(count),
      '-start_number',
      '0',
      '-f',
      'image2',
      'backdrop-%d.png',
    ],
  ]
  await runFfmpeg({ ffmpeg, cores, args, folder: scratch, signal })
  await writeFile(
    join(scratch, 'backdrops.txt'),
    backdropList(scenes, numbers, (number) => `backdrop-${number}.png`),
  )
  return 'backdrops.txt'
}

async function makeVideo(
  scenes: readonly Scene[],
  strips: readonly Strip[],
  options: {
    scratch: string
    backdrops: string
    sound: string
    pathOf: (name: string) => string
    durationMs: number
    ffmpeg: string
    cores: readonly number[] | undefined
    signal: AbortSignal | undefined
    onTime: (ms: number) => void
  },
): Promise<void> {
  const { scratch, durationMs, ffmpeg, cores, signal, onTime } = options
  const showings = showingsOf(scenes, strips)
  const { graph, commands } = pictureGraph(showings)
  for (const [name, text] of commands) await writeFile(join(scratch, name), text)
  const inputs: string[] = []
  for (const [place, { strip }] of showings.entries()) {
    const list = `strip-${place}.txt`
    await writeFile(join(scratch, list), concatList(strip.files, options.pathOf))
    // The size of its pictures may change; the scaler follows, and the graph is not made anew for it.
    inputs.push('-threads', '1', '-reinit_filter', '0', '-f', 'concat', '-safe', '0', '-i', list)
  }
  await writeFile(join(scratch, 'graph.txt'), graph)
  const filter =
    graph.length < longestArgument ? ['-filter_complex', graph] : ['-filter_complex_script', 'graph.txt']
  const args = [
    ...['-v', 'error', '-max_error_rate', '1', '-y'],
    ...['-f', 'concat', '-safe', '0', '-i', options.backdrops, ...inputs, '-i', options.sound],
    ...['-filter_complex_threads', '1', ...filter, '-map', '[picture]', '-map', `${showings.length + 1}:a`],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-threads', String(encoderThreads)],
    ...['-g', String((keyFrameEveryMs / 1000) * framesPerSecond), '-pix_fmt', 'yuv420p'],
    // What browsers send is in this colour space, and nothing here changes it.
    ...[
      '-colorspace',
      'smpte170m',
      '-color_primaries',
      'smpte170m',
      '-color_trc',
      'smpte170m',
      '-color_range',
      'tv',
    ],
    ...['-c:a', 'copy', '-t', (durationMs / 1000).toFixed(3)],
    ...['-fflags', '+bitexact', '-flags:v', '+bitexact', '-movflags', '+faststart', '-f', 'mp4', 'video.mp4'],
  ]
  await runFfmpeg({ ffmpeg, cores, args, folder: scratch, signal, onTime })
}

/** Tracks without the files that are missing, or of which not even the beginning is what it should be. */
async function readableTracks(
  tracks: readonly Track[],
  pathOf: (name: string) => string,
  warn: (text: string) => void,
): Promise<Track[]> {
  const kept: Track[] = []
  for (const track of tracks) {
    const files: Track['files'] = []
    for (const file of track.files) {
      if (await beginsAsMatroska(pathOf(file.name))) files.push(file)
      else warn(`${file.name} is damaged or missing and was left out.`)
    }
    kept.push({ ...track, files })
  }
  return kept
}

async function beginsAsMatroska(path: string): Promise<boolean> {
  try {
    const handle = await open(path)
    try {
      const bytes = Buffer.alloc(256)
      await handle.read(bytes, 0, bytes.length, 0)
      const ebml = readHead(bytes, 0)
      if (ebml?.id !== ids.ebml || ebml.size === undefined) return false
      return readHead(bytes, ebml.start + ebml.size)?.id === ids.segment
    } finally {
      await handle.close()
    }
  } catch {
    return false
  }
}

/** Those of whose pictures FFmpeg can read the first; asked only after it has failed, because it takes a process each. */
async function decodable(
  strips: readonly Strip[],
  options: {
    pathOf: (name: string) => string
    scratch: string
    ffmpeg: string
    cores: readonly number[] | undefined
    signal: AbortSignal | undefined
    warn: (text: string) => void
  },
): Promise<Strip[]> {
  const { pathOf, scratch, ffmpeg, cores, signal, warn } = options
  const good: Strip[] = []
  for (const strip of strips) {
    if (strip.kind !== 'camera' && strip.kind !== 'screen') continue
    try {
      await writeFile(join(scratch, 'strip.txt'), concatList(strip.files, pathOf))
      const input = ['-f', 'concat', '-safe', '0', '-i', 'strip.txt']
      const args = ['-v', 'error', ...input, '-map', '0:v', '-frames:v', '1', '-f', 'null', '-']
      await runFfmpeg({ ffmpeg, cores, args, folder: scratch, signal })
      good.push(strip)
    } catch (error) {
      if (!(error instanceof RenderError) || error.code !== 'ffmpeg-failed') throw error
      warn(`${strip.files.map(({ name }) => name).join(', ')} cannot be decoded and was left out.`)
    }
  }
  return [...good, ...strips.filter(({ kind }) => kind !== 'camera' && kind !== 'screen')]
}

function wholeFrames(ms: number): number {
  const frameMs = 1000 / framesPerSecond
  return Math.ceil(ms / frameMs) * frameMs
}

/** Under its own name at once, also where `scratch` is on another disk. */
async function place(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    const unfinished = `${to}.part`
    try {
      await copyFile(from, unfinished)
      await rename(unfinished, to)
    } finally {
      await rm(unfinished, { force: true })
    }
  }
}

function monotone(tell: ((share: number) => void) | undefined): { onProgress: (share: number) => void } {
  let last = 0
  return {
    onProgress: (share) => {
      if (share <= last) return
      last = Math.min(1, share)
      tell?.(last)
    },
  }
}

function asRenderError(error: unknown): unknown {
  const { name, code } = error as NodeJS.ErrnoException
  if (name === 'AbortError') return stopped(error)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new RenderError('disk-full', 'There is no room left on the disk.', { cause: error })
  return error
}
