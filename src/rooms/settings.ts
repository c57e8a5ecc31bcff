import type { CodecName } from '../../config/schema.ts'
import type { Metadata, RoomPolicy, RoomPolicyInput } from '../protocol/model.ts'
import { openPolicy } from './policy.ts'
import type { RoomConfig } from './room.ts'

/** What a room is told when it is opened; what is left out is as the configuration says. */
export interface RoomSettings {
  readonly policy?: RoomPolicyInput | undefined
  /** Never more than `limits.peersPerRoom`. */
  readonly maxPeers?: number | undefined
  /** Those of `media.codecs` that the room offers; opus is always among them. */
  readonly codecs?: readonly CodecName[] | undefined
  /** How long the room stays when nobody comes. */
  readonly emptySeconds?: number | undefined
  /** How long it stays when everybody has left. */
  readonly departureSeconds?: number | undefined
  readonly metadata?: Metadata | undefined
  /** Whether guests are refused, also where guests may enter rooms. */
  readonly requiresToken?: boolean | undefined
}

/** What can be changed while the room is open. */
export type RoomChange = Pick<
  RoomSettings,
  'policy' | 'maxPeers' | 'emptySeconds' | 'departureSeconds' | 'metadata'
>

/** Settings with everything filled in. */
export interface FullSettings {
  readonly policy: RoomPolicy
  readonly maxPeers: number
  readonly codecs: readonly CodecName[] | undefined
  readonly emptySeconds: number
  readonly departureSeconds: number
  readonly metadata: Metadata
  readonly requiresToken: boolean
}

export function fillSettings(settings: RoomSettings, { rooms, limits }: RoomConfig): FullSettings {
  const emptySeconds = settings.emptySeconds ?? rooms.emptySeconds
  const configured = rooms.departureSeconds < 0 ? emptySeconds : rooms.departureSeconds
  return {
    policy: { ...openPolicy, ...settings.policy },
    maxPeers: Math.min(settings.maxPeers ?? limits.peersPerRoom, limits.peersPerRoom),
    codecs: settings.codecs,
    emptySeconds,
    departureSeconds: settings.departureSeconds ?? configured,
    metadata: settings.metadata ?? {},
    requiresToken: settings.requiresToken ?? false,
  }
}

/** Rooms of meetings: nobody enters one without a token, also where guests may enter rooms. */
export function needsToken(roomId: string): boolean {
  return roomId.startsWith('meeting:')
}
