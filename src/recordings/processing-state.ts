import { filesLost, filesUnreadable, type Failure } from './failures.ts'
import type { OutputRow } from './outputs.store.ts'
import type { RecordingRow } from './recordings.store.ts'

/** Whether the files themselves are what is wrong: nothing that is made of them changes that. */
export function areFilesLost({ error }: Pick<RecordingRow, 'error'>): boolean {
  return [filesLost.code, filesUnreadable.code].includes(String(error?.['code']))
}

/** What state a recording that is over is in, by what is made of it (newest first). */
export function stateOf(
  recording: Pick<RecordingRow, 'error'>,
  outputs: readonly Pick<OutputRow, 'state' | 'error'>[],
): { state: 'processing' | 'ready' | 'failed'; error: Failure | null } {
  const known = recording.error as Failure | null
  const has = (state: string) => outputs.some((output) => output.state === state)
  if (areFilesLost(recording)) return { state: 'failed', error: known }
  if (has('ready')) return { state: 'ready', error: null }
  if (has('queued') || has('running')) return { state: 'processing', error: null }
  const failed = outputs.find(({ state }) => state === 'failed')
  if (failed) return { state: 'failed', error: failed.error as Failure | null }
  return { state: 'ready', error: null }
}
