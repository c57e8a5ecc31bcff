import { existsSync, globSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { run } from '../workers/binary/run.ts'
import { aptAccess, aptInstall } from './apt.ts'

/** The folder of PostgreSQL's server programs for the tests: POSTGRES_BIN, else Debian's newest, else the search path. */
export function findPostgres(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.POSTGRES_BIN) {
    if (isServer(env.POSTGRES_BIN)) return env.POSTGRES_BIN
    throw new Error(`POSTGRES_BIN names ${env.POSTGRES_BIN}, which has no initdb. Correct it or unset it.`)
  }
  const versions = globSync('/usr/lib/postgresql/*/bin').sort((a, b) => versionOf(b) - versionOf(a))
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return [...versions, ...folders].find(isServer)
}

/** Debian's package for the tests. It would start a server of its own, which nobody asked for. */
export async function installPostgres(report: (line: string) => void): Promise<void> {
  const access = await aptAccess()
  const isFirst = access !== undefined && !existsSync(settings)
  const shell = (script: string) => run('env', [...access!.prefix, 'sh', '-c', script])
  if (isFirst)
    await shell(`mkdir -p ${dirname(settings)} && echo 'create_main_cluster = false' > ${settings}`)
  try {
    await aptInstall(['postgresql'], report)
  } finally {
    if (isFirst) await shell(`cp ${originalSettings} ${settings} || rm -f ${settings}`)
  }
}

/** What Debian asks when its package is installed; what it says on later installs is for the owner to decide. */
const settings = '/etc/postgresql-common/createcluster.conf'
const originalSettings = '/usr/share/postgresql-common/createcluster.conf'

function isServer(folder: string): boolean {
  return existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))
}

function versionOf(folder: string): number {
  return Number(folder.split('/').at(-2))
}
