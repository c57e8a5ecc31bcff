import { Type } from 'typebox'
import { joined, method, Nothing, ours } from './facts.ts'
import { Grants, LiveGrantsInput } from './grants.ts'
import { ObjectId } from './media.ts'
import {
  Ban,
  Metadata,
  Moment,
  PeerIdText,
  RoomPolicy,
  RoomPolicyInput,
  Source,
  WaitingPeer,
} from './model.ts'

/** Moderation: who is let in, who may speak, who has to go. Merged into the lists of requests and notifications. */

const byPeer = Type.Object({ peerId: PeerIdText })
const onPeer = (about: string) => method(`${about} Needs \`moderate\`.`, byPeer, Nothing, joined)
const bySource = Type.Object({ peerId: PeerIdText, source: Source })
const goodbye = Type.Object({
  peerId: PeerIdText,
  message: Type.Optional(
    Type.String({ maxLength: 256, description: 'For the one concerned, in `room.closed`.' }),
  ),
})

export const moderationRequests = {
  'room.getLobby': method(
    'Who waits to be let in, longest first. Needs `moderate`.',
    Nothing,
    Type.Object({ waiting: Type.Array(WaitingPeer) }),
    joined,
  ),
  'room.admit': onPeer(
    'Lets in somebody who waits. `limit-exceeded` when the room is full: then they go on waiting.',
  ),
  'room.admitAll': method(
    'Lets in everybody who waits, as many as fit; `limit-exceeded` when some do not. Needs `moderate`.',
    Nothing,
    Nothing,
    joined,
  ),
  'room.deny': onPeer('Sends away somebody who waits; their connection is closed with `denied`.'),

  'room.setPolicy': method(
    'Changes what is given of the room’s policy; everybody gets `room.policyChanged`. Needs `moderate`.',
    RoomPolicyInput,
    Type.Object({ policy: RoomPolicy, version: Type.Integer() }),
    joined,
  ),

  'room.mutePeer': method(
    'Mutes what a peer sends from this source. The peer gets `room.mutedBy` and may unmute, unless the policy `unmute` says otherwise. Needs `moderate`.',
    bySource,
    Nothing,
    joined,
  ),
  'room.muteAll': method(
    'Mutes this source of everybody who does not moderate. Needs `moderate`.',
    Type.Object({ source: Source }),
    Nothing,
    joined,
  ),
  'room.askUnmute': method(
    'Asks a peer to unmute (`room.unmuteAsked`); nobody is forced. Where the policy `unmute` says `moderators`, this allows it once. Needs `moderate`.',
    bySource,
    Nothing,
    joined,
  ),
  'room.stopSource': method(
    'Ends what a peer publishes from this source: its camera, its screen. The peer gets `room.stoppedBy` and may publish again, if it has the grant. Needs `moderate`.',
    bySource,
    Nothing,
    joined,
  ),

  'room.removePeer': method(
    'Closes the connection of a peer with `removed`. Where there is a lobby it has to wait there when it comes again. Needs `moderate`.',
    goodbye,
    Nothing,
    joined,
  ),
  'room.banPeer': method(
    'Closes the connection of a peer with `banned` and keeps it out as long as the room lives: the identity of its token, or a guest’s address. Needs `moderate`.',
    goodbye,
    Nothing,
    joined,
  ),
  'room.unban': method(
    'Takes a ban back. Needs `moderate`.',
    Type.Object({ banId: Type.String({ minLength: 1, maxLength: 64 }) }),
    Nothing,
    joined,
  ),
  'room.getBans': method(
    'Who is banned. Needs `moderate`.',
    Nothing,
    Type.Object({ bans: Type.Array(Ban) }),
    joined,
  ),

  'room.setModerator': method(
    'Makes a peer moderator, or takes that away. Needs `moderate`.',
    Type.Object({ peerId: PeerIdText, moderator: Type.Boolean() }),
    Nothing,
    joined,
  ),
  'room.handOver': onPeer('Makes a peer moderator and gives up being one.'),
  'room.setGrants': method(
    'Changes what is given of a peer’s grants, at once: what it publishes, sends and receives without being granted any more is closed. The peer gets `room.grantsChanged`. `record` can be given only by somebody who has it. Needs `moderate`.',
    Type.Object({ peerId: PeerIdText, grants: LiveGrantsInput }),
    Nothing,
    joined,
  ),

  'room.raiseHand': method(
    'Raises the own hand, or lowers it; everybody gets `room.handChanged`.',
    Type.Object({ raised: Type.Boolean() }),
    Nothing,
    joined,
  ),
  'room.lowerHand': method(
    'Lowers the hand of a peer, or without `peerId` all hands. Needs `moderate`.',
    Type.Object({ peerId: Type.Optional(PeerIdText) }),
    Nothing,
    joined,
  ),
  'room.spotlight': method(
    'Puts a peer in the spotlight for everybody; null ends it. It ends by itself when the peer leaves. Needs `moderate`.',
    Type.Object({ peerId: Type.Union([PeerIdText, Type.Null()]) }),
    Nothing,
    joined,
  ),

  'room.end': method(
    'Ends the room for everybody: connections are closed with `ended`. Needs `moderate`.',
    Nothing,
    Nothing,
    joined,
  ),
} as const

const by = Type.Optional(
  Type.String({ description: 'Peer id of the moderator. Left out when the application’s backend did it.' }),
)
const why = Type.Unsafe<'moderator' | 'grants' | 'policy'>({
  type: 'string',
  enum: ['moderator', 'grants', 'policy'],
  description:
    '`moderator`: this was stopped. `grants`, `policy`: it may not be published any more, see `room.grantsChanged`, `room.policyChanged`.',
})

export const moderationNotifications = {
  'room.waiting': ours(
    'This client waits to be let in; requests are answered after that. Sent again when the reason changes. `room.welcome` follows, or `room.closed`.',
    Type.Object({
      why: Type.Unsafe<'lobby' | 'host'>({
        type: 'string',
        enum: ['lobby', 'host'],
        description: '`lobby`: until a moderator lets them in. `host`: until a moderator is there.',
      }),
    }),
  ),
  'room.knocked': ours(
    'To moderators: somebody waits to be let in. Who becomes moderator gets it for each one who waits already.',
    WaitingPeer,
  ),
  'room.knockEnded': ours(
    'To moderators: somebody does not wait any more.',
    Type.Object({
      peerId: PeerIdText,
      outcome: Type.Unsafe<'admitted' | 'denied' | 'left'>({
        type: 'string',
        enum: ['admitted', 'denied', 'left'],
      }),
    }),
  ),
  'room.policyChanged': ours('The policy of the room changed.', Type.Object({ policy: RoomPolicy, by })),
  'room.metadataChanged': ours('The metadata of the room changed.', Type.Object({ metadata: Metadata })),
  'room.mutedBy': ours(
    'A producer of this client was muted. The others get the usual notifications.',
    Type.Object({ producerId: ObjectId, source: Source, by }),
  ),
  'room.unmuteAsked': ours(
    'This client is asked to unmute, or to publish, this source.',
    Type.Object({ source: Source, by }),
  ),
  'room.stoppedBy': ours(
    'A producer of this client was closed.',
    Type.Object({ producerId: ObjectId, source: Source, why, by }),
  ),
  'room.dataStoppedBy': ours(
    'A data producer of this client was closed.',
    Type.Object({ dataProducerId: ObjectId, label: Type.String(), why, by }),
  ),
  'room.grantsChanged': ours(
    'What this client may do changed. What it may not do any more has ended.',
    Type.Object({ grants: Grants, by }),
  ),
  'room.moderatorChanged': ours(
    'A peer became moderator or is one no longer. The peer itself gets `room.grantsChanged`.',
    Type.Object({ peerId: PeerIdText, moderator: Type.Boolean() }),
  ),
  'room.handChanged': ours(
    'A hand was raised or lowered; also sent to its owner.',
    Type.Object({
      peerId: PeerIdText,
      raisedAt: Type.Optional(Moment('Left out: the hand is down.')),
      by,
    }),
  ),
  'room.spotlightChanged': ours(
    'Who is in the spotlight. null: nobody.',
    Type.Object({ peerId: Type.Union([PeerIdText, Type.Null()]), by }),
  ),
  'room.message': ours(
    'Something the application’s backend sent to the room, or to this peer.',
    Type.Object({
      from: Type.Literal('server'),
      topic: Type.String({ description: 'What it is about, in the application’s words.' }),
      payload: Type.Unknown(),
    }),
  ),
} as const
