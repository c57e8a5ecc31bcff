import { readFile } from 'node:fs/promises'

/** A UDP socket that is connected, as the kernel's table tells it from all others. */
export interface SocketPorts {
  readonly local: number
  readonly remote: number
}

/**
 * How many packets the kernel has thrown away per socket because nobody read them in time, from the text of /proc/net/udp.
 * Keys are of `portsKey`.
 */
export function parseSocketDrops(table: string): Map<string, number> {
  const drops = new Map<string, number>()
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/)
    const [local, remote] = [fields[1], fields[2]].map((address) =>
      Number.parseInt(address?.split(':')[1] ?? '', 16),
    )
    const dropped = Number(fields.at(-1))
    if (Number.isNaN(local) || !(dropped > 0)) continue
    drops.set(portsKey({ local: local!, remote: remote! }), dropped)
  }
  return drops
}

export function portsKey({ local, remote }: SocketPorts): string {
  return `${local}>${remote}`
}

/** Empty where there is no such table (elsewhere than on Linux). */
export async function readSocketDrops(): Promise<ReadonlyMap<string, number>> {
  const tables = await Promise.all(
    ['/proc/net/udp', '/proc/net/udp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  )
  return new Map(tables.flatMap((table) => [...parseSocketDrops(table)]))
}
