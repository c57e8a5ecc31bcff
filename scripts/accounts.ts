import type { Account } from '../src/auth/accounts.ts'
import type { AccountServices } from '../src/auth/account-services.ts'
import { roles, type Role } from '../src/protocol/rest.ts'
import {
  inColumns,
  readArguments,
  readConfig,
  runTool,
  UsageError,
  withServices,
  type Circumstances,
} from './tool.ts'

/** `npm run accounts`: lists and makes accounts, and gives roles, in the database that `npm start` would use. */

const usage = `npm run accounts -- list                        all accounts
npm run accounts -- role EMAIL admin|host|member  give a role
npm run accounts -- create EMAIL NAME [ROLE]      make an account; prints the link to choose a password
npm run accounts -- link EMAIL                    a new link to choose a password
--config PATH                                     the configuration file, as for npm start
`

export async function accounts(circumstances: Circumstances): Promise<string> {
  const { positionals, values } = readArguments(circumstances.argv, { config: { type: 'string' } })
  const [command, ...rest] = positionals
  const config = readConfig(circumstances, values.config)
  const { now } = circumstances
  const by = { caller: { kind: 'server' }, actor: { kind: 'server' }, now } as const
  const act = (on: (accounts: AccountServices) => Promise<string>): Promise<string> =>
    withServices(config, (services) => on(services.accounts))

  const [email = '', second, third = 'host'] = rest
  if (command === 'list' && rest.length === 0) return act(async ({ users }) => table(await all(users)))
  if (command === 'role' && rest.length === 2 && isRole(second)) {
    return act(async ({ users }) => {
      const { id } = await users.getByEmail(email)
      await users.change(id, { role: second }, by)
      return `${email} has the role ${second}\n`
    })
  }
  if (
    command === 'create' &&
    /^\S+@\S+$/.test(email) &&
    second !== undefined &&
    rest.length <= 3 &&
    isRole(third)
  ) {
    return act(async ({ users }) => {
      const { setPasswordUrl } = await users.add({ email, name: second, role: third }, by)
      return setPasswordUrl === undefined ? `made ${email}\n` : `choose a password: ${setPasswordUrl}\n`
    })
  }
  if (command === 'link' && rest.length === 1) {
    return act(async ({ users }) => `choose a password: ${await users.makeSetPasswordUrl(email, now)}\n`)
  }
  throw new UsageError(usage)
}

async function all(users: AccountServices['users']): Promise<Account[]> {
  const found: Account[] = []
  let cursor: string | undefined
  do {
    const page = await users.list({ cursor, limit: 100 })
    found.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined)
  return found
}

function table(list: readonly Account[]): string {
  if (list.length === 0) return 'There are no accounts yet: npm run accounts -- create EMAIL NAME admin\n'
  return inColumns(list.map((account) => [account.email, account.role, stateOf(account), account.name]))
}

function stateOf({ disabled, emailVerified, secondFactor }: Account): string {
  if (disabled) return 'disabled'
  if (!emailVerified) return 'not verified'
  return secondFactor ? 'second factor' : 'in use'
}

function isRole(text: string | undefined): text is Role {
  return roles.some((role) => role === text)
}

if (import.meta.main) await runTool(accounts)
