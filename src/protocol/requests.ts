import { Type, type Static, type TObject, type TSchema } from 'typebox'
import { joined, method, Nothing, type MethodFacts } from './facts.ts'
import { Grants } from './grants.ts'
import {
  ConsumerLayers,
  DtlsParameters,
  IceCandidate,
  IceParameters,
  MediaKind,
  ObjectId,
  RtpCapabilities,
  RtpParameters,
  SctpParameters,
  SctpStreamParameters,
  Stats,
} from './media.ts'
import {
  DataProducerInfo,
  Device,
  DisplayName,
  Metadata,
  PeerIdText,
  PeerInfo,
  ProducerInfo,
  RoomInfo,
} from './model.ts'
import { moderationRequests } from './moderation.ts'
import { recordingRequests } from './recording.ts'

/**
 * Every method a client may call, once: its schema is validator, type and document. A name without a prefix is
 * mediasoup-demo's; `room.` and `recording.` are ours. All of them may be sent as a request or, when the answer does not matter, as a
 * notification.
 */

const stats = Type.Object({ stats: Stats })
const byProducer = Type.Object({ producerId: ObjectId })
const byConsumer = Type.Object({ consumerId: ObjectId })
const byTransport = Type.Object({ transportId: ObjectId })
const byDataProducer = Type.Object({ dataProducerId: ObjectId })
const byDataConsumer = Type.Object({ dataConsumerId: ObjectId })

export const requests = {
  getRtcStatsUrl: method(
    'Where to send rtcstats. This server has none; the answer is empty.',
    Nothing,
    Nothing,
  ),

  getRouterRtpCapabilities: method(
    'What the room can receive and forward: load a mediasoup-client Device with it.',
    Nothing,
    Type.Object({ routerRtpCapabilities: RtpCapabilities }),
  ),

  createWebRtcTransport: method(
    'Makes a transport. A client needs one to send (`producer`) and one to receive (`consumer`). SCTP for data channels is always on.',
    Type.Object({
      forceTcp: Type.Optional(Type.Boolean({ description: 'Offer only TCP candidates.' })),
      appData: Type.Object({
        direction: Type.Union([Type.Literal('producer'), Type.Literal('consumer')]),
      }),
    }),
    Type.Object({
      transportId: ObjectId,
      iceParameters: IceParameters,
      iceCandidates: Type.Array(IceCandidate),
      dtlsParameters: DtlsParameters,
      sctpParameters: Type.Optional(SctpParameters),
    }),
  ),

  connectWebRtcTransport: method(
    'Hands over the DTLS parameters of the client’s end. Once per transport.',
    Type.Object({ transportId: ObjectId, dtlsParameters: DtlsParameters }),
    Nothing,
  ),

  restartIce: method(
    'New ICE credentials for a transport, after the client’s network changed.',
    byTransport,
    Type.Object({ iceParameters: IceParameters }),
  ),

  closeTransport: method('Closes a transport of this peer with everything on it.', byTransport, Nothing),

  join: method(
    'Enters the room. Answered first; then `newPeer` goes to the others and, unless `autoSubscribe` is false, a `newConsumer` request to this client for each thing published. Without `rtpCapabilities` there are no consumers.',
    Type.Object({
      displayName: DisplayName,
      device: Device,
      rtpCapabilities: Type.Optional(RtpCapabilities),
      metadata: Type.Optional(Metadata),
      autoSubscribe: Type.Optional(
        Type.Boolean({ description: 'Default true. With false the client picks with `room.subscribe`.' }),
      ),
    }),
    Type.Object({ peers: Type.Array(PeerInfo, { description: 'The others that have joined.' }) }),
  ),

  produce: method(
    'Publishes a track on the sending transport. The others get `newConsumer`.',
    Type.Object({
      transportId: ObjectId,
      kind: MediaKind,
      rtpParameters: RtpParameters,
      paused: Type.Optional(Type.Boolean({ description: 'Start muted.' })),
      appData: Type.Optional(
        Type.Object(
          {
            source: Type.Optional(
              Type.String({
                maxLength: 64,
                description:
                  'microphone, camera, screen, screen-audio; or the demo’s audio, video, screensharing.',
              }),
            ),
            metadata: Type.Optional(Metadata),
          },
          { description: 'Other fields are ignored.' },
        ),
      ),
    }),
    Type.Object({ producerId: ObjectId }),
    joined,
  ),

  produceData: method(
    'Opens a data channel to the others; they get `newDataConsumer`. Label or `appData.channel` `bot` is refused.',
    Type.Object({
      transportId: ObjectId,
      sctpStreamParameters: SctpStreamParameters,
      label: Type.Optional(Type.String({ maxLength: 128 })),
      protocol: Type.Optional(Type.String({ maxLength: 128 })),
      appData: Type.Optional(Type.Object({ channel: Type.Optional(Type.String({ maxLength: 128 })) })),
    }),
    Type.Object({ dataProducerId: ObjectId }),
    joined,
  ),

  closeProducer: method('Stops publishing a track.', byProducer, Nothing, joined),
  pauseProducer: method('Mutes a track: the others get `consumerPaused`.', byProducer, Nothing, joined),
  resumeProducer: method('Unmutes a track: the others get `consumerResumed`.', byProducer, Nothing, joined),
  closeDataProducer: method('Closes a data channel this peer sends on.', byDataProducer, Nothing, joined),

  pauseConsumer: method(
    'Stops receiving a track for now; costs no bandwidth until resumed.',
    byConsumer,
    Nothing,
    joined,
  ),
  resumeConsumer: method(
    'Receives a paused track again; a key frame is requested.',
    byConsumer,
    Nothing,
    joined,
  ),

  setConsumerPreferredLayers: method(
    'The highest simulcast or SVC layer wanted. Less is sent when bandwidth does not allow it.',
    Type.Object({ consumerId: ObjectId, ...ConsumerLayers.properties }),
    Nothing,
    joined,
  ),

  setConsumerPriority: method(
    'Which consumers get bandwidth first when there is not enough: 255 before 1 (the default).',
    Type.Object({ consumerId: ObjectId, priority: Type.Integer({ minimum: 1, maximum: 255 }) }),
    Nothing,
    joined,
  ),

  requestConsumerKeyFrame: method('Asks the publisher for a key frame.', byConsumer, Nothing, joined),

  changeDisplayName: method(
    'Changes the own name; the others get `peerDisplayNameChanged`.',
    Type.Object({ displayName: DisplayName }),
    Nothing,
    joined,
  ),

  getTransportStats: method('Statistics of a transport of this peer.', byTransport, stats),
  getProducerStats: method('Statistics of a producer of this peer.', byProducer, stats),
  getConsumerStats: method('Statistics of a consumer of this peer.', byConsumer, stats),
  getDataProducerStats: method('Statistics of a data producer of this peer.', byDataProducer, stats),
  getDataConsumerStats: method('Statistics of a data consumer of this peer.', byDataConsumer, stats),

  applyNetworkThrottle: method(
    'Refused with `not-supported`: it would shape the network of the whole host.',
    Nothing,
    Nothing,
  ),
  stopNetworkThrottle: method('Refused with `not-supported`, see `applyNetworkThrottle`.', Nothing, Nothing),
  resetNetworkThrottle: method('Refused with `not-supported`, see `applyNetworkThrottle`.', Nothing, Nothing),

  'room.get': method(
    'The room this connection is in, and what this client may do there.',
    Nothing,
    Type.Object({ room: RoomInfo, grants: Grants }),
  ),

  'room.getPeers': method(
    'Everybody else who has joined, with what they publish.',
    Nothing,
    Type.Object({ peers: Type.Array(PeerInfo) }),
    joined,
  ),

  'room.getProducers': method(
    'What there is to subscribe to, of everybody else or of one peer.',
    Type.Object({ peerId: Type.Optional(PeerIdText) }),
    Type.Object({ producers: Type.Array(ProducerInfo), dataProducers: Type.Array(DataProducerInfo) }),
    joined,
  ),

  'room.subscribe': method(
    'Receives one producer. The server sends `newConsumer` and answers after the client has accepted it. Subscribing twice gives the same consumer.',
    Type.Object({
      producerId: ObjectId,
      paused: Type.Optional(
        Type.Boolean({ description: 'Do not resume after `newConsumer`; use `resumeConsumer` later.' }),
      ),
      preferredLayers: Type.Optional(ConsumerLayers),
      priority: Type.Optional(Type.Integer({ minimum: 1, maximum: 255 })),
    }),
    Type.Object({ consumerId: ObjectId }),
    joined,
  ),

  'room.unsubscribe': method(
    'Closes a consumer of this peer. Answered only; no `consumerClosed` follows.',
    byConsumer,
    Nothing,
    joined,
  ),

  'room.subscribeData': method(
    'Receives one data producer: the server sends `newDataConsumer` and answers after it was accepted.',
    byDataProducer,
    Type.Object({ dataConsumerId: ObjectId }),
    joined,
  ),

  'room.unsubscribeData': method('Closes a data consumer of this peer.', byDataConsumer, Nothing, joined),

  'room.setMetadata': method(
    'Replaces the own metadata; the others get `room.peerMetadataChanged`.',
    Type.Object({ metadata: Metadata }),
    Nothing,
    joined,
  ),

  'room.setProducerMetadata': method(
    'Replaces the metadata of an own producer; the others get `room.producerMetadataChanged`.',
    Type.Object({ producerId: ObjectId, metadata: Metadata }),
    Nothing,
    joined,
  ),

  'room.ping': method('Does nothing: proves that both ends live, and measures the way.', Nothing, Nothing),

  'room.leave': method(
    'Leaves in order: the others get `peerClosed` with this reason, then the socket is closed with code 4000.',
    Type.Object({
      reason: Type.Optional(Type.String({ maxLength: 128, description: 'Free text for the others.' })),
    }),
    Nothing,
  ),

  ...moderationRequests,
  ...recordingRequests,
} as const satisfies Record<string, MethodFacts<TObject, TSchema>>

export type Requests = typeof requests
export type Method = keyof Requests
export type Input<M extends Method> = Static<Requests[M]['input']>
export type Output<M extends Method> = Static<Requests[M]['output']>

/** One function for each method of the list: leaving one out does not compile. */
export type Handlers<Context, M extends Method = Method> = {
  readonly [K in M]: (context: Context, input: Input<K>) => Promise<Output<K>> | Output<K>
}
