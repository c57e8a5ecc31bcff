import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomId } from '../../lib/ids.ts'
import { type FileRow, keepFiles } from '../../recordings/files.store.ts'
import { insertOutput } from '../../recordings/outputs.store.ts'
import { keepParticipant } from '../../recordings/participants.store.ts'
import { moveRecording } from '../../recordings/recordings.store.ts'
import type { TestServer } from './server.ts'

/** A recording that is ready, without anybody having been recorded: rows as they are, files of any bytes. */
export interface KeptRecording {
  readonly id: string
  readonly folder: string
  /** Of the video. */
  readonly outputId: string
  /** Ids of its files, by what they are. */
  readonly files: Readonly<
    Record<'video' | 'poster' | 'preview' | 'preview-index' | 'track' | 'manifest', string>
  >
}

export async function keepRecording(
  server: TestServer,
  {
    room = 'kept',
    meetingId,
    title,
    startedBy = { kind: 'api-key', id: 'key_x' },
    participants = [],
    video = Buffer.from('a video, as far as bytes go'),
  }: {
    room?: string
    meetingId?: string
    title?: string
    startedBy?: { kind: 'account' | 'api-key' | 'participant' | 'server'; id?: string; name?: string }
    participants?: readonly { identity: string; name: string; accountId?: string }[]
    video?: Buffer
  } = {},
): Promise<KeptRecording> {
  const { db, recordings } = await server.app.services()
  const now = new Date()
  const { recordingId, folder } = await recordings.begin({ roomId: room, meetingId, startedBy, now })
  for (const [position, { identity, name, accountId = null }] of participants.entries()) {
    await keepParticipant(db, { recordingId, identity, name, accountId, position })
  }
  const outputId = `out_${randomId()}`
  await insertOutput(db, {
    id: outputId,
    recording_id: recordingId,
    kind: 'video',
    options: JSON.stringify({ layout: 'grid', size: '1280x720', names: true }),
    state: 'ready',
    progress: 1,
    attempts: 1,
    error: null,
    created_at: now,
    finished_at: now,
  })
  const of = { recording_id: recordingId, track_id: null, duration_ms: null, width: null, height: null }
  const made: [FileRow, Buffer][] = (
    [
      ['video', `${outputId}.mp4`, 'video/mp4', video],
      ['poster', `${outputId}.jpg`, 'image/jpeg', Buffer.from('a poster')],
      ['preview', `${outputId}-preview.jpg`, 'image/jpeg', Buffer.from('small pictures')],
      ['preview-index', `${outputId}-preview.vtt`, 'text/vtt', Buffer.from('WEBVTT\n')],
      ['track', 't1.webm', 'video/webm', Buffer.from('one person alone')],
      ['manifest', 'manifest.json', 'application/json', Buffer.from(manifestText(recordingId, now))],
    ] as const
  ).map(([kind, name, type, bytes]) => {
    const isMade = name.startsWith(outputId)
    const row = {
      ...of,
      id: `fil_${randomId()}`,
      kind,
      name,
      content_type: type,
      bytes: bytes.length,
      output_id: isMade ? outputId : null,
      track_id: kind === 'track' ? 't1' : null,
    }
    return [row, bytes]
  })
  for (const [{ name }, bytes] of made) await writeFile(join(folder, name), bytes)
  await keepFiles(
    db,
    made.map(([row]) => row),
  )
  const ended = { state: 'ready', ended_at: now, end_reason: 'stopped', duration_ms: 60_000 } as const
  await moveRecording(db, recordingId, { ...ended, ...(title === undefined ? {} : { title }) })
  const files = Object.fromEntries(made.map(([{ kind, id }]) => [kind, id])) as KeptRecording['files']
  return { id: recordingId, folder, outputId, files }
}

function manifestText(recordingId: string, startedAt: Date): string {
  return JSON.stringify({
    version: 1,
    recordingId,
    state: 'finished',
    startedAt: startedAt.toISOString(),
    endedAt: new Date(startedAt.getTime() + 60_000).toISOString(),
    endReason: 'stopped',
    writer: 1,
    tracks: [
      {
        trackId: 't1',
        participantId: 'ana',
        displayName: 'Ana',
        source: 'camera',
        codec: 'vp8',
        addedMs: 10,
        endedMs: 60_000,
        endReason: 'stopped',
        statistics: {
          packets: 5000,
          bytes: 5_000_000,
          duplicates: 0,
          reordered: 0,
          lost: 3,
          late: 0,
          droppedFrames: 0,
          keyFrameRequests: 1,
        },
        files: [
          {
            name: 't1.webm',
            state: 'finished',
            offsetMs: 12.5,
            driftPpm: 0,
            clock: 'sender-reports',
            durationMs: 59_000,
            bytes: 16,
            frames: 1500,
            width: 1280,
            height: 720,
            startReason: 'first',
            gaps: [],
            moreGaps: 0,
          },
        ],
      },
    ],
  })
}
