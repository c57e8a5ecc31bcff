import { Type, type Static } from 'typebox'
import { Source } from './model.ts'

/** What somebody may do in a room. Values only; the handlers ask, and answer `forbidden`. */

const may = (description: string, byDefault: boolean) =>
  Type.Optional(Type.Boolean({ description, default: byDefault }))

/** What can be changed while somebody is in the room; the others decide about entering. */
const live = {
  publish: Type.Optional(
    Type.Union([Type.Boolean(), Type.Array(Source)], {
      description:
        'Send audio and video: everything (true), nothing (false), or only these sources: microphone, camera, screen, screen-audio, other.',
      default: true,
    }),
  ),
  subscribe: may('Receive what the others send.', true),
  data: may('Send chat messages and over data channels.', true),
  moderate: may(
    'Admit, mute, stop, remove and ban others, change their grants, lock and end the room. Enters without waiting.',
    false,
  ),
  record: may('Start and stop the recording of the room. Whoever holds `moderate` may, too.', false),
  updateOwnMetadata: may(
    'Change the own name, and add to the own metadata. Without it both stay as the token says.',
    true,
  ),
}

/** Grants as tokens and the API write them: each may be left out. */
export const GrantsInput = Type.Object(
  {
    join: may('Enter the room.', true),
    ...live,
    hidden: may('Be there without the others being told; such a person waits in no lobby.', false),
    createRoom: may('Open the room by entering it, when nobody is there yet.', true),
    bypassLobby: may('Enter without waiting for a moderator, where others wait.', false),
  },
  { additionalProperties: false },
)
export type GrantsInput = Static<typeof GrantsInput>

/** What of somebody's grants is to change while they are in the room. What is left out stays. */
export const LiveGrantsInput = Type.Object(live, {
  additionalProperties: false,
  description: 'What of a peer’s grants is to change.',
})
export type LiveGrantsInput = Static<typeof LiveGrantsInput>

const granted = Type.Boolean()

/** Grants with every default filled in. */
export const Grants = Type.Object(
  {
    join: granted,
    publish: Type.Union([Type.Literal(true), Type.Array(Source)], {
      description: 'These sources, or all.',
    }),
    subscribe: granted,
    data: granted,
    moderate: granted,
    record: granted,
    hidden: granted,
    createRoom: granted,
    bypassLobby: granted,
    updateOwnMetadata: granted,
  },
  { description: 'What somebody may do; docs/tokens.md says what each means.' },
)
export type Grants = Readonly<Static<typeof Grants>>

/** What somebody may do who was told nothing else, and so a guest where guests may enter. */
export const guestGrants: Grants = Object.freeze({
  join: true,
  publish: true,
  subscribe: true,
  data: true,
  moderate: false,
  record: false,
  hidden: false,
  createRoom: true,
  bypassLobby: false,
  updateOwnMetadata: true,
})

/** Every right. Not hidden: that is a way of being there, and no right that a host should have by accident. */
export const allowAll: Grants = Object.freeze({
  ...guestGrants,
  moderate: true,
  record: true,
  bypassLobby: true,
})

/** Fills in what was left out. */
export function toGrants({ publish, ...others }: GrantsInput = {}): Grants {
  return {
    ...guestGrants,
    ...others,
    publish: publish === undefined ? guestGrants.publish : publish === false ? [] : publish,
  }
}

/** The same grants with some of them changed. */
export function changeGrants(grants: Grants, { publish, ...others }: LiveGrantsInput): Grants {
  return {
    ...grants,
    ...others,
    publish: publish === undefined ? grants.publish : publish === false ? [] : publish,
  }
}

export function mayPublish(grants: Grants, source: Source): boolean {
  return grants.publish === true || grants.publish.includes(source)
}
