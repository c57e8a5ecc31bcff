import { setTimeout as delay } from 'node:timers/promises'
import type { SecretBox } from '../auth/secret-box.ts'
import type { Queryable } from '../db/tables.ts'
import type { Log } from '../lib/log.ts'
import { DeliveryError, type Delivery, type Mail } from './mail.ts'
import { finishMail, postponeMail, takeDueMails, type DueMail, type MailOutcome } from './mails.store.ts'
import { nextAttempt } from './retry.ts'

/** Mails delivered at once. More empties the table sooner, and some mail servers refuse many connections. */
const atOnce = 4
/** A delivery that takes longer is given up for now, in milliseconds. */
const deliveryMs = 60_000
/** Nobody else tries a mail for so long, in milliseconds: longer than a delivery and its note may take. */
const leaseMs = 2 * deliveryMs
/** Pauses between two looks into the table, in milliseconds: short after a call of `wake`, then longer and longer. */
const shortestPauseMs = 50
const longestPauseMs = 15_000
/** Deliveries under way may end by themselves for so long when the server closes, in milliseconds. */
const closingMs = 3000

export interface SenderOptions {
  readonly db: Queryable
  readonly box: SecretBox
  readonly delivery: Delivery
  readonly log: Log
}

/** Delivers what is due in the table, until it is closed. Several processes may do that on one database. */
export class Sender {
  readonly #options: SenderOptions
  readonly #closing = new AbortController()
  readonly #cutting = new AbortController()
  readonly #running: Promise<void>
  #pause = new AbortController()
  #wokenAtMs = performance.now()

  constructor(options: SenderOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  /** Looks at once, and again soon: a mail of a transaction is seen when that ends. */
  wake(): void {
    this.#wokenAtMs = performance.now()
    this.#pause.abort()
  }

  /** Takes no more mails and waits for those under way, but not for long: they come again. */
  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort()
      this.#pause.abort()
      setTimeout(() => this.#cutting.abort(), closingMs).unref()
    }
    await this.#running
  }

  async #run(): Promise<void> {
    const { log } = this.#options
    let isFailing = false
    while (!this.#closing.signal.aborted) {
      const pause = (this.#pause = new AbortController())
      try {
        const wasFull = await this.#deliverDue()
        isFailing = false
        if (wasFull) continue
      } catch (error) {
        // The database says itself that it is gone; another fault is told once.
        if (!isFailing) log.error({ err: error }, 'mails are not sent for now')
        isFailing = true
      }
      const sinceMs = performance.now() - this.#wokenAtMs
      const pauseMs = Math.min(Math.max(sinceMs, shortestPauseMs), longestPauseMs)
      // Closing may have come since the pause was made.
      if (this.#closing.signal.aborted) return
      await delay(pauseMs, undefined, { signal: pause.signal, ref: false }).catch(() => undefined)
    }
  }

  /** Whether there may be more. */
  async #deliverDue(): Promise<boolean> {
    const now = new Date()
    const leaseUntil = new Date(now.getTime() + leaseMs)
    const due = await takeDueMails(this.#options.db, { now, leaseUntil, limit: atOnce })
    await Promise.all(due.map((mail) => this.#deliver(mail)))
    return due.length === atOnce
  }

  async #deliver(due: DueMail): Promise<void> {
    const { delivery, log } = this.#options
    const { id, kind, attempts, created_at: createdAt } = due
    const mail = this.#open(due)
    if (mail === undefined) {
      log.error(
        { mailId: id, kind },
        'a mail cannot be decrypted: auth.encryptionKey (or dataDir/secret.key) is not what it was',
      )
      return this.#finish(due, 'unreadable')
    }
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(deliveryMs), this.#cutting.signal])
      await delivery.deliver({ id, createdAt, mail }, signal)
    } catch (error) {
      const reason = reasonOf(error)
      // What was cut by closing is due again at the next start.
      const at = this.#cutting.signal.aborted ? new Date() : nextAttempt(attempts, new Date())
      const isRefused = error instanceof DeliveryError && error.permanent
      const facts = { mailId: id, kind, attempts, reason }
      if (isRefused || at === undefined) {
        log.warn(
          facts,
          isRefused ? 'a mail was refused for good' : 'a mail could not be sent and is given up',
        )
        return this.#finish(due, isRefused ? 'refused' : 'given-up', reason)
      }
      log.warn({ ...facts, nextAttempt: at }, 'a mail could not be sent; it is tried again')
      return postponeMail(this.#options.db, { id, attempts, at, error: reason })
    }
    log.debug({ mailId: id, kind, attempts }, 'sent a mail')
    await this.#finish(due, 'sent')
  }

  #open({ id, content }: DueMail): Mail | undefined {
    try {
      return JSON.parse(this.#options.box.open(content, mailContext(id)).reveal()) as Mail
    } catch {
      return undefined
    }
  }

  async #finish({ id }: DueMail, outcome: MailOutcome, error?: string): Promise<void> {
    await finishMail(this.#options.db, { id, outcome, error, now: new Date() })
  }
}

/** Without anything of the mail: messages of other errors may hold its address or a path. */
function reasonOf(error: unknown): string {
  if (error instanceof DeliveryError) return error.message
  return (error as NodeJS.ErrnoException).code ?? 'fault'
}

/** What a mail is sealed as. */
export function mailContext(id: string): string {
  return `mail:${id}`
}
