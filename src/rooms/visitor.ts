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

/** Who holds an id already, in the room or before its door. */
export type Holder = Omit<Visitor, 'proof' | 'displayName'>

/**
 * Throws `peer-id-taken` unless a visitor proves to be the client that holds the id already: by a token, by its secret,
 * or because neither can prove anything, both speaking the demo dialect.
 */
export function checkSameClient(holder: Holder, visitor: Visitor): void {
  const neitherCanProve = !holder.identity.proven && !holder.channel.extended && !visitor.channel.extended
  if (!visitor.identity.proven && !hasSecretOf(holder, visitor) && !neitherCanProve)
    throw new AppError('peer-id-taken', 'Somebody with this id is in the room.')
}

/**
 * Whether a visitor is the one who holds the id, and so need not be let in again. Taking an id over is less: a token
 * takes it from a guest, and clients that can prove nothing from each other. Of these, who comes from the same address is
 * taken for the same.
 */
export function isSamePerson(holder: Holder, visitor: Visitor): boolean {
  if (holder.identity.proven || visitor.identity.proven)
    return holder.identity.proven && visitor.identity.proven
  return hasSecretOf(holder, visitor) || holder.identity.address === visitor.identity.address
}

/** Who came by a token comes back by one: a secret would keep the identity without the token's limits. */
function hasSecretOf(holder: Holder, { proof }: Visitor): boolean {
  return !holder.identity.proven && proof !== undefined && holder.secret.equals(proof)
}
