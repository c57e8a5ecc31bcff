import type { OutputRow, RecordingRow } from './recordings.store.ts'

export interface Failure {
  readonly code: string
  /** For people. */
  readonly message: string
}

/** What is wrong with the files themselves: nothing that is made of them changes that. */
const lasting = ['files-lost', 'files-unreadable']

/** What state a recording that is over is in, by what is made of it (newest first). */
export function stateOf(
  recording: Pick<RecordingRow, 'error'>,
  outputs: readonly Pick<OutputRow, 'state' | 'error'>[],
): { state: 'processing' | 'ready' | 'failed'; error: Failure | null } {
  const known = recording.error as Failure | null
  const has = (state: string) => outputs.some((output) => output.state === state)
  if (known && lasting.includes(known.code)) return { state: 'failed', error: known }
  if (has('ready')) return { state: 'ready', error: null }
  if (has('queued') || has('running')) return { state: 'processing', error: null }
  const failed = outputs.find(({ state }) => state === 'failed')
  if (failed) return { state: 'failed', error: failed.error as Failure | null }
  return { state: 'ready', error: null }
}

/** How far the processing of a recording is, 0 to 1; undefined where there is nothing to wait for. */
export function progressOf(
  recording: Pick<RecordingRow, 'state'>,
  outputs: readonly Pick<OutputRow, 'state' | 'progress'>[],
): number | undefined {
  if (recording.state !== 'processing') return undefined
  const making = outputs.filter(({ state }) => state === 'queued' || state === 'running')
  const sum = making.reduce((total, { progress }) => total + progress, 0)
  return making.length === 0 ? 0 : sum / making.length
}
