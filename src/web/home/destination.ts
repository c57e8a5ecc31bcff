import { meetingPath, readCode } from '../meetings/codes.ts'
import { roomPath } from '../ui/router.ts'
import { hostElsewhere, readRoomName, roomNameRule } from './room-names.ts'

export type Destination = { readonly path: string } | { readonly wrong: string }

interface DestinationOptions {
  /** Host of this server, with its port. */
  readonly here: string
  /** Whether names of rooms lead anywhere, or only codes of meetings. */
  readonly rooms: boolean
}

/** Where something typed leads: the code of a meeting, the name of a room, or a link to either. */
export function destinationOf(text: string, { here, rooms }: DestinationOptions): Destination {
  const typed = text.trim()
  if (typed === '') return { wrong: rooms ? 'Type a code, a name or a link.' : 'Type a code or a link.' }
  const elsewhere = hostElsewhere(typed, here)
  if (elsewhere !== undefined) {
    return { wrong: `This link leads to ${elsewhere}, another server. Open it in the address bar.` }
  }
  const code = readCode(typed)
  if (code !== undefined) return { path: meetingPath(code) }
  // A link to a room is followed even where names are not asked for: the room says itself who may enter.
  if (!rooms && !/\/r\//.test(typed))
    return { wrong: 'A code looks like abc-defg-hjk. Look at the invitation again.' }
  const room = /\/m\//.test(typed) ? undefined : readRoomName(typed)
  if (room !== undefined) return { path: roomPath(room) }
  return {
    wrong: /\/m\//.test(typed) ? 'This link is cut off. Look at the invitation again.' : `${roomNameRule}.`,
  }
}
