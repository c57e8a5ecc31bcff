import { randomBytes, timingSafeEqual } from 'node:crypto'

/** Branded ids: strings that the compiler does not let us mix up. Object ids (transport, producer…) come from mediasoup. */
declare const brand: unique symbol
type Branded<B extends string> = string & { readonly [brand]: B }

export type RoomId = Branded<'RoomId'>
export type PeerId = Branded<'PeerId'>

/** A random id that is safe in URLs: 96 bits, 16 characters. */
export function randomId(): string {
  return randomBytes(12).toString('base64url')
}

/** Characters of a secret that was made here. */
const secretLength = 32

/** Whether this could have been made here, so that it is as hard to guess. */
export function isSecret(text: string | undefined): text is string {
  return text !== undefined && text.length === secretLength && /^[\w-]+$/.test(text)
}

/** A secret a client proves itself with: 192 bits. It has no printable form, so that no log can carry it by accident. */
export class Secret {
  readonly #value: string

  constructor(value: string = randomBytes(24).toString('base64url')) {
    this.#value = value
  }

  /** The one way to read it, for handing it to its owner. */
  reveal(): string {
    return this.#value
  }

  /** Compares in constant time. */
  equals(candidate: string): boolean {
    const ours = Buffer.from(this.#value)
    const theirs = Buffer.from(candidate)
    return ours.length === theirs.length && timingSafeEqual(ours, theirs)
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }
}
