import type { Queryable } from '../db/tables.ts'

/** Whom accounts belong to, as far as meetings must know. */
export interface Person {
  readonly id: string
  readonly email: string
  readonly name: string
  /** Whether they want invitations by mail. */
  readonly wantsMail: boolean
}

/** Throws nothing for ids that nobody has: they are left out. */
export async function findPeople(db: Queryable, ids: readonly string[]): Promise<Map<string, Person>> {
  if (ids.length === 0) return new Map()
  const rows = await people(db)
    .where('id', 'in', [...new Set(ids)])
    .execute()
  return new Map(rows.map((row) => [row.id, personOf(row)]))
}

/** By address in lower case. */
export async function findPeopleByEmail(
  db: Queryable,
  emails: readonly string[],
): Promise<Map<string, Person>> {
  if (emails.length === 0) return new Map()
  const rows = await people(db)
    .where('email', 'in', [...new Set(emails)])
    .execute()
  return new Map(rows.map((row) => [row.email, personOf(row)]))
}

function people(db: Queryable) {
  return db
    .selectFrom('accounts')
    .select(['id', 'email', 'name', 'settings'])
    .where('disabled_at', 'is', null)
}

function personOf({
  id,
  email,
  name,
  settings,
}: Omit<Person, 'wantsMail'> & { settings: Record<string, unknown> }) {
  return { id, email, name, wantsMail: settings['mailInvitations'] !== false }
}
