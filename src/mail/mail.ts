/** One mail to one person. */
export interface Mail {
  /** An e-mail address, without a name. */
  readonly to: string
  /** What it is, for logs: `verify`, `invitation`. Nothing about the person. */
  readonly kind: string
  readonly subject: string
  readonly text: string
  /** The same for people who read HTML. */
  readonly html?: string | undefined
  readonly attachments?: readonly Attachment[] | undefined
}

export interface Attachment {
  readonly filename: string
  /** `text/calendar; method=REQUEST` */
  readonly contentType: string
  readonly content: string
}

/** A mail on its way. */
export interface OutgoingMail {
  /** The same at every try. */
  readonly id: string
  readonly createdAt: Date
  readonly mail: Mail
}

/** Where mails go. */
export interface Delivery {
  /** Resolves when somebody else answers for the mail. Throws a `DeliveryError`; any other error may pass. */
  deliver(outgoing: OutgoingMail, signal: AbortSignal): Promise<void>
}

/** Why a mail could not be delivered, without anything of the mail. */
export class DeliveryError extends Error {
  /** It will be refused again: another try helps nobody. */
  readonly permanent: boolean

  constructor(message: string, { permanent, cause }: { permanent: boolean; cause?: unknown }) {
    super(message, { cause })
    this.name = 'DeliveryError'
    this.permanent = permanent
  }
}
