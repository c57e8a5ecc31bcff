import { Value } from 'typebox/value'
import type { Config } from '../config/schema.ts'
import type { ApiKeys } from '../src/auth/api-keys.ts'
import { allowAll, GrantsInput } from '../src/protocol/grants.ts'
import { signRoomToken, type SignOptions } from '../src/auth/room-token.ts'
import { Secret } from '../src/lib/ids.ts'
import { urlOf } from '../src/start-summary.ts'
import { readArguments, readConfig, runTool, UsageError, withApiKeys, type Circumstances } from './tool.ts'

/** `npm run token`: signs a room token, and prints it and the address to open with it, a line each. */

const usage = `npm run token -- --room ROOM --identity WHO [options]

--room ROOM          the room it is for
--identity WHO       who it is for, in your words: a user id
--name NAME          name shown to people; otherwise they choose one
--grant GRANT[=…]    moderate, record=true, data=false, publish=microphone,camera, all; again for each
                     (docs/tokens.md lists them)
--ttl TIME           how long it is valid: 90s, 30m, 2h (the default), 1d
--key ID             API key to sign with (npm run keys -- list); otherwise one is made for this command
--config PATH        the configuration file, as for npm start

With SLUICE_API_KEY and SLUICE_API_SECRET set, that key signs and no database is opened.
`

const options = {
  room: { type: 'string' },
  identity: { type: 'string' },
  name: { type: 'string' },
  grant: { type: 'string', multiple: true },
  ttl: { type: 'string' },
  key: { type: 'string' },
  config: { type: 'string' },
} as const

export async function token(circumstances: Circumstances): Promise<string> {
  const { values, positionals } = readArguments(circumstances.argv, options)
  const { room, identity, name } = values
  if (!room || !identity || positionals.length > 0) throw new UsageError(usage)
  const config = readConfig(circumstances, values.config)
  const claims = {
    room,
    identity,
    name,
    grants: readGrants(values.grant ?? []),
    now: circumstances.now,
    lifeSeconds: readLife(values.ttl ?? '2h', config),
  }

  const key =
    keyOfEnvironment(circumstances) ??
    (await withApiKeys(config, (keys) => chooseKey(keys, values.key, circumstances.now)))
  const signed = await signRoomToken({ ...claims, key })
  const base = urlOf(config.http, { port: config.http.port }).replace(/\/$/, '')
  // What stands behind # stays in the browser: no log of a server or proxy has it.
  return `${signed}\n${base}/r/${encodeURIComponent(room)}#access_token=${signed}\n`
}

function keyOfEnvironment({ env }: Circumstances): SignOptions['key'] | undefined {
  const { SLUICE_API_KEY: id, SLUICE_API_SECRET: secret } = env
  return id && secret ? { id, secret: new Secret(secret) } : undefined
}

/** Name of the key that is made when none is given. */
const ownName = 'npm run token'

async function chooseKey(keys: ApiKeys, wanted: string | undefined, now: Date): Promise<SignOptions['key']> {
  const usable = (await keys.list()).filter((key) => key.revokedAt === undefined)
  const id = wanted ?? usable.find((key) => key.name === ownName)?.id
  if (id === undefined) return keys.add({ name: ownName, now })
  const secret = await keys.findSecret(id, 'backend')
  if (secret === undefined) throw new UsageError(`There is no API key ${id}, or it was revoked.`)
  return { id, secret }
}

function readGrants(words: readonly string[]): GrantsInput {
  const grants: Record<string, unknown> = {}
  for (const word of words) {
    const [name = '', value = 'true'] = word.split('=', 2)
    if (word === 'all') Object.assign(grants, allowAll)
    else grants[name] = value === 'true' ? true : value === 'false' ? false : value.split(',')
  }
  if (!Value.Check(GrantsInput, grants)) {
    const known = Object.keys(GrantsInput.properties).join(', ')
    throw new UsageError(`--grant ${words.join(' --grant ')} cannot be used. Grants are ${known}, or all.`)
  }
  return grants
}

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const

function readLife(text: string, { auth }: Config): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const seconds = Number(count) * unitSeconds[unit as keyof typeof unitSeconds]
  if (!(seconds > 0)) throw new UsageError(`--ttl ${text} is no time: 90s, 30m, 2h or 1d`)
  if (seconds > auth.tokenMaxSeconds) {
    throw new UsageError(
      `--ttl ${text} is longer than auth.tokenMaxSeconds (${auth.tokenMaxSeconds} s) allows`,
    )
  }
  return seconds
}

if (import.meta.main) await runTool(token)
