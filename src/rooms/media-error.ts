import { AppError } from '../lib/app-error.ts'

/**
 * Runs a mediasoup call whose failure can only come from what a client sent or from an object that closed meanwhile, and
 * turns mediasoup's errors into ours. `isOpen` tells the two apart.
 */
export async function askMediasoup<T>(isOpen: () => boolean, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!isOpen()) throw new AppError('not-found', 'It was closed while this was being done.')
    if (error instanceof Error) throw new AppError('invalid-media', forClients(error.message))
    throw error
  }
}

/** mediasoup appends its internal method names in brackets; a client needs the sentence only. */
function forClients(message: string): string {
  const sentence = message.replace(/\s*\[[^\]]*\]\s*/g, ' ').trim()
  return `These media parameters cannot be used: ${sentence.slice(0, 200) || 'refused'}`
}
