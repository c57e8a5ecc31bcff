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
    paused: Type.Boolean({ description: 'Muted by its owner.' }),
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
  },
  {
    description:
      'A peer that has joined. `metadata`, `producers` and `dataProducers` are additions to the demo dialect.',
  },
)

export const RoomInfo = Type.Object({
  roomId: Type.String(),
  createdAt: Type.String({ description: 'ISO 8601, UTC.' }),
  peerCount: Type.Integer({ description: 'Peers that have joined.' }),
  maxPeers: Type.Integer(),
})

export type Source = Static<typeof Source>
export type Device = Static<typeof Device>
export type Metadata = Static<typeof Metadata>
export type PeerInfo = Static<typeof PeerInfo>
export type ProducerInfo = Static<typeof ProducerInfo>
export type DataProducerInfo = Static<typeof DataProducerInfo>
export type RoomInfo = Static<typeof RoomInfo>
