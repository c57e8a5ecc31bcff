import { execFile } from 'node:child_process'
import { platform } from 'node:os'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Keeps a process and all its threads on some cores. Node has no call for that, and util-linux is on every Linux; elsewhere this
 * does nothing and gives false. Throws when it cannot be done, which costs speed and nothing else.
 */
export async function keepOnCores(pid: number, cores: readonly number[]): Promise<boolean> {
  if (platform() !== 'linux') return false
  await run('taskset', ['--all-tasks', '--cpu-list', '--pid', cores.join(','), String(pid)])
  return true
}
