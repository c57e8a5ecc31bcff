import { createHash, randomBytes } from 'node:crypto'

/** A token that nobody guesses, 256 bits, as it is given away. Only its hash is kept. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url')
}

/** As random as it is, a token needs no slow hash. */
export function hashOf(token: string): Uint8Array {
  return createHash('sha256').update(token).digest()
}
