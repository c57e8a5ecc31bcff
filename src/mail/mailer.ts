import type { Config } from '../../config/schema.ts'
import type { SecretBox } from '../auth/secret-box.ts'
import type { Db } from '../db/database.ts'
import type { Queryable } from '../db/tables.ts'
import { AppError } from '../lib/app-error.ts'
import { randomId, Secret } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import { KeptMails, keepsMails } from './kept-mails.ts'
import type { Delivery, Mail } from './mail.ts'
import { deleteMailsFinishedBefore, endLeases, insertMail } from './mails.store.ts'
import { mailContext, Sender } from './sender.ts'
import { SmtpDelivery } from './smtp.ts'

export interface MailerOptions {
  readonly config: Pick<Config, 'mode' | 'dataDir' | 'mail'>
  readonly db: Db
  readonly box: SecretBox
  readonly log: Log
}

/** What became of a mail is kept for so many days; what it said, only while it is on its way. */
const keptDays = 30
const dayMs = 86_400_000

/** Sends mails. */
export class Mailer {
  readonly #options: MailerOptions
  readonly #sender: Sender | undefined

  /** Goes on with what an earlier process left. */
  static async create(options: MailerOptions): Promise<Mailer> {
    const { config, db, box, log } = options
    const delivery = deliveryOf(config)
    if (delivery === undefined) return new Mailer(options, undefined)
    // The embedded database has one process at a time: whoever had taken mails is gone.
    if (db.engine === 'pglite') await endLeases(db, new Date())
    return new Mailer(options, new Sender({ db, box, delivery, log }))
  }

  private constructor(options: MailerOptions, sender: Sender | undefined) {
    this.#options = options
    this.#sender = sender
  }

  /** Whether mails can be sent at all: in production they need a mail server. */
  get available(): boolean {
    return this.#sender !== undefined
  }

  /**
   * Accepts a mail, which leaves soon after; within a transaction (`db`), if that is kept. Throws `not-supported` where there
   * is no mail server.
   */
  async send(mail: Mail, db: Queryable = this.#options.db): Promise<void> {
    if (this.#sender === undefined) {
      throw new AppError('not-supported', 'This server sends no mail: it has no mail server (mail.smtpUrl).')
    }
    const id = randomId()
    const content = this.#options.box.seal(new Secret(JSON.stringify(mail)), mailContext(id))
    await insertMail(db, { id, kind: mail.kind, content, created_at: new Date() })
    this.#sender.wake()
  }

  /** Deletes the notes of mails that were finished long ago. */
  async forget(now: Date): Promise<void> {
    await deleteMailsFinishedBefore(this.#options.db, new Date(now.getTime() - keptDays * dayMs))
  }

  /** Before the database. Mails that are still there leave at the next start. */
  async close(): Promise<void> {
    await this.#sender?.close()
  }
}

function deliveryOf(config: MailerOptions['config']): Delivery | undefined {
  const { mail, dataDir } = config
  if (mail.smtpUrl !== '') return new SmtpDelivery(mail)
  return keepsMails(config) ? new KeptMails(dataDir) : undefined
}
