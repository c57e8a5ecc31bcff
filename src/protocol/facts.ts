import { Type, type TObject, type TSchema } from 'typebox'

/** What is written down of each message: the lists of messages are made of these. */

export interface MethodFacts<I extends TSchema, O extends TSchema> {
  readonly about: string
  readonly input: I
  readonly output: O
  /** Whether the method needs a joined peer. */
  readonly joined: boolean
}

export const Nothing = Type.Object({})

export function method<I extends TObject, O extends TSchema>(
  about: string,
  input: I,
  output: O,
  options: { joined?: boolean } = {},
): MethodFacts<I, O> {
  return { about, input, output, joined: options.joined ?? false }
}

export const joined = { joined: true }

export interface NotificationFacts<D extends TSchema> {
  readonly about: string
  readonly data: D
  /** Ours: sent only to connections on `/ws`. The others go to everybody. */
  readonly ours: boolean
}

export function notification<D extends TObject>(about: string, data: D): NotificationFacts<D> {
  return { about, data, ours: false }
}

export function ours<D extends TObject>(about: string, data: D): NotificationFacts<D> {
  return { about, data, ours: true }
}
