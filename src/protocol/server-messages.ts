import { Type, type Static, type TObject, type TSchema } from 'typebox'
import { closeReasons, type CloseReason } from './close-reasons.ts'
import { Grants } from './grants.ts'
import { notification, ours, type NotificationFacts } from './facts.ts'
import {
  ConsumerLayers,
  ConsumerScore,
  ConsumerType,
  MediaKind,
  ObjectId,
  ProducerScore,
  RtpParameters,
  SctpStreamParameters,
} from './media.ts'
import { DataProducerInfo, DisplayName, Metadata, PeerIdText, PeerInfo, ProducerInfo } from './model.ts'
import { moderationNotifications } from './moderation.ts'
import { recordingNotifications } from './recording.ts'

/** What the server sends: requests that the client answers, and notifications. */

interface ServerRequestFacts<I extends TSchema, O extends TSchema> {
  readonly about: string
  readonly input: I
  /** What the client answers; an empty object is enough. */
  readonly output: O
}

function request<I extends TObject, O extends TObject>(
  about: string,
  input: I,
  output: O,
): ServerRequestFacts<I, O> {
  return { about, input, output }
}

export const serverRequests = {
  newConsumer: request(
    'A track to receive. The consumer is paused until this is answered, then it is resumed. Refusing it (an error response) or not answering closes it.',
    Type.Object({
      peerId: PeerIdText,
      transportId: ObjectId,
      consumerId: ObjectId,
      producerId: ObjectId,
      kind: MediaKind,
      rtpParameters: RtpParameters,
      type: ConsumerType,
      producerPaused: Type.Boolean(),
      consumerScore: ConsumerScore,
      appData: Type.Object({
        peerId: PeerIdText,
        source: Type.String({ description: 'In the demo’s words: audio, video, screensharing.' }),
      }),
    }),
    Type.Object({
      paused: Type.Optional(
        Type.Boolean({ description: 'Our addition: leave the consumer paused until `resumeConsumer`.' }),
      ),
      preferredLayers: Type.Optional(ConsumerLayers),
    }),
  ),

  newDataConsumer: request(
    'A data channel to receive. Refusing it closes it; not answering is tolerated, but for the bot’s.',
    Type.Object({
      peerId: Type.Optional({
        ...PeerIdText,
        description: 'Left out for the bot (label `bot`), whose texts only clients of mediasoup-demo get.',
      }),
      transportId: ObjectId,
      dataConsumerId: ObjectId,
      dataProducerId: ObjectId,
      sctpStreamParameters: SctpStreamParameters,
      label: Type.String(),
      protocol: Type.String(),
      appData: Type.Object({ peerId: Type.Optional(PeerIdText), channel: Type.String() }),
    }),
    Type.Object({}),
  ),
} as const satisfies Record<string, ServerRequestFacts<TObject, TObject>>

const CloseReasonText = Type.Unsafe<CloseReason>({ type: 'string', enum: Object.keys(closeReasons) })
const byProducer = Type.Object({ producerId: ObjectId, peerId: PeerIdText })

export const notifications = {
  mediasoupVersion: notification(
    'The first message on every connection.',
    Type.Object({ version: Type.String() }),
  ),
  newPeer: notification('A peer joined.', Type.Object({ peer: PeerInfo })),
  peerClosed: notification(
    'A peer left.',
    Type.Object({
      peerId: PeerIdText,
      reason: CloseReasonText,
      message: Type.Optional(Type.String({ description: 'What the peer gave to `room.leave`.' })),
    }),
  ),
  peerDisplayNameChanged: notification(
    'A peer changed its name.',
    Type.Object({ peerId: PeerIdText, displayName: DisplayName, oldDisplayName: DisplayName }),
  ),
  producerScore: notification(
    'How well the server receives a producer of this client.',
    Type.Object({ producerId: ObjectId, score: Type.Array(ProducerScore) }),
  ),
  consumerScore: notification(
    'The score of a consumer changed.',
    Type.Object({ consumerId: ObjectId, score: ConsumerScore }),
  ),
  consumerPaused: notification('The publisher muted.', Type.Object({ consumerId: ObjectId })),
  consumerResumed: notification('The publisher unmuted.', Type.Object({ consumerId: ObjectId })),
  consumerClosed: notification(
    'The producer behind a consumer is gone.',
    Type.Object({ consumerId: ObjectId }),
  ),
  consumerLayersChanged: notification(
    'The layers being sent changed. Without `layers` nothing is sent.',
    Type.Object({ consumerId: ObjectId, layers: Type.Optional(ConsumerLayers) }),
  ),
  dataConsumerClosed: notification(
    'The data producer behind a data consumer is gone.',
    Type.Object({ dataConsumerId: ObjectId }),
  ),
  activeSpeaker: notification(
    'Who dominates the conversation. Without `peerId`: nobody.',
    Type.Object({ peerId: Type.Optional(PeerIdText) }),
  ),
  speakingPeers: notification(
    'Who makes sound, and how loud. Empty on silence.',
    Type.Object({
      peerVolumes: Type.Array(
        Type.Object({ peerId: PeerIdText, volume: Type.Number({ description: 'dBov, −127 to 0.' }) }),
      ),
    }),
  ),

  'room.welcome': ours(
    'The second message on a connection to `/ws`: who this client is, and what proves it when it connects again.',
    Type.Object({
      peerId: PeerIdText,
      peerSecret: Type.String({
        description: 'Give it as `peerSecret` together with `peerId` to take this peer’s place again.',
      }),
      roomId: Type.String(),
      grants: Grants,
      serverVersion: Type.String(),
      codecOptions: Type.Object(
        { opusFec: Type.Boolean(), opusDtx: Type.Boolean() },
        { description: 'How the operator wants Opus to be sent.' },
      ),
      pingSeconds: Type.Integer({
        description: 'Send `room.ping` about this often to notice a dead connection.',
      }),
    }),
  ),
  'room.producerOpened': ours('A peer publishes something.', Type.Object({ producer: ProducerInfo })),
  'room.producerClosed': ours('A peer stopped publishing something.', byProducer),
  'room.producerPaused': ours(
    'A peer muted a producer; also sent to those who do not consume it.',
    byProducer,
  ),
  'room.producerResumed': ours('A peer unmuted a producer.', byProducer),
  'room.producerMetadataChanged': ours(
    'The metadata of a producer changed.',
    Type.Object({ producerId: ObjectId, peerId: PeerIdText, metadata: Metadata }),
  ),
  'room.dataProducerOpened': ours(
    'A peer opened a data channel.',
    Type.Object({ dataProducer: DataProducerInfo }),
  ),
  'room.dataProducerClosed': ours(
    'A peer closed a data channel.',
    Type.Object({ dataProducerId: ObjectId, peerId: PeerIdText }),
  ),
  'room.peerMetadataChanged': ours(
    'The metadata of a peer changed.',
    Type.Object({ peerId: PeerIdText, metadata: Metadata }),
  ),
  'room.messageRejected': ours(
    'A message that could not be answered (no request, or not readable at all) was refused.',
    Type.Object({
      method: Type.Optional(Type.String()),
      code: Type.String({ description: 'An error code, see below.' }),
      reason: Type.String(),
    }),
  ),
  'room.closed': ours(
    'The last message before the server closes the socket.',
    Type.Object({
      reason: CloseReasonText,
      reconnect: Type.Boolean({ description: 'Whether connecting again makes sense.' }),
      message: Type.Optional(Type.String({ description: 'What the moderator said to it.' })),
    }),
  ),

  ...moderationNotifications,
  ...recordingNotifications,
} as const satisfies Record<string, NotificationFacts<TObject>>

export type ServerRequests = typeof serverRequests
export type ServerMethod = keyof ServerRequests
export type ServerRequestInput<M extends ServerMethod> = Static<ServerRequests[M]['input']>
export type ServerRequestOutput<M extends ServerMethod> = Static<ServerRequests[M]['output']>

export type Notifications = typeof notifications
export type NotificationMethod = keyof Notifications
export type NotificationData<M extends NotificationMethod> = Static<Notifications[M]['data']>
