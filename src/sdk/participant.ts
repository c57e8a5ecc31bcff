import { Emitter } from './emitter.ts'
import type { ParticipantEvents, RoomEvents } from './events.ts'
import type { TrackPublication } from './publication.ts'
import { settleQuality, unsettled } from './quality.ts'
import type { ConnectionQuality, DeviceInfo, Metadata, TrackSource } from './types.ts'

/** The room's `emit`. */
export type Announce = <K extends keyof RoomEvents>(event: K, ...args: RoomEvents[K]) => void

/** Somebody in the room: {@link LocalParticipant} or {@link RemoteParticipant}. */
export abstract class Participant<
  Publication extends TrackPublication = TrackPublication,
> extends Emitter<ParticipantEvents> {
  /** Unique in the room. Of the local participant: empty before it is connected. */
  abstract get id(): string
  /** By `publication.id`. */
  abstract get publications(): ReadonlyMap<string, Publication>
  abstract readonly isLocal: boolean

  /** @internal */
  protected readonly announce: Announce
  #name = ''
  #device: DeviceInfo = {}
  #metadata: Metadata = {}
  #speaking = false
  #level = 0
  #quality = unsettled
  #moderator = false
  #handRaisedAt: Date | undefined

  /** @internal */
  constructor(announce: Announce) {
    super()
    this.announce = announce
  }

  /** The name shown to people. */
  get name(): string {
    return this.#name
  }

  /** The program they use, free text. */
  get device(): DeviceInfo {
    return this.#device
  }

  /** What the application attached to them. */
  get metadata(): Metadata {
    return this.#metadata
  }

  /** Whether they make sound now. */
  get isSpeaking(): boolean {
    return this.#speaking
  }

  /** How loud: 0 (silent, −80 dBov or less) to 1 (full scale), linear in decibels. */
  get audioLevel(): number {
    return this.#level
  }

  get connectionQuality(): ConnectionQuality {
    return this.#quality.shown
  }

  /** Whether they may admit, mute, remove and so on. */
  get isModerator(): boolean {
    return this.#moderator
  }

  /** When they raised their hand; undefined: it is down. */
  get handRaisedAt(): Date | undefined {
    return this.#handRaisedAt
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

  /** @internal */
  noteName(name: string): void {
    const previous = this.#name
    if (previous === name) return
    this.#name = name
    this.emit('nameChanged', name, previous)
    this.announce('participantNameChanged', this, previous)
  }

  /** @internal */
  noteMetadata(metadata: Metadata): void {
    const previous = this.#metadata
    if (JSON.stringify(previous) === JSON.stringify(metadata)) return
    this.#metadata = metadata
    this.emit('metadataChanged', metadata, previous)
    this.announce('participantMetadataChanged', this, previous)
  }

  /**
   * Sets what is known from the beginning, without an event.
   * @internal
   */
  introduce(facts: {
    name: string
    device: DeviceInfo
    metadata: Metadata
    moderator?: boolean | undefined
    handRaisedAt?: Date | undefined
  }): void {
    this.#name = facts.name
    this.#device = facts.device
    this.#metadata = facts.metadata
    this.#moderator = facts.moderator ?? this.#moderator
    this.#handRaisedAt = facts.handRaisedAt ?? this.#handRaisedAt
  }

  /** @internal */
  noteModerator(moderator: boolean): void {
    if (this.#moderator === moderator) return
    this.#moderator = moderator
    this.emit('moderatorChanged', moderator)
    this.announce('moderatorChanged', this)
  }

  /**
   * `by` lowered the hand of somebody else.
   * @internal
   */
  noteHand(raisedAt: Date | undefined, by?: Participant): void {
    const before = this.#handRaisedAt
    this.#handRaisedAt = raisedAt
    if (before?.getTime() === raisedAt?.getTime()) return
    if (raisedAt) {
      this.emit('handRaised', raisedAt)
      this.announce('handRaised', this)
    } else {
      this.emit('handLowered', by)
      this.announce('handLowered', this, by)
    }
  }

  /** @internal */
  noteSpeaking(speaking: boolean, level: number): void {
    const levelChanged = this.#level !== level
    this.#level = level
    if (this.#speaking !== speaking) {
      this.#speaking = speaking
      this.emit('isSpeakingChanged', speaking)
    }
    if (levelChanged) this.emit('audioLevelChanged', level)
  }

  /** @internal */
  noteQuality(grade: ConnectionQuality, now: number): void {
    const before = this.#quality.shown
    this.#quality = settleQuality(this.#quality, grade, now)
    const { shown } = this.#quality
    if (shown === before) return
    this.emit('connectionQualityChanged', shown)
    this.announce('connectionQualityChanged', shown, this)
  }

  /** @internal */
  noteMuted(publication: Publication, muted: boolean): void {
    if (!publication.noteMuted(muted)) return
    this.emit(muted ? 'trackMuted' : 'trackUnmuted', publication)
    this.announce(muted ? 'trackMuted' : 'trackUnmuted', publication, this)
  }

  /** @internal */
  noteTrackMetadata(publication: Publication, metadata: Metadata): void {
    publication.noteMetadata(metadata)
    this.emit('trackMetadataChanged', publication)
    this.announce('trackMetadataChanged', publication, this)
  }

  /** @internal */
  protected resetState(): void {
    this.#quality = unsettled
    this.#moderator = false
    this.#handRaisedAt = undefined
    this.noteSpeaking(false, 0)
  }
}
