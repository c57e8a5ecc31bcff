import type { Obstacle, RoomPolicy, StopReason, TrackSource } from 'sluice-client'
import type { Askable, Blocked } from './call.ts'

/** Sentences about what hosts do, for those concerned. Pure. `by` is the host's name, undefined when nobody in the room did it. */

const aHost = 'A host'

const things: Record<TrackSource, string> = {
  microphone: 'microphone',
  camera: 'camera',
  screen: 'screen share',
  'screen-audio': 'shared sound',
  other: 'stream',
}

export function describeMute(source: TrackSource, by: string | undefined, policy: RoomPolicy): string {
  if (source !== 'microphone') return `${by ?? aHost} paused your ${things[source]}.`
  if (by === undefined && policy.unmute === 'moderators') return startedMuted
  return `${by ?? aHost} muted you.`
}

export const startedMuted = 'You are muted: here hosts decide who speaks. Raise your hand to ask.'

export function describeStop(
  source: TrackSource,
  why: StopReason,
  by: string | undefined,
): string | undefined {
  // The sound of a screen goes with its picture.
  if (source === 'screen-audio') return undefined
  if (why === 'policy' && source === 'screen')
    return 'Only hosts share their screen now, so yours was stopped.'
  if (why === 'grants') return `${by ?? aHost} took from you the right to use your ${things[source]} here.`
  return source === 'screen'
    ? `${by ?? aHost} stopped your screen share.`
    : `${by ?? aHost} turned your ${things[source]} off.`
}

export function describePolicyChange(before: RoomPolicy, after: RoomPolicy, by: string): string[] {
  const changed = (key: keyof RoomPolicy) => before[key] !== after[key]
  const sentences: string[] = []
  if (changed('locked')) sentences.push(after.locked ? `${by} locked the room.` : `${by} unlocked the room.`)
  if (changed('lobby'))
    sentences.push(
      `${by} turned the waiting room ${after.lobby ? 'on' : 'off'}: people ${after.lobby ? 'have to be let in' : 'come in by themselves'}.`,
    )
  if (changed('share')) sentences.push(whoMay(after.share, 'share a screen'))
  if (changed('chat')) sentences.push(whoMay(after.chat, 'write in the chat'))
  if (changed('unmute')) sentences.push(whoMay(after.unmute, 'unmute'))
  return sentences
}

function whoMay(who: RoomPolicy['share'], what: string): string {
  return who === 'everyone' ? `Everybody may ${what} now.` : `Only hosts may ${what} now.`
}

const barriers: Record<keyof Blocked, Record<Obstacle, string>> = {
  microphone: {
    policy: 'Here hosts decide who speaks. Raise your hand to ask.',
    grants: 'You may listen here, not speak.',
  },
  camera: { policy: 'You may not use your camera here.', grants: 'You may not use your camera here.' },
  screen: { policy: 'Only hosts share their screen here.', grants: 'You may not share your screen here.' },
  chat: { policy: 'Only hosts write in the chat now.', grants: 'You may read the chat here, not write.' },
}

/** Why something cannot be turned on or done; undefined when it can. */
export function describeBarrier(what: keyof Blocked, blocked: Blocked): string | undefined {
  const why = blocked[what]
  return why && barriers[what][why]
}

export const requests: Record<Askable, { readonly ask: string; readonly yes: string; readonly no: string }> =
  {
    microphone: { ask: 'asks you to unmute', yes: 'Unmute', no: 'Stay muted' },
    camera: { ask: 'asks you to turn your camera on', yes: 'Turn camera on', no: 'Leave it off' },
    screen: { ask: 'asks you to share your screen', yes: 'Share screen', no: 'Not now' },
  }
