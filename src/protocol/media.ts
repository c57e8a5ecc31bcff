import { Type } from 'typebox'

/**
 * mediasoup's own nouns as schemas: what clients send of them is checked here before mediasoup sees it. Objects are open
 * (a newer mediasoup-client may add fields), the fields we name are typed and bounded.
 */

const uint32 = Type.Integer({ minimum: 0, maximum: 0xffffffff })
const shortText = Type.String({ maxLength: 256 })
const payloadType = Type.Integer({ minimum: 0, maximum: 127 })

/** One of these texts. */
function oneOf<const T extends readonly string[]>(values: T, options: { description?: string } = {}) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...options })
}

/** A mediasoup object id: a UUID, but only its length is promised. */
export const ObjectId = Type.String({ minLength: 1, maxLength: 64 })

export const MediaKind = Type.Union([Type.Literal('audio'), Type.Literal('video')])

/** Values are plain ones; mediasoup-client's own type leaves them open, so ours does. */
const CodecParameters = Type.Unsafe<Record<string, unknown>>(
  Type.Record(
    Type.String({ maxLength: 64 }),
    Type.Union([shortText, Type.Number(), Type.Boolean(), Type.Null()]),
    { maxProperties: 64 },
  ),
)

const RtcpFeedback = Type.Object({ type: shortText, parameter: Type.Optional(shortText) })

export const RtpCapabilities = Type.Object(
  {
    codecs: Type.Optional(
      Type.Array(
        Type.Object({
          kind: MediaKind,
          mimeType: shortText,
          preferredPayloadType: payloadType,
          clockRate: uint32,
          channels: Type.Optional(Type.Integer({ minimum: 1, maximum: 255 })),
          parameters: Type.Optional(CodecParameters),
          rtcpFeedback: Type.Optional(Type.Array(RtcpFeedback, { maxItems: 32 })),
        }),
        { maxItems: 128 },
      ),
    ),
    headerExtensions: Type.Optional(
      Type.Array(
        Type.Object({
          kind: MediaKind,
          uri: shortText,
          preferredId: Type.Integer({ minimum: 1, maximum: 255 }),
          preferredEncrypt: Type.Optional(Type.Boolean()),
          direction: Type.Optional(oneOf(['sendrecv', 'sendonly', 'recvonly', 'inactive'])),
        }),
        { maxItems: 64 },
      ),
    ),
  },
  { description: 'RtpCapabilities of mediasoup: the codecs and header extensions an endpoint can receive.' },
)

const RtpEncodingParameters = Type.Object({
  ssrc: Type.Optional(uint32),
  rid: Type.Optional(shortText),
  codecPayloadType: Type.Optional(payloadType),
  rtx: Type.Optional(Type.Object({ ssrc: uint32 })),
  dtx: Type.Optional(Type.Boolean()),
  scalabilityMode: Type.Optional(Type.String({ maxLength: 32 })),
  scaleResolutionDownBy: Type.Optional(Type.Number({ minimum: 1, maximum: 1024 })),
  maxBitrate: Type.Optional(Type.Number({ minimum: 0, maximum: 1e10 })),
})

export const RtpParameters = Type.Object(
  {
    mid: Type.Optional(Type.String({ maxLength: 32 })),
    codecs: Type.Array(
      Type.Object({
        mimeType: shortText,
        payloadType,
        clockRate: uint32,
        channels: Type.Optional(Type.Integer({ minimum: 1, maximum: 255 })),
        parameters: Type.Optional(CodecParameters),
        rtcpFeedback: Type.Optional(Type.Array(RtcpFeedback, { maxItems: 32 })),
      }),
      { minItems: 1, maxItems: 32 },
    ),
    headerExtensions: Type.Optional(
      Type.Array(
        Type.Object({
          uri: shortText,
          id: Type.Integer({ minimum: 1, maximum: 255 }),
          encrypt: Type.Optional(Type.Boolean()),
          parameters: Type.Optional(CodecParameters),
        }),
        { maxItems: 64 },
      ),
    ),
    encodings: Type.Optional(Type.Array(RtpEncodingParameters, { maxItems: 16 })),
    rtcp: Type.Optional(
      Type.Object({
        cname: Type.Optional(shortText),
        reducedSize: Type.Optional(Type.Boolean()),
        mux: Type.Optional(Type.Boolean()),
      }),
    ),
    msid: Type.Optional(shortText),
  },
  { description: 'RtpParameters of mediasoup: what a producer sends or a consumer receives.' },
)

export const DtlsParameters = Type.Object(
  {
    role: Type.Optional(Type.Union([Type.Literal('auto'), Type.Literal('client'), Type.Literal('server')])),
    fingerprints: Type.Array(
      Type.Object({
        algorithm: oneOf(['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']),
        value: Type.String({ minLength: 59, maxLength: 255, pattern: '^[0-9A-Fa-f:]+$' }),
      }),
      { minItems: 1, maxItems: 8 },
    ),
  },
  { description: 'DtlsParameters of mediasoup: role and certificate fingerprints.' },
)

export const IceParameters = Type.Object(
  {
    usernameFragment: shortText,
    password: shortText,
    iceLite: Type.Optional(Type.Boolean()),
  },
  { description: 'IceParameters of mediasoup.' },
)

export const IceCandidate = Type.Object(
  {
    foundation: shortText,
    priority: uint32,
    ip: shortText,
    address: shortText,
    protocol: Type.Union([Type.Literal('udp'), Type.Literal('tcp')]),
    port: Type.Integer({ minimum: 0, maximum: 65535 }),
    type: Type.String(),
    tcpType: Type.Optional(Type.String()),
  },
  { description: 'IceCandidate of mediasoup.' },
)

/** Returned by the server only, so it is described and not bounded. */
export const SctpParameters = Type.Object(
  {
    port: Type.Number(),
    OS: Type.Optional(Type.Number()),
    MIS: Type.Optional(Type.Number()),
    maxMessageSize: Type.Optional(Type.Number()),
  },
  { description: 'SctpParameters of mediasoup.' },
)

export const SctpStreamParameters = Type.Object(
  {
    streamId: Type.Optional(Type.Integer({ minimum: 0, maximum: 65534 })),
    ordered: Type.Optional(Type.Boolean()),
    maxPacketLifeTime: Type.Optional(Type.Integer({ minimum: 0, maximum: 65535 })),
    maxRetransmits: Type.Optional(Type.Integer({ minimum: 0, maximum: 65535 })),
  },
  { description: 'SctpStreamParameters of mediasoup.' },
)

export const ConsumerLayers = Type.Object(
  {
    spatialLayer: Type.Integer({ minimum: 0, maximum: 7 }),
    temporalLayer: Type.Optional(Type.Integer({ minimum: 0, maximum: 7 })),
  },
  { description: 'A spatial (resolution) and temporal (frame rate) layer, counted from 0, the lowest.' },
)

export const ConsumerType = oneOf(['simple', 'simulcast', 'svc', 'pipe'], {
  description: 'simple: one encoding. simulcast, svc: layers to choose from.',
})

export const ConsumerScore = Type.Object(
  {
    score: Type.Number({ description: 'Of the stream towards this client, 0 (worst) to 10.' }),
    producerScore: Type.Number({ description: 'Of the encoding being forwarded, 0 to 10.' }),
    producerScores: Type.Array(Type.Number(), { description: 'Of each encoding of the producer.' }),
  },
  { description: 'Reception quality from RTCP: 10 is no loss.' },
)

export const ProducerScore = Type.Object({
  encodingIdx: Type.Number(),
  ssrc: Type.Number(),
  rid: Type.Optional(Type.String()),
  score: Type.Number(),
})

/** Statistics pass through as mediasoup gives them. */
export const Stats = Type.Array(Type.Record(Type.String(), Type.Unknown()), {
  description: 'Statistics as mediasoup reports them, see its documentation (RTC Statistics).',
})
