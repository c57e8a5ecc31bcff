import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../config/schema.ts'
import type { Delivery, Mail, OutgoingMail } from './mail.ts'

/** A mail that was kept instead of sent. */
export interface KeptMail extends Mail {
  /** Name of its file without the ending. */
  readonly name: string
  /** ISO 8601. */
  readonly createdAt: string
}

/** Of more than this many the oldest are deleted. */
const keptCount = 500
/** `<time>-<id>`: sorts by time, and is no path. */
const nameText = /^\d{8}T\d{9}Z-[\w-]{1,64}$/

/** Whether mails go into files: in development, without a mail server. */
export function keepsMails({ mode, mail }: Pick<Config, 'mode' | 'mail'>): boolean {
  return mode === 'development' && mail.smtpUrl === ''
}

/** Mails as files in `<dataDir>/mails`, for people who try Sluice out without a mail server. */
export class KeptMails implements Delivery {
  readonly #folder: string

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'mails')
  }

  async deliver({ id, createdAt, mail }: OutgoingMail): Promise<void> {
    const time = createdAt.toISOString().replace(/[-:.]/g, '')
    const path = join(this.#folder, `${time}-${id}.json`)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    // Whoever reads the folder sees whole mails only.
    const unfinished = `${path}.unfinished`
    const text = JSON.stringify({ createdAt: createdAt.toISOString(), ...mail }, undefined, 2)
    await writeFile(unfinished, `${text}\n`, { mode: 0o600 })
    await rename(unfinished, path)
    const tooOld = (await this.#names()).slice(keptCount)
    await Promise.all(tooOld.map((name) => rm(this.#pathOf(name), { force: true })))
  }

  /** Newest first. */
  async list(): Promise<KeptMail[]> {
    const mails = await Promise.all((await this.#names()).map((name) => this.find(name)))
    return mails.filter((mail) => mail !== undefined)
  }

  /** Undefined when there is none of this name. */
  async find(name: string): Promise<KeptMail | undefined> {
    if (!nameText.test(name)) return undefined
    const text = await readFile(this.#pathOf(name), 'utf8').catch(() => undefined)
    return text === undefined ? undefined : { name, ...(JSON.parse(text) as Omit<KeptMail, 'name'>) }
  }

  async #names(): Promise<string[]> {
    const files = await readdir(this.#folder).catch(() => [])
    return files
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
      .filter((name) => nameText.test(name))
      .toSorted()
      .toReversed()
  }

  #pathOf(name: string): string {
    return join(this.#folder, `${name}.json`)
  }
}
