import { Emitter } from './emitter.ts'
import type { ParticipantEvents } from './events.ts'
import type { TrackPublication } from './publication.ts'
import type { ConnectionQuality, DeviceInfo, Metadata, TrackSource } from './types.ts'

/** Somebody in the room: {@link LocalParticipant} or {@link RemoteParticipant}. */
export abstract class Participant<
  Publication extends TrackPublication = TrackPublication,
> extends Emitter<ParticipantEvents> {
  /** Unique in the room. Of the local participant: empty before it is connected. */
  abstract get id(): string
  /** By `publication.id`. */
  abstract get publications(): ReadonlyMap<string, Publication>
  abstract readonly isLocal: boolean

  /** The name shown to people. */
  get name(): string {
    return ''
  }

  get device(): DeviceInfo {
    return {}
  }

  get metadata(): Metadata {
    return {}
  }

  /** Whether it makes sound now. */
  get isSpeaking(): boolean {
    return false
  }

  /** How loud: 0 (silent, −80 dBov or less) to 1 (full scale), linear in decibels. */
  get audioLevel(): number {
    return 0
  }

  get connectionQuality(): ConnectionQuality {
    return 'unknown'
  }

  /** The first publication from `source`. */
  getPublication(source: TrackSource): Publication | undefined {
    for (const publication of this.publications.values()) {
      if (publication.source === source) return publication
    }
    return undefined
  }

  /** Whether a camera is published and not muted. */
  get isCameraEnabled(): boolean {
    return this.#isOn('camera')
  }

  /** Whether a microphone is published and not muted. */
  get isMicrophoneEnabled(): boolean {
    return this.#isOn('microphone')
  }

  /** Whether a screen is being shared. */
  get isScreenShareEnabled(): boolean {
    return this.#isOn('screen')
  }

  #isOn(source: TrackSource): boolean {
    const publication = this.getPublication(source)
    return publication !== undefined && !publication.isMuted
  }
}
