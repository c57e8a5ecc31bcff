import type { Peer } from './peer.ts'
import type { Room } from './room.ts'

/** What a handler gets besides its input: who asks, in which room, and a way to act after the answer has gone out. */
export interface PeerContext {
  readonly room: Room
  readonly peer: Peer
  readonly afterAnswer: (act: () => void) => void
}
