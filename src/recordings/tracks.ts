import type { Track } from '../../recorder/manifest.ts'
import type { FileRow } from './files.store.ts'
import type { RecordingRow } from './recordings.store.ts'
import type { RecordingTrackView } from './shapes.ts'
import { fileView, recordingPath } from './views.ts'

/** What was captured, as managers see it: the manifest says what belongs together, the rows which files there are. */
export function trackViews(
  tracks: readonly Track[],
  { row, files }: { row: RecordingRow; files: readonly FileRow[] },
): RecordingTrackView[] {
  const byName = new Map(files.map((file) => [file.name, file]))
  return tracks.map((track) => {
    const { trackId, participantId, displayName, source, codec, addedMs, endedMs, endReason } = track
    const { packets, lost } = track.statistics
    const present = track.files.flatMap((file) => {
      const kept = byName.get(file.name)
      return kept ? [{ file, kept }] : []
    })
    return {
      id: trackId,
      participant: participantId,
      name: displayName,
      source,
      codec,
      startMs: Math.round(addedMs),
      ...(endedMs === undefined ? {} : { endMs: Math.round(endedMs) }),
      ...(endReason === undefined ? {} : { endReason }),
      packets,
      lostPackets: lost,
      files: present.map(({ file, kept }) => ({
        ...fileView(kept, row, { about: aboutTrack(track) }),
        offsetMs: file.offsetMs,
        recovered: file.state === 'recovered',
      })),
      ...(present.length === 0
        ? {}
        : { url: `${recordingPath(row.id)}/tracks/${encodeURIComponent(trackId)}/file` }),
    }
  })
}

/** Whose track it is, in the name of its file. */
export function aboutTrack({ displayName, source }: Pick<Track, 'displayName' | 'source'>): string {
  return `${displayName} ${source}`
}
