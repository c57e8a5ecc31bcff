import { Type, type Static } from 'typebox'
import { MediaKind, ObjectId } from './media.ts'

/** What the messages are about: peers and what they publish. */

export const PeerIdText = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: 'Id of a peer, unique in its room.',
})

export const DisplayName = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: 'Name shown to people.',
})

/** A moment in time as text. */
export const Moment = (description: string) => Type.String({ description: `${description} ISO 8601, UTC.` })

export const Device = Type.Object(
  {
    flag: Type.Optional(
      Type.String({ maxLength: 64, description: 'Short lower-case name: chrome, firefox, safari…' }),
    ),
    name: Type.Optional(Type.String({ maxLength: 128 })),
    version: Type.Optional(Type.String({ maxLength: 64 })),
  },
  { description: 'The client program, free text.' },
)

export const Metadata = Type.Record(Type.String({ maxLength: 128 }), Type.Unknown(), {
  description: 'Anything the application wants to attach, a JSON object of at most 32 levels.',
})

/** What a track shows. The demo dialect says `audio`, `video` and `screensharing` in `appData.source`; see rooms/source.ts. */
export const sources = ['microphone', 'camera', 'screen', 'screen-audio', 'other'] as const
export const Source = Type.Unsafe<(typeof sources)[number]>({
  type: 'string',
  enum: [...sources],
  description: 'What a producer shows.',
})

export const ProducerInfo = Type.Object(
  {
    producerId: ObjectId,
    peerId: PeerIdText,
    kind: MediaKind,
    source: Source,
    paused: Type.Boolean({ description: 'Muted, by its owner or a moderator.' }),
    type: Type.String({ description: 'simple, simulcast or svc.' }),
    metadata: Metadata,
  },
  { description: 'Something a peer publishes.' },
)

export const DataProducerInfo = Type.Object(
  {
    dataProducerId: ObjectId,
    peerId: PeerIdText,
    label: Type.String(),
    protocol: Type.String(),
  },
  { description: 'A data channel a peer sends on.' },
)

export const PeerInfo = Type.Object(
  {
    peerId: PeerIdText,
    displayName: DisplayName,
    device: Device,
    metadata: Type.Optional(Metadata),
    producers: Type.Optional(Type.Array(ProducerInfo)),
    dataProducers: Type.Optional(Type.Array(DataProducerInfo)),
    moderator: Type.Optional(Type.Boolean({ description: 'Whether it holds `moderate`.' })),
    handRaisedAt: Type.Optional(Moment('When it raised its hand. Left out: the hand is down.')),
  },
  {
    description: 'A peer that has joined. What stands after `device` is an addition to the demo dialect.',
  },
)

/** Somebody in the lobby. */
export const WaitingPeer = Type.Object(
  { peerId: PeerIdText, displayName: DisplayName, at: Moment('Since when.') },
  { description: 'Somebody who waits to be let in.' },
)

export const Ban = Type.Object(
  {
    banId: Type.String(),
    peerId: PeerIdText,
    displayName: DisplayName,
    at: Moment('Since when.'),
    by: Type.Optional(Type.String({ description: 'Peer id of the moderator.' })),
  },
  { description: 'Somebody who is kept out of the room.' },
)

export const who = ['everyone', 'moderators'] as const
const Who = (description: string) =>
  Type.Unsafe<(typeof who)[number]>({ type: 'string', enum: [...who], description })

const policyFields = {
  locked: Type.Boolean({
    description: 'Nobody new enters, but moderators and who was in the room before.',
  }),
  lobby: Type.Boolean({
    description: 'Who does not hold `moderate` or `bypassLobby` waits until a moderator lets them in.',
  }),
  waitForHost: Type.Boolean({ description: 'Whoever comes waits until a moderator is there.' }),
  share: Who('Who may share a screen.'),
  chat: Who('Who may write on the data channel `chat`.'),
  unmute: Who('Who may unmute a microphone. Others start muted, and unmute after a moderator asked them to.'),
}

export const RoomPolicy = Type.Object(policyFields, {
  description:
    'What moderators and the application’s backend decide about a room. The server holds everybody to it.',
})

export const RoomPolicyInput = Type.Partial(Type.Object(policyFields), {
  additionalProperties: false,
  description: 'What of the policy is to change.',
})

export const liveRecordingStates = ['starting', 'recording', 'stopping'] as const

/** What everybody in a room may know of its recording. */
export const LiveRecording = Type.Object(
  {
    recordingId: Type.String(),
    state: Type.Unsafe<(typeof liveRecordingStates)[number]>({
      type: 'string',
      enum: [...liveRecordingStates],
    }),
    startedAt: Moment('When it began.'),
    by: Type.Optional(
      Type.String({
        description:
          'Peer id of who started it. Left out: the application’s backend, or the server by itself.',
      }),
    ),
    notice: Type.String({ description: 'What people are to be told, as the operator configured it.' }),
    asksConsent: Type.Boolean({
      description:
        'Whether somebody is recorded only after they agreed with `recording.consent`. Until then nothing of them is.',
    }),
  },
  { description: 'A recording that goes on.' },
)

export const RoomInfo = Type.Object({
  roomId: Type.String(),
  createdAt: Moment('When it was opened.'),
  peerCount: Type.Integer({ description: 'Peers that have joined.' }),
  maxPeers: Type.Integer(),
  policy: RoomPolicy,
  spotlight: Type.Optional(
    Type.String({ description: 'Peer id of who is in the spotlight. Left out: nobody.' }),
  ),
  recording: Type.Optional(LiveRecording),
  metadata: Metadata,
  version: Type.Integer({ description: 'Grows with each change of policy, limits and metadata.' }),
})

export type Source = Static<typeof Source>
export type Device = Static<typeof Device>
export type Metadata = Static<typeof Metadata>
export type PeerInfo = Static<typeof PeerInfo>
export type ProducerInfo = Static<typeof ProducerInfo>
export type DataProducerInfo = Static<typeof DataProducerInfo>
export type RoomInfo = Static<typeof RoomInfo>
export type LiveRecording = Static<typeof LiveRecording>
export type WaitingPeer = Static<typeof WaitingPeer>
export type Ban = Static<typeof Ban>
export type RoomPolicy = Readonly<Static<typeof RoomPolicy>>
export type RoomPolicyInput = Static<typeof RoomPolicyInput>
