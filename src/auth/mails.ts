import { AppError } from '../lib/app-error.ts'
import { html, linked, paragraphs, type Html } from '../lib/html.ts'
import type { Mail } from '../mail/mail.ts'
import type { Mailer } from '../mail/mailer.ts'

/** The mails about an account. Each is text, with the same as plain HTML. */
export class AccountMails {
  readonly #baseUrl: () => string

  /** `baseUrl` is what people reach this server by: from the configuration, never from a request. */
  constructor(baseUrl: () => string) {
    this.#baseUrl = baseUrl
  }

  verify(to: string, { name, token }: { name: string; token: string }): Mail {
    return this.#mail(to, 'verify', 'Confirm your e-mail address', [
      `Hello ${name},`,
      'somebody, most likely you, registered with this address. Open this link within a day to confirm that it is yours:',
      this.#link('/verify', { token }),
      'If it was not you, do nothing: without the link nobody can use this account.',
    ])
  }

  changeEmail(to: string, { name, token }: { name: string; token: string }): Mail {
    return this.#mail(to, 'change-email', 'Confirm your new e-mail address', [
      `Hello ${name},`,
      'open this link within a day, and this address becomes the one you log in with:',
      this.#link('/verify', { token }),
      'If you did not ask for that, do nothing.',
    ])
  }

  emailChanged(to: string, { name, email }: { name: string; email: string }): Mail {
    return this.#mail(to, 'email-changed', 'Your e-mail address was changed', [
      `Hello ${name},`,
      `the address of your account is now ${email}. This one is no longer used.`,
      'If that was not you, tell whoever runs this server at once.',
    ])
  }

  addressInUse(to: string): Mail {
    return this.#mail(to, 'address-in-use', 'You have an account already', [
      'Hello,',
      'somebody, most likely you, wanted to use this address for an account. It has one already:',
      this.#link('/login'),
      'If you do not know the password any more, set a new one here:',
      this.#link('/forgot'),
      'If it was not you, do nothing: nothing has changed.',
    ])
  }

  notInvited(to: string): Mail {
    return this.#mail(to, 'not-invited', 'You need an invitation to register', [
      'Hello,',
      'somebody, most likely you, wanted to register with this address. On this server that takes an invitation, and there is none for this address.',
      'Ask whoever wants to meet you to invite this address, or join their meeting with its code; that needs no account.',
    ])
  }

  reset(to: string, { name, token }: { name: string; token: string }): Mail {
    return this.#mail(to, 'reset', 'Set a new password', [
      `Hello ${name},`,
      'open this link within an hour to choose a new password:',
      this.#link('/reset', { token }),
      'If you did not ask for that, do nothing: your password stays as it is.',
    ])
  }

  passwordChanged(to: string, { name }: { name: string }): Mail {
    return this.#mail(to, 'password-changed', 'Your password was changed', [
      `Hello ${name},`,
      'the password of your account was changed, and all other devices were logged out.',
      'If that was not you, set a new one at once:',
      this.#link('/forgot'),
    ])
  }

  choosePassword(to: string, { name, token }: { name: string; token: string }): Mail {
    return this.#mail(to, 'choose-password', 'Choose your password', [
      `Hello ${name},`,
      'somebody, most likely you, registered with this address more than once. Open this link within a week to choose the password, which also confirms that the address is yours:',
      this.setPasswordUrl(token),
      'Links of earlier mails do not work any more. If it was not you, do nothing: without the link nobody can use this account.',
    ])
  }

  setPassword(to: string, { name, token }: { name: string; token: string }): Mail {
    return this.#mail(to, 'set-password', 'Your new account', [
      `Hello ${name},`,
      'an account was made for you. Open this link within a week to choose your password:',
      this.setPasswordUrl(token),
    ])
  }

  setPasswordUrl(token: string): string {
    return this.#link('/reset', { token })
  }

  #link(path: string, query: Record<string, string> = {}): string {
    const text = new URLSearchParams(query).toString()
    return `${this.#baseUrl().replace(/\/$/, '')}${path}${text ? `?${text}` : ''}`
  }

  #mail(to: string, kind: string, subject: string, parts: readonly string[]): Mail {
    const host = new URL(this.#baseUrl()).host
    const all = [...parts, `Sluice at ${host}`]
    return { to, kind, subject, ...paragraphs(all, htmlOf) }
  }
}

/** Throws `not-supported` where what follows is in a mail and none can be sent. */
export function assertMail(mailer: Pick<Mailer, 'available'>): void {
  if (mailer.available) return
  throw new AppError(
    'not-supported',
    'This server sends no mail (mail.smtpUrl), and this needs one. Ask an admin for a link.',
  )
}

/** Only an address that is a paragraph becomes a link: names are what people typed. */
function htmlOf(paragraph: string): Html {
  return /^https?:\/\/\S+$/.test(paragraph) ? linked(paragraph) : html`${paragraph}`
}
