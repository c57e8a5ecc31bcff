import { getLocalDevices } from './devices.ts'
import { Emitter } from './emitter.ts'
import type { RoomEvents } from './events.ts'
import { LocalParticipant } from './local-participant.ts'
import type { Participant } from './participant.ts'
import type { RemoteParticipant } from './remote-participant.ts'
import type { ConnectOptions, ConnectionState, RoomOptions, RoomStats } from './types.ts'

/** A room, from this client's place in it. It can be connected again after it was left. */
export class Room extends Emitter<RoomEvents> {
  readonly localParticipant = new LocalParticipant()
  readonly options: Readonly<RoomOptions>
  readonly #remoteParticipants = new Map<string, RemoteParticipant>()

  constructor(options: RoomOptions = {}) {
    super()
    this.options = options
  }

  get state(): ConnectionState {
    return 'disconnected'
  }

  /** Empty before the first connection. */
  get roomId(): string {
    return ''
  }

  /** Everybody else, by id. */
  get remoteParticipants(): ReadonlyMap<string, RemoteParticipant> {
    return this.#remoteParticipants
  }

  /** Who makes sound, loudest first. */
  get activeSpeakers(): readonly Participant[] {
    return []
  }

  /** Who has the word. */
  get dominantSpeaker(): Participant | undefined {
    return undefined
  }

  /** False when the browser waits for a click before it plays audio: offer a button that calls `startAudio()`. */
  get canPlayAudio(): boolean {
    return true
  }

  /** Version of the server, after connecting. */
  get serverVersion(): string {
    return ''
  }

  /** Looks a participant up, the local one too. */
  getParticipant(_id: string): Participant | undefined {
    return undefined
  }

  /**
   * Enters a room. Does not ask for camera or microphone.
   *
   * @param url `https://host[:port]`, `wss://host[:port]`, a path, or empty for the page's own origin.
   * @throws {SluiceError} `server-unreachable`, `unauthorized`, `forbidden`, `limit-exceeded`, `unavailable`, `timeout`,
   * `unsupported-browser`; `cancelled` when `disconnect()` came first.
   */
  async connect(_url: string, _options: ConnectOptions): Promise<void> {
    throw new Error('not implemented yet')
  }

  /** Leaves the room and releases everything the SDK captured or made. `reason` is told to the others. */
  async disconnect(_reason?: string): Promise<void> {
    throw new Error('not implemented yet')
  }

  /** Plays audio that the browser held back. Call it in a click. */
  async startAudio(): Promise<void> {
    throw new Error('not implemented yet')
  }

  /** The numbers of now, for a display or a log. */
  async getStats(): Promise<RoomStats> {
    throw new Error('not implemented yet')
  }

  /** The device in use, or the one chosen for the next capture. */
  getActiveDevice(_kind: MediaDeviceKind): string | undefined {
    return undefined
  }

  /**
   * Uses another camera, microphone or speaker, now if it is in use and for every later capture.
   *
   * @throws {SluiceError} `device-not-found` and the like; `not-supported` when the browser cannot choose speakers.
   */
  async switchActiveDevice(_kind: MediaDeviceKind, _deviceId: string): Promise<void> {
    throw new Error('not implemented yet')
  }

  /** See {@link getLocalDevices}. */
  static getLocalDevices(kind?: MediaDeviceKind, requestPermissions = false): Promise<MediaDeviceInfo[]> {
    return getLocalDevices(kind, requestPermissions)
  }

  /** Whether this browser can take part at all. */
  static isSupported(): boolean {
    return typeof RTCPeerConnection === 'function' && typeof WebSocket === 'function'
  }
}
