import { createTransport, type NodemailerError, type SMTPTransportOptions } from 'nodemailer'
import { DeliveryError, type Delivery, type OutgoingMail } from './mail.ts'

/** A mail server that does not answer, in milliseconds. Longer than a slow one needs to look a sender up. */
const answerMs = 30_000
const connectMs = 15_000

/** Hands mails to a mail server. One connection per mail: few are sent, and none has to be watched while idle. */
export class SmtpDelivery implements Delivery {
  readonly #transport: ReturnType<typeof transportOf>
  readonly #from: string

  constructor({ smtpUrl, from }: { smtpUrl: string; from: string }) {
    this.#transport = transportOf(smtpUrl)
    this.#from = from
  }

  /** Connects and logs in, and sends nothing. Throws what `deliver` would throw. */
  async verify(): Promise<void> {
    try {
      await this.#transport.verify()
    } catch (error) {
      throw translate(error as NodemailerError)
    }
  }

  async deliver({ id, createdAt, mail }: OutgoingMail, signal: AbortSignal): Promise<void> {
    const { to, subject, text, html, attachments = [] } = mail
    try {
      await this.#transport.sendMail({
        messageId: `<${id}@${domainOf(this.#from)}>`,
        date: createdAt,
        from: this.#from,
        // As an object it is one address, whatever is in it.
        to: { name: '', address: to },
        subject,
        text,
        ...(html === undefined ? {} : { html }),
        attachments: attachments.map((attachment) => ({ ...attachment })),
        // No answers of machines: nobody reads them.
        headers: { 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
        signal,
      })
    } catch (error) {
      throw translate(error as NodemailerError)
    }
  }
}

function transportOf(smtpUrl: string) {
  const url = new URL(smtpUrl)
  const options: SMTPTransportOptions = {
    url: smtpUrl,
    connectionTimeout: connectMs,
    greetingTimeout: answerMs,
    socketTimeout: answerMs,
    // A password goes over TLS, or not at all, unless the URL says otherwise.
    ...(url.username !== '' && !url.searchParams.has('ignoreTLS') ? { requireTLS: true } : {}),
  }
  return createTransport(options)
}

function domainOf(from: string): string {
  return /@([^\s>@]+)>?\s*$/.exec(from)?.[1] ?? 'localhost'
}

/** What a mail server says to these is about this mail; to others (`MAIL FROM`, `AUTH`) it is about the settings. */
const aboutTheMail = ['RCPT TO', 'DATA']

/** The mail server's words may hold the address: only its code goes on. */
function translate(error: NodemailerError): DeliveryError {
  const { code = 'ESOCKET', command = '', responseCode, response = '' } = error
  const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1]
  const said = [code, responseCode, enhanced].filter((part) => part !== undefined).join(' ')
  const isRefused =
    responseCode === undefined
      ? code === 'EENVELOPE' || code === 'EMESSAGE'
      : responseCode >= 500 && aboutTheMail.includes(command)
  const step = command === '' || command === 'API' ? '' : ` at ${command}`
  return new DeliveryError(`${said}${step}`, { permanent: isRefused })
}
