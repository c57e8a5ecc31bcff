import { existsSync } from 'node:fs'
import { run } from '../workers/binary/run.ts'

/** What to type to get the packages, for a message. */
export function installCommand(
  packages: readonly string[],
  isRoot: boolean = process.getuid?.() === 0,
): string {
  return `${isRoot ? '' : 'sudo '}apt-get install ${packages.join(' ')}`
}

/** How apt may be run here: as it is, through sudo without a password, or not at all. */
export async function aptAccess(): Promise<{ prefix: string[] } | undefined> {
  if (process.env.SLUICE_APT === 'no') return undefined
  if (!existsSync('/etc/debian_version') || !existsSync('/usr/bin/apt-get')) return undefined
  if (process.getuid?.() === 0) return { prefix: [] }
  const { code } = await run('sudo', ['-n', 'true'], { timeoutMs: 5_000 })
  return code === 0 ? { prefix: ['sudo', '-n'] } : undefined
}

/** Installs Debian packages, or throws an error that says why not and what to type. */
export async function aptInstall(packages: readonly string[], report: (line: string) => void): Promise<void> {
  const access = await aptAccess()
  if (access === undefined) {
    throw new Error(
      existsSync('/etc/debian_version')
        ? `please run:  ${installCommand(packages)}`
        : `please install what Debian calls ${packages.join(', ')} with your system's package manager`,
    )
  }

  report(`installing ${packages.join(', ')} with apt …`)
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  const first = await aptGet(access.prefix, install)
  if (first.code === 0) return

  // Lists that were never fetched, or are too old.
  await aptGet(access.prefix, ['update'])
  const second = await aptGet(access.prefix, install)
  if (second.code !== 0) {
    const said = second.output.split('\n').filter((line) => /^[EW]: /.test(line))
    throw new Error(
      `apt could not install ${packages.join(', ')}. Please run:  ${installCommand(packages)}\n${said.join('\n')}`,
    )
  }
}

async function aptGet(
  prefix: readonly string[],
  args: readonly string[],
): Promise<{ code: number | undefined; output: string }> {
  // Nothing may ask: neither debconf, nor dpkg about changed configuration files, nor another apt that holds the lock.
  const command = [
    ...prefix,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'NEEDRESTART_MODE=a',
    'apt-get',
    '-o',
    'DPkg::Lock::Timeout=300',
    '-o',
    'Dpkg::Options::=--force-confdef',
    '-o',
    'Dpkg::Options::=--force-confold',
    ...args,
  ]
  return run(command[0] ?? 'env', command.slice(1))
}
