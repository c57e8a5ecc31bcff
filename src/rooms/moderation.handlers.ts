import { AppError } from '../lib/app-error.ts'
import type { moderationRequests } from '../protocol/moderation.ts'
import type { Handlers } from '../protocol/requests.ts'
import { needGrant } from './checks.ts'
import type { PeerContext } from './context.ts'
import type { Peer } from './peer.ts'
import type { Room } from './room.ts'

export type ModerationMethod = keyof typeof moderationRequests

function needModerate(peer: Peer): void {
  needGrant(peer.grants.moderate, 'moderate')
}

/** Whom a moderator means. Throws `not-found`, also for somebody hidden. */
function target(room: Room, peerId: string): Peer {
  const peer = room.peer(peerId)
  if (peer.grants.hidden) throw new AppError('not-found', 'No such peer.')
  return peer
}

/** The same for what nobody does to themself. */
function other(room: Room, peer: Peer, peerId: string): Peer {
  const meant = target(room, peerId)
  if (meant === peer) throw new AppError('conflict', 'This cannot be done to oneself.')
  return meant
}

/** Moderating: each asks for the grant, finds the peer, and leaves the rest to the room. */
export const moderationHandlers: Handlers<PeerContext, ModerationMethod> = {
  'room.getLobby'({ room, peer }) {
    needModerate(peer)
    return { waiting: room.entrance.lobby.list() }
  },
  'room.admit'({ room, peer: by }, { peerId }) {
    needModerate(by)
    room.entrance.admit(peerId, { by })
    return {}
  },
  'room.admitAll'({ room, peer: by }) {
    needModerate(by)
    room.entrance.admitAll({ by })
    return {}
  },
  'room.deny'({ room, peer: by }, { peerId }) {
    needModerate(by)
    room.entrance.deny(peerId, { by })
    return {}
  },

  'room.setPolicy'({ room, peer: by }, policy) {
    needModerate(by)
    room.update({ policy }, { by })
    const { version } = room.info()
    return { policy: room.policy, version }
  },

  async 'room.mutePeer'({ room, peer: by }, { peerId, source }) {
    needModerate(by)
    await room.moderation.mutePeer(target(room, peerId), source, { by })
    return {}
  },
  async 'room.muteAll'({ room, peer: by }, { source }) {
    needModerate(by)
    await room.moderation.muteAll(source, { by })
    return {}
  },
  'room.askUnmute'({ room, peer: by }, { peerId, source }) {
    needModerate(by)
    room.moderation.askUnmute(target(room, peerId), source, { by })
    return {}
  },
  'room.stopSource'({ room, peer: by }, { peerId, source }) {
    needModerate(by)
    room.moderation.stopSource(target(room, peerId), source, { by })
    return {}
  },

  'room.removePeer'({ room, peer: by }, { peerId, message }) {
    needModerate(by)
    room.moderation.remove(other(room, by, peerId), { by, message })
    return {}
  },
  'room.banPeer'({ room, peer: by }, { peerId, message }) {
    needModerate(by)
    room.moderation.ban(other(room, by, peerId), { by, message })
    return {}
  },
  'room.unban'({ room, peer: by }, { banId }) {
    needModerate(by)
    room.moderation.unban(banId, { by })
    return {}
  },
  'room.getBans'({ room, peer }) {
    needModerate(peer)
    return { bans: room.moderation.bans }
  },

  'room.setModerator'({ room, peer: by }, { peerId, moderator }) {
    needModerate(by)
    room.moderation.setGrants(target(room, peerId), { moderate: moderator }, { by })
    return {}
  },
  'room.handOver'({ room, peer: by }, { peerId }) {
    needModerate(by)
    room.moderation.handOver(other(room, by, peerId), by)
    return {}
  },
  'room.setGrants'({ room, peer: by }, { peerId, grants }) {
    needModerate(by)
    // Who moderates may record, but the right to it is passed on only by those who were given it.
    if (grants.record) needGrant(by.grants.record, 'let others record')
    room.moderation.setGrants(target(room, peerId), grants, { by })
    return {}
  },

  'room.raiseHand'({ room, peer }, { raised }) {
    needGrant(!peer.grants.hidden, 'raise its hand')
    room.moderation.raiseHand(peer, raised)
    return {}
  },
  'room.lowerHand'({ room, peer: by }, { peerId }) {
    needModerate(by)
    const peers = peerId === undefined ? room.visiblePeers : [target(room, peerId)]
    room.moderation.lowerHands(peers, { by })
    return {}
  },
  'room.spotlight'({ room, peer: by }, { peerId }) {
    needModerate(by)
    room.moderation.setSpotlight(peerId === null ? undefined : target(room, peerId).id, { by })
    return {}
  },

  'room.end'({ room, peer: by, afterAnswer }) {
    needModerate(by)
    afterAnswer(() => room.end({ by }))
    return {}
  },
}
