import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'

/** What of a folder is in the bucket: kept beside the files, so that whoever comes next goes on there. Never uploaded. */

const Part = Type.Object({
  md5: Type.String({ description: 'Of the bytes that were sent.' }),
  etag: Type.String({ description: 'What the service calls them.' }),
  bytes: Type.Integer(),
})
export type SentPart = Static<typeof Part>

const Entry = Type.Object(
  {
    uploadId: Type.Optional(Type.String({ description: 'Of an upload in parts that is not complete yet.' })),
    partBytes: Type.Optional(Type.Integer({ description: 'Size of each part but the last.' })),
    parts: Type.Record(Type.String(), Part, { description: 'By number, from 1 on.' }),
    stored: Type.Optional(
      Type.Object(
        {
          bytes: Type.Integer(),
          modifiedMs: Type.Number({
            description: 'Of the file when it was read. A later one is sent again.',
          }),
          sha256: Type.String(),
        },
        { description: 'The object is there, verified.' },
      ),
    ),
  },
  { additionalProperties: false },
)
export type JournalEntry = Static<typeof Entry>

const JournalFile = Type.Object(
  {
    version: Type.Literal(1),
    target: Type.String({ description: 'Service, bucket and prefix. Another one knows nothing of this.' }),
    files: Type.Record(Type.String(), Entry),
  },
  { additionalProperties: false },
)
type JournalFile = Static<typeof JournalFile>

const validator = Compile(JournalFile)
export const journalName = 'uploads.json'

export class Journal {
  readonly #path: string
  readonly #target: string
  readonly #entries: Map<string, JournalEntry>
  #writing: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  /** One that is missing, broken or about another bucket is begun anew: then everything is sent again. */
  static async open(folder: string, target: string): Promise<Journal> {
    const path = join(folder, journalName)
    const found = await readJournal(path)
    return new Journal(path, target, found?.target === target ? Object.entries(found.files) : [])
  }

  private constructor(path: string, target: string, entries: Iterable<[string, JournalEntry]>) {
    this.#path = path
    this.#target = target
    this.#entries = new Map(entries)
  }

  get names(): string[] {
    return [...this.#entries.keys()]
  }

  find(name: string): JournalEntry | undefined {
    return this.#entries.get(name)
  }

  set(name: string, entry: JournalEntry): void {
    this.#entries.set(name, entry)
  }

  forget(name: string): void {
    this.#entries.delete(name)
  }

  /** Resolves when what is known now is on the disk. Calls that come while it is written share the next writing. */
  save(): Promise<void> {
    this.#next ??= this.#after(this.#writing)
    return this.#next
  }

  async #after(before: Promise<void>): Promise<void> {
    await before
    this.#next = undefined
    const written = this.#write()
    this.#writing = written.catch(() => undefined)
    await written
  }

  async #write(): Promise<void> {
    const file: JournalFile = { version: 1, target: this.#target, files: Object.fromEntries(this.#entries) }
    const handle = await open(`${this.#path}.new`, 'w')
    try {
      await handle.writeFile(JSON.stringify(file))
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await rename(`${this.#path}.new`, this.#path)
  }
}

async function readJournal(path: string): Promise<JournalFile | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const value: unknown = JSON.parse(text)
    return validator.Check(value) ? value : undefined
  } catch {
    return undefined
  }
}
