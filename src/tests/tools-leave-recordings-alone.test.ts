import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../config/load.ts'
import { openServices } from '../services.ts'
import { emptyDatabase, silent, temporaryFolder } from './support/databases.ts'

test('who opens the database for a moment does not take the recordings from the server', async (t) => {
  const { dataDir } = await emptyDatabase('PGlite', temporaryFolder(t))
  const folder = join(dataDir, 'recordings')
  await mkdir(folder)
  await writeFile(join(folder, 'host.id'), 'hst_here')
  const env = { SLUICE_DATA_DIR: dataDir }
  const { config } = loadConfig({ argv: [], env, cwd: dataDir })
  const services = await openServices({ config, log: silent })
  await services.close()
  assert.equal(existsSync(join(folder, 'in-use.lock')), false)
})
