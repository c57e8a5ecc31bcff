import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  /** Headers and body, as they came. */
  readonly text: string
}

/** What a mail server says to a mail: nothing is yes. Throw `refusal(…)` for anything else. */
type Decide = (mail: ReceivedMail) => void | Promise<void>

/** An error that the client sees as this SMTP status. */
export function refusal(responseCode: number, words: string): Error {
  return Object.assign(new Error(words), { responseCode })
}

/** A mail server on this machine that remembers what it accepted. */
export class MailServer {
  readonly received: ReceivedMail[] = []
  /** What it says when a mail has arrived whole. */
  decide: Decide = () => undefined
  /** What it says to a recipient. */
  greet: (address: string) => void = () => undefined
  readonly #options: SMTPServerOptions
  #server: SMTPServer
  #port = 0

  static async start(options: SMTPServerOptions = {}): Promise<MailServer> {
    const server = new MailServer(options)
    await server.start()
    return server
  }

  private constructor(options: SMTPServerOptions) {
    this.#options = { authOptional: true, disabledCommands: ['STARTTLS'], ...options }
    this.#server = this.#make()
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.#port}`
  }

  /** Again on the same port after `stop`. */
  async start(): Promise<void> {
    this.#server = this.#make()
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server.server, 'listening')
    this.#port = (this.#server.server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #make(): SMTPServer {
    const server = new SMTPServer({
      ...this.#options,
      closeTimeout: 100,
      onRcptTo: ({ address }, _session, done) => {
        try {
          this.greet(address)
          done()
        } catch (error) {
          done(error as Error)
        }
      },
      onData: (stream, { envelope }, done) => {
        const take = async () => {
          const chunks: Buffer[] = []
          for await (const chunk of stream) chunks.push(chunk as Buffer)
          const mail = {
            from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
            to: envelope.rcptTo.map(({ address }) => address),
            text: Buffer.concat(chunks).toString('utf8'),
          }
          await this.decide(mail)
          this.received.push(mail)
        }
        take().then(() => done(), done)
      },
    })
    // Clients that go away in the middle are part of the tests.
    server.on('error', () => undefined)
    return server
  }
}
