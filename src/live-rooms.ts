import type { RoomId } from './lib/ids.ts'
import type { MeetingServices } from './meetings/meeting-services.ts'
import { meetingOf, type LiveRooms, type Visitor } from './meetings/rooms.ts'
import type { Identity, Peer } from './rooms/peer.ts'
import type { LiveRecordings } from './recordings/live-recordings.ts'
import type { Rooms } from './rooms/rooms.ts'

/** Connects meetings, which know nothing of rooms, with the rooms in which they take place. */

/** From now on meetings end their rooms, and hear what happens in them. */
export function holdMeetings(
  { live }: MeetingServices,
  { rooms, liveRecordings }: { rooms: Rooms; liveRecordings: LiveRecordings },
): void {
  live.hold(liveRoomsOf(rooms, liveRecordings))
  live.start()
  rooms.listen({
    peerJoined: (room, peer) => {
      const id = meetingOf(room.id)
      if (id !== undefined && !peer.grants.hidden) live.peerJoined(id, visitorOf(peer), new Date())
    },
    peerLeft: (room, peer, reason) => {
      const id = meetingOf(room.id)
      if (id !== undefined && !peer.grants.hidden) live.peerLeft(id, visitorOf(peer), reason, new Date())
    },
    roomClosed: (room, reason) => {
      const id = meetingOf(room.id)
      if (id !== undefined) live.roomClosed(id, reason, new Date())
    },
  })
}

function liveRoomsOf(rooms: Rooms, liveRecordings: LiveRecordings): LiveRooms {
  const find = (id: string) => rooms.get(id as RoomId)
  return {
    openIds: () => rooms.list().flatMap(({ id }) => (meetingOf(id) === undefined ? [] : id)),
    end: (id) => find(id)?.end(),
    leave: (id, identity) =>
      find(id)
        ?.joinedPeers.find((peer) => peer.id === identity)
        ?.close('left'),
    accountsIn: (id) => find(id)?.joinedPeers.flatMap(({ identity }) => accountOf(identity) ?? []) ?? [],
    remove: (id, identity) =>
      find(id)
        ?.joinedPeers.find((peer) => peer.id === identity)
        ?.close('removed'),
    isRecorded: (id) => find(id)?.recording !== undefined,
    recordPolicyChanged: (id, policy) => void liveRecordings.policyChanged(id, policy),
    change: (id, settings) => find(id)?.update(settings),
  }
}

function visitorOf(peer: Peer): Visitor {
  const accountId = peer.identity.metadata?.['accountId']
  return {
    identity: peer.id,
    name: peer.joined?.displayName ?? peer.identity.name ?? peer.id,
    accountId: typeof accountId === 'string' ? accountId : undefined,
  }
}

/** Whose account it is, as tokens of this server say it: those of backends may carry accounts of their own. */
export function accountOf({ id, metadata }: Pick<Identity, 'id' | 'metadata'>): string | undefined {
  return metadata?.['accountId'] === id ? id : undefined
}
