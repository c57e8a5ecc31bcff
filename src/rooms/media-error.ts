import { AppError } from '../lib/app-error.ts'

/**
 * Runs a mediasoup call on something that may be closed meanwhile, by its owner or with its worker: then it is
 * `not-found`. Any other failure is ours and passes as it is.
 */
export async function whileOpen<T>(isOpen: () => boolean, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw isOpen() && !isGone(error) ? error : gone()
  }
}

/** Like `whileOpen`, for calls that hand mediasoup what a client sent: when mediasoup refuses that, it is `invalid-media`. */
export function askMediasoup<T>(isOpen: () => boolean, call: () => Promise<T>): Promise<T> {
  return whileOpen(isOpen, async () => {
    try {
      return await call()
    } catch (error) {
      if (isOpen() && !isGone(error) && error instanceof Error)
        throw new AppError('invalid-media', forClients(error.message))
      throw error
    }
  })
}

/** A worker that closes a transport answers that it does not know the consumers of its producers before it says that they end. */
function isGone(error: unknown): boolean {
  return error instanceof Error && error.name === 'NotFoundError'
}

function gone(): AppError {
  return new AppError('not-found', 'It was closed while this was being done.')
}

/** mediasoup appends its internal method names in brackets; a client needs the sentence only. */
function forClients(message: string): string {
  const sentence = message.replace(/\s*\[[^\]]*\]\s*/g, ' ').trim()
  return `These media parameters cannot be used: ${sentence.slice(0, 200) || 'refused'}`
}
