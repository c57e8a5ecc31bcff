/**
 * Why a store did not do what it was asked.
 * missing: there is no such object. range: it is shorter. invalid: no key may look like that. away: nobody answers, or not
 * now. refused: the service says no, and goes on saying so until somebody changes something. full: there is no room.
 * damaged: what is there is not what was sent. local: a file of this server cannot be read or written.
 */
export type StorageErrorCode =
  'missing' | 'range' | 'invalid' | 'away' | 'refused' | 'full' | 'damaged' | 'local'

/** Its message is for the operator: what is wrong, and what to do. Never a secret, never for strangers. */
export class StorageError extends Error {
  readonly code: StorageErrorCode

  constructor(code: StorageErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'StorageError'
    this.code = code
  }
}
