import { randomInt } from 'node:crypto'

/**
 * Codes that people read out and type: `abc-defg-hjk`. Ten letters of 21 are 44 bits: nobody finds a meeting by trying.
 */

/** No i, l, o (they look like digits), and no u and w, which are heard as v. */
const letters = 'abcdefghjkmnpqrstvxyz'
const groups = [3, 4, 3] as const
const length = groups.reduce((sum, size) => sum + size, 0)

export function randomCode(): string {
  return grouped(Array.from({ length }, () => letters[randomInt(letters.length)]).join(''))
}

/** The code somebody typed, with or without dashes and in capitals; undefined when it can be none. */
export function readCode(typed: string): string | undefined {
  const plain = typed.toLowerCase().replace(/[\s-]/g, '')
  const isOne = plain.length === length && [...plain].every((letter) => letters.includes(letter))
  return isOne ? grouped(plain) : undefined
}

function grouped(plain: string): string {
  let from = 0
  return groups.map((size) => plain.slice(from, (from += size))).join('-')
}
