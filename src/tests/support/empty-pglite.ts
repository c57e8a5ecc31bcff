import { constants, existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { cp, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder, withLock } from '../../../workers/binary/cache.mjs'
import { openPglite } from '../../db/pglite.ts'
import { createLog } from '../../lib/log.ts'

const silent = createLog({ level: 'silent', pretty: false })

/**
 * Puts an empty embedded database into a data folder. Making one costs seconds of CPU, so there is one in the cache to copy;
 * a server that starts on this folder is up sooner.
 */
export async function provideEmptyPglite(dataDir: string): Promise<void> {
  const cache = join(cacheFolder(), 'empty-pglite')
  const made = join(cache, pgliteVersion)
  if (!existsSync(made)) await withLock(`${made}.lock`, () => makeEmptyPglite(cache, made))
  await cp(join(made, 'db'), join(dataDir, 'db'), { recursive: true, mode: constants.COPYFILE_FICLONE })
}

async function makeEmptyPglite(cache: string, made: string): Promise<void> {
  if (existsSync(made)) return
  const dataDir = mkdtempSync(join(cache, 'unfinished-'))
  const { pglite, release } = await openPglite({ dataDir, log: silent })
  await pglite.close()
  release()
  await rename(dataDir, made)
}

const pgliteVersion = (
  JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', '..', 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
).dependencies['@electric-sql/pglite']!
