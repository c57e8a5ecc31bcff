import type {
  Recording,
  RecordingEndReason,
  RecordingLayout,
  RecordingOutput,
  RecordingUpload,
} from '../api/types.ts'
import { formatBytes } from '../ui/time.ts'

/** Sentences about recordings. Pure. */

export interface StateChip {
  readonly text: string
  readonly kind: 'plain' | 'good' | 'warning' | 'bad' | 'live'
}

/** A state in a word or two; undefined for one that can be watched, which is the usual. */
export function stateChip({ state, progress }: Pick<Recording, 'state' | 'progress'>): StateChip | undefined {
  switch (state) {
    case 'recording':
      return { text: 'Recording now', kind: 'bad' }
    case 'processing':
      return { text: `Processing, ${percent(progress)}`, kind: 'warning' }
    case 'failed':
      return { text: 'Failed', kind: 'bad' }
    case 'deleting':
      return { text: 'Being deleted', kind: 'plain' }
    case 'ready':
      return undefined
  }
}

export function percent(share: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, share)) * 100)} %`
}

/** What can be done about a failure, for those who may. */
const remedies: Readonly<Record<string, string>> = {
  'nothing-captured':
    'Nobody had a microphone or camera on while it was recorded. There is nothing to keep: delete it.',
  'no-ffmpeg':
    'The video is made by FFmpeg, which this server does not have. Tell whoever runs it to install it, then make the video again.',
  'files-lost': 'Its files are gone from the disk of the server. Whoever runs it may have a copy of them.',
}

/** Why there is nothing to watch, and what can be done. */
export function failureWords({
  error,
  role,
  outputs,
}: Pick<Recording, 'error' | 'role' | 'outputs'>): string {
  const said = error ? (remedies[error.code] ?? sentence(error.message)) : 'Something went wrong.'
  if (error !== undefined && error.code in remedies) return said
  if (role !== 'manager') return `${said} Ask the host of the meeting to try again.`
  return outputs.length > 0
    ? `${said} What was captured is kept: make the video again, or download the tracks.`
    : `${said} What was captured is kept: download the tracks.`
}

/** Why nothing moves on by now, such as a full disk; it is tried again by itself. */
export function holdWords({ outputs, error }: Pick<Recording, 'outputs' | 'error'>): string | undefined {
  const held = outputs.find((output) => output.state === 'queued' && output.error !== undefined)
  const why = held?.error ?? error
  return why && sentence(why.message)
}

export function sentence(text: string): string {
  const trimmed = text.trim()
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`
}

/** How it ended, where that is worth a word. */
export function endWords(reason: RecordingEndReason | undefined): string | undefined {
  switch (reason) {
    case 'disk-full':
      return 'It ended early, because the disk of the server was full.'
    case 'disk-error':
      return 'It ended early, because the disk of the server failed.'
    case 'server-gone':
      return 'It ended early, because the server stopped. The last seconds may be missing.'
    case 'recorder-died':
      return 'It broke off. The last seconds may be missing; what came after is in a recording of its own.'
    case 'too-long':
      return 'It ended by itself, because it had become as long as this server allows.'
    case 'empty':
      return 'It ended by itself, because nobody was there any more.'
    case 'stopped':
    case 'room-closed':
    case undefined:
      return undefined
  }
}

export const layoutNames: Record<RecordingLayout, string> = {
  grid: 'Everybody alike',
  speaker: 'Who speaks is large',
  screen: 'Shared screens only',
}

export const sizeNames: Readonly<Record<string, string>> = {
  '640x360': 'Small, 360p',
  '1280x720': 'Medium, 720p',
  '1920x1080': 'Large, 1080p',
}

/** "Video, who speaks is large, 720p". */
export function outputName({ kind, layout, size, names }: RecordingOutput): string {
  if (kind === 'audio') return 'Sound only'
  const height = size?.split('x')[1]
  return [
    'Video',
    ...(layout === undefined ? [] : [layoutNames[layout].toLowerCase()]),
    ...(height === undefined ? [] : [`${height}p`]),
    ...(names === false ? ['without names'] : []),
  ].join(', ')
}

/** Where the files are, for those who manage it. */
export function uploadWords({ state, bytes, totalBytes, error }: RecordingUpload): string {
  switch (state) {
    case 'local':
      return 'This server keeps the files itself.'
    case 'uploading':
      return `The files are on their way to the store: ${formatBytes(bytes)} of ${formatBytes(totalBytes)}. Nothing is deleted here before they have arrived whole.`
    case 'waiting':
      return `The store does not take the files now${error === undefined ? '' : ` (${error.replace(/\.$/, '')})`}. This server keeps them and tries again by itself.`
    case 'stored':
      return 'The files are in the store, and were checked there.'
  }
}

export const sourceNames: Readonly<Record<string, string>> = {
  microphone: 'Microphone',
  camera: 'Camera',
  screen: 'Screen',
  'screen-audio': 'Sound of the screen',
}
