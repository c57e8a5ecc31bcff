import type { Failure } from './processing-state.ts'

/** Why nothing was made, in words for people. */
export class JobError extends Error {
  readonly code: string
  readonly isWorthRetrying: boolean

  constructor({ code, message }: Failure, isWorthRetrying = false) {
    super(message)
    this.name = 'JobError'
    this.code = code
    this.isWorthRetrying = isWorthRetrying
  }
}

export const fullDisk: Failure = {
  code: 'disk-full',
  message: 'There is no room on the disk of the server. It is tried again.',
}

export const noFfmpeg: Failure = {
  code: 'no-ffmpeg',
  message:
    'This server has no FFmpeg. Install one (apt-get install ffmpeg) or name one in FFMPEG_PATH, then start the server again.',
}

/** What people are told of it, and whether it may pass. Only what was made for people goes out as it is. */
export function judge(error: unknown): { told: Failure; again: boolean } {
  const { code, message, isWorthRetrying } = error as Partial<JobError>
  if (typeof isWorthRetrying === 'boolean' && code !== undefined && message !== undefined) {
    return { told: { code, message: message.slice(0, 1000) }, again: isWorthRetrying }
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') return { told: fullDisk, again: true }
  const told = { code: 'failed', message: 'It could not be made. The log of the server says why.' }
  return { told, again: true }
}
