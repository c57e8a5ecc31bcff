import { randomInt } from 'node:crypto'
import { Secret } from '../lib/ids.ts'

/** Without those that are mistaken for each other. */
const alphabet = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789'

/**
 * `7KQM-X2RD`: printed at the start, so that whoever runs the server can become its first admin. As short as people can type
 * it; registering is limited to a few tries an hour.
 */
export function newSetUpCode(): Secret {
  const part = (): string => Array.from({ length: 4 }, () => alphabet[randomInt(alphabet.length)]).join('')
  return new Secret(`${part()}-${part()}`)
}
