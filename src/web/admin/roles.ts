import type { Role } from '../api/types.ts'

export const roleNames: Readonly<Record<Role, string>> = { admin: 'Admin', host: 'Host', member: 'Member' }

export const roleOptions: readonly (readonly [Role, string])[] = [
  ['member', 'Member'],
  ['host', 'Host'],
  ['admin', 'Admin'],
]

export const roleMeanings: Readonly<Record<Role, string>> = {
  member: 'Takes part in what they are invited to.',
  host: 'Schedules and starts meetings, too.',
  admin: 'Looks after people, keys and rooms, too.',
}
