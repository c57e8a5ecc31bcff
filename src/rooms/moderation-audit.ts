import type { AuditAction } from '../audit/actions.ts'
import type { AuditEntry } from '../audit/audit.ts'
import type { PeerId } from '../lib/ids.ts'
import type { ModerationAct, ModerationAction } from './events.ts'
import type { Room } from './room.ts'

/** What of moderation goes into the audit log. The rest concerns nobody's security: names, hands, the spotlight. */
const audited: Partial<Record<ModerationAction, AuditAction>> = {
  admitted: 'participant.admitted',
  denied: 'participant.denied',
  'policy-changed': 'room.changed',
  muted: 'participant.muted',
  'all-muted': 'participant.muted',
  stopped: 'participant.stopped',
  removed: 'participant.removed',
  banned: 'participant.banned',
  unbanned: 'participant.unbanned',
  'grants-changed': 'participant.grants-changed',
  'recording-started': 'recording.started',
  'recording-stopped': 'recording.stopped',
  ended: 'room.ended',
}

/** The entry for what a moderator did in a call. Undefined for what is not audited, or came by REST, whose route does it. */
export function auditEntryOf(room: Room, act: ModerationAct, now: Date): AuditEntry | undefined {
  const action = audited[act.action]
  if (action === undefined || act.by === undefined) return undefined
  const { id, identity } = act.by
  const target =
    act.target === undefined
      ? ({ kind: 'room', id: room.id } as const)
      : ({ kind: 'participant', id: act.target } as const)
  const name = nameOf(room, act.target)
  const { source, recordingId } = act.details ?? {}
  return {
    actor: { kind: 'participant', id, address: identity.address },
    action,
    target,
    data: {
      room: room.id,
      ...(name === undefined ? {} : { name }),
      ...(typeof source === 'string' ? { source } : {}),
      ...(typeof recordingId === 'string' ? { recordingId } : {}),
    },
    now,
  }
}

/** What somebody in the room or before it is called; nobody will know a guest by an id. */
function nameOf(room: Room, peerId: string | undefined): string | undefined {
  const peer = room.joinedPeers.find(({ id }) => id === peerId)
  return peer?.joined?.displayName ?? room.entrance.lobby.visitor(peerId as PeerId)?.displayName
}
