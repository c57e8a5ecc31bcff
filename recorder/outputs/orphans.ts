import { readdir, readFile } from 'node:fs/promises'
import { resolve, sep } from 'node:path'

/** Environment of an FFmpeg: who started it, and for which folder. */
const ownerName = 'SLUICE_RENDER_OWNER'
const folderName = 'SLUICE_RENDER_FOLDER'

export function ownedBy(folder: string): Readonly<Record<string, string>> {
  return { [ownerName]: String(process.pid), [folderName]: resolve(folder) }
}

/**
 * Ends FFmpeg processes that work in `folder` or below for a server that is gone; tells how many. The kernel ends them
 * with their server already; this is for systems where it could not be asked to. Elsewhere than on Linux nobody can tell.
 */
export async function endOrphans(folder: string): Promise<number> {
  let ended = 0
  const names = await readdir('/proc').catch((): string[] => [])
  for (const name of names.filter((found) => /^\d+$/.test(found))) {
    if (!(await isOrphan(Number(name), resolve(folder)))) continue
    try {
      process.kill(Number(name), 'SIGKILL')
      ended++
    } catch {
      // It has ended by itself.
    }
  }
  return ended
}

/** Its parent is not who started it any more. What belongs to others cannot be read. */
async function isOrphan(pid: number, folder: string): Promise<boolean> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8')
    const values = new Map(
      environment.split('\0').map((entry): [string, string] => {
        const equals = entry.indexOf('=')
        return [entry.slice(0, equals), entry.slice(equals + 1)]
      }),
    )
    const owner = values.get(ownerName)
    const place = values.get(folderName)
    if (owner === undefined || place === undefined) return false
    if (place !== folder && !place.startsWith(folder + sep)) return false
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    return !/^State:\s+Z/m.test(status) && /^PPid:\s+(\d+)/m.exec(status)?.[1] !== owner
  } catch {
    return false
  }
}
