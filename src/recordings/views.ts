import { tileColour } from '../../recorder/outputs/colours.ts'
import type { Queryable } from '../db/tables.ts'
import type { SeenRecording } from './access.ts'
import { type FileRow, filesOf } from './files.store.ts'
import { type OutputRow, outputsOf } from './outputs.store.ts'
import { firstParticipantsOf, type ParticipantRow, participantsOf } from './participants.store.ts'
import { planOf } from './output-plan.ts'
import type { RecordingRow } from './recordings.store.ts'
import type {
  RecordedParticipant,
  RecordingFileView,
  RecordingOutputView,
  RecordingView,
  UploadView,
} from './shapes.ts'

/** Rows as the API shows them. */

export interface ViewOptions {
  readonly db: Queryable
  readonly now: Date
}

/** So many of those who were there are in lists: hundreds of people in each of a hundred recordings are megabytes. */
export const participantsInLists = 20

/** Recordings as those see them who may. isList: with those who came first, and without when they spoke. */
export async function viewsOf(
  seen: readonly SeenRecording[],
  { db, now, isList = false }: ViewOptions & { readonly isList?: boolean },
): Promise<RecordingView[]> {
  const ids = seen.map(({ row }) => row.id)
  const [participants, outputs, files] = await Promise.all([
    isList ? firstParticipantsOf(db, ids, participantsInLists) : participantsOf(db, ids),
    outputsOf(db, ids),
    // Tracks are many and not shown.
    filesOf(db, ids, { madeOnly: true }),
  ])
  const participantsBy = Map.groupBy(participants, (row) => row.recording_id)
  const outputsBy = Map.groupBy(outputs, (row) => row.recording_id)
  const filesBy = Map.groupBy(files, (row) => row.output_id)
  return seen.map(({ row, rights }) => {
    const ofIt = outputsBy.get(row.id) ?? []
    const people = participantsBy.get(row.id) ?? []
    return {
      id: row.id,
      title: row.title,
      room: row.room_id,
      ...(row.meeting_id === null ? {} : { meetingId: row.meeting_id }),
      state: row.state,
      progress: progressOf(row, ofIt),
      startedAt: row.started_at.toISOString(),
      startedBy: personView(row.started_by),
      ...(row.ended_at ? { endedAt: row.ended_at.toISOString() } : {}),
      ...(row.end_reason === null ? {} : { endReason: row.end_reason }),
      durationMs: row.state === 'recording' ? since(row.started_at, now) : row.duration_ms,
      bytes: row.bytes,
      participants: people.map(participantView),
      participantCount: countOf(people),
      ...failureView(row.error),
      upload: uploadOf(row),
      outputs: ofIt.map((output) => outputView(output, { row, files: filesBy.get(output.id) ?? [] })),
      ...(row.expires_at ? { expiresAt: row.expires_at.toISOString() } : {}),
      ...rights,
      version: row.version,
    }
  })
}

function countOf(people: readonly (ParticipantRow & { readonly of?: number })[]): number {
  return people[0]?.of ?? people.length
}

export function outputView(
  output: OutputRow,
  { row, files }: { row: RecordingRow; files: readonly FileRow[] },
): RecordingOutputView {
  const plan = planOf(output)
  return {
    id: output.id,
    kind: output.kind,
    ...plan.options,
    state: output.state as RecordingOutputView['state'],
    progress: output.state === 'ready' ? 1 : clamped(output.progress),
    attempts: output.attempts,
    ...failureView(output.error),
    createdAt: output.created_at.toISOString(),
    ...(output.finished_at ? { finishedAt: output.finished_at.toISOString() } : {}),
    files: output.state === 'ready' ? inOrder(files).map((file) => fileView(file, row)) : [],
  }
}

/** `base`: path of the API below which the files of this recording are, another for shares. */
export function fileView(
  file: FileRow,
  row: RecordingRow,
  { base = recordingPath(row.id), about }: { base?: string; about?: string } = {},
): RecordingFileView {
  return {
    id: file.id,
    kind: file.kind as RecordingFileView['kind'],
    name: downloadName(file, row, about),
    contentType: file.content_type,
    bytes: file.bytes,
    ...(file.duration_ms === null ? {} : { durationMs: file.duration_ms }),
    ...(file.width === null ? {} : { width: file.width }),
    ...(file.height === null ? {} : { height: file.height }),
    url: `${base}/files/${file.id}`,
  }
}

export function recordingPath(recordingId: string): string {
  return `/api/v1/recordings/${recordingId}`
}

const maxTitleLength = 120

/**
 * What a file is called when people save it: title, when it began (a room may be recorded twice a day), what it is of.
 * Without what file systems refuse.
 */
export function downloadName(
  { name, kind }: Pick<FileRow, 'name' | 'kind'>,
  { title, started_at: startedAt }: Pick<RecordingRow, 'title' | 'started_at'>,
  about?: string,
): string {
  const extension = /\.[a-z0-9]{1,8}$/i.exec(name)?.[0] ?? ''
  const suffix = about ?? suffixes[kind]
  const began = `${startedAt.toISOString().slice(0, 16).replace('T', ' ').replace(':', '.')} UTC`
  const parts = [title.slice(0, maxTitleLength), began, suffix]
  const text = parts.filter(Boolean).join(' ')
  return `${text.replace(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\/:*?"<>|]+/gu, ' ').trim()}${extension}`.toWellFormed()
}

const suffixes: Readonly<Record<string, string>> = {
  preview: 'preview',
  'preview-index': 'preview',
  manifest: 'manifest',
}

export function participantView(row: ParticipantRow): RecordedParticipant {
  const { spans } = (row.speech ?? {}) as { spans?: [number, number][] }
  return {
    identity: row.identity,
    name: row.name,
    ...(row.account_id === null ? {} : { accountId: row.account_id }),
    color: tileColour(row.position),
    speech: (spans ?? []).map(([from, to]) => [Math.round(from), Math.round(to)]),
  }
}

/** The part of people that is shown: `{ kind, id?, name? }`. */
export function personView(json: Record<string, unknown> | null): RecordingView['startedBy'] {
  const { kind, id, name } = json ?? {}
  return {
    kind: typeof kind === 'string' ? kind : 'server',
    ...(typeof id === 'string' ? { id } : {}),
    ...(typeof name === 'string' ? { name } : {}),
  }
}

/** The video, else the sound, before its pictures. */
export function inOrder(files: readonly FileRow[]): FileRow[] {
  const order = ['video', 'audio', 'poster', 'preview', 'preview-index']
  return files.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
}

function failureView(error: Record<string, unknown> | null): { error?: { code: string; message: string } } {
  if (!error) return {}
  const { code, message } = error
  return { error: { code: textOr(code, 'unknown'), message: textOr(message, 'Something went wrong.') } }
}

function uploadOf({ upload, storage, stored_at: storedAt, bytes }: RecordingRow): UploadView {
  const kept = (upload ?? {}) as Partial<UploadView>
  const fallback = storage === 's3' ? (storedAt ? 'stored' : 'uploading') : 'local'
  return {
    // What was made since is not there, though everything was.
    state: kept.state === 'stored' && !storedAt ? 'uploading' : (kept.state ?? fallback),
    bytes: kept.bytes ?? (storedAt ? bytes : 0),
    totalBytes: kept.totalBytes ?? bytes,
    ...(kept.error === undefined ? {} : { error: kept.error }),
    ...(kept.nextTryAt === undefined ? {} : { nextTryAt: new Date(kept.nextTryAt).toISOString() }),
  }
}

/** Share of the way to a bucket in the time until there is something to watch: rendering takes most of it. */
const uploadShare = 0.2

function progressOf(row: RecordingRow, outputs: readonly OutputRow[]): number {
  if (row.state === 'recording') return 0
  if (row.state !== 'processing') return 1
  const rendered = outputs.length === 0 ? 0 : sum(outputs.map(renderedShare)) / outputs.length
  const { state, bytes, totalBytes } = uploadOf(row)
  if (state === 'local') return clamped(rendered)
  const uploaded = state === 'stored' ? 1 : totalBytes > 0 ? bytes / totalBytes : 0
  return clamped((1 - uploadShare) * rendered + uploadShare * uploaded)
}

function renderedShare({ state, progress }: OutputRow): number {
  return state === 'ready' || state === 'failed' ? 1 : progress
}

function clamped(share: number): number {
  return Math.min(1, Math.max(0, share))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function since(from: Date, now: Date): number {
  return Math.max(0, now.getTime() - from.getTime())
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}
