import type { Output } from '../protocol/requests.ts'
import type { LocalParticipant } from './local-participant.ts'
import type { Announce, Participant } from './participant.ts'
import type { Notification } from './signaling.ts'
import type { Grants, Obstacle, RoomPolicy, TrackSource, WaitingPerson } from './types.ts'

/** Something a participant may or may not do; with a source where the answer depends on it. */
export type Act = 'publish' | 'unmute' | 'chat' | 'send-data' | 'subscribe' | 'moderate' | 'record'

/** What is taken to hold until the server has said what does. */
export const openPolicy: RoomPolicy = Object.freeze({
  locked: false,
  lobby: false,
  waitForHost: false,
  share: 'everyone',
  chat: 'everyone',
  unmute: 'everyone',
})
export const usualGrants: Grants = Object.freeze({
  publish: true,
  subscribe: true,
  data: true,
  moderate: false,
  record: false,
  updateOwnMetadata: true,
  hidden: false,
})

/** What stands against doing something; undefined: nothing. The server decides by the same rules. */
export function obstacle(
  act: Act,
  source: TrackSource | undefined,
  { policy, grants, askedToUnmute }: { policy: RoomPolicy; grants: Grants; askedToUnmute: boolean },
): Obstacle | undefined {
  const byPolicy = (who: RoomPolicy[keyof RoomPolicy]): Obstacle | undefined =>
    who === 'everyone' || grants.moderate ? undefined : 'policy'
  switch (act) {
    case 'publish': {
      const { publish } = grants
      const isGranted =
        publish === true || (source === undefined ? publish.length > 0 : publish.includes(source))
      if (!isGranted || grants.hidden) return 'grants'
      return source === 'screen' || source === 'screen-audio' ? byPolicy(policy.share) : undefined
    }
    case 'unmute': {
      const isVoice = source === undefined || source === 'microphone'
      const publishing = obstacle('publish', source ?? 'microphone', { policy, grants, askedToUnmute })
      return publishing ?? (isVoice && !askedToUnmute ? byPolicy(policy.unmute) : undefined)
    }
    case 'chat':
      return grants.data && !grants.hidden ? byPolicy(policy.chat) : 'grants'
    case 'send-data':
      return grants.data && !grants.hidden ? undefined : 'grants'
    case 'record':
      return grants.record || grants.moderate ? undefined : 'grants'
    default:
      return grants[act] ? undefined : 'grants'
  }
}

export interface RulesHost {
  readonly announce: Announce
  readonly me: LocalParticipant
  readonly participant: (id: string) => Participant | undefined
  /** Opens the data channels anew that may be used again. */
  readonly openTopics: () => void
  /** Asks who waits to be let in; nobody when this client is moderator no longer. */
  readonly askLobby: () => Promise<Output<'room.getLobby'>['waiting']>
}

/** The rules of the room as they hold for this client, its lobby and its spotlight; follows what the server tells of them. */
export class Rules {
  readonly #host: RulesHost
  #policy = openPolicy
  #grants = usualGrants
  #metadata: Readonly<Record<string, unknown>> = {}
  #spotlight: string | undefined
  readonly #lobby = new Map<string, WaitingPerson>()
  /** A moderator asked this client to unmute: it may, once. */
  #askedToUnmute = false

  constructor(host: RulesHost) {
    this.#host = host
  }

  get policy(): RoomPolicy {
    return this.#policy
  }

  get grants(): Grants {
    return this.#grants
  }

  get metadata(): Readonly<Record<string, unknown>> {
    return this.#metadata
  }

  get spotlight(): Participant | undefined {
    return this.#spotlight === undefined ? undefined : this.#host.participant(this.#spotlight)
  }

  /** Who waits, longest first. */
  get lobby(): readonly WaitingPerson[] {
    return [...this.#lobby.values()]
  }

  obstacle(act: Act, source?: TrackSource): Obstacle | undefined {
    return obstacle(act, source, {
      policy: this.#policy,
      grants: this.#grants,
      askedToUnmute: this.#askedToUnmute,
    })
  }

  /** A connection was made: this holds now. Events tell what is different after a reconnection. */
  async entered({ room, grants }: Output<'room.get'>): Promise<void> {
    this.#setMetadata(room.metadata)
    this.#setPolicy(room.policy, undefined)
    this.#setGrants(grants, undefined)
    this.#setSpotlight(room.spotlight, undefined)
    if (!grants.moderate) return this.#clearLobby()
    const waiting = await this.#host.askLobby()
    this.#lobby.clear()
    for (const each of waiting) this.#lobby.set(each.peerId, waitingPerson(each))
    this.#host.announce('lobbyChanged', this.lobby)
  }

  /** The room was left. */
  left(): void {
    this.#policy = openPolicy
    this.#grants = usualGrants
    this.#metadata = {}
    this.#spotlight = undefined
    this.#askedToUnmute = false
    this.#lobby.clear()
  }

  /** Something was unmuted: what a moderator allowed once is used up. */
  unmuted(source: TrackSource): void {
    const isRestricted = this.#policy.unmute === 'moderators' && !this.#grants.moderate
    if (source === 'microphone' && isRestricted) this.#askedToUnmute = false
  }

  heed({ method, data }: Notification): void {
    const { announce, participant, me } = this.#host
    const by = 'by' in data && data.by !== undefined ? participant(data.by) : undefined
    switch (method) {
      case 'room.policyChanged':
        return this.#setPolicy(data.policy, by)
      case 'room.metadataChanged':
        return this.#setMetadata(data.metadata)
      case 'room.grantsChanged':
        return this.#setGrants(data.grants, by)
      case 'room.moderatorChanged':
        return participant(data.peerId)?.noteModerator(data.moderator)
      case 'room.spotlightChanged':
        return this.#setSpotlight(data.peerId ?? undefined, by)
      case 'room.handChanged':
        return participant(data.peerId)?.noteHand(momentOf(data.raisedAt), by)
      case 'room.knocked': {
        const person = waitingPerson(data)
        const isNew = !this.#lobby.has(person.id)
        this.#lobby.set(person.id, person)
        if (isNew) announce('knocked', person)
        return announce('lobbyChanged', this.lobby)
      }
      case 'room.knockEnded':
        if (this.#lobby.delete(data.peerId)) announce('lobbyChanged', this.lobby)
        return
      case 'room.unmuteAsked':
        if (data.source === 'microphone') this.#askedToUnmute = true
        return announce('unmuteAsked', data.source, by)
      case 'room.mutedBy':
        if (data.source === 'microphone') this.#askedToUnmute = false
        return me.mutedByOthers(data.producerId, by)
      case 'room.stoppedBy':
        return me.stoppedByOthers(data.producerId, { source: data.source, why: data.why, by })
      case 'room.dataStoppedBy':
        me.dataStopped(data.dataProducerId)
        return announce('dataStoppedBy', data.label, data.why, by)
      case 'room.message':
        return announce('serverMessage', data.payload, data.topic)
      default:
        // The rest concerns people and tracks; the room heeds it.
        return
    }
  }

  #setPolicy(policy: RoomPolicy, by: Participant | undefined): void {
    if (isSame(this.#policy, policy)) return
    this.#policy = policy
    this.#host.announce('policyChanged', policy, by)
    this.#host.openTopics()
  }

  #setGrants(grants: Grants, by: Participant | undefined): void {
    const wasModerator = this.#grants.moderate
    const isChanged = !isSame(this.#grants, grants)
    this.#grants = grants
    this.#host.me.noteModerator(grants.moderate)
    if (!isChanged) return
    this.#host.announce('grantsChanged', grants, by)
    if (wasModerator && !grants.moderate) this.#clearLobby()
    this.#host.openTopics()
  }

  #setMetadata(metadata: Readonly<Record<string, unknown>>): void {
    if (isSame(this.#metadata, metadata)) return
    this.#metadata = metadata
    this.#host.announce('roomMetadataChanged', metadata)
  }

  #setSpotlight(id: string | undefined, by: Participant | undefined): void {
    if (this.#spotlight === id) return
    this.#spotlight = id
    this.#host.announce('spotlightChanged', this.spotlight, by)
  }

  #clearLobby(): void {
    if (this.#lobby.size === 0) return
    this.#lobby.clear()
    this.#host.announce('lobbyChanged', [])
  }
}

function waitingPerson(facts: { peerId: string; displayName: string; at: string }): WaitingPerson {
  return { id: facts.peerId, name: facts.displayName, since: new Date(facts.at) }
}

export function momentOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text)
}

/** Both come as JSON from the same server, so the order of keys is the same. */
function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
