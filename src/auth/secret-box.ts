import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomId, Secret } from '../lib/ids.ts'

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16
const keyText = /^[0-9a-f]{64}$/i

/** Encrypts what must not be readable in the database. */
export class SecretBox {
  readonly #key: Secret

  /** With the key of the configuration, or the one in `<dataDir>/secret.key`, which is made when there is none. */
  static async create(options: { dataDir: string; encryptionKey: string }): Promise<SecretBox> {
    return new SecretBox(options.encryptionKey || (await provideKeyFile(options.dataDir)))
  }

  /** `key` is 256 bits as hexadecimal digits. */
  constructor(key: string) {
    if (!keyText.test(key)) throw new Error('an encryption key is 64 hexadecimal digits')
    this.#key = new Secret(key)
  }

  /** `context` says what it is (`api-key:<id>`): it only opens as the same, so rows cannot be swapped. */
  seal(secret: Secret, context: string): Uint8Array {
    const nonce = randomBytes(nonceBytes)
    const sealing = createCipheriv(cipher, this.#keyBytes(), nonce).setAAD(Buffer.from(context))
    const sealed = [sealing.update(secret.reveal(), 'utf8'), sealing.final()]
    return Buffer.concat([nonce, sealing.getAuthTag(), ...sealed])
  }

  /** Throws when it was sealed with another key or as something else, or was changed. */
  open(sealed: Uint8Array, context: string): Secret {
    const bytes = Buffer.from(sealed)
    const nonce = bytes.subarray(0, nonceBytes)
    const tag = bytes.subarray(nonceBytes, nonceBytes + tagBytes)
    const opening = createDecipheriv(cipher, this.#keyBytes(), nonce, { authTagLength: tagBytes })
      .setAAD(Buffer.from(context))
      .setAuthTag(tag)
    const text = [opening.update(bytes.subarray(nonceBytes + tagBytes)), opening.final()]
    return new Secret(Buffer.concat(text).toString('utf8'))
  }

  #keyBytes(): Buffer {
    return Buffer.from(this.#key.reveal(), 'hex')
  }
}

async function provideKeyFile(dataDir: string): Promise<string> {
  const path = join(dataDir, 'secret.key')
  const unfinished = `${path}.${randomId()}`
  await mkdir(dataDir, { recursive: true })
  await writeFile(unfinished, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
  try {
    // Fails when there is one: of two processes that start together, both use that of the first.
    await link(unfinished, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(unfinished)
  }
  const key = (await readFile(path, 'utf8')).trim()
  if (!keyText.test(key)) throw new Error(`${path} holds no key: 64 hexadecimal digits`)
  return key
}
