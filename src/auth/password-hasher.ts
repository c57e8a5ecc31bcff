import { argon2, type Argon2Parameters } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { setPriority } from 'node:os'

/**
 * A process of its own that hashes passwords (see hashing-process.ts): argon2 fills caches and cores, and a call must not
 * notice. It ends when its parent does.
 */

export interface HashJob {
  readonly id: number
  readonly password: string
  /** In base64. */
  readonly salt: string
  /** In KiB. */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  /** In bytes. */
  readonly tagLength: number
}

/** Exactly one of `tag` (base64) and `error`. */
export interface HashResult {
  readonly id: number
  readonly tag?: string
  readonly error?: string
}

/** As `nice` counts: 0 is ordinary, 19 the last to run. Media workers stay at 0. */
const niceness = 10

/** On Linux each thread has a niceness of its own, and only threads that come later inherit it. */
function stepBack(): void {
  if (process.platform !== 'linux') return setPriority(niceness)
  for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), niceness)
}

function hash({ id, password, salt, ...job }: HashJob): void {
  const parameters: Argon2Parameters = {
    ...job,
    message: Buffer.from(password),
    nonce: Buffer.from(salt, 'base64'),
  }
  const answer = (result: HashResult): void => void process.send?.(result)
  argon2('argon2id', parameters, (error, tag) => {
    answer(error ? { id, error: error.message } : { id, tag: Buffer.from(tag).toString('base64') })
  })
}

stepBack()
// Ctrl-C reaches every process of the terminal; what is being hashed may still be wanted.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit(0))
process.on('message', (job) => hash(job as HashJob))
