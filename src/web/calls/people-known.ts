import type { Call, Meeting } from '../api/types.ts'
import type { Callee } from './call-paths.ts'

/** Whom one has to do with: those of the last calls first, then the people invited to one's meetings. */
export function peopleKnown(
  calls: readonly Call[],
  meetings: readonly Pick<Meeting, 'invitees'>[],
  me: { id: string; email: string } | undefined,
): Callee[] {
  const known = new Map<string, Callee>()
  const names = new Set<string>()
  const add = (to: string | undefined, name: string) => {
    if (to === undefined || to === me?.id || to === me?.email || known.has(to) || names.has(name)) return
    known.set(to, { to, name })
    names.add(name)
  }
  for (const { caller, callees } of calls) {
    for (const { id, name } of [caller, ...callees]) add(id, name)
  }
  for (const { invitees = [] } of meetings) {
    for (const { email, name } of invitees) add(email, name ?? email ?? '')
  }
  return [...known.values()]
}
