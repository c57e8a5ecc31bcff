import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../src/lib/app-error.ts'
import { provideEmptyPglite } from '../src/tests/support/empty-pglite.ts'
import { temporaryFolder } from '../src/tests/support/databases.ts'
import { accounts } from './accounts.ts'
import { UsageError } from './tool.ts'

test('accounts are made, listed and given roles from the command line', async (t) => {
  const cwd = temporaryFolder(t)
  await provideEmptyPglite(cwd)
  const env = { SLUICE_DATA_DIR: cwd, SLUICE_HTTP_PUBLIC_URL: 'https://meet.example.org' }
  const run = (...argv: string[]) => accounts({ argv, env, cwd, now: new Date() })

  assert.match(await run('list'), /no accounts yet/)
  const link = /^choose a password: https:\/\/meet\.example\.org\/reset\?token=[\w-]{43}\n$/
  assert.match(await run('create', 'Ana@example.org', 'Ana Ruiz', 'admin'), link)
  assert.match(await run('create', 'ben@example.org', 'Ben'), link)
  assert.match(await run('link', 'ana@example.org'), link)
  assert.equal(
    await run('list'),
    'ana@example.org  admin  not verified  Ana Ruiz\nben@example.org  host   not verified  Ben\n',
  )
  await assert.rejects(run('role', 'ana@example.org', 'member'), { code: 'conflict' })
  assert.match(await run('role', 'ben@example.org', 'admin'), /has the role admin/)
  assert.match(await run('role', 'ana@example.org', 'member'), /has the role member/)
  await assert.rejects(run('role', 'cy@example.org', 'admin'), AppError)
  await assert.rejects(run('role', 'ben@example.org', 'king'), UsageError)
  await assert.rejects(run('create', 'nobody', 'Nobody'), UsageError)
})
