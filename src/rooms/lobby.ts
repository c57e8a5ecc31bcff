import { AppError, limitExceeded } from '../lib/app-error.ts'
import type { PeerId } from '../lib/ids.ts'
import type { CloseReason } from '../protocol/close-reasons.ts'
import type { WaitingPeer } from '../protocol/model.ts'
import type { NotificationData } from '../protocol/server-messages.ts'
import type { Peer } from './peer.ts'
import type { Why } from './policy.ts'
import type { Visitor } from './visitor.ts'

export type Outcome = NotificationData<'room.knockEnded'>['outcome']

export interface LobbyOptions {
  readonly max: number
  /** Makes a peer of somebody who waited. Throws `limit-exceeded` for a full room. */
  readonly letIn: (visitor: Visitor) => Peer
  readonly onKnocked: (waiting: WaitingPeer) => void
  /** Called after somebody stopped waiting, for whatever reason. */
  readonly onEnded: (peerId: PeerId, outcome: Outcome) => void
}

interface Waiting {
  readonly visitor: Visitor
  readonly at: string
  why: Why
  readonly admitted: (peer: Peer) => void
  readonly refused: (error: AppError) => void
  /** Stops listening for the end of the connection. */
  readonly forget: () => void
}

/** Those who wait to be let into a room. They have a connection and nothing else. */
export class Lobby {
  readonly #options: LobbyOptions
  readonly #waiting = new Map<PeerId, Waiting>()

  constructor(options: LobbyOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#waiting.size
  }

  list(): WaitingPeer[] {
    return [...this.#waiting.values()].map(facts)
  }

  visitor(id: PeerId): Visitor | undefined {
    return this.#waiting.get(id)?.visitor
  }

  /**
   * Resolves when somebody is let in. Throws `limit-exceeded` for a full lobby; rejects with it when somebody from
   * another address needs the place, and with `not-found` when the connection ends first, which `gone` tells.
   */
  wait(visitor: Visitor, why: Why, gone: AbortSignal): Promise<Peer> {
    const { id } = visitor.identity
    if (gone.aborted) throw left()
    if (this.#waiting.size >= this.#options.max) this.#makeRoomFor(visitor)
    return new Promise((admitted, refused) => {
      const onGone = (): void => this.#end(id, 'left', left())
      gone.addEventListener('abort', onGone, { once: true })
      const forget = (): void => gone.removeEventListener('abort', onGone)
      const waiting = { visitor, at: new Date().toISOString(), why, admitted, refused, forget }
      this.#waiting.set(id, waiting)
      visitor.channel.notify('room.waiting', { why })
      this.#options.onKnocked(facts(waiting))
    })
  }

  /** The same client knocks again, or somebody comes whose id is proven. */
  replace(id: PeerId): void {
    const waiting = this.#waiting.get(id)
    this.#end(id, 'left', left())
    waiting?.visitor.channel.peerClosed('replaced')
  }

  /** Throws `not-found`, or `limit-exceeded` when the room is full: then they go on waiting. */
  admit(id: PeerId): void {
    const waiting = this.#waiting.get(id)
    if (!waiting) throw new AppError('not-found', 'Nobody with this id waits.')
    const peer = this.#options.letIn(waiting.visitor)
    this.#take(id)
    waiting.admitted(peer)
    this.#options.onEnded(id, 'admitted')
  }

  /** Throws `not-found`. */
  deny(id: PeerId): void {
    const waiting = this.#waiting.get(id)
    if (!waiting) throw new AppError('not-found', 'Nobody with this id waits.')
    this.#end(id, 'denied', left())
    waiting.visitor.channel.peerClosed('denied')
  }

  /** Asks for each one what they wait for by now: who waits for nothing is let in, and told why not where that fails. */
  reconsider(whyOf: (visitor: Visitor) => Why | undefined): void {
    for (const [id, waiting] of [...this.#waiting]) {
      const why = whyOf(waiting.visitor)
      if (why === undefined) {
        try {
          this.admit(id)
        } catch (error) {
          if (!(error instanceof AppError)) throw error
          this.#end(id, 'left', error)
        }
      } else if (why !== waiting.why) {
        waiting.why = why
        waiting.visitor.channel.notify('room.waiting', { why })
      }
    }
  }

  close(reason: CloseReason): void {
    for (const [id, { visitor, refused }] of [...this.#waiting]) {
      this.#take(id)
      visitor.channel.peerClosed(reason)
      refused(left())
    }
  }

  /** One address does not keep all others out: of the one from which most wait, the last to come has to go. */
  #makeRoomFor({ identity }: Visitor): void {
    const full = limitExceeded('lobbySize', this.#options.max)
    const byAddress = Map.groupBy(this.#waiting.values(), ({ visitor }) => visitor.identity.address)
    const ofSame = byAddress.get(identity.address)?.length ?? 0
    const [most = []] = [...byAddress.values()].toSorted((a, b) => b.length - a.length)
    if (most.length <= ofSame + 1) throw full
    this.#end(most.at(-1)!.visitor.identity.id, 'left', full)
  }

  #end(id: PeerId, outcome: Outcome, error: AppError): void {
    const waiting = this.#take(id)
    if (!waiting) return
    waiting.refused(error)
    this.#options.onEnded(id, outcome)
  }

  #take(id: PeerId): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    if (!waiting) return undefined
    this.#waiting.delete(id)
    waiting.forget()
    return waiting
  }
}

function facts({ visitor, at }: Waiting): WaitingPeer {
  return { peerId: visitor.identity.id, displayName: visitor.displayName, at }
}

function left(): AppError {
  return new AppError('not-found', 'The client is gone.')
}
