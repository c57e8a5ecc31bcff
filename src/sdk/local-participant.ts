import { Participant } from './participant.ts'
import type { LocalTrackPublication } from './publication.ts'
import type { LocalTrack } from './track.ts'
import type {
  AudioCaptureOptions,
  DataPublishOptions,
  Metadata,
  ScreenShareOptions,
  TrackPublishOptions,
  VideoCaptureOptions,
} from './types.ts'

/** This client in the room: what it publishes, and what it says of itself. */
export class LocalParticipant extends Participant<LocalTrackPublication> {
  readonly isLocal = true
  readonly #publications = new Map<string, LocalTrackPublication>()

  /** @internal */
  constructor() {
    super()
  }

  get id(): string {
    return ''
  }

  get publications(): ReadonlyMap<string, LocalTrackPublication> {
    return this.#publications
  }

  /**
   * Turns the camera on (captures and publishes it, or captures it anew) or off (sends nothing and releases it, so that
   * its light goes out). Calls are carried out one after the other.
   *
   * @throws {SluiceError} `permission-denied`, `device-not-found`, `device-in-use`, `insecure-context`; `limit-exceeded`,
   * `forbidden` and the like from the server; `not-connected`.
   */
  async setCameraEnabled(
    _enabled: boolean,
    _options: VideoCaptureOptions & TrackPublishOptions = {},
  ): Promise<LocalTrackPublication | undefined> {
    throw new Error('not implemented yet')
  }

  /** Turns the microphone on, or off: muted, and released only with `stopMicrophoneOnMute`. Throws as `setCameraEnabled`. */
  async setMicrophoneEnabled(
    _enabled: boolean,
    _options: AudioCaptureOptions & TrackPublishOptions = {},
  ): Promise<LocalTrackPublication | undefined> {
    throw new Error('not implemented yet')
  }

  /**
   * Shares a screen, window or tab that the person picks, or stops sharing. Call it in a click.
   *
   * @throws {SluiceError} `permission-denied` also when the person closed the picker; the rest as `setCameraEnabled`.
   */
  async setScreenShareEnabled(
    _enabled: boolean,
    _options: ScreenShareOptions & TrackPublishOptions = {},
  ): Promise<LocalTrackPublication | undefined> {
    throw new Error('not implemented yet')
  }

  /** Turns camera and microphone on with one question for permission. */
  async enableCameraAndMicrophone(): Promise<void> {
    throw new Error('not implemented yet')
  }

  /**
   * Publishes a track: one of {@link createLocalTracks}, or any `MediaStreamTrack` (a canvas, a file, an own capture). While
   * the room is being connected it waits for that. A `MediaStreamTrack` stays the application's: the SDK never stops it.
   */
  async publishTrack(
    _track: LocalTrack | MediaStreamTrack,
    _options: TrackPublishOptions = {},
  ): Promise<LocalTrackPublication> {
    throw new Error('not implemented yet')
  }

  /** Stops publishing. `stop` also ends the capture; default: true for tracks the SDK captured. */
  async unpublishTrack(
    _track: LocalTrackPublication | LocalTrack | MediaStreamTrack,
    _stop?: boolean,
  ): Promise<void> {
    throw new Error('not implemented yet')
  }

  /**
   * Sends to everybody in the room. Text arrives as text, bytes as bytes. Resolves when the browser has taken it.
   *
   * @throws {SluiceError} `data-too-large`, `not-connected`, or what the server answers (`forbidden`, `limit-exceeded`).
   */
  async publishData(_payload: string | Uint8Array, _options: DataPublishOptions = {}): Promise<void> {
    throw new Error('not implemented yet')
  }

  /** Changes the name shown to the others. */
  async setName(_name: string): Promise<void> {
    throw new Error('not implemented yet')
  }

  /** Replaces the own metadata. */
  async setMetadata(_metadata: Metadata): Promise<void> {
    throw new Error('not implemented yet')
  }
}
