import type { CloseReason } from '../protocol/close-reasons.ts'
import type { PeerId } from '../lib/ids.ts'
import type { Peer, PeerProducer } from './peer.ts'
import type { Room } from './room.ts'

/** What moderation did, in the past tense. */
export type ModerationAction =
  | 'admitted'
  | 'denied'
  | 'policy-changed'
  | 'settings-changed'
  | 'muted'
  | 'all-muted'
  | 'unmute-asked'
  | 'stopped'
  | 'removed'
  | 'banned'
  | 'unbanned'
  | 'grants-changed'
  /** A guest became moderator because none was left. */
  | 'moderator-succeeded'
  | 'renamed'
  | 'metadata-changed'
  | 'hands-lowered'
  | 'spotlight-changed'
  | 'recording-started'
  | 'recording-stopped'
  | 'ended'

export interface ModerationAct {
  /** The moderator. Undefined when the application's backend asked for it: its route knows who that was. */
  readonly by: Peer | undefined
  readonly action: ModerationAction
  /** Whom it concerns, if one. */
  readonly target?: PeerId | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** What happened in rooms. Whoever listens is told after the fact; nobody waits for it or learns that it failed. */
export interface RoomEvents {
  roomOpened?(room: Room): void
  /** After everybody left, with a `peerLeft` each. */
  roomClosed?(room: Room, reason: CloseReason): void
  peerJoined?(room: Room, peer: Peer): void
  /** Somebody who had joined is gone. */
  peerLeft?(room: Room, peer: Peer, reason: CloseReason): void
  peerRenamed?(room: Room, peer: Peer): void
  /** Somebody publishes something; it may be muted. */
  producerOpened?(room: Room, peer: Peer, producer: PeerProducer): void
  /** It is gone: its owner closed it or left, or the worker of the room died (its router is closed then). */
  producerClosed?(room: Room, peer: Peer, producer: PeerProducer): void
  moderated?(room: Room, act: ModerationAct): void
}
