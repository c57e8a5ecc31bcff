import { AppError } from '../lib/app-error.ts'

/** Why a recording waits or failed, or nothing was made of it, as its row tells people. */
export interface Failure {
  readonly code: string
  readonly message: string
}

export const filesLost: Failure = {
  code: 'files-lost',
  message: 'The files of this recording are not in the data folder any more.',
}

export const filesUnreadable: Failure = {
  code: 'files-unreadable',
  message: 'The files of this recording cannot be read. The log of the server says why.',
}

export const nothingCaptured: Failure = {
  code: 'nothing-captured',
  message: 'Nobody sent sound or pictures while this was recorded.',
}

export const notDeletedYet: Failure = {
  code: 'not-deleted-yet',
  message: 'Its files could not all be deleted yet. It is tried again.',
}

export const onlyOnDisk: Failure = {
  code: 'only-on-disk',
  message: 'Its files are on the disk of another server only, and go when that is there again.',
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

const notFinishedYet: Failure = {
  code: 'waiting',
  message: 'It could not be finished yet, and is tried again.',
}

const notMade: Failure = {
  code: 'failed',
  message: 'It could not be made. The log of the server says why.',
}

/** Of a system whose disk or memory is short for a while. */
const passing = new Set(['EMFILE', 'ENFILE', 'EIO', 'EAGAIN', 'EBUSY', 'ENOMEM'])

/** Reading the files of a recording failed; `cause` says how. */
class UnreadableError extends Error {
  override readonly name = 'UnreadableError'
}

/** What reads files of a recording: when it throws, they are what is wrong, and not the database or anything else. */
export async function asUnreadable<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (cause) {
    throw new UnreadableError('the files cannot be read', { cause })
  }
}

/** Why the rows of a recording that is over could not be written, and whether that passes by itself. */
export function whyNotFinished(error: unknown): { told: Failure; passes: boolean } {
  const isUnreadable = error instanceof UnreadableError
  const thrown = isUnreadable ? error.cause : error
  const { code = '' } = thrown as NodeJS.ErrnoException
  if (isDiskFull(code)) return { told: fullDisk, passes: true }
  if (!isUnreadable || thrown instanceof AppError || passing.has(code)) {
    return { told: notFinishedYet, passes: true }
  }
  return { told: filesUnreadable, passes: false }
}

/** Why a job came to nothing, and whether that may pass. Only what was made for people goes out as it is. */
export function whyNotMade(error: unknown): { told: Failure; passes: boolean } {
  const { code, message, isWorthRetrying } = error as Partial<JobError>
  if (typeof isWorthRetrying === 'boolean' && code !== undefined && message !== undefined) {
    return { told: { code, message: message.slice(0, 1000) }, passes: isWorthRetrying }
  }
  return { told: code !== undefined && isDiskFull(code) ? fullDisk : notMade, passes: true }
}

function isDiskFull(code: string): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT'
}

/** A failure that a job throws. A `RenderError` has the same fields. */
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
