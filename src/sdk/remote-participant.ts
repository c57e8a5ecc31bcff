import { Participant } from './participant.ts'
import type { RemoteTrackPublication } from './publication.ts'

/** Somebody else in the room. */
export class RemoteParticipant extends Participant<RemoteTrackPublication> {
  readonly isLocal = false
  readonly #id: string
  readonly #publications = new Map<string, RemoteTrackPublication>()

  /** @internal */
  constructor(id: string) {
    super()
    this.#id = id
  }

  get id(): string {
    return this.#id
  }

  get publications(): ReadonlyMap<string, RemoteTrackPublication> {
    return this.#publications
  }
}
