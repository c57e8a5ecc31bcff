import type { AuditEntry } from '../api/types.ts'

/** A piece of a sentence: words, or somebody or something that has a name. */
export type Part = string | { readonly kind: string; readonly id: string }

/**
 * What each act is called, in the groups that the filter shows. `{actor}` did it, `{target}` is what it was done to; `{room}` and the
 * like come from the entry's data.
 */
export const auditGroups: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  [
    'Accounts',
    {
      'account.registered': '{target} registered',
      'account.verified': '{target} confirmed their e-mail address',
      'account.logged-in': '{actor} logged in',
      'account.login-refused': 'A log-in as {target} was refused',
      'account.logged-out': '{actor} logged out',
      'account.session-revoked': '{actor} logged out one of their devices',
      'account.refresh-reused': 'A session of {target} was ended: its token came a second time',
      'account.password-changed': '{actor} changed their password',
      'account.password-reset': '{target} chose a new password by mail',
      'account.email-changed': '{target} changed their e-mail address',
      'account.second-factor-enabled': '{actor} switched the second step on',
      'account.second-factor-disabled': '{actor} switched the second step off',
      'account.recovery-codes-made': '{actor} made new recovery codes',
      'account.exported': '{actor} took a copy of their data',
      'account.deleted': '{actor} deleted their account',
      'account.became-admin': '{target} became the first admin',
    },
  ],
  [
    'Users',
    {
      'user.created': '{actor} made an account for {target}',
      'user.changed': '{actor} changed the account of {target}',
      'user.deleted': '{actor} deleted the account of {target}',
      'user.logged-out': '{actor} logged {target} out everywhere',
      'user.second-factor-removed': '{actor} removed the second step of {target}',
    },
  ],
  [
    'API keys',
    {
      'api-key.created': '{actor} made the API key {target}',
      'api-key.revoked': '{actor} revoked the API key {target}',
    },
  ],
  [
    'Rooms',
    {
      'room.opened': '{actor} opened the room {target}',
      'room.changed': '{actor} changed the room {target}',
      'room.ended': '{actor} ended the room {target}',
      'room.token-issued': '{actor} got a token for {target} in {room}',
    },
  ],
  [
    'People in rooms',
    {
      'participant.admitted': '{actor} let {target} into {room}',
      'participant.denied': '{actor} turned {target} away from {room}',
      'participant.removed': '{actor} removed {target} from {room}',
      'participant.banned': '{actor} banned {target} from {room}',
      'participant.unbanned': '{actor} lifted a ban from {target}',
      'participant.muted': '{actor} muted {target} in {room}',
      'participant.stopped': '{actor} stopped the video of {target} in {room}',
      'participant.grants-changed': '{actor} changed what {target} may do in {room}',
    },
  ],
  [
    'Meetings',
    {
      'meeting.created': '{actor} made the meeting {target}',
      'meeting.changed': '{actor} changed the meeting {target}',
      'meeting.cancelled': '{actor} cancelled the meeting {target}',
      'meeting.deleted': '{actor} deleted the meeting {target}',
      'meeting.ended': '{actor} ended the meeting {target}',
    },
  ],
  [
    'Recordings',
    {
      'recording.started': '{actor} started recording {target}',
      'recording.stopped': '{actor} stopped recording {target}',
      'recording.ended': 'The recording of {target} ended',
      'recording.changed': '{actor} changed the recording {target}',
      'recording.deleted': '{actor} deleted the recording {target}',
      'recording.output-asked': '{actor} had a version of the recording {target} made',
      'recording.output-deleted': '{actor} deleted a version of the recording {target}',
      'recording.shared': '{actor} made a link to the recording {target}',
      'recording.unshared': '{actor} took back a link to the recording {target}',
    },
  ],
  ['Audit log', { 'audit.read': '{actor} read the audit log' }],
]

const sentences: Readonly<Record<string, string>> = Object.assign(
  {},
  ...auditGroups.map(([, actions]) => actions),
)

/** One entry as a sentence. An act that this page does not know yet is told by its own name. */
export function describeEntry({ action, actor, target, data }: AuditEntry): readonly Part[] {
  const sentence = sentences[action] ?? `{actor}: ${action}${target ? ' {target}' : ''}`
  const parts = sentence.split(/(\{[a-z]+\})/).filter((text) => text !== '')
  return parts.map((text): Part => {
    if (text === '{actor}') return nameable(actor) ?? actorless[actor.kind] ?? actor.kind
    if (text === '{target}') return guestName(target, data) ?? nameable(target) ?? 'nobody known'
    if (!text.startsWith('{')) return text
    const value = data?.[text.slice(1, -1)]
    return typeof value === 'string' ? { kind: 'room', id: value } : 'a room'
  })
}

const actorless: Readonly<Record<string, string>> = {
  nobody: 'Somebody who was not logged in',
  server: 'The server',
  'api-key': 'An API key',
  participant: 'Somebody in the room',
  account: 'Somebody',
}

function nameable(of: { kind: string; id?: string } | undefined): Part | undefined {
  return of?.id === undefined ? undefined : { kind: of.kind, id: of.id }
}

/** A guest's id is nothing that people know; what they called themselves is. */
function guestName(target: AuditEntry['target'], data: AuditEntry['data']): string | undefined {
  const name = data?.['name']
  const isGuest = target?.kind === 'participant' && !target.id.startsWith('acc_')
  return isGuest && typeof name === 'string' ? name : undefined
}

/** What else is known: from where, and what the sentence does not say. */
export function detailsOf({ action, address, target, data = {} }: AuditEntry): string {
  const told = sentences[action] ?? ''
  const isTold = (name: string, value: unknown): boolean =>
    told.includes(`{${name}}`) || value === target?.id || (name === 'name' && target?.kind === 'participant')
  const more = Object.entries(data)
    .filter(([name, value]) => !isTold(name, value))
    .map(([name, value]) =>
      typeof value === 'boolean' ? `${value ? '' : 'not '}${name}` : `${name}: ${showValue(value)}`,
    )
  return [...(address === undefined ? [] : [`from ${address}`]), ...more].join(' · ')
}

function showValue(value: unknown): string {
  if (typeof value === 'string') return value
  return Array.isArray(value) ? value.map(showValue).join(', ') : JSON.stringify(value)
}
