import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mail } from '../../mail/mail.ts'
import type { Role } from '../../protocol/rest.ts'
import { RestClient } from './rest-client.ts'
import type { TestServer } from './server.ts'
import { until } from './until.ts'

export const goodPassword = 'correct horse battery'

/** Somebody with an account, logged in with a bearer token. */
export interface Person {
  readonly id: string
  readonly email: string
  readonly client: RestClient
}

let people = 0

/** Makes an account, without the way through mails, and logs in. */
export async function person(
  server: TestServer,
  {
    role = 'host',
    email = `person-${++people}@example.org`,
    name = 'Person',
  }: {
    role?: Role
    email?: string
    name?: string
  } = {},
): Promise<Person> {
  const { accounts } = await server.app.services()
  const now = new Date()
  const by = { caller: { kind: 'server' }, actor: { kind: 'server' }, now } as const
  const { account, setPasswordUrl } = await accounts.users.add({ email, name, role }, by)
  const token = new URL(setPasswordUrl!).searchParams.get('token')!
  await accounts.passwordChange.reset({ token, password: goodPassword, address: '127.0.0.1', now })
  const client = { address: '127.0.0.1', userAgent: 'test' }
  const { tokens } = await accounts.logIn.logIn({ email, password: goodPassword }, client, now)
  const rest = new RestClient(server.url)
  rest.authorization = `Bearer ${tokens.accessToken}`
  return { id: account.id, email, client: rest }
}

/** Mails that a development server keeps in its data folder, oldest first. */
export function keptMails(dataDir: string): Mail[] {
  const folder = join(dataDir, 'mails')
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return names.toSorted().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Mail)
}

/** Waits for the newest mail of this kind to somebody. */
export function mailTo(dataDir: string, email: string, kind: string): Promise<Mail> {
  return until(`a mail ${kind} to ${email}`, () =>
    keptMails(dataDir).findLast((mail) => mail.to === email && mail.kind === kind),
  )
}

/** The token of the link in a mail. */
export function tokenIn(mail: Mail): string {
  const token = /[?&]token=([\w-]+)/.exec(mail.text)?.[1]
  if (!token) throw new Error(`no token in ${mail.text}`)
  return token
}
