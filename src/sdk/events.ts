import type { SluiceError } from './errors.ts'
import type { LocalParticipant } from './local-participant.ts'
import type { Participant } from './participant.ts'
import type { LocalTrackPublication, RemoteTrackPublication, TrackPublication } from './publication.ts'
import type { RemoteParticipant } from './remote-participant.ts'
import type { RemoteTrack } from './track.ts'
import type {
  ConnectionQuality,
  ConnectionState,
  DisconnectReason,
  Grants,
  LiveRecording,
  Metadata,
  RecordingHealth,
  RoomPolicy,
  StopReason,
  TrackSource,
  WaitingPerson,
  WaitReason,
} from './types.ts'

/** What a {@link Room} tells, with the arguments of each listener. */
export interface RoomEvents {
  /** `connect()` succeeded; everybody who is there is in `remoteParticipants`. */
  connected: []
  /** The room was left, for good: by `disconnect()`, by the server, or because reconnecting took too long. */
  disconnected: [reason: DisconnectReason, error: SluiceError | undefined]
  /** The connection broke; it is being restored. Media may go on meanwhile. */
  reconnecting: []
  /** The connection is restored, and local tracks are published again. */
  reconnected: []
  connectionStateChanged: [state: ConnectionState]
  /** This client has to be let in; `connect()` goes on when it is. Again when the reason changes. */
  waiting: [why: WaitReason]

  participantConnected: [participant: RemoteParticipant]
  /** `reason` is what they gave to `disconnect()`, or a {@link DisconnectReason}. */
  participantDisconnected: [participant: RemoteParticipant, reason: string | undefined]
  participantNameChanged: [participant: Participant, previous: string]
  participantMetadataChanged: [participant: Participant, previous: Metadata]

  trackPublished: [publication: RemoteTrackPublication, participant: RemoteParticipant]
  trackUnpublished: [publication: RemoteTrackPublication, participant: RemoteParticipant]
  /** A track can be attached now. */
  trackSubscribed: [track: RemoteTrack, publication: RemoteTrackPublication, participant: RemoteParticipant]
  /** The track is gone. Its elements are detached after this: `track.attachedElements` still has them, to be removed. */
  trackUnsubscribed: [track: RemoteTrack, publication: RemoteTrackPublication, participant: RemoteParticipant]
  trackSubscriptionFailed: [
    publication: RemoteTrackPublication,
    participant: RemoteParticipant,
    error: SluiceError,
  ]
  trackMuted: [publication: TrackPublication, participant: Participant]
  trackUnmuted: [publication: TrackPublication, participant: Participant]
  trackMetadataChanged: [publication: TrackPublication, participant: Participant]
  /** Reception was paused or resumed by `adaptiveStream` or `setEnabled`; see `publication.isPaused`. */
  trackPausedChanged: [publication: RemoteTrackPublication, participant: RemoteParticipant]
  /** The server sends another layer; see `publication.currentLayers`. */
  trackLayersChanged: [publication: RemoteTrackPublication, participant: RemoteParticipant]

  localTrackPublished: [publication: LocalTrackPublication, participant: LocalParticipant]
  /** Also when a shared screen was ended from the browser's own bar, or a device was unplugged. */
  localTrackUnpublished: [publication: LocalTrackPublication, participant: LocalParticipant]

  /** Who makes sound, loudest first. */
  activeSpeakersChanged: [speakers: readonly Participant[]]
  /** Who has the word; changes less often than `activeSpeakersChanged`. */
  dominantSpeakerChanged: [participant: Participant | undefined]
  connectionQualityChanged: [quality: ConnectionQuality, participant: Participant]

  dataReceived: [payload: string | Uint8Array, participant: RemoteParticipant, topic: string]
  /** Something the application's backend sent to the room, or to this participant. */
  serverMessage: [payload: unknown, topic: string]

  /** `by` is the moderator, here and below; undefined when the application's backend did it, or they left meanwhile. */
  policyChanged: [policy: RoomPolicy, by: Participant | undefined]
  roomMetadataChanged: [metadata: Readonly<Metadata>]
  /** What this client may do changed. What it may not do any more has ended, see `stoppedBy`. */
  grantsChanged: [grants: Grants, by: Participant | undefined]
  /** Somebody became moderator or is one no longer: `participant.isModerator`. */
  moderatorChanged: [participant: Participant]
  /** To moderators: somebody waits to be let in. */
  knocked: [person: WaitingPerson]
  /** To moderators: who waits to be let in, longest first. */
  lobbyChanged: [waiting: readonly WaitingPerson[]]
  handRaised: [participant: Participant]
  /** `by` is there when somebody else lowered it. */
  handLowered: [participant: Participant, by: Participant | undefined]
  spotlightChanged: [participant: Participant | undefined, by: Participant | undefined]
  /** A moderator muted something of this client. */
  mutedBy: [publication: LocalTrackPublication, by: Participant | undefined]
  /** A moderator asks this client to unmute, or to turn something on. Ask the person; nobody is forced. */
  unmuteAsked: [source: TrackSource, by: Participant | undefined]
  /** Something of this client was ended: `localTrackUnpublished` came before. */
  stoppedBy: [source: TrackSource, why: StopReason, by: Participant | undefined]
  /** This client cannot send on this topic any more. */
  dataStoppedBy: [topic: string, why: StopReason, by: Participant | undefined]

  /**
   * A recording of the room began, changed or ended (undefined; `reason` says why). Show `recording.notice`, and where it
   * `asksConsent`, ask. Comes before `connected`, too, where a recording goes on already.
   */
  recordingChanged: [recording: LiveRecording | undefined, reason: string | undefined]
  /** To those who may stop it, every few seconds: how the recording goes. */
  recordingHealth: [health: RecordingHealth]
  /** To those who may start one: the recording that is to begin by itself could not; it is tried again. */
  recordingFailed: [why: string]

  /** A camera, microphone or speaker was plugged in or pulled out. */
  mediaDevicesChanged: []
  /** A camera, microphone or screen could not be captured, or stopped by itself. */
  mediaDevicesError: [error: SluiceError, source: TrackSource]
  /** The device in use for a kind changed. */
  activeDeviceChanged: [kind: MediaDeviceKind, deviceId: string]
  /** Whether the browser lets audio play; if not, call `startAudio()` in a click. */
  audioPlaybackChanged: [canPlay: boolean]
}

/** What a {@link Participant} tells: the room's events that concern it, without naming it again. */
export interface ParticipantEvents {
  nameChanged: [name: string, previous: string]
  metadataChanged: [metadata: Metadata, previous: Metadata]
  trackPublished: [publication: TrackPublication]
  trackUnpublished: [publication: TrackPublication]
  trackSubscribed: [track: RemoteTrack, publication: RemoteTrackPublication]
  trackUnsubscribed: [track: RemoteTrack, publication: RemoteTrackPublication]
  trackMuted: [publication: TrackPublication]
  trackUnmuted: [publication: TrackPublication]
  trackMetadataChanged: [publication: TrackPublication]
  isSpeakingChanged: [isSpeaking: boolean]
  /** 0 to 1, about every 0.8 seconds while there is sound. */
  audioLevelChanged: [level: number]
  connectionQualityChanged: [quality: ConnectionQuality]
  moderatorChanged: [isModerator: boolean]
  handRaised: [at: Date]
  handLowered: [by: Participant | undefined]
  dataReceived: [payload: string | Uint8Array, topic: string]
}

/** What a {@link Track} tells. */
export interface TrackEvents {
  /** `mediaStreamTrack` is another one now (device switched, camera on again, reconnected). Elements follow by themselves. */
  mediaStreamTrackChanged: [mediaStreamTrack: MediaStreamTrack]
  /** The source ended by itself: device pulled out, sharing stopped in the browser's bar. */
  ended: []
  attached: [element: HTMLMediaElement]
  detached: [element: HTMLMediaElement]
}

/** The names of {@link RoomEvents}, for those who like constants better than strings. */
export const RoomEvent = {
  Connected: 'connected',
  Disconnected: 'disconnected',
  Reconnecting: 'reconnecting',
  Reconnected: 'reconnected',
  ConnectionStateChanged: 'connectionStateChanged',
  Waiting: 'waiting',
  ParticipantConnected: 'participantConnected',
  ParticipantDisconnected: 'participantDisconnected',
  ParticipantNameChanged: 'participantNameChanged',
  ParticipantMetadataChanged: 'participantMetadataChanged',
  TrackPublished: 'trackPublished',
  TrackUnpublished: 'trackUnpublished',
  TrackSubscribed: 'trackSubscribed',
  TrackUnsubscribed: 'trackUnsubscribed',
  TrackSubscriptionFailed: 'trackSubscriptionFailed',
  TrackMuted: 'trackMuted',
  TrackUnmuted: 'trackUnmuted',
  TrackMetadataChanged: 'trackMetadataChanged',
  TrackPausedChanged: 'trackPausedChanged',
  TrackLayersChanged: 'trackLayersChanged',
  LocalTrackPublished: 'localTrackPublished',
  LocalTrackUnpublished: 'localTrackUnpublished',
  ActiveSpeakersChanged: 'activeSpeakersChanged',
  DominantSpeakerChanged: 'dominantSpeakerChanged',
  ConnectionQualityChanged: 'connectionQualityChanged',
  DataReceived: 'dataReceived',
  ServerMessage: 'serverMessage',
  PolicyChanged: 'policyChanged',
  RoomMetadataChanged: 'roomMetadataChanged',
  GrantsChanged: 'grantsChanged',
  ModeratorChanged: 'moderatorChanged',
  Knocked: 'knocked',
  LobbyChanged: 'lobbyChanged',
  HandRaised: 'handRaised',
  HandLowered: 'handLowered',
  SpotlightChanged: 'spotlightChanged',
  MutedBy: 'mutedBy',
  UnmuteAsked: 'unmuteAsked',
  StoppedBy: 'stoppedBy',
  DataStoppedBy: 'dataStoppedBy',
  RecordingChanged: 'recordingChanged',
  RecordingHealth: 'recordingHealth',
  RecordingFailed: 'recordingFailed',
  MediaDevicesChanged: 'mediaDevicesChanged',
  MediaDevicesError: 'mediaDevicesError',
  ActiveDeviceChanged: 'activeDeviceChanged',
  AudioPlaybackChanged: 'audioPlaybackChanged',
} as const satisfies Record<string, keyof RoomEvents>

/** The names of {@link ParticipantEvents}. */
export const ParticipantEvent = {
  NameChanged: 'nameChanged',
  MetadataChanged: 'metadataChanged',
  TrackPublished: 'trackPublished',
  TrackUnpublished: 'trackUnpublished',
  TrackSubscribed: 'trackSubscribed',
  TrackUnsubscribed: 'trackUnsubscribed',
  TrackMuted: 'trackMuted',
  TrackUnmuted: 'trackUnmuted',
  TrackMetadataChanged: 'trackMetadataChanged',
  IsSpeakingChanged: 'isSpeakingChanged',
  AudioLevelChanged: 'audioLevelChanged',
  ConnectionQualityChanged: 'connectionQualityChanged',
  ModeratorChanged: 'moderatorChanged',
  HandRaised: 'handRaised',
  HandLowered: 'handLowered',
  DataReceived: 'dataReceived',
} as const satisfies Record<string, keyof ParticipantEvents>
