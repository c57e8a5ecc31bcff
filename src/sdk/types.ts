import type { CloseReason } from '../protocol/close-reasons.ts'
import type { Grants as WireGrants, LiveGrantsInput } from '../protocol/grants.ts'
import type { RoomPolicy as WirePolicy, RoomPolicyInput, Source } from '../protocol/model.ts'
import type { RecordingHealth as WireHealth } from '../protocol/recording.ts'

export type TrackKind = 'audio' | 'video'

/** What a track shows. `other` is anything an application publishes on its own, such as a canvas. */
export type TrackSource = 'microphone' | 'camera' | 'screen' | 'screen-audio' | 'other'

/** A JSON object of the application's own, passed on as it is. */
export type Metadata = Record<string, unknown>

/**
 * `disconnected` → `connecting` → `connected` ⇄ `reconnecting` → `disconnected`. Where one has to be let in, `waiting` comes
 * after `connecting`, and `connecting` once more after it.
 */
export type ConnectionState = 'disconnected' | 'connecting' | 'waiting' | 'connected' | 'reconnecting'

/** What somebody waits for at the door: that a moderator lets them in (`lobby`), or that one comes at all (`host`). */
export type WaitReason = 'lobby' | 'host'

/** Why a room was left: `left` is one's own `disconnect()`. */
export type DisconnectReason =
  | 'left'
  | 'replaced'
  /** A moderator did not let this client in. */
  | 'denied'
  /** A moderator removed this client. It may come again. */
  | 'removed'
  /** A moderator removed this client and does not let it in again. */
  | 'banned'
  /** A moderator, or the application, ended the room for everybody. */
  | 'ended'
  | 'room-closed'
  | 'join-timeout'
  | 'too-many-errors'
  | 'slow-reader'
  | 'connection-lost'
  | 'media-lost'
  | 'worker-died'
  | 'server-closing'
  /** The server did not let this client in, or not again; see the error. */
  | 'refused'

export type Who = 'everyone' | 'moderators'

/** What moderators decide about a room. The server holds everybody to it. */
export interface RoomPolicy {
  /** Nobody new enters, but moderators and who was in the room before. */
  readonly locked: boolean
  /** Who comes waits until a moderator lets them in. */
  readonly lobby: boolean
  /** Who comes waits until a moderator is there. */
  readonly waitForHost: boolean
  /** Who may share a screen. */
  readonly share: Who
  /** Who may send on the topic `chat`. */
  readonly chat: Who
  /** Who may unmute a microphone; others once, after a moderator asked them to. */
  readonly unmute: Who
}

/** What somebody may do in a room. */
export interface Grants {
  /** All sources, or only these. */
  readonly publish: true | readonly TrackSource[]
  readonly subscribe: boolean
  readonly data: boolean
  readonly moderate: boolean
  readonly record: boolean
  readonly updateOwnMetadata: boolean
  /** Whether the others are not told of this client. Then it publishes nothing. */
  readonly hidden: boolean
}

/** What of somebody's grants is to change; what is left out stays. */
export interface GrantsChange {
  /** Everything, nothing, or only these sources. */
  readonly publish?: boolean | readonly TrackSource[]
  readonly subscribe?: boolean
  readonly data?: boolean
  readonly moderate?: boolean
  readonly record?: boolean
  readonly updateOwnMetadata?: boolean
}

/** Why something is not allowed: the own grants, or the policy of the room. */
export type Obstacle = 'grants' | 'policy'

/** Why something was ended by others: a moderator stopped it, or it may not be sent any more. */
export type StopReason = 'moderator' | Obstacle

/** Somebody who waits to be let in. */
export interface WaitingPerson {
  readonly id: string
  readonly name: string
  readonly since: Date
}

/** Somebody who is kept out of the room. */
export interface Ban {
  readonly id: string
  readonly participantId: string
  readonly name: string
  readonly at: Date
  /** Id of the moderator; undefined when the application's backend did it. */
  readonly by: string | undefined
}

/** A recording of the room that goes on. */
export interface LiveRecording {
  readonly recordingId: string
  readonly state: 'starting' | 'recording' | 'stopping'
  readonly startedAt: Date
  /** Id of the participant who started it; undefined when the application's backend did, or the server by itself. */
  readonly by: string | undefined
  /** What people are to be told. */
  readonly notice: string
  /** Whether this client is recorded only after `room.consentToRecording(true)`. */
  readonly asksConsent: boolean
}

/** How a recording goes. */
export interface RecordingHealth {
  readonly recordingId: string
  readonly seconds: number
  /** What is being recorded now. */
  readonly tracks: number
  /** What is published now and could not be recorded. */
  readonly failedTracks: number
  /** Of all tracks since the beginning. */
  readonly packets: number
  /** Packets that never came, of all tracks since the beginning. */
  readonly lostPackets: number
  /** Left on the disk before the recording ends by itself. */
  readonly freeBytes: number
  /** Ids of the participants who are not recorded because they did not agree (yet). */
  readonly waitingForConsent: readonly string[]
  /** Ids of the participants who are not recorded because their client, one of mediasoup-demo, could not be told (yet). */
  readonly untold: readonly string[]
  /**
   * `cpu`: the recorder has more to do than it should, and files may begin to have holes. `tracks`: something cannot be
   * recorded. `no-media`: the room has no media worker for the moment, and the recording waits for it.
   */
  readonly warnings: readonly ('cpu' | 'tracks' | 'no-media')[]
}

/** How well somebody is connected. `unknown` until there is something to judge by. */
export type ConnectionQuality = 'excellent' | 'good' | 'poor' | 'lost' | 'unknown'

/** The most that should be received of a video; `auto` lets the size on the page decide. */
export type VideoQuality = 'low' | 'medium' | 'high' | 'auto'

export type VideoCodec = 'vp8' | 'vp9' | 'h264' | 'av1'

/** The program somebody takes part with, free text. */
export interface DeviceInfo {
  readonly flag?: string
  readonly name?: string
  readonly version?: string
}

/** Layers counted from 0, the lowest. */
export interface VideoLayers {
  readonly spatialLayer: number
  readonly temporalLayer?: number | undefined
}

export interface VideoResolution {
  /** Pixels. */
  width: number
  /** Pixels. */
  height: number
  /** Frames per second. */
  frameRate?: number | undefined
}

export interface VideoEncoding {
  /** Bits per second. */
  maxBitrate: number
  /** Frames per second. */
  maxFramerate?: number | undefined
}

export interface SimulcastLayer extends VideoEncoding {
  /** 1 is the full size, 2 half of width and height, 4 a quarter. */
  scaleDownBy: number
}

export interface VideoCaptureOptions {
  deviceId?: string | undefined
  /** Phones: `user` is the camera on the screen's side. */
  facingMode?: 'user' | 'environment' | undefined
  /** Default 1280×720 at 30. */
  resolution?: VideoResolution | undefined
}

export interface AudioCaptureOptions {
  deviceId?: string | undefined
  /** Default true. */
  echoCancellation?: boolean | undefined
  /** Default true. */
  noiseSuppression?: boolean | undefined
  /** Default true. */
  autoGainControl?: boolean | undefined
  /** Default 1. */
  channelCount?: number | undefined
}

export interface ScreenShareOptions {
  /** Also the sound of the tab or the screen, where the browser offers it. Default false. */
  audio?: boolean | undefined
  /** Default: as large as it is, up to 2560×1440, at 15. */
  resolution?: VideoResolution | undefined
  /** `detail` (default) keeps text sharp, `motion` keeps films smooth. */
  contentHint?: 'detail' | 'text' | 'motion' | undefined
}

export interface PublishDefaults {
  /** Default: the first that the server lists and this browser can send. */
  videoCodec?: VideoCodec | undefined
  /** Several sizes of the camera picture, so that each viewer gets a fitting one. Default true. */
  simulcast?: boolean | undefined
  /** The largest layer of the camera. Default: by resolution. */
  videoEncoding?: VideoEncoding | undefined
  /** The camera's layers, smallest first. Default: a quarter, a half and the full size, fewer for small pictures. */
  simulcastLayers?: readonly SimulcastLayer[] | undefined
  /** Layers inside one stream, for VP9 and AV1. Default `L3T3_KEY` for VP9, and `L1T3` (one size) for AV1. */
  scalabilityMode?: string | undefined
  /** The largest layer of a shared screen. Default: by resolution, at most 15 frames per second. */
  screenShareEncoding?: VideoEncoding | undefined
  /** Default true: two layers, VP8 and H.264 only. */
  screenShareSimulcast?: boolean | undefined
  /** Send almost nothing during silence. Default: what the server says. */
  dtx?: boolean | undefined
  /** Forward error correction of Opus. Default: what the server says. */
  fec?: boolean | undefined
  /** Bits per second of the microphone. Default: the browser's choice. */
  audioBitrate?: number | undefined
  /** Also release the microphone while muted, so that its light goes out; unmuting then takes longer. Default false. */
  stopMicrophoneOnMute?: boolean | undefined
}

export interface TrackPublishOptions extends PublishDefaults {
  /** Default: `microphone` or `camera` by kind for a `MediaStreamTrack`, and what the track says for a `LocalTrack`. */
  source?: TrackSource | undefined
  /** Shown to the others with the publication. */
  metadata?: Metadata | undefined
  /** Publish it muted. Default false. */
  muted?: boolean | undefined
}

export interface DataPublishOptions {
  /** The channel's label. Default `chat`. */
  topic?: string | undefined
  /** `true`: in order and complete. `false`: what is lost stays lost, nothing waits for it. Default true. */
  reliable?: boolean | undefined
}

export interface ReconnectOptions {
  /** Before the second try, doubled with each further one, in milliseconds; the first is made at once. Default 500. */
  initialDelay?: number | undefined
  /** The longest pause between two tries, in milliseconds. Default 5000. */
  maxDelay?: number | undefined
  /** After this long without success the room is left with `connection-lost`, in milliseconds. Default 60000. */
  giveUpAfter?: number | undefined
}

export interface RoomOptions {
  /** Receive only the video that is shown, in the size it is shown in. Default true. */
  adaptiveStream?: boolean | undefined
  /** Play the others' audio without the application attaching it anywhere. Default true. */
  autoPlayAudio?: boolean | undefined
  publishDefaults?: PublishDefaults | undefined
  videoCaptureDefaults?: VideoCaptureOptions | undefined
  audioCaptureDefaults?: AudioCaptureOptions | undefined
  /** Data channels opened on joining, so that the first message finds everybody ready. Default `['chat']`. */
  dataTopics?: readonly string[] | undefined
  /** `false` never reconnects. */
  reconnect?: ReconnectOptions | false | undefined
  /** STUN and TURN servers. Default none: the server is reached directly. */
  iceServers?: readonly RTCIceServer[] | undefined
  /** Media over TCP only. Default false. */
  forceTcp?: boolean | undefined
}

export interface ConnectOptions {
  /** Id of the room. It is created when it does not exist, if the server allows that. */
  room: string
  /** The name the others see. */
  name: string
  /** A room token; a function is asked anew for each reconnection. */
  token?: string | (() => string | Promise<string>) | undefined
  metadata?: Metadata | undefined
  /** Receive everything that is published. With `false`: only what `setSubscribed(true)` asks for. Default true. */
  autoSubscribe?: boolean | undefined
  /** Longest wait for the server, in milliseconds; waiting to be let in does not count. Default 15000. */
  timeout?: number | undefined
}

export interface CreateLocalTracksOptions {
  /** Default true. */
  audio?: boolean | AudioCaptureOptions | undefined
  /** Default true. */
  video?: boolean | VideoCaptureOptions | undefined
}

/** One reading of the numbers that tell how a call is going. */
export interface RoomStats {
  /** Milliseconds since 1970. */
  readonly timestamp: number
  /** Round-trip time to the server, milliseconds; undefined before media flows. */
  readonly roundTripTime: number | undefined
  /** What the browser thinks it can send, bits per second. */
  readonly availableOutgoingBitrate: number | undefined
  readonly bytesSent: number
  readonly bytesReceived: number
  /** State of the two transports, as WebRTC names it. */
  readonly sendState: RTCPeerConnectionState | undefined
  readonly receiveState: RTCPeerConnectionState | undefined
  /** The browser's whole reports. */
  readonly send: RTCStatsReport | undefined
  readonly receive: RTCStatsReport | undefined
}

// A reason or source added to the protocol must be added above: these lines do not compile otherwise.
const everyReason: (reason: CloseReason) => DisconnectReason = (reason) => reason
const everySource: (source: Source) => TrackSource = (source) => source
const everyPolicy: (policy: WirePolicy) => RoomPolicy = (policy) => policy
const everyPolicyChange: (change: Partial<RoomPolicy>) => RoomPolicyInput = (change) => change
const everyGrant: (grants: WireGrants) => Grants = (grants) => grants
const everyGrantsChange: (change: Required<LiveGrantsInput>) => Required<GrantsChange> = (change) => change
const everyHealth: (health: WireHealth) => RecordingHealth = (health) => health
void [everyReason, everySource, everyPolicy, everyPolicyChange, everyGrant, everyGrantsChange, everyHealth]
