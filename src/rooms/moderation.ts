import { isDeepStrictEqual } from 'node:util'
import { AppError } from '../lib/app-error.ts'
import type { PeerId } from '../lib/ids.ts'
import { changeGrants, mayPublish, type LiveGrantsInput } from '../protocol/grants.ts'
import type { Ban, RoomPolicy, Source } from '../protocol/model.ts'
import { needGrant } from './checks.ts'
import type { ModerationAct } from './events.ts'
import type { Peer, PeerDataProducer, PeerProducer } from './peer.ts'
import type { People } from './people.ts'
import { isVoice, mayChat, mayShare, mayUnmute } from './policy.ts'
import type { Tell, TellAbout } from './room.ts'

export interface ModerationOptions {
  readonly people: People
  readonly policy: () => RoomPolicy
  readonly joinedPeers: () => readonly Peer[]
  readonly tell: Tell
  readonly tellAbout: TellAbout
  /** Offers a peer everything the others publish. */
  readonly offerAll: (peer: Peer) => void
  /** Called after a peer became moderator, or is one no longer. */
  readonly onModeratorChanged: (peer: Peer) => void
  readonly onActed: (act: ModerationAct) => void
}

/** Who acts: a moderator, or the application's backend. */
export interface Acting {
  readonly by?: Peer | undefined
}

type StopReason = 'moderator' | 'grants' | 'policy'

/**
 * What moderators and the application's backend do to peers of a room, and what the policy of the room and the grants of
 * a peer forbid. Whoever calls has asked whether it may. One for each room.
 */
export class Moderation {
  readonly #options: ModerationOptions
  #spotlight: PeerId | undefined

  constructor(options: ModerationOptions, spotlight: PeerId | undefined) {
    this.#options = options
    this.#spotlight = spotlight
  }

  /** Throws `forbidden` when a peer may not publish this: to be asked before and after making it. */
  checkPublish(peer: Peer, source: Source): void {
    needGrant(mayPublish(peer.grants, source) && !peer.grants.hidden, `publish ${source}`)
    if (!mayShare(this.#options.policy(), peer.grants, source))
      throw byPolicy('Only moderators share a screen here.')
  }

  /** The same for a data producer. */
  checkSendData(peer: Peer, isChat: boolean): void {
    needGrant(peer.grants.data && !peer.grants.hidden, 'send data')
    if (isChat && !mayChat(this.#options.policy(), peer.grants)) throw byPolicy('Only moderators write here.')
  }

  /** Whether the policy of the room leaves it to the peer itself when this is heard. */
  decidesOwnSound(peer: Peer, kind: 'audio' | 'video', source: Source): boolean {
    return !soundsLikeVoice(peer, kind, source) || mayUnmute(this.#options.policy(), peer.grants)
  }

  /**
   * Whether a peer may be heard now. Where the policy leaves unmuting to moderators, having been asked by one allows it
   * once, and this takes it.
   */
  takeUnmute(peer: Peer, kind: 'audio' | 'video', source: Source): boolean {
    if (this.decidesOwnSound(peer, kind, source)) return true
    const isAsked = peer.mayUnmuteOnce
    peer.mayUnmuteOnce = false
    return isAsked
  }

  /** Throws `forbidden` when a peer may not unmute. */
  checkUnmute(peer: Peer, producer: PeerProducer): void {
    if (!this.takeUnmute(peer, producer.kind, producer.appData.source))
      throw byPolicy('Only moderators unmute here. Raise your hand.')
  }

  /** Mutes a producer and tells its owner; resolves when it is muted, or gone. */
  async muteProducer(peer: Peer, producer: PeerProducer, { by }: Acting = {}): Promise<void> {
    await this.#mute(peer, producer, by)
    const { source } = producer.appData
    this.#acted('muted', { by, target: peer.id, details: { source } })
  }

  /** Throws `not-found` when the peer publishes nothing from this source. */
  async mutePeer(peer: Peer, source: Source, { by }: Acting = {}): Promise<void> {
    const producers = this.#published(peer, source)
    await Promise.all(producers.map((producer) => this.#mute(peer, producer, by)))
    this.#acted('muted', { by, target: peer.id, details: { source } })
  }

  /** Mutes everybody who does not moderate. */
  async muteAll(source: Source, { by }: Acting = {}): Promise<void> {
    const others = this.#options.joinedPeers().filter((peer) => !peer.grants.moderate)
    // Who was asked before and did not answer yet is muted with everybody.
    if (source === 'microphone') for (const peer of others) peer.mayUnmuteOnce = false
    await Promise.all(
      others.flatMap((peer) => publishedBy(peer, source).map((producer) => this.#mute(peer, producer, by))),
    )
    this.#acted('all-muted', { by, details: { source } })
  }

  askUnmute(peer: Peer, source: Source, { by }: Acting = {}): void {
    if (!this.decidesOwnSound(peer, 'audio', source)) peer.mayUnmuteOnce = true
    peer.channel.notify('room.unmuteAsked', { source, ...named(by) })
    this.#acted('unmute-asked', { by, target: peer.id, details: { source } })
  }

  /** Throws `not-found` when the peer publishes nothing from this source. */
  stopSource(peer: Peer, source: Source, { by }: Acting = {}): void {
    for (const producer of this.#published(peer, source)) stop(peer, producer, 'moderator', by)
    this.#acted('stopped', { by, target: peer.id, details: { source } })
  }

  /** `message` is for the one who has to go. */
  remove(peer: Peer, { by, message }: Acting & { message?: string | undefined } = {}): void {
    this.#options.people.removed(peer)
    this.#acted('removed', { by, target: peer.id })
    peer.close('removed', { message })
  }

  ban(peer: Peer, { by, message }: Acting & { message?: string | undefined } = {}): Ban {
    const ban = this.#options.people.banned(peer, {
      peerId: peer.id,
      displayName: peer.joined?.displayName ?? peer.id,
      at: new Date().toISOString(),
      ...named(by),
    })
    this.#acted('banned', { by, target: peer.id, details: { banId: ban.banId } })
    peer.close('banned', { message })
    return ban
  }

  get bans(): Ban[] {
    return this.#options.people.bans
  }

  /** Throws `not-found`. */
  unban(banId: string, { by }: Acting = {}): void {
    const ban = this.#options.people.unban(banId)
    this.#acted('unbanned', { by, target: ban.peerId as PeerId, details: { banId } })
  }

  /** Changes what a peer may do, ends what it may not do any more, and remembers it for when it comes back. */
  setGrants(peer: Peer, change: LiveGrantsInput, { by }: Acting = {}): void {
    if (this.#change(peer, change, by))
      this.#acted('grants-changed', { by, target: peer.id, details: { grants: change } })
  }

  handOver(peer: Peer, by: Peer): void {
    this.setGrants(peer, { moderate: true }, { by })
    this.setGrants(by, { moderate: false }, { by })
  }

  /** Makes a guest moderator because none is left. */
  succeed(peer: Peer): void {
    this.#change(peer, { moderate: true }, undefined)
    this.#acted('moderator-succeeded', { by: undefined, target: peer.id })
  }

  raiseHand(peer: Peer, raised: boolean): void {
    if (raised === (peer.handRaisedAt !== undefined)) return
    peer.handRaisedAt = raised ? new Date() : undefined
    const raisedAt = peer.handRaisedAt?.toISOString()
    this.#options.tell('room.handChanged', { peerId: peer.id, ...(raisedAt ? { raisedAt } : {}) })
  }

  lowerHands(peers: readonly Peer[], { by }: Acting = {}): void {
    for (const peer of peers) {
      if (!peer.handRaisedAt) continue
      peer.handRaisedAt = undefined
      this.#options.tell('room.handChanged', { peerId: peer.id, ...named(by) })
    }
    const [only, ...more] = peers
    this.#acted('hands-lowered', { by, target: more.length === 0 ? only?.id : undefined })
  }

  /** Who is in the spotlight. Also somebody who is expected back after a worker died. */
  get spotlight(): PeerId | undefined {
    return this.#spotlight
  }

  setSpotlight(peerId: PeerId | undefined, { by }: Acting = {}): void {
    if (this.#spotlight === peerId) return
    this.#spotlight = peerId
    this.#options.tell('room.spotlightChanged', { peerId: peerId ?? null, ...named(by) })
    this.#acted('spotlight-changed', { by, target: peerId })
  }

  /** The spotlight does not wait for somebody who left. */
  peerLeft(peer: Peer): void {
    if (this.#spotlight !== peer.id) return
    this.#spotlight = undefined
    this.#options.tell('room.spotlightChanged', { peerId: null })
  }

  /** Ends what nobody may do any more under a new policy, and lets be heard again who may. */
  policyChanged({ by }: Acting): void {
    for (const peer of this.#options.joinedPeers()) this.#enforce(peer, 'policy', by)
  }

  #change(peer: Peer, change: LiveGrantsInput, by: Peer | undefined): boolean {
    const before = peer.grants
    const after = changeGrants(before, change)
    this.#options.people.changed(peer, change)
    if (peer.closed || isDeepStrictEqual(before, after)) return false
    peer.setGrants(after)
    peer.channel.notify('room.grantsChanged', { grants: after, ...named(by) })
    this.#enforce(peer, 'grants', by)
    if (!before.subscribe && after.subscribe) this.#options.offerAll(peer)
    if (before.moderate !== after.moderate) {
      if (peer.joined)
        this.#options.tellAbout(peer, 'room.moderatorChanged', {
          peerId: peer.id,
          moderator: after.moderate,
        })
      this.#options.onModeratorChanged(peer)
    }
    return true
  }

  #enforce(peer: Peer, why: StopReason, by: Peer | undefined): void {
    const { grants } = peer
    const policy = this.#options.policy()
    for (const producer of [...peer.producers.values()]) {
      const { source } = producer.appData
      if (!mayPublish(grants, source) || !mayShare(policy, grants, source)) stop(peer, producer, why, by)
    }
    for (const dataProducer of [...peer.dataProducers.values()]) {
      if (!grants.data) stopData(peer, dataProducer, why, by)
      else this.#silence(peer, dataProducer, isChat(dataProducer) && !mayChat(policy, grants))
    }
    if (!grants.subscribe) stopReceiving(peer)
  }

  /** A chat that is not allowed for now is paused: when it is allowed again, its channel is still there. */
  #silence(peer: Peer, dataProducer: PeerDataProducer, isSilent: boolean): void {
    const { appData } = dataProducer
    if (appData.isSilent === isSilent) return
    appData.isSilent = isSilent
    const done = isSilent ? dataProducer.pause() : dataProducer.resume()
    done.catch((error: unknown) => {
      if (!dataProducer.closed) peer.log.error({ err: error }, 'chat could not be paused or resumed')
    })
  }

  async #mute(peer: Peer, producer: PeerProducer, by: Peer | undefined): Promise<void> {
    peer.mayUnmuteOnce = false
    // Asked for even if it looks muted: the owner may be unmuting it right now.
    let isChanged = false
    const onPause = (): void => {
      isChanged = true
    }
    producer.observer.once('pause', onPause)
    try {
      await producer.pause()
    } catch (error) {
      if (!producer.closed) throw error
      return
    } finally {
      producer.observer.off('pause', onPause)
    }
    if (!isChanged) return
    const { source } = producer.appData
    peer.channel.notify('room.mutedBy', { producerId: producer.id, source, ...named(by) })
  }

  #published(peer: Peer, source: Source): PeerProducer[] {
    const producers = publishedBy(peer, source)
    if (producers.length === 0) throw new AppError('not-found', `This peer publishes no ${source}.`)
    return producers
  }

  #acted(action: ModerationAct['action'], act: Omit<ModerationAct, 'action'>): void {
    this.#options.onActed({ action, ...act })
  }
}

/** Whether a data producer carries the chat of the room. */
export function isChat({ label, appData }: { label: string; appData: { channel: string } }): boolean {
  return label === 'chat' || appData.channel === 'chat'
}

/** The id of a moderator as others are told of it. One who is hidden acts as the server does. */
export function named(by: Peer | undefined): { by?: string } {
  return by === undefined || by.grants.hidden ? {} : { by: by.id }
}

function byPolicy(message: string): AppError {
  return new AppError('forbidden', message, { why: 'policy' })
}

/** Whatever carries a voice counts as microphone. */
function publishedBy(peer: Peer, source: Source): PeerProducer[] {
  return [...peer.producers.values()].filter(
    ({ kind, appData }) =>
      appData.source === source || (source === 'microphone' && soundsLikeVoice(peer, kind, appData.source)),
  )
}

/** Clients say themselves what they send: the sound of a screen that nobody sees is taken for a voice. */
function soundsLikeVoice(peer: Peer, kind: 'audio' | 'video', source: Source): boolean {
  const isScreenSeen = [...peer.producers.values()].some(({ appData }) => appData.source === 'screen')
  return isVoice(kind, source) || (kind === 'audio' && !isScreenSeen)
}

function stop(peer: Peer, producer: PeerProducer, why: StopReason, by: Peer | undefined): void {
  producer.close()
  const { source } = producer.appData
  peer.channel.notify('room.stoppedBy', { producerId: producer.id, source, why, ...named(by) })
}

function stopData(peer: Peer, dataProducer: PeerDataProducer, why: StopReason, by: Peer | undefined): void {
  dataProducer.close()
  const { id: dataProducerId, label } = dataProducer
  peer.channel.notify('room.dataStoppedBy', { dataProducerId, label, why, ...named(by) })
}

function stopReceiving(peer: Peer): void {
  for (const consumer of [...peer.consumers.values()]) {
    consumer.close()
    peer.channel.notify('consumerClosed', { consumerId: consumer.id })
  }
  for (const dataConsumer of [...peer.dataConsumers.values()]) {
    dataConsumer.close()
    peer.channel.notify('dataConsumerClosed', { dataConsumerId: dataConsumer.id })
  }
}
