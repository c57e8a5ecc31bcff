import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  noStatistics,
  readManifest,
  writeManifest,
  type Manifest,
  type RecordedFile,
  type Track,
} from './manifest.ts'
import { repairFile, type RepairedFile } from './matroska/repair.ts'
import { unfinishedSuffix } from './part.ts'
import { complaintsAbout } from './probe.ts'
import { processIdentity } from './process-identity.ts'

export interface Recovered {
  readonly manifest: Manifest
  /** Files that FFmpeg complains of although they were finished here, with what it says. */
  readonly complaints: Readonly<Record<string, string>>
}

/** An orphaned recorder finishes by itself; one that has not done so after this long hangs and is killed. */
const orphanFinishesWithinMs = 35_000
const mediaFile = /^([\w-]+)-(\d+)\.(webm|mkv)(\.part)?$/

/**
 * Brings a folder to a true state after whatever ended its recording: every whole frame is playable, and the manifest lists
 * what is there and why it ended. Does nothing to a recording that ended well. Undefined if the folder holds no recording.
 * Not for one that goes on: throws if its recorder is a child of this process, unless that is known to have ended it
 * (`isOver`), which its manifest does not say where the disk was full.
 */
export async function recover(
  folder: string,
  options: { ffmpeg?: string; isOver?: boolean } = {},
): Promise<Recovered | undefined> {
  const known = await readManifest(folder)
  if (known?.state === 'recording') await endOrphan(known, options)
  // What the orphan wrote at its end counts.
  const found = await readManifest(folder)

  const names = (await readdir(folder)).filter((name) => mediaFile.test(name)).sort()
  if (!found && names.length === 0) return undefined
  const unfinished = names.some((name) => name.endsWith(unfinishedSuffix))
  if (found?.state === 'finished' && !unfinished) return { manifest: found, complaints: {} }

  const repaired = new Map<string, RepairedFile>()
  for (const name of names) {
    const file = await finishFile(folder, name)
    if (file) repaired.set(name.replace(unfinishedSuffix, ''), file)
  }
  const manifest = correct(found ?? emptyManifest(folder, repaired), repaired)
  await writeManifest(folder, manifest)

  const { ffmpeg } = options
  const complaints: Record<string, string> = {}
  if (ffmpeg === undefined) return { manifest, complaints }
  for (const name of repaired.keys()) {
    const complaint = await complaintsAbout(join(folder, name), ffmpeg)
    if (complaint !== '') complaints[name] = complaint
  }
  return { manifest, complaints }
}

/** Repairs a file and gives it its name; one without a frame is deleted. */
async function finishFile(folder: string, name: string): Promise<RepairedFile | undefined> {
  const path = join(folder, name)
  const repaired = await repairFile(path)
  if (!repaired) await rm(path)
  else if (name.endsWith(unfinishedSuffix)) await rename(path, path.slice(0, -unfinishedSuffix.length))
  return repaired
}

/** The manifest as it should be, given the files that are there. */
export function correct(manifest: Manifest, repaired: ReadonlyMap<string, RepairedFile>): Manifest {
  const startedMs = Date.parse(manifest.startedAt)
  const tracks = new Map(
    manifest.tracks.map((track) => [track.trackId, { ...track, files: [...track.files] }]),
  )

  for (const track of tracks.values()) track.files = track.files.filter(({ name }) => repaired.has(name))
  for (const [name, facts] of repaired) {
    const trackId = mediaFile.exec(name)?.[1] ?? facts.track.title
    const track = tracks.get(trackId) ?? unknownTrack(trackId, facts)
    tracks.set(trackId, track)
    const place = track.files.findIndex((file) => file.name === name)
    if (place < 0) track.files.push(describe(name, facts, startedMs))
    else if (track.files[place]!.state !== 'finished') {
      const { frames, durationMs, bytes } = facts
      track.files[place] = { ...track.files[place]!, state: 'recovered', frames, durationMs, bytes }
    }
  }
  for (const track of tracks.values()) {
    track.files.sort((a, b) => a.offsetMs - b.offsetMs)
    if (track.endReason !== undefined) continue
    track.endReason = 'recorder-died'
    track.endedMs = lastMs([track]) ?? track.addedMs
  }

  const list = [...tracks.values()]
  return {
    ...manifest,
    state: 'finished',
    endedAt: manifest.endedAt ?? new Date(startedMs + (lastMs(list) ?? 0)).toISOString(),
    endReason: manifest.endReason ?? 'recorder-died',
    tracks: list,
  }
}

function lastMs(tracks: readonly Track[]): number | undefined {
  const ends = tracks.flatMap(({ files }) => files.map(({ offsetMs, durationMs }) => offsetMs + durationMs))
  return ends.length === 0 ? undefined : Math.round(Math.max(...ends))
}

function describe(
  name: string,
  { track, frames, durationMs, bytes }: RepairedFile,
  startedMs: number,
): RecordedFile {
  return {
    name,
    state: 'recovered',
    offsetMs: track.startedMs - startedMs,
    driftPpm: 0,
    clock: 'arrival',
    durationMs,
    bytes,
    frames,
    ...(track.width > 0 && { width: track.width, height: track.height }),
    startReason: 'first',
    gaps: [],
    moreGaps: 0,
  }
}

/** A track of which only files are left, because the manifest is not. */
function unknownTrack(trackId: string, { track }: RepairedFile): Track {
  return {
    trackId,
    participantId: trackId,
    displayName: '',
    source: 'other',
    codec: track.codec,
    addedMs: 0,
    statistics: noStatistics,
    files: [],
  }
}

function emptyManifest(folder: string, repaired: ReadonlyMap<string, RepairedFile>): Manifest {
  const first = Math.min(...Array.from(repaired.values(), ({ track }) => track.startedMs))
  return {
    version: 1,
    recordingId: basename(folder),
    state: 'recording',
    startedAt: new Date(Number.isFinite(first) ? first : 0).toISOString(),
    writer: 0,
    tracks: [],
  }
}

/** Waits for a recorder that has lost its server to finish, and kills it if it does not. */
async function endOrphan(
  { writer: pid, writerIdentity }: Manifest,
  { isOver = false }: { isOver?: boolean },
): Promise<void> {
  const isWriter = async () => writerIdentity === undefined || (await processIdentity(pid)) === writerIdentity
  const deadline = performance.now() + orphanFinishesWithinMs
  for (;;) {
    const parent = await parentOfRecorder(pid)
    if (parent === undefined || !(await isWriter())) return
    if (parent === process.pid && isOver) return
    if (parent === process.pid) throw new Error('this recording goes on')
    if (performance.now() >= deadline) break
    await delay(100)
  }
  process.kill(pid, 'SIGKILL')
  while ((await parentOfRecorder(pid)) !== undefined && (await isWriter())) await delay(20)
}

/** The parent of a running recorder; undefined if that process is none or gone. Elsewhere than on Linux nobody can tell. */
async function parentOfRecorder(pid: number): Promise<number | undefined> {
  try {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    if (!command.includes('recorder-process')) return undefined
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    if (/^State:\s+Z/m.test(status)) return undefined
    return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1])
  } catch {
    return undefined
  }
}
