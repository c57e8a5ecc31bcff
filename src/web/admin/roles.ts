import type { Role } from '../api/types.ts'

export const roleNames: Readonly<Record<Role, string>> = { admin: 'Admin', host: 'Host', member: 'Member' }

export const roleOptions: readonly (readonly [Role, string])[] = [
  ['member', 'Member: takes part in what they are invited to'],
  ['host', 'Host: schedules and starts meetings, too'],
  ['admin', 'Admin: looks after people, keys and rooms, too'],
]
