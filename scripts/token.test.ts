import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { verifyRoomToken, type RoomToken } from '../src/auth/room-token.ts'
import { openDatabase } from '../src/db/database.ts'
import { Secret } from '../src/lib/ids.ts'
import { silent, temporaryFolder } from '../src/tests/support/databases.ts'
import { provideEmptyPglite } from '../src/tests/support/empty-pglite.ts'
import { UsageError } from './tool.ts'
import { keys } from './keys.ts'
import { token } from './token.ts'

const project = join(import.meta.dirname, '..')
const now = new Date('2026-11-20T12:00:00Z')
const key = { SLUICE_API_KEY: 'key_test', SLUICE_API_SECRET: `sluice_${'x'.repeat(43)}` }

async function database(t: TestContext) {
  const cwd = temporaryFolder(t)
  await provideEmptyPglite(cwd)
  const env = { SLUICE_DATA_DIR: cwd }
  const run = (tool: typeof token, ...argv: string[]) => tool({ argv, env, cwd, now })
  return { cwd, run }
}

const verify = (signed: string, at: Date, { SLUICE_API_KEY, SLUICE_API_SECRET } = key): Promise<RoomToken> =>
  verifyRoomToken(signed, {
    now: at,
    findKey: async (id) => (id === SLUICE_API_KEY ? new Secret(SLUICE_API_SECRET) : undefined),
    room: 'algebra',
    maxSeconds: 86_400,
    nameLength: 128,
  })

/** Reads the lines NAME=value that `keys create` prints. */
const readKey = (text: string) =>
  Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split('=')),
  ) as typeof key

test('npm run keys makes, lists and revokes keys, and npm run token signs with them', async (t) => {
  const { run } = await database(t)
  assert.match(await run(keys, 'list'), /no API keys yet/)
  const made = readKey(await run(keys, 'create', 'Tutoring platform'))
  assert.match(
    await run(keys, 'list'),
    /^key_\S+ +made 2026-11-20 12:00 UTC, never used +Tutoring platform\n$/,
  )

  const who = ['--room', 'algebra', '--identity', 'ana', '--name', 'Ana']
  const given = [
    '--key',
    made.SLUICE_API_KEY,
    '--grant',
    'moderate',
    '--grant',
    'publish=camera',
    '--ttl',
    '5m',
  ]
  const [signed = '', address] = (await run(token, ...who, ...given)).split('\n')
  assert.equal(address, `http://localhost:4443/r/algebra#access_token=${signed}`)
  const { identity, name, grants, expiresAt } = await verify(signed, now, made)
  assert.deepEqual([identity, name, grants.moderate, grants.publish], ['ana', 'Ana', true, ['camera']])
  assert.equal(expiresAt.getTime() - now.getTime(), 300_000)

  const withOwnKey = await run(token, ...who)
  assert.equal(await run(token, ...who), withOwnKey, 'the key it made is used again')
  assert.match(await run(keys, 'list'), /npm run token/)

  assert.match(await run(keys, 'revoke', made.SLUICE_API_KEY), /^revoked/)
  await assert.rejects(run(token, ...who, ...given), /no API key .*, or it was revoked/)
  await assert.rejects(run(keys, 'revoke', 'key_none'), /no such API key/)
})

test('while a server uses the embedded database, the tools say what to do', async (t) => {
  const { cwd, run } = await database(t)
  const db = await openDatabase({ dataDir: cwd, log: silent })
  try {
    await assert.rejects(run(keys, 'list'), (error) => {
      assert.ok(error instanceof UsageError)
      assert.match(error.message, /Stop that Sluice meanwhile, or give both a PostgreSQL \(DATABASE_URL\)/)
      return true
    })
    const argv = ['--room', 'algebra', '--identity', 'ana']
    const signed = await token({ argv, env: { ...key, SLUICE_DATA_DIR: cwd }, cwd, now })
    assert.equal((await verify(signed.split('\n')[0]!, now)).identity, 'ana')
  } finally {
    await db.close()
  }
})

test('arguments that cannot be used are named', async (t) => {
  const cwd = temporaryFolder(t)
  const run = (...argv: string[]) => token({ argv, env: key, cwd, now })
  const who = ['--room', 'algebra', '--identity', 'ana']
  await assert.rejects(run(), /npm run token -- --room ROOM/)
  await assert.rejects(run(...who, '--grant', 'fly'), /Grants are join, publish/)
  await assert.rejects(run(...who, '--grant', 'publish=hologram'), UsageError)
  await assert.rejects(run(...who, '--ttl', '3w'), /--ttl 3w is no time/)
  await assert.rejects(run(...who, '--ttl', '2d'), /auth\.tokenMaxSeconds/)
  await assert.rejects(run(...who, '--nope'), /--nope/)
})

test('the examples in docs/tokens.md sign tokens that admit', async (t) => {
  const text = readFileSync(join(project, 'docs', 'tokens.md'), 'utf8')
  const example = (language: string, part: string) =>
    [...text.matchAll(/```(\w+)\n(.*?)```/gs)].find(
      ([, name, code]) => name === language && code!.includes(part),
    )![2]!
  const env = { PATH: process.env['PATH'], ...key }
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { cwd: project, env, encoding: 'utf8' }).trim()

  const signed = [
    run(process.execPath, '--input-type=module', '--eval', example('js', 'SignJWT')),
    run('sh', '-c', example('sh', 'openssl dgst')),
  ]
  if (spawnSync('python3', ['-c', 'import jwt'], { env }).status === 0) {
    signed.push(run('python3', '-c', example('python', 'jwt.encode')))
  } else {
    t.diagnostic('PyJWT is not installed here: its example was not run')
  }
  for (const one of signed) {
    const { identity, name, grants } = await verify(one, new Date())
    assert.deepEqual([identity, name, grants.moderate], ['ana', 'Ana', true])
  }
})
