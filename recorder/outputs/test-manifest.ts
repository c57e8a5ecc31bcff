import { noStatistics, type Manifest, type RecordedFile, type Track } from '../manifest.ts'

/** Manifests for the tests of this folder, and for benches. */

export function recordedFile(
  name: string,
  offsetMs: number,
  durationMs: number,
  more: Partial<RecordedFile> = {},
): RecordedFile {
  return {
    ...{ name, state: 'finished', offsetMs, driftPpm: 0, clock: 'sender-reports', durationMs },
    ...{ bytes: 1, frames: 1, startReason: 'first', gaps: [], moreGaps: 0 },
    ...more,
  }
}

let tracks = 0

/** Of `ana` the name is Ana, and so on. Sound if its source is a microphone or screen-audio. */
export function recordedTrack(
  participantId: string,
  source: string,
  [addedMs, endedMs]: readonly [number, number],
  files: RecordedFile[],
  more: Partial<Track> = {},
): Track {
  const isSound = source === 'microphone' || source === 'screen-audio'
  return {
    ...{ trackId: `t${tracks++}`, participantId, source, addedMs, endedMs, files, statistics: noStatistics },
    displayName: participantId.charAt(0).toUpperCase() + participantId.slice(1),
    codec: isSound ? 'opus' : 'vp8',
    ...more,
  }
}

export function manifestOf(tracks: Track[]): Manifest {
  const startedAt = '2026-01-01T00:00:00.000Z'
  return { version: 1, recordingId: 'rec_test', state: 'finished', startedAt, writer: 1, tracks }
}
