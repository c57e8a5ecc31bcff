import type { ApiKey } from '../src/auth/api-keys.ts'
import {
  inColumns,
  readArguments,
  readConfig,
  runTool,
  UsageError,
  withApiKeys,
  type Circumstances,
} from './tool.ts'

/** `npm run keys`: makes, lists and revokes API keys in the database that `npm start` would use. */

const usage = `npm run keys -- create NAME     make an API key; its secret is shown once
npm run keys -- list            all keys, newest first
npm run keys -- revoke ID       refuse a key and all tokens signed with it, from now on
--config PATH                   the configuration file, as for npm start
`

export async function keys(circumstances: Circumstances): Promise<string> {
  const { positionals, values } = readArguments(circumstances.argv, { config: { type: 'string' } })
  const [command, argument] = positionals
  const config = readConfig(circumstances, values.config)
  const { now } = circumstances

  if (command === 'list' && positionals.length === 1) {
    return withApiKeys(config, async (apiKeys) => table(await apiKeys.list()))
  }
  if (command === 'create' && argument !== undefined && positionals.length === 2) {
    const { id, secret } = await withApiKeys(config, (apiKeys) => apiKeys.add({ name: argument, now }))
    return `SLUICE_API_KEY=${id}\nSLUICE_API_SECRET=${secret.reveal()}\n`
  }
  if (command === 'revoke' && argument !== undefined && positionals.length === 2) {
    await withApiKeys(config, (apiKeys) => apiKeys.revoke(argument, now))
    return `revoked ${argument}\n`
  }
  throw new UsageError(usage)
}

function table(list: readonly ApiKey[]): string {
  if (list.length === 0) return 'There are no API keys yet: npm run keys -- create NAME\n'
  return inColumns(list.map((key) => [key.id, stateOf(key), key.name]))
}

function stateOf({ createdAt, lastUsedAt, revokedAt }: ApiKey): string {
  if (revokedAt) return `revoked ${minute(revokedAt)}`
  if (lastUsedAt) return `used ${minute(lastUsedAt)}`
  return `made ${minute(createdAt)}, never used`
}

function minute(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

if (import.meta.main) await runTool(keys)
