import type { PeerInfo, ProducerInfo } from '../protocol/model.ts'
import type { Connection } from './connection.ts'
import { Participant, type Announce } from './participant.ts'
import { RemoteTrackPublication, type RemotePublicationHost } from './publication.ts'
import { momentOf } from './rules.ts'
import type { RemoteTrack } from './track.ts'
import type { DeviceInfo } from './types.ts'

/** What a remote participant needs of the room. */
export interface RemoteParticipantHost {
  readonly announce: Announce
  readonly adaptive: () => boolean
  readonly connection: () => Connection | undefined
  /** Whether new publications are received without being asked for. */
  readonly autoSubscribe: () => boolean
  readonly audioChanged: (track: RemoteTrack, present: boolean) => void
  readonly playBlocked: (element: HTMLMediaElement) => void
}

/** Somebody else in the room. */
export class RemoteParticipant extends Participant<RemoteTrackPublication> {
  readonly isLocal = false
  readonly #id: string
  readonly #host: RemoteParticipantHost
  readonly #publications = new Map<string, RemoteTrackPublication>()

  /** @internal */
  constructor(info: PeerInfo, host: RemoteParticipantHost) {
    super(host.announce)
    this.#id = info.peerId
    this.#host = host
    this.introduce({
      name: info.displayName,
      device: info.device as DeviceInfo,
      metadata: info.metadata ?? {},
      moderator: info.moderator,
      handRaisedAt: momentOf(info.handRaisedAt),
    })
  }

  get id(): string {
    return this.#id
  }

  get publications(): ReadonlyMap<string, RemoteTrackPublication> {
    return this.#publications
  }

  /**
   * Brings it up to what the server says now.
   * @internal
   */
  update(info: PeerInfo): void {
    this.noteName(info.displayName)
    this.noteMetadata(info.metadata ?? {})
    this.noteModerator(info.moderator ?? false)
    this.noteHand(momentOf(info.handRaisedAt))
    const producers = info.producers ?? []
    const present = new Set(producers.map((producer) => producer.producerId))
    for (const id of [...this.#publications.keys()]) if (!present.has(id)) this.unpublished(id)
    for (const producer of producers) this.published(producer)
  }

  /** @internal */
  published(info: ProducerInfo): RemoteTrackPublication {
    const known = this.#publications.get(info.producerId)
    if (known) {
      this.noteMuted(known, info.paused)
      if (JSON.stringify(known.metadata) !== JSON.stringify(info.metadata)) {
        this.noteTrackMetadata(known, info.metadata)
      }
      return known
    }
    const publication = new RemoteTrackPublication(info, this.#host.autoSubscribe(), this.#publicationHost())
    this.#publications.set(publication.id, publication)
    this.emit('trackPublished', publication)
    this.announce('trackPublished', publication, this)
    return publication
  }

  /** @internal */
  unpublished(id: string): void {
    const publication = this.#publications.get(id)
    if (!publication) return
    publication.close()
    this.#publications.delete(id)
    this.emit('trackUnpublished', publication)
    this.announce('trackUnpublished', publication, this)
  }

  /**
   * They left, or this client did.
   * @internal
   */
  close(): void {
    for (const id of [...this.#publications.keys()]) this.unpublished(id)
    this.resetState()
  }

  /** @internal */
  noteData(payload: string | Uint8Array, topic: string): void {
    this.emit('dataReceived', payload, topic)
    this.announce('dataReceived', payload, this, topic)
  }

  #publicationHost(): RemotePublicationHost {
    const { adaptive, connection, audioChanged, playBlocked } = this.#host
    return {
      participantId: this.#id,
      adaptive: adaptive(),
      connection,
      subscribed: (track, publication) => {
        if (track.kind === 'audio') audioChanged(track, true)
        this.emit('trackSubscribed', track, publication)
        this.announce('trackSubscribed', track, publication, this)
      },
      unsubscribed: (track, publication) => {
        if (track.kind === 'audio') audioChanged(track, false)
        this.emit('trackUnsubscribed', track, publication)
        this.announce('trackUnsubscribed', track, publication, this)
      },
      failed: (publication, error) => this.announce('trackSubscriptionFailed', publication, this, error),
      pausedChanged: (publication) => this.announce('trackPausedChanged', publication, this),
      layersChanged: (publication) => this.announce('trackLayersChanged', publication, this),
      audioAttachmentsChanged: (track) => audioChanged(track, true),
      playBlocked,
    }
  }
}
