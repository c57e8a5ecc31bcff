import { run } from '../workers/binary/run.ts'
import { aptInstall } from './apt.ts'

/** The package of it that starts no service. */
const packages = ['python3-swift']

/** A Python that has OpenStack Swift, the S3 server of the tests: SWIFT_PYTHON, else Debian's. */
export async function findSwift(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const named = env.SWIFT_PYTHON
  if (named) {
    if (await hasSwift(named)) return named
    throw new Error(`SWIFT_PYTHON names ${named}, which has no swift. Correct it or unset it.`)
  }
  return (await hasSwift('/usr/bin/python3')) ? '/usr/bin/python3' : undefined
}

export async function installSwift(report: (line: string) => void): Promise<void> {
  await aptInstall(packages, report)
}

async function hasSwift(python: string): Promise<boolean> {
  const { code } = await run(python, ['-c', 'import eventlet, swift.proxy.server'])
  return code === 0
}
