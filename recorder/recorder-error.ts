/** Why the recorder refuses something: a closed list, so that whoever drives it can say so in its own words. */
export type RecorderErrorCode =
  | 'bad-request' // does not fit its schema
  | 'no-recording' // unknown, or it has ended
  | 'recording-exists' // the id or the folder is in use, or was
  | 'track-exists'
  | 'not-recordable' // no such codec
  | 'too-many' // tracks of one participant, or of all
  | 'ended' // the recording or its track ended meanwhile
  | 'disk-full'
  | 'disk-error'
  | 'gone' // the process
  | 'internal'

export class RecorderError extends Error {
  readonly code: RecorderErrorCode

  constructor(code: RecorderErrorCode, message: string) {
    super(message)
    this.name = 'RecorderError'
    this.code = code
  }
}

/** What any error is called here: the disk's own are told apart, and the rest is ours. */
export function toRecorderError(error: unknown): RecorderError {
  if (error instanceof RecorderError) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') return new RecorderError('disk-full', message)
  if (['EIO', 'EROFS', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EMFILE', 'ENFILE'].includes(code ?? '')) {
    return new RecorderError('disk-error', message)
  }
  return new RecorderError('internal', message ?? String(error))
}
