import { Type, type Static } from 'typebox'
import { Source } from './model.ts'

/** What somebody may do in a room. Values only; the handlers ask, and answer `forbidden`. */

const may = (description: string, byDefault: boolean) =>
  Type.Optional(Type.Boolean({ description, default: byDefault }))

/** Grants as tokens and the API write them: each may be left out. */
export const GrantsInput = Type.Object(
  {
    join: may('Enter the room.', true),
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
      'Mute, remove and admit others, lock and end the room. Moderation is being built: no effect yet.',
      false,
    ),
    record: may('Start and stop recordings. Recording is being built: no effect yet.', false),
    hidden: may('Be there without the others being told.', false),
    createRoom: may('Open the room by entering it, when nobody is there yet.', true),
    updateOwnMetadata: may('Change the own name and metadata.', true),
  },
  { additionalProperties: false },
)
export type GrantsInput = Static<typeof GrantsInput>

/** Grants with every default filled in. */
export interface Grants {
  readonly join: boolean
  /** These sources, or all. */
  readonly publish: readonly Source[] | true
  readonly subscribe: boolean
  readonly data: boolean
  readonly moderate: boolean
  readonly record: boolean
  readonly hidden: boolean
  readonly createRoom: boolean
  readonly updateOwnMetadata: boolean
}

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
  updateOwnMetadata: true,
})

/** Every right. Not hidden: that is a way of being there, and no right that a host should have by accident. */
export const allowAll: Grants = Object.freeze({ ...guestGrants, moderate: true, record: true })

/** Fills in what was left out. */
export function toGrants({ publish, ...others }: GrantsInput = {}): Grants {
  return {
    ...guestGrants,
    ...others,
    publish: publish === undefined ? guestGrants.publish : publish === false ? [] : publish,
  }
}

export function mayPublish(grants: Grants, source: Source): boolean {
  return grants.publish === true || grants.publish.includes(source)
}
