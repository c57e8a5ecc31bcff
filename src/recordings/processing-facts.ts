import type { Manifest, RecordedFile, Track } from '../../recorder/manifest.ts'

/** What the manifest of a recording that is over says about it, for its rows. */
export interface Facts {
  readonly endedAt: Date
  readonly durationMs: number
  /** In the order of coming. */
  readonly participants: readonly {
    readonly identity: string
    readonly name: string
    readonly spans: readonly (readonly [number, number])[]
  }[]
  readonly files: readonly TrackFile[]
}

export interface TrackFile {
  readonly trackId: string
  readonly name: string
  readonly contentType: string
  readonly durationMs: number
  readonly width: number | null
  readonly height: number | null
}

export function factsOf(manifest: Manifest): Facts {
  const startedMs = Date.parse(manifest.startedAt)
  const files = manifest.tracks.flatMap((track) => track.files.map((file) => ({ track, file })))
  const lastMs = Math.max(0, ...files.map(({ file }) => file.offsetMs + file.durationMs))
  const endedMs = manifest.endedAt === undefined ? startedMs + lastMs : Date.parse(manifest.endedAt)
  return {
    endedAt: new Date(endedMs),
    durationMs: Math.max(0, Math.round(endedMs - startedMs)),
    participants: participantsIn(manifest.tracks),
    files: files.filter(({ file }) => file.state !== 'writing').map(({ track, file }) => fileOf(track, file)),
  }
}

function participantsIn(tracks: readonly Track[]): Facts['participants'] {
  const byIdentity = new Map<string, Track[]>()
  for (const track of tracks.toSorted((a, b) => a.addedMs - b.addedMs)) {
    const known = byIdentity.get(track.participantId)
    if (known) known.push(track)
    else byIdentity.set(track.participantId, [track])
  }
  return Array.from(byIdentity, ([identity, own]) => ({
    identity,
    name: own.at(-1)!.displayName,
    spans: mergedSpans(own.flatMap(({ speech = [] }) => speech)),
  }))
}

/** Whole milliseconds, in order, none over another. */
export function mergedSpans(spans: readonly (readonly [number, number])[]): [number, number][] {
  const merged: [number, number][] = []
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
    const [start, end] = [Math.max(0, Math.round(from)), Math.max(0, Math.round(to))]
    const last = merged.at(-1)
    if (last && start <= last[1]) last[1] = Math.max(last[1], end)
    else if (end > start) merged.push([start, end])
  }
  return merged
}

function fileOf(track: Track, file: RecordedFile): TrackFile {
  const medium = track.codec === 'opus' ? 'audio' : 'video'
  return {
    trackId: track.trackId,
    name: file.name,
    contentType: `${medium}/${file.name.endsWith('.webm') ? 'webm' : 'x-matroska'}`,
    durationMs: file.durationMs,
    width: file.width ?? null,
    height: file.height ?? null,
  }
}
