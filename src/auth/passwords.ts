import { randomBytes, timingSafeEqual } from 'node:crypto'
import { HashingProcess, type HashingOptions } from './hashing-process.ts'

/** How hard guessing is made. Kept within each hash, so that hashes outlive a change here. */
interface Cost {
  /** In KiB. */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

/**
 * One of the settings of equal strength that OWASP names; of those the one with 12 MiB leaves most of the caches to the calls, and
 * half of a two-core machine still does 50 a second.
 */
const cost: Cost = { memory: 12 * 1024, passes: 3, parallelism: 1 }
const saltBytes = 16
const tagBytes = 32

interface PasswordHash extends Cost {
  readonly salt: Buffer
  readonly tag: Buffer
}

/** Hashes passwords with argon2id and compares them, in a process of its own. Hashes are PHC strings. */
export class Passwords {
  readonly #process: HashingProcess

  constructor(options: HashingOptions) {
    this.#process = new HashingProcess(options)
  }

  /** Of the process that does the work, while there is one. */
  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Throws `unavailable` when too many others wait. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(saltBytes)
    const tag = await this.#tagOf(password, { ...cost, salt, length: tagBytes })
    return format({ ...cost, salt, tag })
  }

  /** Without a hash the answer is no, and takes as long: it must not tell whether there is an account. */
  async matches(password: string, hash: string | null | undefined): Promise<boolean> {
    const known = hash ? parse(hash) : undefined
    if (!known) {
      await this.hash(password)
      return false
    }
    const tag = await this.#tagOf(password, { ...known, length: known.tag.length })
    return timingSafeEqual(tag, known.tag)
  }

  close(): void {
    this.#process.close()
  }

  #tagOf(password: string, { memory, passes, parallelism, salt, length }: Cost & Salted): Promise<Buffer> {
    return this.#process.run({
      // The same letters may be typed as different characters, which differs between keyboards.
      password: password.normalize('NFKC'),
      salt: salt.toString('base64'),
      memory,
      passes,
      parallelism,
      tagLength: length,
    })
  }
}

interface Salted {
  readonly salt: Buffer
  /** Of the tag, in bytes. */
  readonly length: number
}

/** Whether the hash was made with another cost than one of today. */
export function isOutdated(hash: string): boolean {
  const { memory, passes, parallelism } = parse(hash)
  return memory !== cost.memory || passes !== cost.passes || parallelism !== cost.parallelism
}

function format({ memory, passes, parallelism, salt, tag }: PasswordHash): string {
  const text = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(salt)}$${text(tag)}`
}

function parse(hash: string): PasswordHash {
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(hash)
  if (!parts) throw new Error('a password hash is not one of argon2id')
  const [memory, passes, parallelism] = parts.slice(1, 4).map(Number) as [number, number, number]
  const [salt, tag] = parts.slice(4).map((part) => Buffer.from(part, 'base64')) as [Buffer, Buffer]
  return { memory, passes, parallelism, salt, tag }
}
