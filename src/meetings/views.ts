import type { SecretBox } from '../auth/secret-box.ts'
import type { Queryable } from '../db/tables.ts'
import { AppError } from '../lib/app-error.ts'
import { Secret } from '../lib/ids.ts'
import type { AccountCaller, KeyCaller } from '../protocol/caller.ts'
import { isBackend } from '../protocol/caller.ts'
import type { RecordPolicy } from '../protocol/recording.ts'
import { listInvitees, type InviteeRow } from './invitees.store.ts'
import type { LiveMeetingRow, Viewer } from './meetings.store.ts'
import { findPeople, type Person } from './people.store.ts'
import { roomOf, type LiveRooms } from './rooms.ts'
import type { MeetingView } from './shapes.ts'

/** Who may do something with meetings. */
export type MeetingCaller = AccountCaller | KeyCaller

export interface ViewParts {
  readonly db: Queryable
  readonly box: SecretBox
  /** What people open, without a slash at the end. */
  readonly baseUrl: () => string
  /** Knows which meetings are being recorded. */
  readonly live: { readonly rooms: Pick<LiveRooms, 'isRecorded'> | undefined }
}

/** Whether somebody decides about a meeting: its host, admins, backends. */
export function isHostOf(caller: MeetingCaller, row: { readonly host_id: string | null }): boolean {
  if (caller.kind === 'account' && caller.accountId === row.host_id) return true
  return isBackend(caller)
}

export const listsOf = ['me', 'all'] as const
export type ListOf = (typeof listsOf)[number]

/** Whose meetings a list shows; undefined for everybody's. Throws `forbidden`. */
export function viewerOf(caller: MeetingCaller, of: ListOf | undefined): Viewer | undefined {
  if (caller.kind === 'api-key') return undefined
  if (of !== 'all') return caller
  if (caller.role === 'admin') return undefined
  throw new AppError('forbidden', 'Only admins and backends see what others meet for.')
}

/** Meetings as `caller` may see them: they host them, or are invited. */
export async function viewsOf(
  { db, box, baseUrl, live }: ViewParts,
  rows: readonly LiveMeetingRow[],
  caller: MeetingCaller,
): Promise<MeetingView[]> {
  const hosts = await findPeople(
    db,
    rows.flatMap(({ host_id: id }) => id ?? []),
  )
  const invitees = Map.groupBy(
    await listInvitees(
      db,
      rows.map(({ id }) => id),
    ),
    ({ meeting_id: id }) => id,
  )
  return rows.map((row) => {
    const isHost = isHostOf(caller, row)
    const passcode = isHost ? passcodeOf(row, box)?.reveal() : undefined
    const email = caller.kind === 'account' ? caller.email.toLowerCase() : undefined
    return {
      id: row.id,
      code: row.code!,
      url: meetingUrl(baseUrl(), row.code!),
      title: row.title,
      description: row.description,
      ...(row.host_id === null ? {} : { hostId: row.host_id }),
      hostName: hostNameOf(row, hosts),
      ...moments({ startsAt: row.starts_at, endsAt: row.ends_at }),
      timeZone: row.time_zone,
      ...(row.recurrence === null ? {} : { recurrence: row.recurrence }),
      ...moments({ nextStart: row.next_start, nextEnd: row.next_end }),
      hasPasscode: row.passcode !== null,
      ...(passcode === undefined ? {} : { passcode }),
      lobby: row.lobby,
      joinBeforeHost: row.join_before_host,
      record: row.record as RecordPolicy,
      ...(row.max_participants === null ? {} : { maxParticipants: row.max_participants }),
      invitees: (invitees.get(row.id) ?? []).map((invitee) =>
        inviteeView(invitee, { withEmail: isHost || invitee.email === email }),
      ),
      status: row.status as MeetingView['status'],
      active: row.active,
      recording: live.rooms?.isRecorded(roomOf(row.id)) ?? false,
      room: roomOf(row.id),
      createdAt: row.created_at.toISOString(),
      ...moments({ pastAt: row.past_at }),
      metadata: row.metadata ?? {},
      role: isHost ? 'host' : 'invitee',
      version: row.version,
    }
  })
}

export function hostNameOf(
  row: { readonly host_id: string | null; readonly host_name: string },
  people: ReadonlyMap<string, Person>,
): string {
  return (row.host_id !== null && people.get(row.host_id)?.name) || row.host_name
}

export function meetingUrl(baseUrl: string, code: string): string {
  return `${baseUrl}/m/${code}`
}

export function sealPasscode(passcode: string | undefined, id: string, box: SecretBox): Uint8Array | null {
  return passcode === undefined ? null : box.seal(new Secret(passcode), contextOf(id))
}

export function passcodeOf(
  row: { readonly id: string; readonly passcode: Uint8Array | null },
  box: SecretBox,
): Secret | undefined {
  return row.passcode === null ? undefined : box.open(row.passcode, contextOf(row.id))
}

function contextOf(id: string): string {
  return `meeting-passcode:${id}`
}

function inviteeView({ email, name, status }: InviteeRow, { withEmail }: { withEmail: boolean }) {
  return {
    ...(withEmail ? { email } : {}),
    ...(name === null ? {} : { name }),
    status: status as MeetingView['invitees'][number]['status'],
  }
}

/** Those that there are, as text. */
export function moments<K extends string>(dates: Record<K, Date | null | undefined>): { [P in K]?: string } {
  return Object.fromEntries(
    Object.entries<Date | null | undefined>(dates).flatMap(([name, date]) =>
      date ? [[name, date.toISOString()]] : [],
    ),
  ) as { [P in K]?: string }
}
