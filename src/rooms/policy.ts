import type { Grants } from '../protocol/grants.ts'
import type { RoomPolicy, Source } from '../protocol/model.ts'

/** What follows from the policy of a room. Values in, values out; moderation.ts acts on it. */

export const openPolicy: RoomPolicy = Object.freeze({
  locked: false,
  lobby: false,
  waitForHost: false,
  share: 'everyone',
  chat: 'everyone',
  unmute: 'everyone',
})

export type Why = 'lobby' | 'host'

/** What a newcomer has to wait for, or undefined. Who may not wait (a locked room) is not asked about here. */
export function waitsFor(policy: RoomPolicy, grants: Grants, isHostThere: boolean): Why | undefined {
  // A knock would tell of somebody hidden.
  if (grants.moderate || grants.bypassLobby || grants.hidden) return undefined
  if (policy.waitForHost && !isHostThere) return 'host'
  return policy.lobby ? 'lobby' : undefined
}

export function mayShare(policy: RoomPolicy, grants: Grants, source: Source): boolean {
  if (source !== 'screen' && source !== 'screen-audio') return true
  return grants.moderate || policy.share === 'everyone'
}

export function mayChat(policy: RoomPolicy, grants: Grants): boolean {
  return grants.moderate || policy.chat === 'everyone'
}

/** Whether an audio producer is somebody's voice, whatever its client calls it: all but the sound of a screen. */
export function isVoice(kind: 'audio' | 'video', source: Source): boolean {
  return kind === 'audio' && source !== 'screen-audio'
}

export function mayUnmute(policy: RoomPolicy, grants: Grants): boolean {
  return grants.moderate || policy.unmute === 'everyone'
}
