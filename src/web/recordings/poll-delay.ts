import type { Recording } from '../api/types.ts'

/** How often a recording is asked for again while something happens to it. Pure. */

export interface PollDelay {
  /** The answer that it was worked out from. */
  readonly of: Recording | undefined
  /** Milliseconds; undefined: nothing happens, so it is not asked again. */
  readonly ms: number | undefined
}

const soonest = 1500
const latest = 20_000
const growth = 1.5
/** While it goes on only the clock moves. */
const whileRecording = 10_000

/** Sooner while it moves on, later and later while it does not. */
export function nextDelay(before: PollDelay, now: Recording | undefined): PollDelay {
  if (now === undefined || !isInFlux(now)) return { of: now, ms: undefined }
  if (now.state === 'recording') return { of: now, ms: whileRecording }
  const moved = before.of === undefined || signature(before.of) !== signature(now)
  return { of: now, ms: moved ? soonest : Math.min(latest, (before.ms ?? soonest) * growth) }
}

/** Whether it becomes something else by itself. */
export function isInFlux({
  state,
  outputs,
  upload,
}: Pick<Recording, 'state' | 'outputs' | 'upload'>): boolean {
  if (state === 'recording' || state === 'processing' || state === 'deleting') return true
  return (
    outputs.some((output) => output.state === 'queued' || output.state === 'running') ||
    upload.state === 'uploading'
  )
}

function signature({ state, progress, outputs, upload }: Recording): string {
  const made = outputs.map((output) => [output.id, output.state, output.progress])
  return JSON.stringify([state, progress, made, upload.state, upload.bytes])
}
