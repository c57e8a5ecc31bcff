// Uploading as a process: reading, hashing and TLS happen here, and cost signaling and media nothing. Started by uploads.ts.
import { setPriority } from 'node:os'
import { Bucket, createClient } from './bucket.ts'
import { explain, localFailure } from './failures.ts'
import { FolderUpload, journalTarget } from './folder-upload.ts'
import { Journal } from './journal.ts'
import type { FolderToRestore, FolderToUpload, FromUploader, ToUploader } from './messages.ts'
import { partsAtOnce, Slots } from './parts.ts'
import { restore } from './restore.ts'

/** Gives way to media, signaling and the recorder. */
const niceness = 10

type Begin = Extract<ToUploader, { type: 'begin' }>

class Uploader {
  readonly #begin: Begin
  readonly #bucket: Bucket
  readonly #slots: Slots
  readonly #folders = new Map<string, FolderUpload>()

  constructor(begin: Begin) {
    this.#begin = begin
    this.#bucket = new Bucket(createClient(begin.storage, begin.timing), begin.storage)
    this.#slots = new Slots(partsAtOnce(begin.storage.partMegabytes * 1024 * 1024))
  }

  async handle(message: Exclude<ToUploader, Begin>): Promise<void> {
    switch (message.type) {
      case 'follow':
        return this.#follow(message.upload).hurry()
      case 'complete':
        return this.#follow(message.upload).complete(message.round)
      case 'forget':
        return this.#answer(message.id, this.#forget(message.recordingId))
      case 'restore':
        return this.#answer(message.id, this.#restore(message.upload))
    }
  }

  #follow(upload: FolderToUpload): FolderUpload {
    const { recordingId } = upload
    const known = this.#folders.get(recordingId)
    if (known) return known
    const { storage, timing } = this.#begin
    const folder = new FolderUpload({
      ...upload,
      bucket: this.#bucket,
      storage,
      timing,
      slots: this.#slots,
      onState: (state, round) => tell({ type: 'state', recordingId, state, round }),
    })
    this.#folders.set(recordingId, folder)
    return folder
  }

  async #forget(recordingId: string): Promise<void> {
    const folder = this.#folders.get(recordingId)
    this.#folders.delete(recordingId)
    await folder?.forget()
  }

  async #restore(upload: FolderToRestore): Promise<void> {
    const { recordingId, folder, prefix } = upload
    const journal =
      (await this.#folders.get(recordingId)?.journal()) ??
      (await Journal.open(folder, journalTarget(this.#begin.storage, prefix)))
    await restore(upload, { bucket: this.#bucket, journal })
  }

  async #answer(id: number, act: Promise<void>): Promise<void> {
    try {
      await act
      tell({ type: 'done', id })
    } catch (error) {
      const { code, message } = localFailure(error) ?? explain(error, this.#begin.storage)
      tell({ type: 'done', id, error: { code, message } })
    }
  }
}

let uploader: Uploader | undefined

setPriority(niceness)
process.on('message', (message: ToUploader) => {
  if (message.type === 'begin') uploader = new Uploader(message)
  else void uploader?.handle(message)
})
// Ctrl-C goes to the whole group: the server decides when this ends.
process.on('SIGINT', () => undefined)
// What has arrived is in the journals: there is nothing to finish, and the next server may begin at once.
process.on('disconnect', () => process.exit(0))

function tell(message: FromUploader): void {
  if (process.connected) process.send?.(message, () => undefined)
}
