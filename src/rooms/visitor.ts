import { AppError } from '../lib/app-error.ts'
import type { Person } from './people.ts'
import type { PeerChannel } from './peer-channel.ts'

/** Somebody at the door: a connection that wants to be a peer of the room. */
export interface Visitor extends Person {
  /** The secret their client sent, to prove that it was here before. */
  readonly proof: string | undefined
  readonly channel: PeerChannel
  /** How moderators see them while they wait. */
  readonly displayName: string
}

/**
 * Throws `peer-id-taken` unless a visitor proves to be the client that holds the id already: by a token, by its secret,
 * or because neither can prove anything, both speaking the demo dialect.
 */
export function checkSameClient(holder: Omit<Visitor, 'proof' | 'displayName'>, visitor: Visitor): void {
  const { identity, proof, channel } = visitor
  // Who came by a token comes back by one: a secret would keep the identity without the token's limits.
  const hasSecret = !holder.identity.proven && proof !== undefined && holder.secret.equals(proof)
  const neitherCanProve = !holder.identity.proven && !holder.channel.extended && !channel.extended
  if (!identity.proven && !hasSecret && !neitherCanProve)
    throw new AppError('peer-id-taken', 'Somebody with this id is in the room.')
}
