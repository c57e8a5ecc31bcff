import { readFile } from 'node:fs/promises'

/**
 * What tells a process from any other that has or had its id: ids begin anew with each boot and each container, so the same
 * number is soon somebody else's. Undefined if there is no such process, or elsewhere than on Linux.
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ])
    // Behind the name in brackets, which may hold anything, the 20th field is when it started, in ticks since boot.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return `${boot.trim()}-${started}`
  } catch {
    return undefined
  }
}
