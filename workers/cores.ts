import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

export interface UsableCores {
  /** Numbers of the cores this process may run on, ascending. */
  readonly cores: readonly number[]
  /** CPU time per wall time that the cgroup allows, in cores; undefined without a quota. */
  readonly quota: number | undefined
}

/** The cores this process may use: the CPU set (Linux), and the quota of every control group above it. */
export function usableCores(readText: (path: string) => string | undefined = readTextFile): UsableCores {
  const status = readText('/proc/self/status')
  const allowed = status?.match(/^Cpus_allowed_list:\s*(\S+)/m)?.[1]
  const cores = allowed ? parseCoreList(allowed) : []
  return {
    cores: cores.length > 0 ? cores : Array.from({ length: availableParallelism() }, (_, core) => core),
    quota: cgroupQuota(readText),
  }
}

/** `0-2,5` is [0, 1, 2, 5]: the format of the kernel's CPU lists. */
export function parseCoreList(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number)
    if (first === undefined || last === undefined || Number.isNaN(first) || Number.isNaN(last)) return []
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset)
  })
}

/**
 * The tightest quota from this process's control group up to the root: `cpu.max` (version 2) or `cpu.cfs_quota_us`
 * (version 1). In a container the path is often `/`, which is the container's own group.
 */
function cgroupQuota(readText: (path: string) => string | undefined): number | undefined {
  const groups = readText('/proc/self/cgroup') ?? ''
  const quotas: number[] = []
  for (const line of groups.split('\n')) {
    const [, controllers, path] = line.match(/^\d+:([^:]*):(.*)$/) ?? []
    if (controllers === undefined || path === undefined) continue
    const isVersion2 = controllers === ''
    if (!isVersion2 && !controllers.split(',').includes('cpu')) continue
    const root = isVersion2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/cpu'
    const parts = path.split('/').filter(Boolean)
    for (let depth = parts.length; depth >= 0; depth--) {
      const folder = join(root, ...parts.slice(0, depth))
      const quota = isVersion2 ? quotaV2(readText(join(folder, 'cpu.max'))) : quotaV1(folder, readText)
      if (quota !== undefined) quotas.push(quota)
    }
  }
  return quotas.length > 0 ? Math.min(...quotas) : undefined
}

function quotaV2(text: string | undefined): number | undefined {
  const [limit, period] = text?.trim().split(/\s+/) ?? []
  return ratio(limit, period)
}

function quotaV1(folder: string, readText: (path: string) => string | undefined): number | undefined {
  return ratio(readText(join(folder, 'cpu.cfs_quota_us')), readText(join(folder, 'cpu.cfs_period_us')))
}

/** `max` and -1 mean no limit. */
function ratio(limit: string | undefined, period: string | undefined): number | undefined {
  const quota = Number(limit) / Number(period)
  return Number.isFinite(quota) && quota > 0 ? quota : undefined
}

function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

export interface CoreChoice {
  readonly count: number
  readonly cores: readonly number[]
  readonly keepFree: number
}

/**
 * The core of each worker, by index. More workers than cores go round; fewer take the last ones, since the first core
 * of a machine tends to carry its interrupts. Throws when a core is named that this process may not use.
 */
export function chooseCores(choice: CoreChoice, usable: UsableCores): number[] {
  const outOfReach = choice.cores.filter((core) => !usable.cores.includes(core))
  if (outOfReach.length > 0) {
    const [named, may] = [outOfReach, usable.cores].map((cores) => cores.join(', '))
    throw new Error(`workers.cores names core ${named}, but this process may use only ${may}.`)
  }
  const cores = choice.cores.length > 0 ? choice.cores : usable.cores
  const kept = cores.slice(Math.min(choice.keepFree, cores.length - 1))
  if (choice.count > 0) {
    const spare = Math.max(0, kept.length - choice.count)
    return Array.from({ length: choice.count }, (_, index) => kept[(spare + index) % kept.length]!)
  }
  const affordable =
    usable.quota === undefined ? kept.length : Math.max(1, Math.floor(usable.quota) - choice.keepFree)
  return kept.slice(Math.max(0, kept.length - affordable))
}
