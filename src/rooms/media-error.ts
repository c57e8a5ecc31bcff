import { AppError } from '../lib/app-error.ts'

/**
 * Runs a mediasoup call on something that may be closed meanwhile, by its owner or with its worker: then it is
 * `not-found`. Any other failure is ours and passes as it is.
 */
export async function whileOpen<T>(isOpen: () => boolean, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw isOpen() ? error : new AppError('not-found', 'It was closed while this was being done.')
  }
}

/** Like `whileOpen`, for calls that hand mediasoup what a client sent: when mediasoup refuses that, it is `invalid-media`. */
export function askMediasoup<T>(isOpen: () => boolean, call: () => Promise<T>): Promise<T> {
  return whileOpen(isOpen, async () => {
    try {
      return await call()
    } catch (error) {
      if (isOpen() && error instanceof Error) throw new AppError('invalid-media', forClients(error.message))
      throw error
    }
  })
}

/** mediasoup appends its internal method names in brackets; a client needs the sentence only. */
function forClients(message: string): string {
  const sentence = message.replace(/\s*\[[^\]]*\]\s*/g, ' ').trim()
  return `These media parameters cannot be used: ${sentence.slice(0, 200) || 'refused'}`
}
