import type { CloseReason } from '../protocol/close-reasons.ts'
import type { Metadata, RoomPolicyInput } from '../protocol/model.ts'
import type { RecordPolicy } from '../protocol/recording.ts'

/** What meetings and calls need of rooms. A live meeting is the room `meeting:<id>`; app.ts connects the two. */
export interface LiveRooms {
  /** Ids of the open rooms of meetings and calls in this process. */
  openIds(): string[]
  /** Ends the room for everybody, if it is open. */
  end(roomId: string): void
  /** Ends one person's connection to it, if they are there. */
  leave(roomId: string, identity: string): void
  /** Accounts of those who are in the room by tokens that this server issued. */
  accountsIn(roomId: string): string[]
  /** Sends one person away, if they are there. */
  remove(roomId: string, identity: string): void
  /** Whether it is open and being recorded. */
  isRecorded(roomId: string): boolean
  /** From now on its meeting is recorded otherwise. */
  recordPolicyChanged(roomId: string, policy: RecordPolicy): void
  /** Changes an open room. */
  change(roomId: string, settings: Partial<MeetingRoom>): void
}

/** How the room of a meeting is opened. */
export interface MeetingRoom {
  readonly policy: RoomPolicyInput
  readonly maxPeers: number | undefined
  readonly metadata: Metadata
  readonly requiresToken: true
}

/** Somebody who joined or left the room of a meeting. */
export interface Visitor {
  readonly identity: string
  readonly name: string
  /** As the token says that this server issued. */
  readonly accountId: string | undefined
}

/** Why somebody left, as far as it matters here. */
export type LeaveReason = CloseReason

const prefix = 'meeting:'

export function roomOf(meetingId: string): string {
  return prefix + meetingId
}

/** The meeting or call whose room this is; undefined for any other room. */
export function meetingOf(roomId: string): string | undefined {
  return roomId.startsWith(prefix) ? roomId.slice(prefix.length) : undefined
}
